import type { Page } from '@playwright/test'
import { serious } from './axe'
import { adjustPreview, inspector, mergePreview, neighbours, previews, signedIn } from './changes'
import { expect, hash, json, mapIdle, onMap, pixelOf, test, type World } from './fixtures'

const panel = (page: Page) => page.locator('.panel')
const pair = (w: World) => {
  const a = w.townships.find((t) => t.name === '玉山镇') ?? w.townships[0]!
  const b = w.townships.find((t) => t.name === '尚湖镇') ?? w.townships[1]!
  return { a, b }
}
const vertex = (page: Page, n: number) => page.getByRole('textbox', { name: `第 ${n} 点，经度和纬度`, exact: true })
async function eventsList(page: Page, events: unknown[] = []): Promise<void> {
  await page.route('**/api/v1/divisions/events', (r) => (r.request().method() === 'GET' ? r.fulfill({ json: { events } }) : r.fallback()))
}

test.describe('who may', () => {
  test.use({ allowed: ['401'] })
  test('the form is for those who may, and leads to the sign-in', async ({ page, demo }) => {
    await eventsList(page)
    await page.goto(`${demo.url}/#view=record`)
    await expect(panel(page)).toContainText('登录后才能登记变更')
    await expect(panel(page)).toContainText('编辑和管理员')
    expect(await serious(page)).toEqual([])
    await panel(page).getByRole('button', { name: '登录' }).click()
    const sheet = page.getByRole('dialog')
    const { demonstration } = await json<{ demonstration: { password: string } }>(`${demo.url}/api/v1/session`)
    for (const password of ['no', demonstration.password]) {
      await sheet.getByRole('textbox', { name: '账号', exact: true }).fill('editor')
      await sheet.getByLabel('密码', { exact: true }).fill(password)
      await page.keyboard.press('Enter')
      if (password === 'no') await expect(sheet.getByRole('alert')).toBeVisible()
    }
    await expect(page.locator('.kinds button')).toHaveCount(10)
  })
  test('who is signed in without the right is told so', async ({ page, demo }) => {
    await signedIn(page, inspector)
    await page.goto(`${demo.url}/#view=record&lang=en`)
    await expect(panel(page)).toContainText('Your account may not record changes')
    await expect(panel(page)).toContainText('磐安县')
  })
})

test('two townships are merged: picked on the map, previewed, recorded, undone', async ({ page, demo, world }) => {
  const { a, b } = pair(world)
  await signedIn(page)
  await eventsList(page)
  const preview = await mergePreview(demo.url, a, b)
  const asked = await previews(page, () => preview)
  await page.goto(`${demo.url}/#view=record`)
  await mapIdle(page)
  await page.getByRole('button', { name: /合并/ }).click()
  await expect(panel(page)).toContainText('还需：选择两个单位')
  for (const u of [a, b]) {
    const p = await pixelOf(page, u.label)
    expect(await onMap(page, p)).toBe(true)
    await page.mouse.click(p.x, p.y)
    await expect(page.locator('ul.chosen')).toContainText(u.code)
  }
  // Name, type and code are proposed from what is chosen.
  await expect(page.getByLabel('名称', { exact: true })).toHaveValue(a.name)
  await expect(page.getByLabel('区划代码')).toHaveValue(a.code)
  await page.getByLabel('生效日期').fill('2026年12月1日')
  await page.keyboard.press('Tab')
  await expect(panel(page).locator('.status')).toHaveText('可以登记')
  expect(asked[asked.length - 1]).toMatchObject({ kind: 'merge', date: '2026-12-01', units: [a.code, b.code], results: [{ code: a.code, name: a.name, type: '镇' }] })
  expect(hash(page).get('kind')).toBe('merge')
  expect(hash(page).get('units')).toBe(`${a.code},${b.code}`)

  // Every record touched is named by kind with its count, the villages with both codes.
  const touched = page.locator('.touched')
  for (const [kind, n] of [['村级单位', String((preview.touched as { count: number }[])[0]!.count)], ['界桩', '6'], ['门牌', '1284']]) await expect(touched.locator('li', { hasText: kind })).toContainText(n!)
  const first = (preview.ends as { properties: { code: string; name: string } }[])[2]!.properties
  await expect(page.locator('.effect table tbody tr').first()).toContainText(first.code)
  await expect(page.locator('.effect table tbody tr').first()).toContainText(`${a.code.slice(0, 9)}280`)
  // The warning stands at the document's fields and wants consent.
  await expect(page.locator('section', { hasText: '批准文号' }).last().locator('.notes .warning')).toContainText('没有填写批准文号')
  await expect(page.getByRole('button', { name: '登记', exact: true })).toBeDisabled()

  // Before and after differ on the map.
  await mapIdle(page)
  const shots: string[] = []
  for (const phase of ['变更前', '变更后', '对照']) {
    await page.getByRole('button', { name: phase, exact: true }).click()
    await mapIdle(page)
    const box = (await page.locator('#map').boundingBox())!
    shots.push((await page.screenshot({ clip: { x: box.width / 2 + 100, y: 150, width: box.width / 2 - 100, height: 500 } })).toString('base64'))
  }
  expect(new Set(shots).size).toBe(3)
  expect(await serious(page)).toEqual([])

  const writes: { url: string; token: string | undefined; body: unknown }[] = []
  await page.route('**/api/v1/divisions/events', async (r) => {
    if (r.request().method() !== 'POST') return r.fallback()
    const body = r.request().postDataJSON() as Record<string, unknown>
    writes.push({ url: r.request().url(), token: r.request().headers()['x-csrf-token'], body })
    await r.fulfill({ status: 201, json: { id: 77, seq: 900, event: { id: 77, ...body, actor: '陈编辑', recorded_at: '2026-11-26T02:00:00Z', withdrawn_at: null, withdrawable: true, before: [], after: [{ code: a.code }] } } })
  })
  await page.route('**/api/v1/divisions/events/77/withdraw', async (r) => {
    writes.push({ url: r.request().url(), token: r.request().headers()['x-csrf-token'], body: r.request().postDataJSON() })
    await r.fulfill({ json: { seq: 901 } })
  })
  await page.getByText('项提醒已经核对').click()
  await page.getByRole('button', { name: '登记', exact: true }).click()
  await expect(page.locator('.toast')).toContainText('已登记：合并')
  expect(hash(page).get('at')).toBe('2026-12-01')
  expect(hash(page).get('select')).toBe(a.code)
  expect(hash(page).get('view')).toBeNull()
  expect(writes[0]).toMatchObject({ token: 'token-of-the-test', body: { kind: 'merge', units: [a.code, b.code] } })
  await page.locator('.toast').getByRole('button', { name: '撤回登记' }).click()
  await expect(page.locator('.toast')).toContainText('已撤回登记')
  expect(writes[1]).toMatchObject({ token: 'token-of-the-test', body: { reason: '登记后立即撤回' } })
})

test('a border moves by keyboard alone: neighbours by name, points as coordinates', async ({ page, demo, world }) => {
  const n = await neighbours(demo.url, world.townships)
  await signedIn(page)
  await eventsList(page)
  const asked = await previews(page, (body) => adjustPreview(demo.url, n.a, n.b, n.line, (body.line as { coordinates: number[][] }).coordinates))
  await page.goto(`${demo.url}/#view=record`)
  await page.getByRole('button', { name: /界线调整/ }).focus()
  await page.keyboard.press('Enter')
  const find = page.getByRole('combobox', { name: '界线两侧的单位' })
  for (const u of [n.a, n.b]) {
    await find.focus()
    await page.keyboard.type(u.code)
    await expect(page.locator('.hits li').first()).toContainText(u.name)
    await page.keyboard.press('Enter')
    await expect(page.locator('ul.chosen')).toContainText(u.name)
  }
  await expect(panel(page)).toContainText('现在的共同界线，长约')
  const add = page.locator('.add input')
  const type = async (text: string) => {
    await add.fill(text)
    await page.keyboard.press('Enter')
  }
  const i = Math.floor(n.line.length / 5)
  const j = n.line.length - i
  await type('abc')
  await expect(page.getByRole('alert')).toContainText('读不出这个坐标')
  await type(n.line[i]!.join(', '))
  await expect(page.locator('.points .held')).toHaveCount(1)
  // The second point ends in the open: refused with both nearest points, beside the line and on the map.
  const off = [n.line[j]![0]! + 0.01, n.line[j]![1]! + 0.003]
  await type(off.join(' '))
  await expect(panel(page).locator('.status')).toContainText('有 1 处不能办理')
  const note = page.locator('section', { hasText: '新的界线' }).locator('.notes .error')
  await expect(note).toContainText('画的线没有到达现有界线')
  await expect(note).toContainText(/最近点相距 [\d.]+/)
  await expect(page.getByRole('button', { name: '登记', exact: true })).toBeDisabled()
  await note.getByRole('button', { name: '在地图上看' }).press('Enter')
  // A third point on the border makes it whole; degrees, minutes and seconds are read as well.
  await type(n.line[j]!.join(', '))
  await expect(panel(page).locator('.status')).toHaveText('可以登记')
  await expect(page.locator('.points li')).toHaveCount(3)
  const [gain, loss] = await Promise.all(['划入', '划出'].map(async (w) => (await page.locator('.moved span', { hasText: w }).first().textContent())!.replace(/^[＋－]划[入出] /, '')))
  expect(gain).toBe(loss)
  expect(gain).toMatch(/m².*亩/)
  await expect(page.locator('.effect')).toContainText('非权威')
  await vertex(page, 2).fill('120°30′00″')
  await page.keyboard.press('Tab')
  await expect(page.locator('.points .unread')).toBeVisible()
  await page.getByRole('button', { name: '度分秒' }).press('Enter')
  await expect(vertex(page, 1)).toHaveValue(/^\d+°\d\d′[\d.]+″, \d+°/)
  await page.getByRole('button', { name: '在第 2 点之后插入' }).press('Enter')
  await expect(page.locator('.points li')).toHaveCount(4)
  await expect(vertex(page, 3)).toBeFocused()
  await page.getByRole('button', { name: '删除第 3 点' }).press('Enter')
  await page.getByRole('button', { name: '退回一步' }).press('Enter')
  await expect(page.locator('.points li')).toHaveCount(4)
  await page.getByRole('button', { name: '两端之间沿用现有界线' }).press('Enter')
  await expect(page.locator('.points li')).toHaveCount(j - i + 1)
  expect((asked[asked.length - 1]!.line as { type: string }).type).toBe('LineString')
  expect(await serious(page)).toEqual([])
})

test('a border is drawn with the mouse; its ends hold on to the old one', async ({ page, demo, world }) => {
  const n = await neighbours(demo.url, world.townships)
  await signedIn(page)
  await previews(page, (body) => adjustPreview(demo.url, n.a, n.b, n.line, (body.line as { coordinates: number[][] }).coordinates))
  await page.goto(`${demo.url}/#view=record&kind=adjust&units=${n.a.code},${n.b.code}&date=2026-12-01`)
  await expect(panel(page)).toContainText('共同界线，长约')
  await mapIdle(page)
  await page.getByRole('button', { name: '在地图上选' }).last().click()
  const i = Math.floor(n.line.length / 4)
  const j = n.line.length - i
  const middle = n.line[Math.floor((i + j) / 2)]!
  const at = async (p: number[], dx = 0, dy = 0) => {
    const q = await pixelOf(page, [p[0]!, p[1]!])
    return { x: q.x + dx, y: q.y + dy }
  }
  const clicks = [await at(n.line[i]!, 5, 3), await at(middle, 60, 10), await at(n.line[j]!, -4, 4)]
  for (const q of clicks) {
    expect(await onMap(page, q)).toBe(true)
    await page.mouse.move(q.x, q.y)
    await page.mouse.click(q.x, q.y)
  }
  await expect(page.locator('.points li')).toHaveCount(3)
  await expect(page.locator('.points .held')).toHaveCount(2)
  // Complete from border to border: a further click adds nothing.
  await page.mouse.click(clicks[1]!.x + 70, clicks[1]!.y + 60)
  await expect(page.locator('.points li')).toHaveCount(3)
  const was = await vertex(page, 2).inputValue()
  await page.mouse.move(clicks[1]!.x, clicks[1]!.y)
  await page.mouse.down()
  await page.mouse.move(clicks[1]!.x + 20, clicks[1]!.y + 12, { steps: 4 })
  await page.mouse.up()
  await expect(vertex(page, 2)).not.toHaveValue(was)
  // The circle between two points makes another.
  const between = { x: (clicks[0]!.x - 5 + clicks[1]!.x + 20) / 2, y: (clicks[0]!.y - 3 + clicks[1]!.y + 12) / 2 }
  await page.mouse.click(between.x, between.y)
  await expect(page.locator('.points li')).toHaveCount(4)
  const map = page.getByRole('region', { name: /区划变更地图/ }).or(page.locator('canvas.maplibregl-canvas'))
  await map.last().focus()
  await page.keyboard.press('Delete')
  await expect(page.locator('.points li')).toHaveCount(3)
})

test('leaving a changed form asks, by the rail and by Back', async ({ page, demo, world }) => {
  const { a } = pair(world)
  await signedIn(page)
  await eventsList(page)
  await previews(page, () => ({ refusals: [], warnings: [], ends: [], begins: [], edges: [], touched: [] }))
  await page.goto(`${demo.url}/#view=data`)
  await page.getByRole('button', { name: '变更', exact: true }).click()
  await page.getByRole('button', { name: /更名/ }).click()
  await page.getByRole('combobox', { name: '变更的单位' }).fill(a.code)
  await page.locator('.hits li').first().click()
  await expect(page.locator('ul.chosen')).toContainText(a.name)
  await page.getByRole('button', { name: '地图', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('尚未登记的内容会丢失')
  await expect(dialog).toContainText('更名')
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  await expect(page.locator('ul.chosen')).toContainText(a.name)
  await page.goBack()
  await expect(dialog).toBeVisible()
  await dialog.getByRole('button', { name: '继续填写' }).click()
  expect(hash(page).get('view')).toBe('record')
  await page.getByRole('button', { name: '数据', exact: true }).click()
  await dialog.getByRole('button', { name: '放弃并离开' }).click()
  await expect(page.locator('h1')).toHaveText('数据')
  // An untouched form lets go.
  await page.getByRole('button', { name: '变更', exact: true }).click()
  await expect(page.locator('.kinds')).toBeVisible()
  await page.getByRole('button', { name: '数据', exact: true }).click()
  await expect(page.locator('h1')).toHaveText('数据')
})

test.describe('when the service fails', () => {
  test.use({ allowed: ['503', 'ERR_FAILED', '422'] })
  test('the form is kept and says what to do', async ({ page, demo, world }) => {
    const { a } = pair(world)
    await signedIn(page)
    let well = false
    await page.route('**/api/v1/divisions/events?dry_run=true', (r) =>
      well ? r.fulfill({ json: { refusals: [], warnings: [], ends: [], begins: [], edges: [], touched: [] } }) : r.fulfill({ status: 503, contentType: 'application/problem+json', json: { title: '数据库暂时无法连接' } }),
    )
    await page.goto(`${demo.url}/#view=record&kind=rename&units=${a.code}&date=2026-12-01`)
    await page.getByLabel('名称', { exact: true }).fill('玉峰镇')
    await expect(page.locator('.effect .failed')).toContainText('已填内容都还在')
    well = true
    await page.locator('.effect').getByRole('button', { name: '重试' }).click()
    await expect(panel(page).locator('.status')).toHaveText('可以登记')
    // What the record itself refuses is shown at its field, too.
    await page.route('**/api/v1/divisions/events', (r) =>
      r.request().method() === 'POST'
        ? r.fulfill({ status: 422, contentType: 'application/problem+json', json: { title: '不能办理', findings: [{ rule: 'later-event', severity: 'error', field: 'date', message: { zh: '2027-01-01 已登记合并。', en: 'A merge on 2027-01-01 is on record.' } }] } })
        : r.fallback(),
    )
    await page.getByRole('button', { name: '登记', exact: true }).click()
    await expect(page.locator('section', { hasText: '生效日期' }).last().locator('.notes .error')).toContainText('已登记合并')
    await expect(page.getByLabel('名称', { exact: true })).toHaveValue('玉峰镇')
  })
})

test('a recorded mistake is withdrawn with its reason', async ({ page, demo, world }) => {
  const { a } = pair(world)
  await signedIn(page)
  const event = { id: 5, kind: 'rename', date: '2026-11-01', document: { number: '磐政发〔2026〕3号', issuer: '', title: '', date: null }, note: '', actor: 'editor', recorded_at: '2026-11-20T02:00:00Z', synthetic: false, withdrawn_at: null, withdrawable: true, before: [a], after: [a] }
  await eventsList(page, [event, { ...event, id: 4, withdrawable: false, actor: 'cli:root' }])
  let reason = ''
  await page.route('**/api/v1/divisions/events/5/withdraw', (r) => {
    reason = (r.request().postDataJSON() as { reason: string }).reason
    return r.fulfill({ json: { seq: 3 } })
  })
  await page.goto(`${demo.url}/#view=record`)
  await expect(page.locator('.recent li')).toHaveCount(1)
  await page.locator('.recent').getByRole('button', { name: '撤回' }).click()
  await expect(page.locator('.recent form')).toContainText('产生的 1 个单位')
  await page.getByLabel('撤回原因').fill('名称写错')
  await page.keyboard.press('Enter')
  await expect(page.locator('.toast')).toContainText('已撤回登记')
  expect(reason).toBe('名称写错')
})

test('on a phone the form comes from below and nothing is wider than the screen', async ({ page, demo, world }) => {
  const { a, b } = pair(world)
  await page.setViewportSize({ width: 390, height: 844 })
  await signedIn(page)
  const preview = await mergePreview(demo.url, a, b)
  await previews(page, () => preview)
  await page.goto(`${demo.url}/#view=record&kind=merge&units=${a.code},${b.code}&date=2026-12-01`)
  await expect(panel(page).locator('.status')).toHaveText('可以登记')
  await mapIdle(page)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  expect((await panel(page).boundingBox())!.y).toBeGreaterThan(250)
  await page.locator('.grip').click()
  await expect.poll(async () => (await panel(page).boundingBox())!.y).toBeLessThan(40)
  expect(await serious(page)).toEqual([])
})
