import { details, expect, mapIdle, test } from './fixtures'
import { Service } from './service'

// The unit looked at is gone after the undo, which the browser notes as a 404.
test.use({ allowed: ['404'] })

test('an open page follows the database: demonstration loaded, then undone', async ({ page }) => {
  test.setTimeout(180_000)
  const own = await Service.start()
  try {
    await page.goto(own.url)
    await expect(page.locator('h1')).toHaveText('这里还没有行政区划')
    const loaded = await own.run('demo', '--json')
    expect(loaded.code, loaded.out).toBe(0)
    await expect(page.locator('.cartouche h1')).toContainText('行政区划图', { timeout: 30_000 })
    await mapIdle(page)
    await page.locator('.controls button').last().focus()
    await page.locator('#map canvas').focus()
    await page.keyboard.press('Enter')
    await expect(details(page).locator('h2')).not.toBeEmpty()
    const id = /"import":\s*(\d+)/.exec(loaded.out)?.[1] ?? '1'
    const undone = await own.run('undo', id)
    expect(undone.code, undone.out).toBe(0)
    await expect(page.locator('h1').first()).toHaveText('这里还没有行政区划', { timeout: 30_000 })
  } finally {
    await own.stop()
  }
})
