import { call, ServiceError } from './client'
import type { Box, LevelName } from './types'

/** Changes of the divisions and the crosswalk, as /api/v1 serves them. Dates are YYYY-MM-DD, positions lon, lat in degrees (CGCS2000). */
export type EventKind = 'establish' | 'abolish' | 'merge' | 'split' | 'transfer' | 'rename' | 'recode' | 'upgrade' | 'reseat' | 'adjust'
export type Position = [number, number]
export type Weight = 'population' | 'area'

export interface ApprovalDocument {
  number: string
  issuer: string
  title: string
  date: string | null
}

export interface ResultUnit {
  code: string
  name: string
  type: string
  parent: string
  geometry?: AreaGeometry
}

export type AreaGeometry = { type: 'Polygon'; coordinates: number[][][] } | { type: 'MultiPolygon'; coordinates: number[][][][] }

/** The body of POST /api/v1/divisions/events. */
export interface EventRequest {
  kind: EventKind
  date: string
  document: ApprovalDocument
  note: string
  units: string[]
  results?: ResultUnit[]
  line?: { type: 'LineString'; coordinates: number[][] }
  members?: string[]
  to?: string
  children?: { code: string; new_code: string }[]
  enclave?: boolean
  population_shares?: number[]
  seat?: Position
}

/** One thing that a check has to say; field and nearest only where the service knows them. */
export interface Finding {
  rule: string
  severity: 'info' | 'warning' | 'error'
  object?: string
  position?: Position
  message: { zh: string; en: string }
  advice?: { zh: string; en: string }
  basis?: string
  field?: string
  nearest?: [Position, Position]
}

export interface UnitProperties {
  id: number
  code: string
  name: string
  type: string
  level: LevelName
  level_number: number
  parent?: string
  area_m2?: number
}

export interface UnitFeature {
  type: 'Feature'
  id?: number
  geometry: AreaGeometry
  properties: UnitProperties
}

/** From one version to the next: the share of the earlier one's area, and the area itself in m². */
export interface PreviewEdge {
  before: number
  after: number
  area_share: number
  area_m2?: number
  population_share?: number | null
}

export interface Touched {
  kind: string
  count: number
  examples: string[]
}

export interface Preview {
  refusals: Finding[]
  warnings: Finding[]
  ends: UnitFeature[]
  begins: UnitFeature[]
  edges: PreviewEdge[]
  touched: Touched[]
}

export interface EventUnit {
  id: number
  code: string
  name: string
  type: string
  level: LevelName
  bbox: Box
  label: Position
}

export interface EventDoc {
  id: number
  kind: EventKind
  date: string
  document: ApprovalDocument
  note: string
  actor: string
  recorded_at: string
  synthetic: boolean
  withdrawn_at: string | null
  withdrawable: boolean
  before: EventUnit[]
  after: EventUnit[]
}

export type Way = 'exact' | 'population' | 'area' | 'unmatched'

export interface CrosswalkResult {
  columns: string[]
  rows: { code: string; name: string; values: Record<string, number>; ways: Record<string, Way> }[]
  totals: Record<string, { in: number; out: number }>
  unmatched: string[]
}

export interface CrosswalkAsk {
  from: string
  to: string
  level: string
  code_column: string
  name_column: string
  columns: string[]
  weight: Weight
}

/** What the checks found, of an answer that refuses. */
export function findingsOf(e: unknown): Finding[] {
  return e instanceof ServiceError ? (e.findings as Finding[]) : []
}

async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const res = await call(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal })
  return (await res.json()) as T
}

function crosswalkForm(file: File, ask: CrosswalkAsk): FormData {
  const form = new FormData()
  form.set('from', ask.from)
  form.set('to', ask.to)
  form.set('level', ask.level)
  form.set('code_column', ask.code_column)
  if (ask.name_column) form.set('name_column', ask.name_column)
  form.set('columns', ask.columns.join(','))
  form.set('weight', ask.weight)
  form.set('file', file, file.name)
  return form
}

export const changes = {
  preview: (r: EventRequest, signal?: AbortSignal) => post<Preview>('/api/v1/divisions/events?dry_run=true', r, signal),
  record: (r: EventRequest) => post<{ id: number; seq: number; event: EventDoc }>('/api/v1/divisions/events', r),
  withdraw: (id: number, reason: string) => post<{ seq: number }>(`/api/v1/divisions/events/${id}/withdraw`, { reason }),
  events: async () => (await (await call('/api/v1/divisions/events', {})).json()) as { events: EventDoc[] },
  dates: async () => {
    const res = await call('/api/v1/divisions/dates', {})
    return (await res.json()) as { dates: { date: string; events: number[]; changed: number }[] }
  },
  /** The area of one version in full precision. */
  area: async (id: number, signal?: AbortSignal) => {
    const res = await call(`/ogc/collections/divisions/items/${id}?f=json`, { signal, headers: { Accept: 'application/geo+json' } })
    return ((await res.json()) as { geometry: AreaGeometry }).geometry
  },
  crosswalk: async (file: File, ask: CrosswalkAsk, signal?: AbortSignal) => {
    const res = await call('/api/v1/crosswalk?format=json', { method: 'POST', body: crosswalkForm(file, ask), signal })
    return (await res.json()) as CrosswalkResult
  },
  crosswalkFile: async (file: File, ask: CrosswalkAsk) => {
    const res = await call('/api/v1/crosswalk', { method: 'POST', body: crosswalkForm(file, ask), headers: { Accept: '*/*' } })
    return { blob: await res.blob(), disposition: res.headers.get('Content-Disposition') ?? '' }
  },
}
