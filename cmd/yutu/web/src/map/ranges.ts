import type { Box, TileRange } from '../api/types'

export interface TileID {
  z: number
  x: number
  y: number
}

const MAX_LAT = 85.0511287798066

function column(lon: number, z: number): number {
  return Math.floor(((lon + 180) / 360) * 2 ** z)
}

function row(lat: number, z: number): number {
  const r = (Math.max(-MAX_LAT, Math.min(MAX_LAT, lat)) * Math.PI) / 180
  return Math.floor(((1 - Math.asinh(Math.tan(r)) / Math.PI) / 2) * 2 ** z)
}

/** Zoom of the tiles that a map of 512 px tiles draws at this zoom, for a source from minzoom to maxzoom. */
export function tileZoom(zoom: number, minzoom: number, maxzoom: number): number {
  return Math.max(minzoom, Math.min(maxzoom, Math.floor(zoom)))
}

/**
 * The tiles in sight that some range touches. The box is [west, south, east, north] in degrees; a view
 * across the antimeridian may give west below −180 or east above 180, and columns are wrapped.
 */
export function tilesToRefresh(view: Box, z: number, ranges: readonly TileRange[]): TileID[] {
  const n = 2 ** z
  const [west, south, east, north] = view
  const y0 = Math.max(0, row(north, z))
  const y1 = Math.min(n - 1, row(south, z))
  const x0 = column(west, z)
  const x1 = Math.min(column(east, z), x0 + n - 1)
  const out: TileID[] = []
  const here = ranges.filter((r) => r.z === z)
  if (!here.length) return out
  for (let y = y0; y <= y1; y++) {
    for (let cx = x0; cx <= x1; cx++) {
      const x = ((cx % n) + n) % n
      if (here.some((r) => x >= r.x0 && x <= r.x1 && y >= r.y0 && y <= r.y1)) out.push({ z, x, y })
    }
  }
  return out
}
