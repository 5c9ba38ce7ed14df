import type { LayerSpecification, StyleSpecification } from 'maplibre-gl'
import type { TileJSON } from '../api/types'
import published from '../../style.json'
import { TOWNSHIP_ZOOM, VILLAGE_ZOOM } from './levels'

export const SOURCE = 'divisions'
export const TINTS = ['#faf3df', '#e6eee1', '#f6e8db', '#e3ebee', '#fdfaf2'] as const

const CINNABAR = '#b83227'
const PAPER = '#fffdf7'

/** Tile addresses on a date; undefined is today. */
export function tileURLs(tj: TileJSON, at?: string): string[] {
  return tj.tiles.map((u) => (at ? `${u}${u.includes('?') ? '&' : '?'}at=${at}` : u))
}

/**
 * A tile's address with the version seq of the data, where it carries an older one: a browser keeps a tile of a named
 * version for good, so what has changed must be asked for under its new name.
 */
export function freshURL(url: string, seq: number): string {
  return url.replace(/([?&]v=)(\d+)/, (all, key: string, v: string) => (Number(v) < seq ? key + String(seq) : all))
}

/**
 * The published style with what only the app can know: tints and pointer by feature state, a band on the
 * inner side of the home unit's border, and the selection.
 */
export function appStyle(tj: TileJSON, at?: string): StyleSpecification {
  const style = JSON.parse(JSON.stringify(published)) as StyleSpecification
  style.sources = {
    [SOURCE]: {
      type: 'vector',
      tiles: tileURLs(tj, at),
      // State hangs on the code, so that it outlives a change of date or of the row behind the unit.
      promoteId: { divisions: 'code' },
      minzoom: tj.minzoom ?? 0,
      maxzoom: tj.maxzoom ?? 14,
      ...(tj.bounds ? { bounds: tj.bounds } : {}),
    },
    point: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } },
    outside: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } },
  }
  const layers: LayerSpecification[] = []
  for (const l of style.layers) {
    if (l.id === 'township-fill' && l.type === 'fill') {
      l.paint = {
        ...l.paint,
        'fill-color': ['match', ['feature-state', 'tint'], ...TINTS.flatMap((c, i) => [i, c]), PAPER] as never,
      }
    }
    if (l.id === 'township-label' && l.type === 'symbol') {
      // A name that finds no room at its point may step up or down a little before it is left out.
      l.layout = { ...l.layout, 'text-variable-anchor': ['center', 'top', 'bottom'], 'text-radial-offset': 0.5 }
    }
    layers.push(l)
    if (l.id === 'township-fill') {
      layers.push({
        id: 'unit-hover',
        type: 'fill',
        source: SOURCE,
        'source-layer': 'divisions',
        paint: { 'fill-color': '#1f2421', 'fill-opacity': ['case', ['boolean', ['feature-state', 'hover'], false], 0.07, 0] },
      })
      layers.push({
        id: 'selected-fill',
        type: 'fill',
        source: SOURCE,
        'source-layer': 'divisions',
        filter: ['==', ['get', 'code'], ''],
        paint: { 'fill-color': '#ffffff', 'fill-opacity': 0.6 },
      })
    }
    if (l.id === 'county-band') layers.push(...homeBand())
    if (l.id === 'province-line') {
      const only = { source: SOURCE, 'source-layer': 'divisions', filter: ['==', ['get', 'code'], ''] as never }
      const layout = { 'line-join': 'round', 'line-cap': 'round' } as const
      layers.push(
        { id: 'selected-halo', type: 'line', ...only, layout, paint: { 'line-color': PAPER, 'line-width': 7, 'line-opacity': 0.95 } },
        { id: 'selected-line', type: 'line', ...only, layout, paint: { 'line-color': CINNABAR, 'line-width': 2.6 } },
        {
          id: 'selected-point',
          type: 'circle',
          source: 'point',
          paint: { 'circle-radius': 6, 'circle-color': CINNABAR, 'circle-stroke-color': PAPER, 'circle-stroke-width': 2.5 },
        },
      )
    }
  }
  const county = style.layers.find((l) => l.id === 'county-label')
  if (county?.type === 'symbol') {
    // The same lettering for the neighbours' names, at places the app finds (outside.ts).
    layers.push({ id: 'outside-label', type: 'symbol', source: 'outside', layout: { ...county.layout, 'text-field': ['get', 'name'] }, paint: county.paint })
  }
  style.layers = layers
  return style
}

/**
 * The tinted band inside the home unit's border: a broad line on the border whose outer half the neighbours'
 * fill covers. Offsetting the line instead folds over itself wherever the border turns sharply. Half its width
 * stays within the margin of 8 px that tiles carry beyond their edge, or it would be cut there.
 */
function homeBand(): LayerSpecification[] {
  const of = { source: SOURCE, 'source-layer': 'divisions_line', filter: ['==', ['get', 'left'], ''] as never }
  const layout = { 'line-join': 'round', 'line-cap': 'round' } as const
  const width = (k: number) => ['interpolate', ['linear'], ['zoom'], 6, 7 * k, 9, 13 * k, 10, 17 * k] as never
  return [
    { id: 'home-band', type: 'line', ...of, layout, paint: { 'line-color': '#f1dfcd', 'line-width': width(1) } },
    { id: 'home-band-core', type: 'line', ...of, layout, paint: { 'line-color': '#e6c7a9', 'line-width': width(0.5) } },
    {
      id: 'outside-fill',
      type: 'fill',
      source: SOURCE,
      'source-layer': 'divisions',
      filter: ['==', ['get', 'code'], ''],
      paint: { 'fill-color': '#f1ede2', 'fill-antialias': false },
    },
  ]
}

/** Below this zoom a unit of the level is not drawn and its place is marked by a point. */
export function pointBelow(level: number): number {
  return level >= 5 ? VILLAGE_ZOOM : level === 4 ? TOWNSHIP_ZOOM : 0
}
