import { expect, mapIdle, test } from './fixtures'
import { adjustPreview, mergePreview, neighbours, previews, signedIn, nobody } from './changes'
test('look', async ({ page, demo, world }) => {
  const [a, b] = [world.townships.find((t) => t.name === '玉山镇')!, world.townships.find((t) => t.name === '尚湖镇')!]
  await signedIn(page, nobody)
  await page.goto(`${demo.url}/#view=record&lang=zh`)
  await mapIdle(page)
  await page.screenshot({ path: '/tmp/webb/shots/gate.png' })
  await page.unroute('**/api/v1/session')
  await signedIn(page)
  await page.reload()
  await mapIdle(page)
  await page.screenshot({ path: '/tmp/webb/shots/kinds.png' })
  const p = await mergePreview(demo.url, a, b)
  await previews(page, () => p)
  await page.goto(`${demo.url}/#view=record&kind=merge&units=${a.code},${b.code}&date=2026-12-01&lang=zh`)
  await page.reload()
  await mapIdle(page)
  await page.screenshot({ path: '/tmp/webb/shots/merge.png' })
  for (const n of ['变更前', '变更后']) {
    await page.getByRole('button', { name: n, exact: true }).click()
    await mapIdle(page)
    await page.screenshot({ path: `/tmp/webb/shots/merge-${n}.png` })
  }
  await page.locator('.panel .body').evaluate((e) => (e.scrollTop = 9999))
  await page.screenshot({ path: '/tmp/webb/shots/merge-low.png' })
  const n = await neighbours(demo.url, world.townships)
  const ap = await adjustPreview(demo.url, n.a, n.b, 123456)
  await page.unroute('**/api/v1/divisions/events?dry_run=true')
  await previews(page, () => ap)
  await page.goto(`${demo.url}/#view=record&kind=adjust&units=${n.a.code},${n.b.code}&date=2026-12-01&lang=zh`)
  await page.reload()
  await mapIdle(page)
  await page.locator('.aim', { hasText: '在地图上选' }).last().click()
  await page.screenshot({ path: '/tmp/webb/shots/adjust.png' })
  for (const q of [n.line[10]!, [n.line[40]![0]! + 0.01, n.line[40]![1]! + 0.004], n.line[90]!]) {
    await page.locator('.add input').fill(`${q[0]}, ${q[1]}`)
    await page.locator('.add input').press('Enter')
  }
  await page.getByText('可以登记').waitFor()
  await mapIdle(page)
  await page.screenshot({ path: '/tmp/webb/shots/adjust-line.png' })
  expect(1).toBe(1)
})
