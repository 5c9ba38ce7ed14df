import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from './fixtures'
import { screens } from './screens'
import { repository } from './service'

const folder = join(repository, '.yutu/screenshots')
mkdirSync(folder, { recursive: true })

const sizes = [
  { name: 'desktop-1440x900', width: 1440, height: 900, phone: false },
  { name: 'tablet-1024x768', width: 1024, height: 768, phone: false },
  { name: 'phone-390x844', width: 390, height: 844, phone: true },
]

for (const screen of screens) {
  for (const lang of ['zh', 'en'] as const) {
    for (const size of sizes) {
      test.describe(() => {
        test.use({ viewport: { width: size.width, height: size.height }, deviceScaleFactor: size.phone ? 2 : 1, hasTouch: size.phone, isMobile: size.phone })
        if (screen.noisy) test.use({ allowed: ['ERR_FAILED', '404', '401', '429'] })
        test(`${screen.name} ${lang} ${size.name}`, async ({ page, demo, empty, world }) => {
          await screen.open({ page, demo, empty, world, lang })
          await page.evaluate(() => document.fonts.ready)
          await page.screenshot({ path: join(folder, `${screen.name}-${lang}-${size.name}.png`) })
        })
      })
    }
  }
}
