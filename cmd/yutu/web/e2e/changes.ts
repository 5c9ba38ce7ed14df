import type { Page, Route } from '@playwright/test'
import { json, type Unit } from './fixtures'

/** Answers for the parts of the service that need a signed-in editor, made from the demonstration's own units. */
type Area = { type: 'MultiPolygon'; coordinates: number[][][][] }
export interface Feature {
  type: 'Feature'
  geometry: Area
  properties: { id: number; code: string; name: string; type: string; level: string; level_number: number; parent: string; area_m2: number }
}

const more = { read_only: false, demonstration: null }
const person = { temporary: false, synthetic: false }
const editor = {
  ...more,
  user: { ...person, name: 'bianji', display_name: '陈编辑', roles: [{ role: 'editor', scope: '330727000000', scope_name: '磐安县' }] },
  csrf: 'token-of-the-test',
  can: ['divisions.write'],
}
export const nobody = { ...more, user: null, csrf: 'token-of-nobody', can: [] as string[] }
export const inspector = {
  ...more,
  user: { ...person, name: 'takan', display_name: '周踏勘', roles: [{ role: 'inspector', scope: '330727000000', scope_name: '磐安县' }] },
  csrf: 'token-of-the-test',
  can: ['observations.write'],
}

export async function signedIn(page: Page, session: unknown = editor): Promise<void> {
  await page.route('**/api/v1/session', (r) => r.fulfill({ json: session }))
}

export async function feature(url: string, u: Unit, over: Partial<Feature['properties']> = {}): Promise<Feature> {
  const d = await json<Unit & { type: string; level_number: number; parent: string; area_km2: number }>(`${url}/api/v1/divisions/${u.code}`)
  const { geometry } = await json<{ geometry: Area }>(`${url}/ogc/collections/divisions/items/${d.id}?f=json`)
  const { id, code, name, type, level, level_number, parent } = d
  return { type: 'Feature', geometry, properties: { id, code, name, type, level, level_number, parent, area_m2: d.area_km2 * 1e6, ...over } }
}

/** Areas that share borders vertex for vertex as one: edges that occur twice are dropped, the rest chained. */
export function union(areas: Area[]): Area {
  const count = new Map<string, [number[], number[]]>()
  const key = (p: number[]) => `${p[0]},${p[1]}`
  for (const a of areas) {
    for (const ring of a.coordinates.flat()) {
      for (let i = 1; i < ring.length; i++) {
        const [p, q] = [ring[i - 1]!, ring[i]!]
        if (!count.delete(`${key(q)};${key(p)}`)) count.set(`${key(p)};${key(q)}`, [p, q])
      }
    }
  }
  const from = new Map([...count.values()].map(([p, q]) => [key(p), [p, q] as const]))
  const rings: number[][][] = []
  while (from.size) {
    const [first] = from.values()
    const ring = [first![0]]
    for (let next = first; next; next = from.get(key(next[1]))) {
      from.delete(key(next[0]))
      ring.push(next[1])
    }
    rings.push(ring)
  }
  rings.sort((a, b) => b.length - a.length)
  return { type: 'MultiPolygon', coordinates: [rings] }
}

/** A preview of a merge of two townships with the villages that follow the second. */
export async function mergePreview(url: string, a: Unit, b: Unit): Promise<Record<string, unknown>> {
  const fa = await feature(url, a)
  const fb = await feature(url, b)
  const kids = (await json<{ children: Unit[] }>(`${url}/api/v1/divisions/${b.code}`)).children
  const ends = await Promise.all(kids.map((k) => feature(url, k)))
  const begins = ends.map((k, i) => ({
    ...k,
    properties: { ...k.properties, id: -2 - i, code: a.code.slice(0, 9) + String(280 + i), parent: a.code },
  }))
  const merged: Feature = { ...fa, geometry: union([fa.geometry, fb.geometry]), properties: { ...fa.properties, id: -1, area_m2: fa.properties.area_m2 + fb.properties.area_m2 } }
  return {
    refusals: [],
    warnings: [
      {
        rule: 'document-number-missing',
        severity: 'warning',
        field: 'document',
        message: { zh: '没有填写批准文号。', en: 'No document number is given.' },
        advice: { zh: '批复到后请补登。', en: 'Add it once the approval has arrived.' },
        basis: '行政区划管理条例（国务院令第704号）第七条',
      },
    ],
    ends: [fa, fb, ...ends],
    begins: [merged, ...begins],
    edges: [
      { before: fa.properties.id, after: -1, area_share: 1, area_m2: fa.properties.area_m2 },
      { before: fb.properties.id, after: -1, area_share: 1, area_m2: fb.properties.area_m2 },
      ...ends.map((k, i) => ({ before: k.properties.id, after: -2 - i, area_share: 1, area_m2: k.properties.area_m2 })),
    ],
    touched: [
      { kind: 'villages', count: kids.length, examples: kids.slice(0, 3).map((k, i) => `${k.name} ${k.code} → ${a.code.slice(0, 9)}${280 + i}`) },
      { kind: 'names', count: 41, examples: [b.name, `${b.name}人民政府`] },
      { kind: 'markers', count: 6, examples: ['浙D-07号', '浙D-08号', '浙D-09号'] },
      { kind: 'facilities', count: 3, examples: [`${b.name}敬老院`] },
      { kind: 'doorplates', count: 1284, examples: [] },
    ],
  }
}

/** Two neighbours from the demonstration with the line between them. */
export async function neighbours(url: string, units: Unit[]): Promise<{ a: Unit; b: Unit; line: number[][] }> {
  const areas = await Promise.all(units.map((u) => feature(url, u)))
  const key = (p: number[], q: number[]) => `${p[0]},${p[1]};${q[0]},${q[1]}`
  let best: { a: Unit; b: Unit; line: number[][] } | null = null
  for (let i = 0; i < units.length; i++) {
    for (let j = i + 1; j < units.length; j++) {
      const other = new Set<string>()
      for (const r of areas[j]!.geometry.coordinates.flat()) for (let k = 1; k < r.length; k++) other.add(key(r[k]!, r[k - 1]!))
      for (const r of areas[i]!.geometry.coordinates.flat()) {
        const common = r.slice(1).map((_, k) => other.has(key(r[k]!, r[k + 1]!)))
        let run: number[][] = []
        for (let k = 0; k <= common.length; k++) {
          if (common[k]) run = run.length ? [...run, r[k + 1]!] : [r[k]!, r[k + 1]!]
          else {
            if (run.length > (best?.line.length ?? 0)) best = { a: units[i]!, b: units[j]!, line: run }
            run = []
          }
        }
      }
    }
  }
  if (!best) throw new Error('no neighbours in the demonstration')
  return best
}

/** Serves a dry run with what answer gives for the request's body, and keeps the bodies. */
export async function previews(page: Page, answer: (body: Record<string, unknown>) => unknown): Promise<Record<string, unknown>[]> {
  const asked: Record<string, unknown>[] = []
  await page.route('**/api/v1/divisions/events?dry_run=true', async (r: Route) => {
    const body = r.request().postDataJSON() as Record<string, unknown>
    asked.push(body)
    const a = await answer(body)
    if (a) await r.fulfill({ json: a })
    else await r.abort()
  })
  return asked
}

/** Area in m² on a sphere, near enough for a picture. */
function roughArea(ring: number[][]): number {
  const k = Math.PI / 180
  const y = k * (ring[0]?.[1] ?? 0)
  let sum = 0
  for (let i = 1; i < ring.length; i++) sum += ring[i - 1]![0]! * ring[i]![1]! - ring[i]![0]! * ring[i - 1]![1]!
  return Math.abs((sum / 2) * k * k * Math.cos(y) * 6371008.8 ** 2)
}

/** A preview of a border between two neighbours that takes the course of line, whose ends are vertices of the border. */
export async function adjustPreview(url: string, a: Unit, b: Unit, border: number[][], line: number[][]): Promise<Record<string, unknown>> {
  const key = (p: number[]) => `${p[0]},${p[1]}`
  const at = (p: number[]) => border.findIndex((q) => key(q) === key(p))
  let [i, j] = [at(line[0]!), at(line[line.length - 1]!)]
  if (i < 0 || j < 0) {
    const gap = [line[line.length - 1]!, border[border.length - 1]!]
    return {
      refusals: [
        {
          rule: 'line-does-not-cross',
          severity: 'error',
          field: 'line',
          object: `${a.name} ${a.code}`,
          message: { zh: '画的线没有到达现有界线。', en: 'The line does not reach the present border.' },
          advice: { zh: '请把终点拖到黄线上。', en: 'Drag its last point onto the yellow line.' },
          position: gap[0],
          nearest: gap,
        },
      ],
      warnings: [],
      ends: [],
      begins: [],
      edges: [],
      touched: [],
    }
  }
  let way = line
  if (i > j) {
    ;[i, j] = [j, i]
    way = line.slice().reverse()
  }
  const old = border.slice(i, j + 1)
  const reroute = (f: Feature): Area => ({
    type: 'MultiPolygon',
    coordinates: f.geometry.coordinates.map((poly) =>
      poly.map((ring) => {
        const n = ring.length - 1
        for (const [from, to] of [[old, way], [old.slice().reverse(), way.slice().reverse()]] as const) {
          for (let s = 0; s < n; s++) {
            if (!from.every((p, k) => key(ring[(s + k) % n]!) === key(p))) continue
            const rest: number[][] = []
            for (let k = from.length; k < n; k++) rest.push(ring[(s + k) % n]!)
            return [...to, ...rest, to[0]!]
          }
        }
        return ring
      }),
    ),
  })
  const fa = await feature(url, a)
  const fb = await feature(url, b)
  const m2 = roughArea([...old, ...way.slice().reverse()])
  const next = (f: Feature, id: number, d: number): Feature => ({ ...f, geometry: reroute(f), properties: { ...f.properties, id, area_m2: f.properties.area_m2 + d } })
  return {
    refusals: [],
    warnings: [],
    ends: [fa, fb],
    begins: [next(fa, -1, m2), next(fb, -2, -m2)],
    edges: [
      { before: fa.properties.id, after: -1, area_share: 1, area_m2: fa.properties.area_m2 },
      { before: fb.properties.id, after: -2, area_share: 1 - m2 / fb.properties.area_m2, area_m2: fb.properties.area_m2 - m2 },
      { before: fb.properties.id, after: -1, area_share: m2 / fb.properties.area_m2, area_m2: m2 },
    ],
    touched: [
      { kind: 'lines', count: 1, examples: [`${a.name}—${b.name}线`] },
      { kind: 'markers', count: 2, examples: ['3号', '4号'] },
    ],
  }
}

/** The old villages of the demonstration as a table, and what the service makes of it. */
export async function villageTable(url: string, date: string): Promise<{ csv: string; rows: { code: string; name: string; people: number; land: number }[] }> {
  const county = (await json<{ top: Unit[] }>(`${url}/api/v1/status`)).top
  const rows: { code: string; name: string; people: number; land: number }[] = []
  for (const c of county) {
    const d = await json<Unit>(`${url}/api/v1/divisions/${c.code}?at=${date}`)
    for (const t of d.children) {
      const villages = (await json<Unit>(`${url}/api/v1/divisions/${t.code}?at=${date}`)).children
      for (const v of villages) rows.push({ code: v.code, name: v.name, people: 300 + (Number(v.code.slice(8)) * 37) % 900, land: 120.5 + (Number(v.code.slice(8)) % 77) })
    }
  }
  const csv = '\ufeff序号,区划代码,村名,户籍人口,耕地面积（亩）,备注\r\n' + rows.map((r, i) => `${i + 1},${r.code},${r.name},${r.people},${r.land},${i % 5 ? '' : '无'}`).join('\r\n') + '\r\n'
  return { csv, rows }
}

export function crosswalkAnswer(rows: { code: string; name: string; people: number; land: number }[], unmatched: number): unknown {
  const ways = (i: number) => (i % 17 === 3 ? 'population' : i % 23 === 5 ? 'area' : 'exact')
  const out = rows.slice(unmatched).map((r, i) => ({ code: r.code, name: r.name, values: { 户籍人口: r.people, '耕地面积（亩）': r.land }, ways: { 户籍人口: ways(i), '耕地面积（亩）': ways(i) === 'exact' ? 'exact' : 'area' } }))
  const lost = rows.slice(0, unmatched)
  const sum = (l: { people: number; land: number }[]) => ({ people: l.reduce((s, r) => s + r.people, 0), land: l.reduce((s, r) => s + r.land, 0) })
  if (lost.length) out.push({ code: '', name: '', values: { 户籍人口: sum(lost).people, '耕地面积（亩）': sum(lost).land }, ways: { 户籍人口: 'unmatched', '耕地面积（亩）': 'unmatched' } })
  const all = sum(rows)
  return {
    columns: ['户籍人口', '耕地面积（亩）'],
    rows: out,
    totals: { 户籍人口: { in: all.people, out: all.people }, '耕地面积（亩）': { in: all.land, out: all.land } },
    unmatched: lost.map((r) => r.code),
  }
}
