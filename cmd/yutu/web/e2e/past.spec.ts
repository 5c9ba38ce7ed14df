import type { Page } from '@playwright/test'
import { serious } from './axe'
import { cases, LONG, serveCase, serveDates } from './past'
import { expect, hash, json, mapIdle, test } from './fixtures'

interface Dates {
  dates: { date: string; events: number[]; changed: number }[]
}
const slider = (page: Page) => page.getByRole('slider')

test('the slider speaks its date and what changed, and steps from change to change by keyboard', async ({ page, demo }) => {
  const { dates } = await json<Dates>(`${demo.url}/api/v1/divisions/dates`)
  const days = dates.map((d) => d.date)
  expect(days.length).toBeGreaterThanOrEqual(2)
  await page.goto(demo.url)
  await mapIdle(page)
  await expect(page.locator('.time .mark')).toHaveCount(days.length)
  await slider(page).focus()
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /今日/)
  await page.keyboard.press('ArrowLeft')
  expect(hash(page).get('at')).toBe(days[days.length - 1])
  await expect(slider(page)).toHaveAttribute('aria-valuetext', new RegExp(`${days[days.length - 1]}.*371 → 236 村`))
  await page.keyboard.press('ArrowLeft')
  expect(hash(page).get('at')).toBe(days[days.length - 2])
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /19 → 14 乡镇/)
  await expect(page.locator('.cartouche')).toContainText('14')
  await page.keyboard.press('Home')
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /首次变更之前/)
  await expect(page.locator('.cartouche')).toContainText('19')
  await page.keyboard.press('PageUp')
  expect(hash(page).get('at')).toMatch(/-01-01$/)
  await page.keyboard.press('End')
  expect(hash(page).get('at')).toBeNull()
  // Every step is one step of Back.
  await page.goBack()
  await page.goBack()
  await page.goBack()
  expect(hash(page).get('at')).toBe(days[days.length - 2])
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /19 → 14 乡镇/)
  await page.locator('.time').getByRole('button', { name: '回到今日' }).click()
  expect(hash(page).get('at')).toBeNull()
})

test('units that changed are outlined on the map, and the legend says so', async ({ page, demo }) => {
  const { dates } = await json<Dates>(`${demo.url}/api/v1/divisions/dates`)
  await page.goto(`${demo.url}/#at=${dates[0]!.date}`)
  await mapIdle(page)
  await expect(page.locator('.legend')).toContainText(`${dates[0]!.date} 起的单位`)
  await expect(page.locator('.legend')).toContainText('当日终止单位的旧界')
  const count = async () => {
    await mapIdle(page)
    const shot = (await page.screenshot({ clip: { x: 380, y: 70, width: 1000, height: 600 } })).toString('base64')
    return page.evaluate(async (s) => {
      const image = await createImageBitmap(new Blob([Uint8Array.from(atob(s), (c) => c.charCodeAt(0))], { type: 'image/png' }))
      const c = new OffscreenCanvas(image.width, image.height)
      const g = c.getContext('2d')!
      g.drawImage(image, 0, 0)
      const d = g.getImageData(0, 0, c.width, c.height).data
      const n = { begun: 0, ended: 0 }
      const near = (i: number, r: number, gr: number, b: number) => Math.abs(d[i]! - r) < 14 && Math.abs(d[i + 1]! - gr) < 14 && Math.abs(d[i + 2]! - b) < 14
      for (let i = 0; i < d.length; i += 4) {
        if (near(i, 63, 127, 95)) n.begun++
        if (near(i, 154, 91, 47)) n.ended++
      }
      return n
    }, shot)
  }
  const on = await count()
  expect(on.begun).toBeGreaterThan(1500)
  expect(on.ended).toBeGreaterThan(150)
  await page.locator('.time').getByRole('button', { name: '回到今日' }).click()
  await expect(page.locator('.legend')).not.toContainText('当日终止单位的旧界')
  const off = await count()
  expect(off.begun).toBeLessThan(50)
  expect(off.ended).toBeLessThan(50)
})

test('a drag previews the date before it is let go, and is one step of Back', async ({ page, demo }) => {
  const asked: string[] = []
  page.on('request', (r) => r.url().includes('/tiles/divisions/') && asked.push(r.url()))
  await page.goto(demo.url)
  await mapIdle(page)
  const box = (await page.locator('.time .track').boundingBox())!
  const handle = (await slider(page).boundingBox())!
  await page.mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.5, box.y + 30, { steps: 4 })
  const middle = await slider(page).getAttribute('aria-valuetext')
  expect(middle).toMatch(/^20\d\d-/)
  expect(hash(page).get('at')).toBeNull()
  await page.mouse.move(box.x + 4, box.y + 30, { steps: 6 })
  await expect.poll(() => asked.some((u) => new URL(u).searchParams.get('at') !== null)).toBe(true)
  await page.mouse.up()
  const at = hash(page).get('at')
  expect(at).not.toBeNull()
  await expect(page.locator('.banner')).toContainText(at!)
  await page.goBack()
  expect(hash(page).get('at')).toBeNull()
})

test('the buttons step and play through the changes to today', async ({ page, demo }) => {
  test.setTimeout(90_000)
  await page.goto(demo.url)
  await mapIdle(page)
  const time = page.locator('.time')
  await time.getByRole('button', { name: '上一次变更' }).click()
  expect(hash(page).get('at')).not.toBeNull()
  await time.getByRole('button', { name: '下一次变更' }).click()
  expect(hash(page).get('at')).toBeNull()
  await expect(time.getByRole('button', { name: '下一次变更' })).toBeDisabled()
  await time.getByRole('button', { name: '逐次播放变更' }).click()
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /首次变更之前/)
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /19 → 14 乡镇/, { timeout: 10_000 })
  await expect(slider(page)).toHaveAttribute('aria-valuetext', /今日/, { timeout: 15_000 })
  await expect(time.getByRole('button', { name: '逐次播放变更' })).toBeVisible()
})

test('from a date on the map to the page of a unit, and back', async ({ page, demo }) => {
  await page.goto(demo.url)
  await mapIdle(page)
  await slider(page).focus()
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowLeft')
  await page.locator('.say .open').click()
  const panel = page.getByRole('dialog')
  await expect(panel).toContainText('文号待补')
  await panel.getByRole('button', { name: /尖山镇/ }).first().click()
  await expect(page.locator('h1')).toHaveText('尖山镇')
  expect(hash(page).get('view')).toBe('unit')
  await page.goBack()
  await expect(page.locator('.time')).toBeVisible()
})

test('a unit of the demonstration: what it came from, by which event, with the maps of before and after', async ({ page, demo }) => {
  await page.goto(`${demo.url}/#view=unit&select=330727109000`)
  await expect(page.locator('h1')).toHaveText('尖山镇')
  await expect(page).toHaveTitle(/尖山镇/)
  await expect(page.locator('.chain')).toContainText('磐安县')
  await expect(page.locator('.facts')).toContainText('330727109000')
  const entry = page.locator('.entry').first()
  await expect(entry).toContainText('合并')
  await expect(entry).toContainText('2018-10-31')
  // The maps load when they come into sight.
  await entry.locator('.maps').scrollIntoViewIfNeeded()
  await expect(entry.locator('svg path.area')).toHaveCount(3)
  await expect(page.locator('.lineage .node')).toHaveCount(3)
  await entry.getByRole('button', { name: '尖山镇' }).first().click()
  await expect(page.locator('.title .stamp').first()).toHaveText('2018-10-31 终止')
  expect(hash(page).get('select')).toBe('330727102000')
  await page.goBack()
  expect(hash(page).get('select')).toBe('330727109000')
})

test('the lineage is walked by arrow keys; Enter opens; the table stands behind it', async ({ page, demo }) => {
  await serveCase(page, cases.forty())
  await page.goto(`${demo.url}/#view=unit&select=330727109000&at=2019-01-01`)
  const nodes = page.locator('.lineage .node')
  await expect(nodes).toHaveCount(43)
  const boxes = await nodes.locator('rect').evaluateAll((all) => all.map((r) => r.getBoundingClientRect()).map((r) => ({ x: r.x, y: r.y, r: r.right, b: r.bottom })))
  boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => expect(a.r <= b.x || b.r <= a.x || a.b <= b.y || b.b <= a.y).toBe(true)))
  await page.locator('.lineage .node.chosen').focus()
  await page.keyboard.press('ArrowLeft')
  await expect(page.locator('.lineage .node:focus')).toHaveAccessibleName(/第\d+乡/)
  await expect(page.locator('.lineage .node.dim')).toHaveCount(39)
  await page.keyboard.press('ArrowDown')
  const name = (await page.locator('.lineage .node:focus .name').textContent())!
  await page.keyboard.press('Enter')
  await expect(page.locator('h1')).toHaveText(name)
  await expect(page.locator('.title .stamp').first()).toContainText('2018-10-31')
  await page.goBack()
  await page.getByRole('button', { name: '以表格显示' }).click()
  await expect(page.getByRole('region', { name: '沿革表' }).locator('tbody tr')).toHaveCount(42)
})

test('a unit that is gone names its heirs', async ({ page, demo }) => {
  await serveCase(page, cases.gone())
  await page.goto(`${demo.url}/#view=unit&select=330727210000`)
  await expect(page.locator('h1')).toHaveText('胡宅乡')
  await expect(page.locator('.stamp').first()).toHaveText('2018-10-31 终止')
  await page.locator('.heirs').getByRole('button', { name: '尖山镇' }).click()
  await expect(page.locator('h1')).toHaveText('尖山镇')
  await expect(page.locator('h1')).toBeFocused()
})

test('a unit without any event says so, and is not drawn as a graph', async ({ page, demo }) => {
  await serveCase(page, cases.none())
  await page.goto(`${demo.url}/#view=unit&select=330727208000`)
  await expect(page.locator('.empty')).toContainText('没有登记过变更')
  await expect(page.locator('.lineage')).toHaveCount(0)
})

test('names of 24 characters stay within the page on a phone', async ({ page, demo }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await serveCase(page, cases.long())
  await page.goto(`${demo.url}/#view=unit&select=330727102201`)
  await expect(page.locator('h1')).toHaveText(LONG)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  expect(await page.locator('.page').evaluate((el) => el.scrollWidth - el.clientWidth)).toBeLessThanOrEqual(0)
})

test.describe('without answers', () => {
  test.use({ allowed: ['404', '500', 'ERR_FAILED'] })
  test('an unknown code and a failing service are told apart, and the page can be asked again', async ({ page, demo }) => {
    await page.goto(`${demo.url}/#view=unit&select=999999999999`)
    await expect(page.locator('h1')).toHaveText('没有这个区划')
    await page.route('**/lineage*', (r) => r.fulfill({ status: 500, json: { title: '内部错误', detail: '请稍后再试' } }))
    await page.goto(`${demo.url}/#view=unit&select=330727109000`)
    await expect(page.locator('h1')).toHaveText('沿革没有载入')
    await page.unroute('**/lineage*')
    await page.getByRole('button', { name: '重试' }).click()
    await expect(page.locator('h1')).toHaveText('尖山镇')
  })
  test('without dates the strip says what belongs there, and a failure can be tried again', async ({ page, demo }) => {
    await serveDates(page, [], [])
    await page.goto(demo.url)
    await expect(page.locator('.time')).toContainText('还没有区划变更')
    await page.unrouteAll()
    await page.route('**/api/v1/divisions/dates', (r) => r.abort())
    await page.reload()
    await expect(page.locator('.time')).toContainText('没有载入')
    await page.unrouteAll()
    await page.locator('.time').getByRole('button', { name: '重试' }).click()
    await expect(slider(page)).toBeVisible()
  })
})

test('on a phone the slider keeps its place and the page its width', async ({ page, demo }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  const { dates } = await json<Dates>(`${demo.url}/api/v1/divisions/dates`)
  await page.goto(`${demo.url}/#at=${dates[0]!.date}`)
  await mapIdle(page)
  await expect(page.locator('.time .what')).toContainText('19 → 14 乡镇')
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  const box = (await page.locator('.time').boundingBox())!
  expect(box.height).toBeLessThan(100)
  expect(await serious(page)).toEqual([])
  await page.goto(`${demo.url}/#view=unit&select=330727109000`)
  await page.locator('.lineage').waitFor()
  expect(await page.locator('.page').evaluate((el) => el.scrollWidth - el.clientWidth)).toBeLessThanOrEqual(0)
  expect(await serious(page)).toEqual([])
})
