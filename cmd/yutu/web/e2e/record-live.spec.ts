import { neighbours } from './changes'
import { expect, hash, json, mapIdle, test, type Unit } from './fixtures'
import { Service } from './service'

/** The whole way against the real service: sign in, preview, record, take back. It has a county of its own to change. */
let county: Service
test.beforeAll(async () => {
  county = await Service.start(['--demo'])
})
test.afterAll(async () => {
  await county.stop()
})
test.use({ allowed: ['404', '401'] }) // the browser notes that a unit is gone
const township = (name: string, world: { townships: Unit[] }) => world.townships.find((t) => t.name === name)!

async function signIn(page: import('@playwright/test').Page): Promise<void> {
  const { demonstration } = await json<{ demonstration: { password: string } }>(`${county.url}/api/v1/session`)
  await page.goto(`${county.url}/#view=record`)
  await page.locator('.gate').getByRole('button', { name: '登录' }).click()
  await page.getByRole('dialog').getByRole('textbox', { name: '账号', exact: true }).fill('editor')
  await page.getByRole('dialog').getByLabel('密码', { exact: true }).fill(demonstration.password)
  await page.keyboard.press('Enter')
  await expect(page.locator('.kinds button')).toHaveCount(10)
}

test('a merge is previewed, recorded with its villages, seen on the map and taken back', async ({ page, world }) => {
  const a = township('玉山镇', world)
  const b = township('尚湖镇', world)
  const villages = (await json<Unit>(`${county.url}/api/v1/divisions/${b.code}`)).children.length
  await signIn(page)
  await page.getByRole('button', { name: /合并/ }).click()
  for (const u of [a, b]) {
    await page.getByRole('combobox', { name: '参与合并的单位' }).fill(u.code)
    await expect(page.locator('.hits li').first()).toContainText(u.name)
    await page.keyboard.press('Enter')
    await expect(page.locator('ul.chosen')).toContainText(u.name)
  }
  await page.getByLabel('生效日期').fill('2026-12-01')
  await page.keyboard.press('Tab')
  await expect(page.locator('.panel .status')).toHaveText('可以登记')
  await expect(page.locator('.touched li', { hasText: '村级单位' }).locator('b')).toHaveText(String(villages))
  await expect(page.locator('.notes .warning').first()).toContainText('批准文号')
  await page.getByLabel('批准文号').fill('磐政发〔2026〕3号')
  await expect(page.locator('.notes .warning')).toHaveCount(0)
  await expect(page.locator('.panel .status')).toHaveText('可以登记')
  await page.getByRole('button', { name: '登记', exact: true }).click()
  await expect(page.locator('.toast')).toContainText('已登记：合并')
  expect(hash(page).get('at')).toBe('2026-12-01')
  await mapIdle(page)
  const merged = await json<Unit>(`${county.url}/api/v1/divisions/${a.code}?at=2026-12-01`)
  expect(merged.children.length).toBeGreaterThan(villages)
  expect((await fetch(`${county.url}/api/v1/divisions/${b.code}?at=2026-12-01`)).status).toBe(404)
  expect((await fetch(`${county.url}/api/v1/divisions/${b.code}?at=2026-11-30`)).status).toBe(200)
  // The toast may have been followed by news of the data; the tray keeps the way back.
  await page.getByRole('button', { name: /通知/ }).click()
  await page.getByRole('dialog', { name: '通知' }).getByRole('button', { name: '撤回登记' }).click()
  await expect.poll(async () => (await fetch(`${county.url}/api/v1/divisions/${b.code}?at=2026-12-01`)).status).toBe(200)
})

test('a border between two villages moves for both; a line that does not reach is refused with both points', async ({ page, world }) => {
  await signIn(page)
  const t = township('玉山镇', world)
  const villages = (await json<Unit>(`${county.url}/api/v1/divisions/${t.code}`)).children
  const n = await neighbours(county.url, villages)
  await page.goto(`${county.url}/#view=record&kind=adjust&units=${n.a.code},${n.b.code}&date=2026-12-01`)
  await page.reload()
  await expect(page.locator('.panel')).toContainText('共同界线，长约')
  const type = async (p: number[]) => {
    await page.locator('.add input').fill(p.join(', '))
    await page.locator('.add input').press('Enter')
  }
  const i = Math.floor(n.line.length / 2) - 2
  const [p, q] = [n.line[i]!, n.line[i + 4]!]
  const m = n.line[i + 2]!
  await type(p)
  await type([n.a.label[0] + (n.b.label[0] - n.a.label[0]) * 0.2, n.a.label[1] + (n.b.label[1] - n.a.label[1]) * 0.2])
  const refused = page.locator('section', { hasText: '新的界线' }).locator('.notes .error').first()
  await expect(refused).toContainText('不能办理')
  await expect(refused).toContainText(/最近点相距 [\d.]+/)
  await page.getByRole('button', { name: '删除第 2 点' }).click()
  await type([m[0]! + (n.a.label[0] - m[0]!) * 0.15, m[1]! + (n.a.label[1] - m[1]!) * 0.15])
  await type(q)
  await expect(page.locator('.panel .status')).toHaveText('可以登记')
  const said = await Promise.all(['划入', '划出'].map(async (w) => (await page.locator('.moved span', { hasText: w }).first().textContent())!.replace(/^[＋－]划[入出] /, '')))
  expect(said[0]).toBe(said[1])
  await page.getByLabel('批准文号').fill('磐政发〔2026〕4号')
  await expect(page.locator('.notes .warning')).toHaveCount(0)
  await expect(page.locator('.panel .status')).toHaveText('可以登记')
  const area = async (u: Unit, at: string) => (await json<{ area_km2: number }>(`${county.url}/api/v1/divisions/${u.code}?at=${at}`)).area_km2
  const before = [await area(n.a, '2026-11-30'), await area(n.b, '2026-11-30')]
  await page.getByRole('button', { name: '登记', exact: true }).click()
  await expect(page.locator('.toast')).toContainText(/已登记：界线调整|已更新/)
  const after = [await area(n.a, '2026-12-01'), await area(n.b, '2026-12-01')]
  expect(after[0]).not.toBe(before[0])
  expect(Math.abs(after[0]! + after[1]! - before[0]! - before[1]!)).toBeLessThan(2e-6)
  // The page of changes lists it, and lets it be withdrawn with a reason.
  await page.getByRole('button', { name: '变更', exact: true }).click()
  const entry = page.locator('.recent li').first()
  await expect(entry).toContainText('界线调整')
  await entry.getByRole('button', { name: '撤回' }).click()
  await page.getByLabel('撤回原因').fill('画错')
  await page.keyboard.press('Enter')
  await expect(entry).toContainText('已撤回')
  expect(await area(n.a, '2026-12-01')).toBe(before[0])
})
