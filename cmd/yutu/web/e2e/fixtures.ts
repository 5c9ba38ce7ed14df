import { test as base, expect, type Page } from '@playwright/test'
import { Service } from './service'

export interface Unit {
  id: number
  code: string
  name: string
  level: string
  bbox: [number, number, number, number]
  label: [number, number]
  valid_from: string | null
  children: Unit[]
}

/** What the demonstration holds, asked of the service rather than written down here. */
export interface World {
  home: Unit
  townships: Unit[]
  outside: Unit[]
  villages: number
  /** A date before the villages were merged, and how many there were. */
  before: { date: string; villages: number }
}

export async function json<T>(url: string): Promise<T> {
  const res = await fetch(url)
  if (!res.ok) throw new Error(`${url}: ${res.status}`)
  return (await res.json()) as T
}

async function world(url: string): Promise<World> {
  const status = await json<{ top: Unit[]; counts: Record<string, number> }>(`${url}/api/v1/status`)
  const details = await Promise.all(status.top.map((u) => json<Unit>(`${url}/api/v1/divisions/${u.code}`)))
  const home = details.find((u) => u.children.length > 0)
  if (!home) throw new Error('no county with townships in the demonstration')
  let date = ''
  for (const t of home.children) {
    const township = await json<Unit>(`${url}/api/v1/divisions/${t.code}`)
    for (const v of township.children) {
      const from = (await json<Unit>(`${url}/api/v1/divisions/${v.code}`)).valid_from
      if (from && (!date || from < date)) date = from
      if (date) break
    }
    if (date) break
  }
  if (!date) throw new Error('no village of the demonstration has a first day')
  const before = new Date(Date.parse(date) - 86_400_000).toISOString().slice(0, 10)
  const then = await json<{ counts: Record<string, number> }>(`${url}/api/v1/status?at=${before}`)
  return {
    home,
    townships: home.children,
    outside: status.top.filter((u) => u.code !== home.code),
    villages: status.counts.village ?? 0,
    before: { date: before, villages: then.counts.village ?? 0 },
  }
}

interface Fixtures {
  /** Console errors to expect in this test, as parts of their text. */
  allowed: string[]
  watched: void
}
interface Services {
  demo: Service
  empty: Service
  world: World
}

export const test = base.extend<Fixtures, Services>({
  demo: [
    async ({}, use) => {
      const s = await Service.start(['--demo'])
      await use(s)
      await s.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  empty: [
    async ({}, use) => {
      const s = await Service.start()
      await use(s)
      await s.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  world: [
    async ({ demo }, use) => {
      await use(await world(demo.url))
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  allowed: [[], { option: true }],
  // Every test fails on an error in the console and on a request to another host.
  watched: [
    async ({ page, allowed }, use) => {
      const errors: string[] = []
      const foreign: string[] = []
      page.on('console', (m) => {
        if (m.type() === 'error' && !allowed.some((a) => m.text().includes(a))) errors.push(m.text())
      })
      page.on('pageerror', (e) => errors.push(e.stack ?? e.message))
      page.on('request', (r) => {
        const u = new URL(r.url())
        if (/^https?:$/.test(u.protocol) && u.hostname !== '127.0.0.1') foreign.push(r.url())
      })
      await use()
      expect(errors, 'errors in the console').toEqual([])
      expect(foreign, 'requests to other hosts').toEqual([])
    },
    { auto: true },
  ],
})

/**
 * Gives a test a service of its own and ends it afterwards. Pages that follow the service leave it first: one that
 * still asks while the service ends notes a refused connection, which is no finding.
 */
export async function withService(page: Page, flags: string[], work: (own: Service) => Promise<void>): Promise<void> {
  const own = await Service.start(flags)
  try {
    await work(own)
    for (const p of page.context().pages()) await p.goto('about:blank')
  } finally {
    await own.stop()
  }
}

/** Waits until the map has drawn everything it asked for and stays so. */
export async function mapIdle(page: Page): Promise<void> {
  await page.waitForSelector('#map[data-idle]', { timeout: 55_000 })
  await page.waitForTimeout(250)
  await page.waitForSelector('#map[data-idle]', { timeout: 55_000 })
}

export function hash(page: Page): URLSearchParams {
  return new URLSearchParams(new URL(page.url()).hash.slice(1))
}

/** Where a position lies on the page, from the address and the size of the map. */
export async function pixelOf(page: Page, [lon, lat]: [number, number]): Promise<{ x: number; y: number }> {
  const [zoom, cLat, cLon] = (hash(page).get('map') ?? '').split('/').map(Number) as [number, number, number]
  const box = await page.locator('#map').boundingBox()
  if (!box) throw new Error('no map on the page')
  const world = 512 * 2 ** zoom
  const x = (l: number) => ((l + 180) / 360) * world
  const y = (l: number) => ((1 - Math.asinh(Math.tan((l * Math.PI) / 180)) / Math.PI) / 2) * world
  return { x: box.x + box.width / 2 + x(lon) - x(cLon), y: box.y + box.height / 2 + y(lat) - y(cLat) }
}

/** The commonest colour in a square around each point of a screenshot, and how many of its pixels are dark. */
export async function coloursAt(page: Page, points: { x: number; y: number }[], half = 14): Promise<{ colour: string; dark: number }[]> {
  const shot = (await page.screenshot()).toString('base64')
  return page.evaluate(
    async ({ shot, points, half }) => {
      const bytes = Uint8Array.from(atob(shot), (c) => c.charCodeAt(0))
      const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
      const canvas = document.createElement('canvas')
      canvas.width = image.width
      canvas.height = image.height
      const g = canvas.getContext('2d')!
      g.drawImage(image, 0, 0)
      const k = image.width / window.innerWidth
      return points.map((p) => {
        const d = g.getImageData(Math.round((p.x - half) * k), Math.round((p.y - half) * k), Math.round(2 * half * k), Math.round(2 * half * k)).data
        const count = new Map<string, number>()
        let dark = 0
        for (let i = 0; i < d.length; i += 4) {
          const rgb = `${d[i]},${d[i + 1]},${d[i + 2]}`
          count.set(rgb, (count.get(rgb) ?? 0) + 1)
          if (d[i]! + d[i + 1]! + d[i + 2]! < 330) dark++
        }
        return { colour: [...count].sort((a, b) => b[1] - a[1])[0]![0], dark }
      })
    },
    { shot, points, half },
  )
}

/** Whether a point of the page is free of sheets. */
export function onMap(page: Page, p: { x: number; y: number }): Promise<boolean> {
  return page.evaluate(({ x, y }) => document.elementFromPoint(x, y)?.classList.contains('maplibregl-canvas') ?? false, p)
}

export const details = (page: Page) => page.locator('aside.details')
export { expect }
