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
