import type { Page } from '@playwright/test'
import { serious } from './axe'
import { crosswalkAnswer, villageTable } from './changes'
import { expect, hash, test } from './fixtures'

test.use({ allowed: ['404', '400', '422', 'ERR_FAILED'] })

const file = (name: string, text: string) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) })
async function dates(page: Page): Promise<void> {
  await page.route('**/api/v1/divisions/dates', (r) => r.fulfill({ json: { dates: [{ date: '2018-10-31', events: [1], changed: 300 }] } }))
}
/** The fields of a multipart body, without the file. */
function fields(body: string): Record<string, string> {
  return Object.fromEntries([...body.matchAll(/name="(\w+)"\r\n\r\n([^\r]*)\r\n/g)].map((m) => [m[1]!, m[2]!]))
}

test('a table of old villages is dropped, understood, converted and taken home', async ({ page, demo, world }) => {
  await dates(page)
  const { csv, rows } = await villageTable(demo.url, world.before.date)
  let sent: Record<string, string> = {}
  await page.route('**/api/v1/crosswalk*', async (r) => {
    sent = fields(r.request().postDataBuffer()!.toString('utf8'))
    if (new URL(r.request().url()).searchParams.get('format') === 'json') return r.fulfill({ json: crosswalkAnswer(rows, 3) })
    return r.fulfill({ body: '区划代码,户籍人口\r\n', contentType: 'text/csv', headers: { 'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent('各村人口-新区划.csv')}` } })
  })
  await page.goto(`${demo.url}/#view=crosswalk`)
  await expect(page.locator('.out')).toContainText('换算结果会显示在这里')
  await expect(page.getByLabel('原表的日期')).toHaveValue('2018-10-30')
  await expect(page.getByRole('button', { name: '换算', exact: true }).last()).toBeDisabled()
  // Dropped, as from a folder.
  const data = await page.evaluateHandle((text) => {
    const d = new DataTransfer()
    d.items.add(new File([text], '各村人口.csv', { type: 'text/csv' }))
    return d
  }, csv)
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer: data })
  await expect(page.locator('.drop')).toContainText(`${rows.length} 行，6 列`)
  await expect(page.getByLabel('代码列')).toHaveValue('区划代码')
  await expect(page.getByLabel('名称列')).toHaveValue('村名')
  await expect(page.getByRole('checkbox', { name: '户籍人口' })).toBeChecked()
  await expect(page.getByRole('checkbox', { name: '序号' })).not.toBeChecked()
  await page.locator('.run button').click()

  const table = page.locator('.result table')
  await expect(table.locator('tfoot')).toContainText('前后一致')
  expect(sent).toMatchObject({ from: '2018-10-30', level: 'village', code_column: '区划代码', columns: '户籍人口,耕地面积（亩）', weight: 'population' })
  expect(hash(page).get('from')).toBe('2018-10-30')
  // The way of a figure is said by shape and by word.
  const split = table.locator('tbody tr', { has: page.locator('svg.population') }).first()
  await expect(split).toContainText('按人口分')
  await page.getByText('3 个代码在 2018-10-30 找不到').click()
  await expect(page.locator('.codes')).toContainText(rows[0]!.code)
  await page.getByLabel('筛选名称或代码').fill(rows[40]!.code)
  await expect(table.locator('tbody th')).toHaveText([rows[40]!.name])
  await page.getByLabel('筛选名称或代码').fill('')
  await table.getByRole('button', { name: '户籍人口' }).press('Enter')
  await table.getByRole('button', { name: '户籍人口' }).press('Enter')
  await expect(table.locator('thead th').nth(2)).toHaveAttribute('aria-sort', 'descending')
  // The last row is there although only what is in sight is drawn.
  await page.locator('.scroll').evaluate((e) => (e.scrollTop = e.scrollHeight))
  await expect(table.locator('tbody tr').last()).toBeVisible()
  expect(await serious(page)).toEqual([])

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '下载 .csv' }).click()])
  expect(download.suggestedFilename()).toBe('各村人口-新区划.csv')
  await expect(page.locator('.toast')).toContainText('已下载')
  // Another question, another answer: the old result goes.
  await page.getByRole('button', { name: '按面积分' }).press('Enter')
  await expect(page.locator('.out')).toContainText('换算结果会显示在这里')
  expect(hash(page).get('weight')).toBe('area')
})

test('files that are no tables are refused with the reason', async ({ page, demo }) => {
  await dates(page)
  await page.goto(`${demo.url}/#view=crosswalk`)
  const input = page.locator('input[type=file]')
  for (const [f, why] of [
    [file('旧.xls', 'x'), '旧的 .xls 请先另存为 .xlsx'],
    [file('坏.xlsx', 'no zip'), '不完整或已加密'],
    [file('空.csv', '代码,人口\n'), '没有数据行'],
  ] as const) {
    await input.setInputFiles(f)
    await expect(page.getByRole('alert')).toContainText(why)
  }
  await input.setInputFiles(file('无数字.csv', '名称,说明\n甲村,好\n乙村,好\n'))
  await expect(page.getByRole('alert')).toHaveCount(0)
  await expect(page.locator('.run')).toContainText('还需：代码列、数字列')
})

test('a refusal names row and column; nothing is half shown', async ({ page, demo }) => {
  await dates(page)
  await page.goto(`${demo.url}/#view=crosswalk`)
  await page.locator('input[type=file]').setInputFiles(file('人口.csv', '区划代码,人口\n330727001001,12\n330727001002,13\n330727001003,约20\n'))
  await expect(page.locator('.checks')).toContainText('非数字：第 4 行')
  await page.route('**/api/v1/crosswalk*', (r) =>
    r.fulfill({
      status: 422,
      contentType: 'application/problem+json',
      json: { title: '表格有误', detail: '“人口”列有 1 处不是数字，没有换算。', findings: [{ rule: 'not-a-number', severity: 'error', object: '第 4 行 人口', message: { zh: '“约20”不是数字。', en: '"约20" is no number.' } }] },
    }),
  )
  await page.locator('.run button').click()
  await expect(page.locator('.failed')).toContainText('没有换算')
  await expect(page.locator('.failed li')).toContainText('第 4 行 人口')
  await expect(page.locator('.result')).toHaveCount(0)
  await page.unroute('**/api/v1/crosswalk*')
  await page.route('**/api/v1/crosswalk*', (r) => r.abort())
  await page.locator('.failed button').click()
  await expect(page.locator('.failed')).toContainText('暂时连不上')
})

test('five thousand rows are shown without drawing five thousand rows', async ({ page, demo }) => {
  await dates(page)
  const rows = Array.from({ length: 5000 }, (_, i) => ({ code: String(330727100000 + i), name: `第${i}村`, people: i, land: i / 2 }))
  await page.route('**/api/v1/crosswalk*', (r) => r.fulfill({ json: crosswalkAnswer(rows, 0) }))
  await page.goto(`${demo.url}/#view=crosswalk`)
  await page.locator('input[type=file]').setInputFiles(file('大.csv', '区划代码,户籍人口\n' + rows.map((r) => `${r.code},${r.people}`).join('\n')))
  await page.locator('.run button').click()
  await expect(page.locator('.result table')).toBeVisible()
  expect(await page.locator('.result tbody tr').count()).toBeLessThan(80)
  await page.locator('.scroll').evaluate((e) => (e.scrollTop = 4990 * 33))
  await expect(page.locator('.result tbody')).toContainText('第4990村')
})
