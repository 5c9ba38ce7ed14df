import { cases, serveCase, serveDates } from './past'
import { mapIdle } from './fixtures'
import type { Screen, Stage } from './screens'

const unit = (name: string, which: keyof typeof cases, query = ''): Screen => ({
  name,
  open: async ({ page, demo, lang }: Stage) => {
    const c = cases[which]()
    await serveCase(page, c)
    await page.goto(`${demo.url}/#view=unit&select=${c.code}${query}&lang=${lang}`)
    await page.locator('.facts').waitFor()
  },
})

/** The page of a unit in every state. */
export const unitScreens: Screen[] = [
  {
    name: 'unit',
    open: async ({ page, demo, lang }) => {
      await page.goto(`${demo.url}/#view=unit&select=330727109000&lang=${lang}`)
      await page.locator('.facts').waitFor()
      await page.locator('.entry').first().waitFor()
    },
  },
  {
    name: 'unit-history',
    open: async ({ page, demo, lang }) => {
      await page.goto(`${demo.url}/#view=unit&select=330727109000&lang=${lang}`)
      await page.locator('#u-history').scrollIntoViewIfNeeded()
      await page.locator('#u-history').evaluate((el) => el.scrollIntoView({ block: 'start' }))
      await page.locator('.maps svg').first().waitFor()
    },
  },
  unit('unit-gone', 'gone'),
  unit('unit-no-event', 'none'),
  unit('unit-forty-predecessors', 'forty', '&at=2019-01-01'),
  unit('unit-long-name', 'long'),
  {
    name: 'unit-table',
    open: async ({ page, demo, lang }) => {
      const c = cases.forty()
      await serveCase(page, c)
      await page.goto(`${demo.url}/#view=unit&select=${c.code}&at=2019-01-01&lang=${lang}`)
      await page.getByRole('button', { name: lang === 'zh' ? '以表格显示' : 'Show as table' }).click()
      await page.locator('.wrap tbody tr').first().waitFor()
    },
  },
  {
    name: 'unit-loading',
    open: async ({ page, demo, lang }) => {
      await page.route('**/lineage*', () => {})
      await page.goto(`${demo.url}/#view=unit&select=330727109000&lang=${lang}`)
      await page.locator('.bones').waitFor()
    },
  },
  {
    name: 'unit-missing',
    noisy: true,
    open: async ({ page, demo, lang }) => {
      await page.goto(`${demo.url}/#view=unit&select=999999999999&lang=${lang}`)
      await page.locator('.state h1').waitFor()
    },
  },
  {
    name: 'unit-failed',
    noisy: true,
    open: async ({ page, demo, lang }) => {
      await page.route('**/lineage*', (r) => r.abort())
      await page.goto(`${demo.url}/#view=unit&select=330727109000&lang=${lang}`)
      await page.locator('.state h1').waitFor()
    },
  },
]

/** The time slider in every state. */
export const timeScreens: Screen[] = [
  {
    name: 'atlas-change-townships',
    open: async ({ page, demo, lang }) => {
      const res = await page.request.get(`${demo.url}/api/v1/divisions/dates`)
      const first = ((await res.json()) as { dates: { date: string }[] }).dates[0]!
      await page.goto(`${demo.url}/#at=${first.date}&lang=${lang}`)
      await page.locator('.say .open').waitFor()
      await mapIdle(page)
      await mapIdle(page)
    },
  },
  {
    name: 'atlas-change-villages',
    open: async ({ page, demo, lang }) => {
      const res = await page.request.get(`${demo.url}/api/v1/divisions/dates`)
      const { dates } = (await res.json()) as { dates: { date: string }[] }
      await page.goto(`${demo.url}/#at=${dates[dates.length - 1]!.date}&lang=${lang}`)
      await page.locator('.say .open').click()
      await page.getByRole('dialog').locator('li').first().waitFor()
      await mapIdle(page)
    },
  },
  {
    name: 'atlas-no-changes',
    open: async ({ page, demo, lang }) => {
      await serveDates(page, [], [])
      await page.goto(`${demo.url}/#lang=${lang}`)
      await mapIdle(page)
    },
  },
  {
    name: 'atlas-changes-failed',
    noisy: true,
    open: async ({ page, demo, lang }) => {
      await page.route('**/api/v1/divisions/dates', (r) => r.abort())
      await page.goto(`${demo.url}/#lang=${lang}`)
      await mapIdle(page)
    },
  },
]
