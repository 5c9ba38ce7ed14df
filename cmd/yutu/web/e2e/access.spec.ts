import { AxeBuilder } from '@axe-core/playwright'
import { expect, test } from './fixtures'
import { screens } from './screens'

/** WCAG 2.2 A and AA: nothing serious on any screen in either language. */
for (const screen of screens) {
  for (const lang of ['zh', 'en'] as const) {
    test.describe(`${screen.name} (${lang})`, () => {
      if (screen.noisy) test.use({ allowed: ['ERR_FAILED', '404', '401', '429'] })
      test('has no serious violation', async ({ page, demo, empty, world }) => {
        await screen.open({ page, demo, empty, world, lang })
        const result = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
        const bad = result.violations
          .filter((v) => v.impact === 'serious' || v.impact === 'critical')
          .map((v) => `${v.id}: ${v.help}\n${v.nodes.map((n) => `  ${n.target.join(' ')} ${n.failureSummary}`).join('\n')}`)
        expect(bad.join('\n')).toBe('')
      })
    })
  }
}

test('axe on a phone finds nothing serious either', async ({ page, demo, empty, world }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  for (const name of ['atlas', 'atlas-details-township', 'data', 'sign-in', 'accounts', 'accounts-manage']) {
    await screens.find((s) => s.name === name)!.open({ page, demo, empty, world, lang: 'zh' })
    const result = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
    expect(result.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => v.id)).toEqual([])
  }
})
