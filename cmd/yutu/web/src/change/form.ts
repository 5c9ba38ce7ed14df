/** The form of an event: what each kind asks for, when it is complete, and the request it makes. Pure. */
import type { ApprovalDocument, AreaGeometry, EventKind, EventRequest, Position, ResultUnit } from '../api/events'
import type { LevelName, UnitSummary } from '../api/types'
import { isDate } from '../state/address'
import { isCode } from './codes'
import type { Field } from './effects'

export interface Chosen {
  id: number
  code: string
  name: string
  type: string
  level: LevelName
  level_number: number
  parent: string
}

export interface Result {
  code: string
  name: string
  type: string
}

export type Dividing = 'line' | 'members'

export interface Form {
  kind: EventKind | ''
  date: string
  document: ApprovalDocument
  note: string
  units: Chosen[]
  to: Chosen | null
  way: Dividing
  line: Position[]
  members: string[]
  results: Result[]
  enclave: boolean
  /** Percent of the people that the first part gets, '' for by area. */
  share: string
  seat: Position | null
  geometry: AreaGeometry | null
}

export function emptyForm(kind: EventKind | '' = '', date = ''): Form {
  return {
    kind,
    date,
    document: { number: '', issuer: '', title: '', date: null },
    note: '',
    units: [],
    to: null,
    way: 'line',
    line: [],
    members: [],
    results: Array.from({ length: kind ? KINDS[kind].results : 0 }, () => ({ code: '', name: '', type: '' })),
    enclave: false,
    share: '',
    seat: null,
    geometry: null,
  }
}

interface KindOf {
  /** How many units are chosen; for establish the one in which the new unit will lie. */
  units: [least: number, most: number]
  results: number
  /** What of a result this kind can change. */
  change: readonly (keyof Result)[]
  /** By what the area is divided, if it is. */
  ways: readonly Dividing[]
  fields: readonly Field[]
}

const MANY = 400

export const KINDS: Record<EventKind, KindOf> = {
  merge: { units: [2, MANY], results: 1, change: ['name', 'type', 'code'], ways: [], fields: ['units', 'results', 'children'] },
  split: { units: [1, 1], results: 2, change: ['name', 'type', 'code'], ways: ['members', 'line'], fields: ['units', 'line', 'members', 'results', 'children'] },
  transfer: { units: [1, 1], results: 0, change: [], ways: ['members', 'line'], fields: ['units', 'to', 'line', 'members', 'children'] },
  adjust: { units: [2, 2], results: 0, change: [], ways: ['line'], fields: ['units', 'line'] },
  rename: { units: [1, 1], results: 1, change: ['name'], ways: [], fields: ['units', 'results'] },
  recode: { units: [1, 1], results: 1, change: ['code'], ways: [], fields: ['units', 'results', 'children'] },
  upgrade: { units: [1, 1], results: 1, change: ['name', 'type', 'code'], ways: [], fields: ['units', 'results', 'children'] },
  reseat: { units: [1, 1], results: 0, change: [], ways: [], fields: ['units', 'seat'] },
  establish: { units: [1, 1], results: 1, change: ['name', 'type', 'code'], ways: [], fields: ['units', 'geometry', 'results'] },
  abolish: { units: [1, 1], results: 0, change: [], ways: [], fields: ['units', 'to', 'children'] },
}

/** The order in which the kinds are offered: the commonest first. */
export const KIND_ORDER: EventKind[] = ['merge', 'split', 'transfer', 'adjust', 'rename', 'recode', 'upgrade', 'reseat', 'establish', 'abolish']

/** All fields of the form of a kind, in their order on the page. */
export function fieldsOf(f: Form): Field[] {
  if (!f.kind) return ['kind']
  const divides = KINDS[f.kind].ways
  return ['kind', ...KINDS[f.kind].fields.filter((x) => (x !== 'line' && x !== 'members') || (divides.includes(x as Dividing) && (divides.length === 1 || f.way === x))), 'date', 'document']
}

export type Missing = 'kind' | 'date' | 'units' | 'unitsTwo' | 'to' | 'line' | 'members' | 'name' | 'type' | 'code' | 'seat' | 'geometry' | 'docDate' | 'share' | 'sameLevel' | 'toSame'

/** What the form still lacks before the service can be asked, each with its field; empty when it can be. */
export function missing(f: Form): { field: Field; what: Missing; index?: number }[] {
  if (!f.kind) return [{ field: 'kind', what: 'kind' }]
  const k = KINDS[f.kind]
  const out: { field: Field; what: Missing; index?: number }[] = []
  if (f.units.length < k.units[0]) out.push({ field: 'units', what: k.units[0] > 1 ? 'unitsTwo' : 'units' })
  else if (new Set(f.units.map((u) => u.level)).size > 1) out.push({ field: 'units', what: 'sameLevel' })
  if (k.fields.includes('to')) {
    if (!f.to) out.push({ field: 'to', what: 'to' })
    else if (f.to.code === f.units[0]?.code) out.push({ field: 'to', what: 'toSame' })
  }
  const fields = fieldsOf(f)
  if (fields.includes('line') && f.line.length < 2) out.push({ field: 'line', what: 'line' })
  if (fields.includes('members') && !f.members.length) out.push({ field: 'members', what: 'members' })
  if (f.kind === 'establish' && !f.geometry) out.push({ field: 'geometry', what: 'geometry' })
  f.results.forEach((r, index) => {
    for (const c of k.change) {
      // A code left open is the next free one; the service gives it.
      if (c === 'code' ? r.code !== '' && !isCode(r.code) : !r[c].trim()) out.push({ field: 'results', what: c, index })
    }
  })
  if ((f.kind === 'split' || f.kind === 'transfer') && f.share && !(Number(f.share) >= 0 && Number(f.share) <= 100)) out.push({ field: f.kind === 'split' ? 'results' : 'members', what: 'share' })
  if (f.kind === 'reseat' && !f.seat) out.push({ field: 'seat', what: 'seat' })
  if (!isDate(f.date)) out.push({ field: 'date', what: 'date' })
  if (f.document.date && !isDate(f.document.date)) out.push({ field: 'document', what: 'docDate' })
  return out
}

/** The request of a complete form. What a kind does not change is sent as it was. */
export function request(f: Form): EventRequest {
  if (!f.kind) throw new Error('a form without a kind makes no request')
  const k = KINDS[f.kind]
  const fields = fieldsOf(f)
  const first = f.units[0]
  const parent = f.kind === 'establish' ? (first?.code ?? '') : (first?.parent ?? '')
  const r: EventRequest = {
    kind: f.kind,
    date: f.date,
    document: {
      number: f.document.number.trim(),
      issuer: f.document.issuer.trim(),
      title: f.document.title.trim(),
      date: f.document.date || null,
    },
    note: f.note.trim(),
    units: f.kind === 'establish' ? [] : f.units.map((u) => u.code),
  }
  if (k.results) {
    r.results = f.results.map((x): ResultUnit => {
      const keep = f.kind === 'rename' || f.kind === 'recode' || f.kind === 'upgrade'
      const from = keep ? first : undefined
      return {
        code: k.change.includes('code') ? x.code : (from?.code ?? x.code),
        name: k.change.includes('name') ? x.name.trim() : (from?.name ?? x.name),
        type: k.change.includes('type') ? x.type.trim() : (from?.type ?? x.type),
        parent,
        ...(f.kind === 'establish' && f.geometry ? { geometry: f.geometry } : {}),
      }
    })
  }
  if (fields.includes('line')) r.line = { type: 'LineString', coordinates: f.line.map((p) => [...p]) }
  if (fields.includes('members')) r.members = [...f.members].sort()
  if (f.to && k.fields.includes('to')) r.to = f.to.code
  if (f.kind === 'merge' && f.enclave) r.enclave = true
  if (f.share !== '' && f.kind === 'split') r.population_shares = [Number(f.share) / 100, 1 - Number(f.share) / 100]
  if (f.share !== '' && f.kind === 'transfer') r.population_shares = [Number(f.share) / 100]
  if (f.kind === 'reseat' && f.seat) r.seat = f.seat
  return r
}

export function chosen(u: UnitSummary): Chosen {
  const { id, code, name, type, level, level_number, parent } = u
  return { id, code, name, type, level, level_number, parent }
}

/**
 * Adds a unit to a choice or takes it out of it. Where only one can be chosen the new one replaces it; where two are,
 * the second gives way. A unit of another level begins the choice anew: an event is about one level.
 */
export function toggle(list: readonly Chosen[], u: Chosen, most: number): Chosen[] {
  if (list.some((x) => x.code === u.code)) return list.filter((x) => x.code !== u.code)
  if (list.some((x) => x.level !== u.level)) return [u]
  return most === 1 ? [u] : [...list.slice(0, most - 1), u]
}
