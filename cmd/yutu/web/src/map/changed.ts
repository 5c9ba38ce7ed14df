import type * as maplibregl from 'maplibre-gl'
import type { GeoJSONSource, LayerSpecification, VectorTileSource } from 'maplibre-gl'
import type { EventDoc, TileJSON, UnitRef } from '../api/types'
import { ownLevel } from '../history/timeline'
import { VILLAGE_ZOOM } from './levels'
import { SOURCE, tileURLs } from './style'

export const BEGUN = '#3f7f5f'
export const ENDED = '#9a5b2f'
const BEFORE = 'divisions-before'
const POINTS = 'changed-points'

/** What changed on a date, by code: ended codes are to be read from the tiles of the day before. */
export interface Changed {
  dayBefore: string
  ended: UnitRef[]
  begun: UnitRef[]
}

/** Units of each event's own level: the villages that only follow their township are not marked one by one. */
export function changedUnits(events: readonly EventDoc[], dayBefore: string): Changed {
  const ended = new Map<number, UnitRef>()
  const begun = new Map<number, UnitRef>()
  for (const e of events) {
    const own = ownLevel(e)
    for (const u of own.before) ended.set(u.id, u)
    for (const u of own.after) begun.set(u.id, u)
  }
  return { dayBefore, ended: [...ended.values()], begun: [...begun.values()] }
}

/** Outline and tint of what began, dashed outline of what ended. Drawn on an existing map; null takes it away. */
export function showChanged(map: maplibregl.Map, tiles: TileJSON, c: Changed | null): void {
  const some = !!c && (c.ended.length > 0 || c.begun.length > 0)
  if (!map.getLayer('begun-fill')) {
    if (!some) return
    addLayers(map, tiles, c.dayBefore)
  }
  const codes = (list: UnitRef[]) => ['in', ['get', 'code'], ['literal', [...new Set(list.map((u) => u.code))]]] as never
  for (const id of ['begun-fill', 'begun-line']) map.setFilter(id, codes(some ? c.begun : []))
  const ended = ['literal', some ? [...new Set(c.ended.map((u) => u.code))] : []]
  for (const id of ['ended-halo', 'ended-line']) map.setFilter(id, ['any', ['in', ['get', 'left'], ended], ['in', ['get', 'right'], ended]] as never)
  for (const id of LAYERS) map.setLayoutProperty(id, 'visibility', some ? 'visible' : 'none')
  if (some) map.getSource<VectorTileSource>(BEFORE)?.setTiles(tileURLs(tiles, c.dayBefore))
  const villages = some ? c.begun.filter((u) => u.level === 'village') : []
  map.getSource<GeoJSONSource>(POINTS)?.setData({
    type: 'FeatureCollection',
    features: villages.map((u) => ({ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: u.label } })),
  })
}

const LAYERS = ['begun-fill', 'begun-line', 'ended-halo', 'ended-line', 'begun-point']

function addLayers(map: maplibregl.Map, tiles: TileJSON, before: string): void {
  map.addSource(BEFORE, {
    type: 'vector',
    tiles: tileURLs(tiles, before),
    minzoom: tiles.minzoom ?? 0,
    maxzoom: tiles.maxzoom ?? 14,
    ...(tiles.bounds ? { bounds: tiles.bounds } : {}),
  })
  map.addSource(POINTS, { type: 'geojson', data: { type: 'FeatureCollection', features: [] } })
  const now = { source: SOURCE, 'source-layer': 'divisions' }
  // Each old border once: outlines of neighbours would fill each other's dashes.
  const then = { source: BEFORE, 'source-layer': 'divisions_line' }
  const layout = { 'line-join': 'round' } as const
  const add = (l: LayerSpecification, under: string) => map.addLayer(l, map.getLayer(under) ? under : undefined)
  add({ id: 'begun-fill', type: 'fill', ...now, paint: { 'fill-color': BEGUN, 'fill-opacity': 0.17 } }, 'selected-fill')
  add({ id: 'ended-halo', type: 'line', ...then, layout, paint: { 'line-color': '#fffdf7', 'line-width': 3.4, 'line-opacity': 0.85 } }, 'selected-halo')
  add({ id: 'ended-line', type: 'line', ...then, layout, paint: { 'line-color': ENDED, 'line-width': 2, 'line-dasharray': [2.6, 1.8] } }, 'selected-halo')
  add({ id: 'begun-line', type: 'line', ...now, layout, paint: { 'line-color': BEGUN, 'line-width': ['interpolate', ['linear'], ['zoom'], 8, 1.6, 12, 2.6] } }, 'selected-halo')
  // Villages have no area on the map at far zooms: a point says where.
  add(
    {
      id: 'begun-point',
      type: 'circle',
      source: POINTS,
      maxzoom: VILLAGE_ZOOM,
      paint: { 'circle-radius': ['interpolate', ['linear'], ['zoom'], 7, 2, 10, 4], 'circle-color': BEGUN, 'circle-stroke-color': '#fffdf7', 'circle-stroke-width': 1.2 },
    },
    'selected-halo',
  )
}

/** Addresses of the tiles in sight on a date, for fetching them ahead. */
export function tilesInSight(map: maplibregl.Map, tiles: TileJSON, at: string | undefined, most = 16): string[] {
  const z = Math.max(tiles.minzoom ?? 0, Math.min(tiles.maxzoom ?? 14, Math.floor(map.getZoom())))
  const b = map.getBounds()
  const n = 2 ** z
  const x = (lon: number) => Math.floor(((lon + 180) / 360) * n)
  const y = (lat: number) => Math.floor(((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * n)
  const template = tileURLs(tiles, at)[0]
  const out: string[] = []
  for (let i = x(b.getWest()); i <= x(b.getEast()); i++) {
    for (let j = y(b.getNorth()); j <= y(b.getSouth()); j++) {
      if (template) out.push(template.replace('{z}', String(z)).replace('{x}', String(i)).replace('{y}', String(j)))
    }
  }
  return out.slice(0, most)
}
