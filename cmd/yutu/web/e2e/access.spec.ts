import type { Page } from '@playwright/test'
import { serious } from './axe'
import { expect, test } from './fixtures'
import { screens } from './screens'

/** Changes the language of the page that is open, as its address does: opening every screen twice takes ten minutes. */
async function inEnglish(page: Page): Promise<void> {
  await page.evaluate(() => {
    const rest = location.hash.replace(/^#/, '').split('&').filter((part) => part && !part.startsWith('lang='))
    location.hash = [...rest, 'lang=en'].join('&')
  })
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
}

test('axe finds what is wrong', async ({ page }) => {
  await page.setContent('<!doctype html><html lang="zh"><title>t</title><main><p style="color:#aaa;background:#fff">太浅</p><button></button></main>')
  const found = await serious(page)
  expect(found.map((line) => line.split(':')[0]).sort()).toEqual(['button-name', 'color-contrast'])
})

/** WCAG 2.2 A and AA: nothing serious on any screen, in either language, on a desk or in a hand. */
for (const screen of screens) {
  test.describe(screen.name, () => {
    if (screen.noisy) test.use({ allowed: ['ERR_FAILED', '404', '401', '429'] })
    test('has no serious violation', async ({ page, demo, empty, world }) => {
      await page.setViewportSize({ width: 1024, height: 768 })
      await screen.open({ page, demo, empty, world, lang: 'zh' })
      expect(await serious(page), 'in Chinese').toEqual([])
      // Pages that the service itself writes are asked for in the other language.
      if (screen.name.startsWith('ogc-')) await screen.open({ page, demo, empty, world, lang: 'en' })
      else await inEnglish(page)
      expect(await serious(page), 'in English').toEqual([])
      await page.setViewportSize({ width: 390, height: 844 })
      await page.waitForTimeout(100)
      expect(await serious(page), 'on a phone').toEqual([])
    })
  })
}
