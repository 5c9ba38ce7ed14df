import type { Page, Route } from '@playwright/test'
import type { EventDoc, Lineage, LineageNode } from '../src/api/types'
import { manyIntoOne, Sample } from '../src/history/sample'

/** Answers for what a demonstration county does not hold: forty predecessors, very long names, no event at all. */
export const LONG = '磐安县尖山镇与胡宅乡原辖区合并设立之民族自治联合村' // 24 characters

export interface Case {
  code: string
  lineage: Lineage
}

export const cases = {
  forty: (): Case => ({ code: '330727109000', lineage: manyIntoOne(40).lineage('330727109000') }),
  none: (): Case => {
    const s = new Sample()
    s.unit('万苍乡', '330727208000', null, null, [0, 0])
    return { code: '330727208000', lineage: s.lineage('330727208000') }
  },
  gone: (): Case => {
    const s = new Sample()
    const a = s.unit('胡宅乡', '330727210000', null, '2018-10-31', [0, 0])
    const b = s.unit('尖山镇', '330727102000', null, '2018-10-31', [1, 0])
    const c = s.unit('尖山镇', '330727109000', '2018-10-31', null, [0, 0, 2, 1])
    s.event('merge', '2018-10-31', [b, a], [c], [[a, c, 1], [b, c, 1]], '浙政函〔2018〕00号', '批准文件以正式公布为准。')
    return { code: '330727210000', lineage: s.lineage('330727210000') }
  },
  long: (): Case => {
    const s = new Sample()
    const a = s.unit(LONG, '330727102201', null, '2019-06-30', [0, 0], 'village')
    const b = s.unit('大', '330727102202', null, '2019-06-30', [1, 0], 'village')
    const c = s.unit(LONG.replace('村', '社区'), '330727109203', '2019-06-30', null, [0, 0, 2, 1], 'village')
    s.event('merge', '2019-06-30', [a, b], [c], [[a, c, 1], [b, c, 1]])
    return { code: c.code, lineage: s.lineage(c.code) }
  },
}

const problem = (r: Route, status: number) => r.fulfill({ status, contentType: 'application/problem+json', json: { title: '没有找到', status, detail: '没有这个代码' } })

function square(n: LineageNode) {
  const [w, s, e, b] = n.bbox
  return { type: 'MultiPolygon', coordinates: [[[[w, s], [e, s], [e, b], [w, b], [w, s]]]] }
}

/** Serves one case in place of the service: lineage, details of its versions, and their areas. */
export async function serveCase(page: Page, c: Case): Promise<void> {
  const nodes = c.lineage.nodes
  await page.route('**/api/v1/divisions/*/lineage*', (r) => {
    const code = new URL(r.request().url()).pathname.split('/')[4]
    return nodes.some((n) => n.code === code) ? r.fulfill({ json: { ...c.lineage, code } }) : problem(r, 404)
  })
  await page.route(/\/api\/v1\/divisions\/\d{12}(\?|$)/, (r) => {
    const u = new URL(r.request().url())
    const code = u.pathname.split('/')[4]
    const at = u.searchParams.get('at') ?? '2026-11-26'
    const n = nodes.find((m) => m.code === code && (!m.valid_from || m.valid_from <= at) && (!m.valid_to || at < m.valid_to))
    if (!n) return r.fallback()
    const chain = [{ id: 3, code: '330727000000', name: '磐安县', level: 'county', level_number: 3 }]
    return r.fulfill({
      json: { ...n, level_number: 4, parent: '330727000000', synthetic: true, source: '合成示范数据', crs_original: 'EPSG:4490', area_note: { zh: '仅供参考', en: 'For orientation only' }, chain, children: [], versions: [] },
    })
  })
  await page.route('**/ogc/collections/divisions/items/*', (r) => {
    const id = Number(new URL(r.request().url()).pathname.split('/').pop())
    const n = nodes.find((m) => m.id === id)
    return n ? r.fulfill({ json: { type: 'Feature', id, properties: {}, geometry: square(n) } }) : r.fallback()
  })
}

/** Serves dates and events of its own in place of the service's. */
export async function serveDates(page: Page, events: EventDoc[], dates: { date: string; events: number[]; changed: number }[]): Promise<void> {
  await page.route('**/api/v1/divisions/dates', (r) => r.fulfill({ json: { dates } }))
  await page.route('**/api/v1/divisions/events?*', (r) => {
    const from = new URL(r.request().url()).searchParams.get('from')
    return r.fulfill({ json: { events: events.filter((e) => e.date === from) } })
  })
}
