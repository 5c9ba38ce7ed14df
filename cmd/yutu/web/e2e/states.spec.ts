import { details, expect, hash, mapIdle, test } from './fixtures'
import { stream } from './screens'

test('the language is switched, kept in the address and after a reload', async ({ page, demo, world }) => {
  await page.goto(demo.url)
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
  await expect(page.locator('h1')).toHaveText(`${world.home.name}行政区划图`)
  await page.getByRole('button', { name: 'English' }).click()
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await expect(page.getByRole('button', { name: 'Data' })).toBeVisible()
  expect(hash(page).get('lang')).toBe('en')
  await page.goto(demo.url)
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await page.getByRole('button', { name: '中文' }).click()
  await expect(page.getByRole('button', { name: '数据' })).toBeVisible()
})

test('an empty database says what belongs here', async ({ page, empty }) => {
  await page.goto(empty.url)
  await expect(page.locator('h1')).toHaveText('这里还没有行政区划')
  await expect(page.locator('main')).toContainText('yutu import divisions')
  await page.getByRole('button', { name: '导入步骤与字段说明' }).click()
  await expect(page.locator('h1')).toHaveText('数据')
})

test.describe('without the service', () => {
  test.use({ allowed: ['ERR_FAILED', 'ERR_CONNECTION', 'EventSource'] })
  test('the page says so, and goes on when the service is back', async ({ page, demo, world }) => {
    await page.route('**/api/v1/**', (r) => r.abort())
    await page.goto(demo.url)
    await expect(page.locator('h1')).toHaveText('暂时连不上服务')
    await page.unroute('**/api/v1/**')
    await page.getByRole('button', { name: '重试' }).click()
    await expect(page.locator('h1')).toContainText(world.home.name)
    await mapIdle(page)
  })
})

test.describe('a link to nothing', () => {
  test.use({ allowed: ['404'] }) // the browser itself notes the answer
  test('is said to lead to nothing', async ({ page, demo }) => {
    await page.goto(`${demo.url}/#select=999999999999`)
    await expect(details(page)).toContainText('没有代码为 999999999999 的区划')
  })
})

test('a database out of reach is announced with its hour', async ({ page, demo }) => {
  await page.route('**/api/v1/status*', async (r) => {
    const res = await r.fetch()
    await r.fulfill({ response: res, json: { ...(await res.json()), degraded: true, degraded_since: '2026-11-24T01:30:00Z' } })
  })
  await stream(page)
  await page.goto(demo.url)
  await expect(page.locator('.banner')).toContainText('数据库自')
  await expect(page.locator('.banner')).toContainText('09:30')
})

test('news from the service reach the map and the tray', async ({ page, demo }) => {
  const all = (z: number) => ({ z, x0: 0, y0: 0, x1: 2 ** z - 1, y1: 2 ** z - 1 })
  await stream(page, [{ event: 'tiles', data: { tileset: 'divisions', seq: 7, ranges: [9, 10, 11].map(all) } }])
  await page.goto(demo.url)
  await expect(page.locator('.dot')).toBeVisible()
  await page.getByRole('button', { name: /通知/ }).click()
  await expect(page.getByRole('dialog', { name: '通知' })).toContainText('区划资料已更新')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

test('without WebGL2 there is a list instead of an empty page', async ({ page, demo, world }) => {
  await page.addInitScript(() => {
    const get = HTMLCanvasElement.prototype.getContext
    HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, ...rest: unknown[]) {
      return kind === 'webgl2' ? null : (get as (...a: unknown[]) => unknown).call(this, kind, ...rest)
    } as typeof get
  })
  await page.goto(demo.url)
  await expect(page.locator('.no-map')).toContainText('WebGL2')
  await page.getByRole('treeitem', { name: world.townships[1]!.name }).click()
  await expect(details(page).locator('h2')).toHaveText(world.townships[1]!.name)
})

test('on a phone the details come from below and the map stays in sight', async ({ page, demo, world }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  const t = world.townships[4]!
  await page.goto(`${demo.url}/#select=${t.code}`)
  await expect(details(page).locator('h2')).toHaveText(t.name)
  await mapIdle(page)
  const sheet = (await details(page).boundingBox())!
  expect(sheet.y).toBeGreaterThan(300)
  expect(sheet.width).toBeGreaterThan(380)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await expect(page.locator('.strip')).toContainText('并非真实界线')
  await details(page).getByRole('button', { name: '关闭' }).click()
  await expect(details(page)).toHaveCount(0)
})

test('the data page counts what is loaded', async ({ page, demo, world }) => {
  await page.goto(`${demo.url}/#view=data`)
  await expect(page.locator('table')).toContainText(String(world.villages))
  await expect(page.locator('main')).toContainText(`${demo.url}/ogc`)
  await expect(page.locator('main')).toContainText('合成的示范数据')
  await page.goBack()
})

test('the small map of a data page draws and speaks', async ({ page, demo, world }) => {
  await page.goto(`${demo.url}/ogc/collections/divisions/items/${world.townships[0]!.id}?f=html`)
  const mini = page.locator('.minimap')
  await expect(mini).toHaveAttribute('data-idle', '', { timeout: 40_000 })
  await expect(mini).toHaveAttribute('aria-label', new RegExp(world.townships[0]!.name))
  await expect(mini.locator('canvas')).toBeVisible()
})
