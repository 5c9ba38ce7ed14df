/** What a preview says, arranged for people. */
import type { Finding, Preview, UnitFeature } from '../api/events'

/** The places of the form at which a finding can stand. */
export const FIELDS = ['kind', 'units', 'to', 'line', 'members', 'results', 'children', 'date', 'document', 'seat', 'geometry'] as const
export type Field = (typeof FIELDS)[number]

/** Words in the names of rules, for findings that do not say themselves which part of the request they concern. */
const BY_RULE: [RegExp, Field][] = [
  [/cross|line|border-end|not-on-border/, 'line'],
  [/touch|enclave|neighbour|apart/, 'units'],
  [/date|later|earlier|future/, 'date'],
  [/document|approval|issuer/, 'document'],
  [/new-code|children/, 'children'],
  [/code|name|type|parent/, 'results'],
  [/member/, 'members'],
  [/seat/, 'seat'],
  [/receiv|target/, 'to'],
  [/geometry|area|ring|overlap|gap/, 'geometry'],
  [/unit|level|version|force/, 'units'],
]

/** Where in the form a finding belongs; undefined for the form as a whole. shown are the fields this kind has. */
export function fieldOf(f: Finding, shown: readonly Field[]): Field | undefined {
  const named = (f.field ?? '').split(/[.[]/)[0]
  const alias: Record<string, Field> = { enclave: 'units', population_shares: 'results', note: 'document' }
  const field = (alias[named ?? ''] ?? FIELDS.find((x) => x === named)) as Field | undefined
  if (field) return shown.includes(field) ? field : undefined
  if (named) return undefined
  return BY_RULE.find(([r, x]) => r.test(f.rule) && shown.includes(x))?.[1]
}

/** Which of several results a finding concerns, from "results.1.code"; undefined for all. */
export function indexOf(f: Finding): number | undefined {
  const m = /^results[.[](\d+)/.exec(f.field ?? '')
  return m ? Number(m[1]) : undefined
}

/** The level the event is about: the coarsest that begins or ends. */
export function ownLevel(p: Preview): number {
  return Math.min(5, ...[...p.ends, ...p.begins].map((u) => u.properties.level_number))
}

export interface Following {
  before: UnitFeature['properties']
  after: UnitFeature['properties']
}

/** Units below the event's own level that go on under another code, name or parent, in the order of the old codes. */
export function following(p: Preview): Following[] {
  const level = ownLevel(p)
  const id = (u: UnitFeature) => u.properties.id ?? u.id ?? 0
  const ends = new Map(p.ends.map((u) => [id(u), u]))
  const begins = new Map(p.begins.map((u) => [id(u), u]))
  const out: Following[] = []
  for (const e of p.edges) {
    const b = ends.get(e.before)
    const a = begins.get(e.after)
    if (b && a && b.properties.level_number > level && a.properties.level_number === b.properties.level_number) out.push({ before: b.properties, after: a.properties })
  }
  return out.sort((x, y) => x.before.code.localeCompare(y.before.code))
}

export interface AreaChange {
  code: string
  name: string
  /** m² on the ellipsoid, as the service computed them; not authoritative. */
  before: number
  after: number
  gained: number
  lost: number
}

/**
 * For each unit that goes on under its code: what it gets from others and what it gives to them.
 * Areas come from the edges, which the service measures; without them nothing is said.
 */
export function areaChanges(p: Preview): AreaChange[] {
  const level = ownLevel(p)
  const id = (u: UnitFeature) => u.properties.id ?? u.id ?? 0
  const own = (list: UnitFeature[]) => list.filter((u) => u.properties.level_number === level)
  const ends = new Map(own(p.ends).map((u) => [id(u), u.properties]))
  const out: AreaChange[] = []
  for (const after of own(p.begins)) {
    const before = [...ends.values()].find((b) => b.code === after.properties.code)
    if (!before) continue
    let gained = 0
    let lost = 0
    for (const e of p.edges) {
      const from = ends.get(e.before)
      if (!from) continue
      const m2 = e.area_m2 ?? (from.area_m2 === undefined ? NaN : e.area_share * from.area_m2)
      if (e.after === id(after) && from.code !== before.code) gained += m2
      if (from.code === before.code && e.after !== id(after)) lost += m2
    }
    out.push({ code: before.code, name: before.name, before: before.area_m2 ?? NaN, after: after.properties.area_m2 ?? NaN, gained, lost })
  }
  return out.filter((a) => Number.isFinite(a.gained) && Number.isFinite(a.lost))
}

/** 1 亩 is 2000/3 m² (GB 3100 table of retained units, 15 亩 = 1 hm²). */
export function mu(m2: number): number {
  return (m2 * 3) / 2000
}

/** What a preview shows of the event's own level: units that are no more, that are new, and that go on with another border. */
export interface Turn {
  gone: UnitFeature[]
  fresh: UnitFeature[]
  /** The same code, name and type before and after. */
  stay: { before: UnitFeature; after: UnitFeature }[]
}
export function turn(p: Preview): Turn {
  const level = ownLevel(p)
  const own = (l: UnitFeature[]) => l.filter((u) => u.properties.level_number === level)
  const same = (a: UnitFeature, b: UnitFeature) => a.properties.code === b.properties.code && a.properties.name === b.properties.name && a.properties.type === b.properties.type
  const ends = own(p.ends)
  const begins = own(p.begins)
  const stay = ends.flatMap((before) => {
    const after = begins.find((b) => same(before, b))
    // The whole of it and more: a merge under the name of one of its parts ends that part all the same.
    const whole = p.begins.filter((b) => b.properties.level_number === level).length < ends.length
    return after && !whole ? [{ before, after }] : []
  })
  return { gone: ends.filter((e) => !stay.some((s) => s.before === e)), fresh: begins.filter((b) => !stay.some((s) => s.after === b)), stay }
}
