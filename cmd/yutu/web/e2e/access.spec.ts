import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from './fixtures'
import { screens } from './screens'

async function serious(page: Page): Promise<string> {
  const result = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
  return result.violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${v.id}: ${v.help}\n${v.nodes.map((n) => `  ${n.target.join(' ')} ${n.failureSummary}`).join('\n')}`)
    .join('\n')
}

/** Changes the language of the page that is open, as its address does: opening every screen twice takes ten minutes. */
async function inEnglish(page: Page): Promise<void> {
  await page.evaluate(() => {
    const rest = location.hash.replace(/^#/, '').split('&').filter((part) => part && !part.startsWith('lang='))
    location.hash = [...rest, 'lang=en'].join('&')
  })
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
}

/** WCAG 2.2 A and AA: nothing serious on any screen in either language. */
for (const screen of screens) {
  test.describe(screen.name, () => {
    if (screen.noisy) test.use({ allowed: ['ERR_FAILED', '404', '401', '429'] })
    test('has no serious violation', async ({ page, demo, empty, world }) => {
      await page.setViewportSize({ width: 1024, height: 768 })
      await screen.open({ page, demo, empty, world, lang: 'zh' })
      expect(await serious(page), 'in Chinese').toBe('')
      // Pages that the service itself writes are asked for in the other language.
      if (screen.name.startsWith('ogc-')) await screen.open({ page, demo, empty, world, lang: 'en' })
      else await inEnglish(page)
      expect(await serious(page), 'in English').toBe('')
    })
  })
}

test('axe on a phone finds nothing serious either', async ({ page, demo, empty, world }) => {
  test.setTimeout(180_000) // three screens on a busy machine
  await page.setViewportSize({ width: 390, height: 844 })
  for (const name of ['atlas', 'atlas-details-township', 'data']) {
    await screens.find((s) => s.name === name)!.open({ page, demo, empty, world, lang: 'zh' })
    const result = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
    expect(result.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => v.id)).toEqual([])
  }
})
