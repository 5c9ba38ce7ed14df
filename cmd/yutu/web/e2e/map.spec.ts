import { coloursAt, details, expect, hash, mapIdle, onMap, pixelOf, test } from './fixtures'

test('the map draws: townships in several tints, neighbours in another, lettering and borders in ink', async ({ page, demo, world }) => {
  await page.goto(demo.url)
  await mapIdle(page)
  await expect(page.locator('h1')).toContainText(world.home.name)
  const inside = []
  for (const t of world.townships) {
    const p = await pixelOf(page, t.label)
    if (await onMap(page, p)) inside.push(p)
  }
  expect(inside.length).toBeGreaterThan(8)
  const got = await coloursAt(page, inside, 20)
  const tints = new Set(got.map((c) => c.colour))
  expect(tints.size, `tints: ${[...tints].join(' ')}`).toBeGreaterThanOrEqual(3)
  expect(got.filter((c) => c.dark > 25).length, 'townships whose name is written').toBeGreaterThan(inside.length / 2)
  const corner = { x: 110, y: 420 }
  const [out] = await coloursAt(page, [corner])
  expect(tints.has(out!.colour), 'outside looks as inside').toBe(false)
})

test('a click on a township shows its name, and the address reopens it', async ({ page, demo, world, context }) => {
  await page.goto(demo.url)
  await mapIdle(page)
  let chosen = world.townships[0]!
  for (const t of world.townships) {
    const p = await pixelOf(page, t.label)
    if (p.x < 1000 && (await onMap(page, p))) {
      chosen = t
      await page.mouse.click(p.x, p.y)
      break
    }
  }
  await expect(details(page).locator('h2')).toHaveText(chosen.name)
  await expect(details(page)).toContainText(chosen.code)
  await expect(details(page)).toContainText('非权威')
  await expect(details(page)).toContainText(world.home.name)
  expect(hash(page).get('select')).toBe(chosen.code)
  await mapIdle(page)
  const url = page.url()

  const other = await context.newPage()
  await other.goto(url)
  await expect(details(other).locator('h2')).toHaveText(chosen.name)
  await mapIdle(other)
  expect(hash(other).get('map')).toBe(hash(page).get('map'))
  await other.close()

  await page.goBack()
  await expect(details(page)).toHaveCount(0)
  expect(hash(page).get('select')).toBeNull()
})

test('the selected unit is outlined in cinnabar', async ({ page, demo, world }) => {
  const t = world.townships[3]!
  await page.goto(`${demo.url}/#select=${t.code}`)
  await expect(details(page).locator('h2')).toHaveText(t.name)
  await mapIdle(page)
  const shot = (await page.screenshot({ clip: { x: 80, y: 70, width: 930, height: 760 } })).toString('base64')
  const red = await page.evaluate(async (s) => {
    const image = await createImageBitmap(new Blob([Uint8Array.from(atob(s), (c) => c.charCodeAt(0))], { type: 'image/png' }))
    const c = new OffscreenCanvas(image.width, image.height)
    const g = c.getContext('2d')!
    g.drawImage(image, 0, 0)
    const d = g.getImageData(0, 0, c.width, c.height).data
    let n = 0
    for (let i = 0; i < d.length; i += 4) if (Math.abs(d[i]! - 184) < 12 && Math.abs(d[i + 1]! - 50) < 12 && Math.abs(d[i + 2]! - 39) < 12) n++
    return n
  }, shot)
  expect(red).toBeGreaterThan(1500)
})

test('hovering names the unit under the pointer, the foot its position', async ({ page, demo, world }) => {
  await page.goto(demo.url)
  await mapIdle(page)
  const t = world.townships[6]!
  const p = await pixelOf(page, t.label)
  await page.mouse.move(p.x - 3, p.y)
  await page.mouse.move(p.x, p.y)
  await expect(page.locator('.tip')).toContainText(t.name)
  const shown = (await page.locator('.strip .where').textContent()) ?? ''
  const [lon, lat] = [...shown.matchAll(/(\d+\.\d+)°/g)].map((m) => Number(m[1])) as [number, number]
  expect(Math.abs(lon - t.label[0])).toBeLessThan(0.002)
  expect(Math.abs(lat - t.label[1])).toBeLessThan(0.002)
  await expect(page.locator('.strip')).toContainText('CGCS2000')
  await expect(page.locator('.strip .scale')).toHaveAttribute('aria-label', /km|m/)
})

test('what is synthetic says so', async ({ page, demo }) => {
  await page.goto(demo.url)
  await expect(page.locator('.strip')).toContainText('示范数据（合成），并非真实界线')
  await page.goto(`${demo.url}/#lang=en`)
  await expect(page.locator('.strip')).toContainText('Demonstration data (synthetic), not real boundaries')
})

test('another date shows the villages of that date', async ({ page, demo, world }) => {
  expect(world.before.villages).not.toBe(world.villages)
  await page.goto(demo.url)
  await mapIdle(page)
  await expect(page.locator('.cartouche')).toContainText(String(world.villages))
  await page.locator('.date .value').click()
  const input = page.locator('.date input')
  await input.fill(world.before.date)
  await input.press('Enter')
  await expect(page.locator('.cartouche')).toContainText(String(world.before.villages))
  await expect(page.locator('.banner')).toContainText(world.before.date)
  expect(hash(page).get('at')).toBe(world.before.date)
  await mapIdle(page)
  await page.locator('.banner button').click()
  await expect(page.locator('.cartouche')).toContainText(String(world.villages))
  expect(hash(page).get('at')).toBeNull()
})

test('tiles are asked for on the date chosen', async ({ page, demo, world }) => {
  const asked: string[] = []
  page.on('request', (r) => r.url().includes('/tiles/divisions/') && asked.push(r.url()))
  await page.goto(`${demo.url}/#at=${world.before.date}`)
  await mapIdle(page)
  expect(asked.length).toBeGreaterThan(0)
  const at = asked.map((u) => new URL(u).searchParams.get('at'))
  expect(at[0]).toBe(world.before.date)
  // Tiles of the changes beside the date may be fetched ahead, those of today never.
  expect(at).not.toContain(null)
})
