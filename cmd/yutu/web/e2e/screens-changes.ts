import type { Page } from '@playwright/test'
import { adjustPreview, crosswalkAnswer, inspector, mergePreview, neighbours, nobody, previews, signedIn, villageTable } from './changes'
import { mapIdle } from './fixtures'
import type { Screen } from './screens'

/** The pages on which divisions are changed and tables converted. */
const recent = async (page: Page, events: unknown[] = []) =>
  page.route('**/api/v1/divisions/events', (r) => (r.request().method() === 'GET' ? r.fulfill({ json: { events } }) : r.fallback()))
const pair = (w: Parameters<Screen['open']>[0]['world']) => [w.townships.find((t) => t.name === '玉山镇') ?? w.townships[0]!, w.townships.find((t) => t.name === '尚湖镇') ?? w.townships[1]!] as const
const ready = (page: Page) => page.locator('.status.good, .status.bad').first().waitFor()
const table = (csv: string, name = '各村人口耕地2017.csv') => ({ name, mimeType: 'text/csv', buffer: Buffer.from(csv) })
const dates = (page: Page) => page.route('**/api/v1/divisions/dates', (r) => r.fulfill({ json: { dates: [{ date: '2018-10-31', events: [1], changed: 300 }] } }))

export const changeScreens: Screen[] = [
  {
    name: 'record-sign-in',
    open: async ({ page, demo, lang }) => {
      await signedIn(page, nobody)
      await page.goto(`${demo.url}/#view=record&lang=${lang}`)
      await page.locator('.gate .enter').waitFor()
      await mapIdle(page)
    },
  },
  {
    name: 'record-not-allowed',
    open: async ({ page, demo, lang }) => {
      await signedIn(page, inspector)
      await page.goto(`${demo.url}/#view=record&lang=${lang}`)
      await page.locator('.gate .row').waitFor()
      await mapIdle(page)
    },
  },
  {
    name: 'record-kinds',
    open: async ({ page, demo, world, lang }) => {
      const [a] = pair(world)
      await signedIn(page)
      const e = { id: 5, kind: 'rename', date: '2026-11-01', document: { number: '磐政发〔2026〕3号', issuer: '', title: '', date: null }, note: '', actor: 'editor', recorded_at: '2026-11-20T02:00:00Z', synthetic: false, withdrawn_at: null, withdrawable: true, before: [a], after: [a] }
      await recent(page, [e, { ...e, id: 4, kind: 'adjust', recorded_at: '2026-10-08T07:30:00Z', date: '2026-10-01', withdrawable: false }])
      await page.goto(`${demo.url}/#view=record&lang=${lang}`)
      await page.locator('.recent li').first().waitFor()
      await mapIdle(page)
    },
  },
  {
    name: 'record-empty-form',
    open: async ({ page, demo, lang }) => {
      await signedIn(page)
      await page.goto(`${demo.url}/#view=record&kind=split&date=2026-12-01&lang=${lang}`)
      await page.locator('.form').waitFor()
      await mapIdle(page)
    },
  },
  ...(['before', 'both', 'after'] as const).map(
    (phase, i): Screen => ({
      name: `record-merge-${phase}`,
      open: async ({ page, demo, world, lang }) => {
        const [a, b] = pair(world)
        await signedIn(page)
        const p = await mergePreview(demo.url, a, b)
        await previews(page, () => p)
        await page.goto(`${demo.url}/#view=record&kind=merge&units=${a.code},${b.code}&date=2026-12-01&lang=${lang}`)
        await ready(page)
        await page.locator('.phase button').nth(i).click()
        if (phase === 'after') await page.locator('.panel .body').evaluate((e) => (e.scrollTop = e.scrollHeight))
        await mapIdle(page)
      },
    }),
  ),
  {
    name: 'record-adjust',
    open: async ({ page, demo, world, lang }) => {
      const n = await neighbours(demo.url, world.townships)
      await signedIn(page)
      await previews(page, (body) => adjustPreview(demo.url, n.a, n.b, n.line, (body.line as { coordinates: number[][] }).coordinates))
      await page.goto(`${demo.url}/#view=record&kind=adjust&units=${n.a.code},${n.b.code}&date=2026-12-01&lang=${lang}`)
      await page.locator('.add input').waitFor()
      const l = n.line
      const m = l[Math.floor(l.length / 3)]!
      for (const q of [l[8]!, [m[0]! + 0.013, m[1]! + 0.004], l[Math.floor(l.length * 0.7)]!]) {
        await page.locator('.add input').fill(q.join(', '))
        await page.locator('.add input').press('Enter')
      }
      await page.locator('.status.good').waitFor()
      await mapIdle(page)
    },
  },
  {
    name: 'record-adjust-refused',
    open: async ({ page, demo, world, lang }) => {
      const n = await neighbours(demo.url, world.townships)
      await signedIn(page)
      await previews(page, (body) => adjustPreview(demo.url, n.a, n.b, n.line, (body.line as { coordinates: number[][] }).coordinates))
      await page.goto(`${demo.url}/#view=record&kind=adjust&units=${n.a.code},${n.b.code}&date=2026-12-01&lang=${lang}`)
      await page.locator('.add input').waitFor()
      const m = n.line[Math.floor(n.line.length / 3)]!
      for (const q of [n.line[8]!, [m[0]! + 0.02, m[1]! + 0.004]]) {
        await page.locator('.add input').fill(q.join(', '))
        await page.locator('.add input').press('Enter')
      }
      await page.locator('.notes .error').waitFor()
      await page.locator('.notes .error').scrollIntoViewIfNeeded()
      await mapIdle(page)
    },
  },
  {
    name: 'record-loading',
    open: async ({ page, demo, world, lang }) => {
      const [a, b] = pair(world)
      await signedIn(page)
      await page.route('**/api/v1/divisions/events?dry_run=true', () => {}) // no answer yet
      await page.goto(`${demo.url}/#view=record&kind=merge&units=${a.code},${b.code}&date=2026-12-01&lang=${lang}`)
      await page.locator('.effect .bones').waitFor()
      await page.locator('.effect').scrollIntoViewIfNeeded()
      await mapIdle(page)
    },
  },
  {
    name: 'record-failed',
    noisy: true,
    open: async ({ page, demo, world, lang }) => {
      const [a, b] = pair(world)
      await signedIn(page)
      await page.route('**/api/v1/divisions/events?dry_run=true', (r) => r.abort())
      await page.goto(`${demo.url}/#view=record&kind=merge&units=${a.code},${b.code}&date=2026-12-01&lang=${lang}`)
      await page.locator('.effect .failed').waitFor()
      await page.locator('.effect .failed').scrollIntoViewIfNeeded()
      await mapIdle(page)
    },
  },
  {
    name: 'record-leave',
    open: async ({ page, demo, world, lang }) => {
      const [a] = pair(world)
      await signedIn(page)
      await page.route('**/api/v1/divisions/events?dry_run=true', () => {})
      await page.goto(`${demo.url}/#view=record&kind=rename&units=${a.code}&date=2026-12-01&lang=${lang}`)
      await page.locator('.form fieldset input').first().fill('玉峰镇')
      await mapIdle(page)
      await page.locator('.shell nav button').first().click()
      await page.getByRole('dialog').waitFor()
    },
  },
  {
    name: 'crosswalk-empty',
    open: async ({ page, demo, lang }) => {
      await dates(page)
      await page.goto(`${demo.url}/#view=crosswalk&lang=${lang}`)
      await page.locator('.nothing').waitFor()
    },
  },
  {
    name: 'crosswalk-file',
    open: async ({ page, demo, world, lang }) => {
      await dates(page)
      await page.goto(`${demo.url}/#view=crosswalk&lang=${lang}`)
      await page.locator('input[type=file]').setInputFiles(table((await villageTable(demo.url, world.before.date)).csv))
      await page.locator('.checks').waitFor()
    },
  },
  {
    name: 'crosswalk-result',
    open: async ({ page, demo, world, lang }) => {
      await dates(page)
      const { csv, rows } = await villageTable(demo.url, world.before.date)
      await page.route('**/api/v1/crosswalk*', (r) => r.fulfill({ json: crosswalkAnswer(rows, 3) }))
      await page.goto(`${demo.url}/#view=crosswalk&lang=${lang}`)
      await page.locator('input[type=file]').setInputFiles(table(csv))
      await page.locator('.run button').click()
      await page.locator('.result tfoot').waitFor()
    },
  },
  {
    name: 'crosswalk-running',
    open: async ({ page, demo, world, lang }) => {
      await dates(page)
      await page.route('**/api/v1/crosswalk*', () => {}) // no answer yet
      await page.goto(`${demo.url}/#view=crosswalk&lang=${lang}`)
      await page.locator('input[type=file]').setInputFiles(table((await villageTable(demo.url, world.before.date)).csv))
      await page.locator('.run button').click()
      await page.locator('.wait').scrollIntoViewIfNeeded()
    },
  },
  {
    name: 'crosswalk-failed',
    noisy: true,
    open: async ({ page, demo, world, lang }) => {
      await dates(page)
      await page.route('**/api/v1/crosswalk*', (r) => r.abort())
      await page.goto(`${demo.url}/#view=crosswalk&lang=${lang}`)
      await page.locator('input[type=file]').setInputFiles(table((await villageTable(demo.url, world.before.date)).csv))
      await page.locator('.run button').click()
      await page.locator('.failed').scrollIntoViewIfNeeded()
    },
  },
]
