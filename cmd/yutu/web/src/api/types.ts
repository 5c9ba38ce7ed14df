/** The service's JSON, as /api/v1 serves it. Codes have 12 digits; boxes are [west, south, east, north] in degrees. */
export type LevelName = 'province' | 'prefecture' | 'county' | 'township' | 'village'
export const LEVELS: LevelName[] = ['province', 'prefecture', 'county', 'township', 'village']
export type Box = [number, number, number, number]

export interface UnitSummary {
  id: number
  code: string
  name: string
  level: LevelName
  level_number: number
  type: string
  parent: string
  bbox: Box
  label: [number, number]
  synthetic: boolean
}

export interface UnitVersion {
  valid_from: string | null
  valid_to: string | null
  name: string
}

export interface UnitDetails extends UnitSummary {
  valid_from: string | null
  valid_to: string | null
  source: string
  crs_original: string
  area_km2: number
  area_note: { zh: string; en: string }
  /** From the topmost unit down, without the unit itself. */
  chain: UnitSummary[]
  children: UnitSummary[]
  versions: UnitVersion[]
}

export interface SearchItem extends UnitSummary {
  path: string
  former: boolean
  score: number
}

export interface Status {
  version: string
  seq: number
  date: string
  degraded: boolean
  degraded_since: string | null
  synthetic: boolean
  public: boolean
  review_number: string
  bounds: Box | null
  counts: Record<LevelName, number>
  top: UnitSummary[]
}

export interface TileRange {
  z: number
  x0: number
  y0: number
  x1: number
  y1: number
}

export interface TilesEvent {
  tileset: string
  seq: number
  ranges: TileRange[]
}

export interface TileJSON {
  tiles: string[]
  minzoom?: number
  maxzoom?: number
  bounds?: Box
}

/** One version of a unit, as events and lineages name it. Dates are the first day in force and the first day no longer in force. */
export interface UnitRef {
  id: number
  code: string
  name: string
  type: string
  level: LevelName
  valid_from: string | null
  valid_to: string | null
  bbox: Box
  label: [number, number]
}

export type EventKind = 'establish' | 'abolish' | 'merge' | 'split' | 'transfer' | 'rename' | 'recode' | 'upgrade' | 'reseat' | 'adjust'

/** A change of divisions on record; units of the event's own level first, those below after them. */
export interface EventDoc {
  id: number
  kind: EventKind
  date: string
  document: { number: string; issuer: string; title: string; date: string | null }
  note: string
  synthetic?: boolean
  withdrawn_at?: string | null
  before: UnitRef[]
  after: UnitRef[]
}

/** A date on which any unit begins or ends; events may be missing where a file alone brought the change. */
export interface ChangeDate {
  date: string
  events: number[]
  changed: number
}

export interface LineageNode extends UnitRef {
  area_km2: number
}

/** Shares of the version before that went to the version after, 0–1; event 0 or null where no event joins them. */
export interface LineageEdge {
  before: number
  after: number
  event: number | null
  area_share: number
  population_share: number | null
}

export interface Lineage {
  code: string
  nodes: LineageNode[]
  edges: LineageEdge[]
  events: EventDoc[]
}

/** A version's area in degrees (CGCS2000), as the features service gives it. */
export interface AreaFeature {
  geometry: { type: 'Polygon'; coordinates: number[][][] } | { type: 'MultiPolygon'; coordinates: number[][][][] }
}
