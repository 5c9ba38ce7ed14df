import { details, expect, hash, mapIdle, test } from './fixtures'

test('a slash, a name, Enter: the unit opens; Esc closes it', async ({ page, demo, world }) => {
  const t = world.townships[2]!
  await page.goto(demo.url)
  await mapIdle(page)
  await page.keyboard.press('/')
  await expect(page.getByRole('combobox')).toBeFocused()
  await page.keyboard.type(t.name.slice(0, 2))
  const hits = page.getByRole('option')
  await expect(hits.filter({ hasText: t.name }).first()).toBeVisible()
  for (let i = 0; i < 12; i++) {
    if ((await page.locator('[role=option][aria-selected=true]').textContent())?.includes(t.code)) break
    await page.keyboard.press('ArrowDown')
  }
  await page.keyboard.press('Enter')
  await expect(details(page).locator('h2')).toHaveText(t.name)
  await mapIdle(page)
  await page.keyboard.press('Escape')
  await expect(details(page)).toHaveCount(0)
})

test('a search without result says so, Esc leaves it', async ({ page, demo }) => {
  await page.goto(demo.url)
  await page.getByRole('combobox').fill('没有这个地方')
  await expect(page.locator('.search .note')).toContainText('没有找到')
  await page.keyboard.press('Escape')
  await expect(page.locator('.search .hits')).toBeHidden()
})

test('the map is moved and picked from without a mouse', async ({ page, demo }) => {
  await page.goto(demo.url)
  await mapIdle(page)
  await page.keyboard.press('Tab')
  await expect(page.locator('.skip')).toBeFocused()
  await page.keyboard.press('Enter')
  const canvas = page.locator('#map canvas')
  await expect(canvas).toBeFocused()
  await expect(canvas).toHaveAttribute('aria-label', /行政区划地图/)
  const before = hash(page).get('map')
  await page.keyboard.press('ArrowRight')
  await expect.poll(() => hash(page).get('map')).not.toBe(before)
  await page.keyboard.press('ArrowLeft')
  await mapIdle(page)
  await page.keyboard.press('Enter')
  await expect(details(page).locator('h2')).not.toBeEmpty()
})

test('the list reaches every unit by arrow keys', async ({ page, demo, world }) => {
  await page.goto(`${demo.url}/#sheet=list`)
  const tree = page.getByRole('tree')
  await expect(tree.getByRole('treeitem', { name: world.townships[0]!.name })).toBeVisible()
  await tree.getByRole('treeitem').first().focus()
  await page.keyboard.press('ArrowDown')
  await expect(page.locator(':focus')).toContainText(world.townships[0]!.name)
  await page.keyboard.press('ArrowRight')
  await expect(page.locator(':focus')).toHaveAttribute('aria-expanded', 'true')
  await expect(page.locator('[role=treeitem][aria-level="3"]').first()).toBeVisible()
  await page.keyboard.press('ArrowDown')
  const village = await page.locator(':focus .name').textContent()
  await page.keyboard.press('Enter')
  await expect(details(page).locator('h2')).toHaveText(village!)
  await page.locator('.list .filter').fill(world.townships[5]!.name)
  await expect(tree.getByRole('treeitem').first()).toContainText(world.townships[5]!.name)
})
