import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { details, expect, json, mapIdle, test, withService } from './fixtures'

// The unit looked at is gone after the undo, which the browser notes as a 404.
test.use({ allowed: ['404'] })

test('an open page follows the database: demonstration loaded, then undone', async ({ page }) => {
  test.setTimeout(180_000)
  await withService(page, [], async (own) => {
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
  })
})

test('one renamed township reaches the open map, past the browser\'s cache', async ({ page }) => {
  test.setTimeout(180_000)
  await withService(page, ['--demo'], async (own) => {
    const found = await json<{ features: { properties: Record<string, unknown> }[] }>(
      `${own.url}/ogc/collections/divisions/items?f=json&level=township&limit=1`,
    )
    const one = found.features[0]!
    await page.goto(`${own.url}/#select=${String(one.properties.code)}`)
    await mapIdle(page)
    await expect(details(page).locator('h2')).toHaveText(String(one.properties.name))
    one.properties.name = '改名乡'
    const file = join(own.home, 'one.geojson')
    writeFileSync(file, JSON.stringify({ type: 'FeatureCollection', features: [one] }))
    const tile = page.waitForResponse(
      async (r) => r.url().includes('/tiles/divisions/') && r.status() === 200 && (await r.body()).includes('改名乡'),
      { timeout: 60_000 },
    )
    const imported = await own.run('import', 'divisions', file, '--accept-warnings', '--json')
    expect(imported.code, imported.out).toBe(0)
    await tile
    await expect(details(page).locator('h2')).toHaveText('改名乡', { timeout: 30_000 })
  })
})
