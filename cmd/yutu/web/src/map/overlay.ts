import type { FilterSpecification, GeoJSONSource, LayerSpecification, Map as LibreMap } from 'maplibre-gl'
import type { AreaGeometry, Position, UnitFeature } from '../api/events'
import { difference } from '../change/border'

/** What the form of an event lays over the map: chosen units, what ends and what begins, and where something is wrong. */
export type Phase = 'before' | 'both' | 'after'

export interface Issue {
  id: string
  severity: 'info' | 'warning' | 'error'
  position: Position
  nearest?: [Position, Position]
}

export interface Shown {
  chosen: { geometry: AreaGeometry; role: 'unit' | 'to' | 'member' }[]
  shared: Position[][]
  ends: UnitFeature[]
  begins: UnitFeature[]
  /** Units that go on under their code and name: only what moved between them is hatched. */
  stay: { before: UnitFeature; after: UnitFeature }[]
  /** The level the event is about; what lies below it is drawn finer. */
  level: number
  issues: Issue[]
  seat: Position | null
  phase: Phase
}

const CINNABAR = '#b83227'
const AZURITE = '#1f5a7a'
const MALACHITE = '#2d6147'
const PAPER = '#fffdf7'
const FONT = ['Noto Sans CJK SC Medium', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', 'sans-serif']
const SOURCES = ['ev-chosen', 'ev-shared', 'ev-ends', 'ev-begins', 'ev-strip', 'ev-issues', 'ev-seat'] as const
const round = { 'line-join': 'round', 'line-cap': 'round' } as const

const OWN = ['==', ['get', 'own'], true]
const BELOW = ['==', ['get', 'own'], false]

const LAYERS: LayerSpecification[] = [
  { id: 'ev-chosen-fill', type: 'fill', source: 'ev-chosen', paint: { 'fill-color': ['match', ['get', 'role'], 'to', MALACHITE, 'member', '#b8860b', AZURITE] as never, 'fill-opacity': 0.1 } },
  { id: 'ev-ends-fill', type: 'fill', source: 'ev-ends', filter: OWN as never, paint: { 'fill-color': '#fdf1ec', 'fill-opacity': 0.7 } },
  { id: 'ev-begins-fill', type: 'fill', source: 'ev-begins', filter: OWN as never, paint: { 'fill-color': ['match', ['%', ['get', 'n'], 3], 0, '#e2eee6', 1, '#f3eedb', '#e3ecf1'] as never, 'fill-opacity': 1 } },
  { id: 'ev-ends-hatch', type: 'fill', source: 'ev-ends', filter: OWN as never, paint: { 'fill-pattern': 'ev-hatch' } },
  { id: 'ev-strip-fill', type: 'fill', source: 'ev-strip', paint: { 'fill-color': '#fdf1ec', 'fill-opacity': 0.7 } },
  { id: 'ev-strip-hatch', type: 'fill', source: 'ev-strip', paint: { 'fill-pattern': 'ev-hatch' } },
  { id: 'ev-begins-below', type: 'line', source: 'ev-begins', filter: BELOW as never, minzoom: 10, layout: round, paint: { 'line-color': '#6b8a79', 'line-width': 0.9, 'line-dasharray': [2, 2.5] } },
  { id: 'ev-ends-line', type: 'line', source: 'ev-ends', filter: OWN as never, layout: round, paint: { 'line-color': CINNABAR, 'line-width': 1.4, 'line-dasharray': [4, 2] } },
  { id: 'ev-chosen-halo', type: 'line', source: 'ev-chosen', layout: round, paint: { 'line-color': PAPER, 'line-width': ['match', ['get', 'role'], 'member', 3, 6] as never, 'line-opacity': 0.9 } },
  { id: 'ev-chosen-line', type: 'line', source: 'ev-chosen', layout: round, paint: { 'line-color': ['match', ['get', 'role'], 'to', MALACHITE, 'member', '#6f5106', AZURITE] as never, 'line-width': ['match', ['get', 'role'], 'member', 1.4, 2.4] as never } },
  { id: 'ev-begins-halo', type: 'line', source: 'ev-begins', filter: OWN as never, layout: round, paint: { 'line-color': PAPER, 'line-width': 7, 'line-opacity': 0.95 } },
  { id: 'ev-begins-line', type: 'line', source: 'ev-begins', filter: OWN as never, layout: round, paint: { 'line-color': MALACHITE, 'line-width': 3 } },
  { id: 'ev-shared-halo', type: 'line', source: 'ev-shared', layout: round, paint: { 'line-color': PAPER, 'line-width': 8 } },
  { id: 'ev-shared-line', type: 'line', source: 'ev-shared', layout: round, paint: { 'line-color': '#b8860b', 'line-width': 4 } },
  {
    id: 'ev-below-label',
    type: 'symbol',
    source: 'ev-begins',
    filter: BELOW as never,
    minzoom: 11.4,
    layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 11, 'text-max-width': 8 },
    paint: { 'text-color': '#2d6147', 'text-halo-color': PAPER, 'text-halo-width': 1.4 },
  },
  {
    id: 'ev-ends-label',
    type: 'symbol',
    source: 'ev-ends',
    filter: OWN as never,
    layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 14, 'text-max-width': 9, 'text-variable-anchor': ['center', 'top', 'bottom', 'left', 'right'], 'text-radial-offset': 1 },
    paint: { 'text-color': '#9c281f', 'text-halo-color': PAPER, 'text-halo-width': 2.2 },
  },
  {
    id: 'ev-begins-label',
    type: 'symbol',
    source: 'ev-begins',
    filter: OWN as never,
    layout: {
      'text-field': ['format', ['get', 'name'], { 'font-scale': 1 }, '\n', {}, ['get', 'code'], { 'font-scale': 0.68 }] as never,
      'text-font': FONT,
      'text-size': 18,
      'text-line-height': 1.25,
      'text-max-width': 12,
      'text-allow-overlap': true,
    },
    paint: { 'text-color': '#1d4a34', 'text-halo-color': PAPER, 'text-halo-width': 2.4 },
  },
  { id: 'ev-gap', type: 'line', source: 'ev-issues', filter: ['==', ['geometry-type'], 'LineString'], layout: round, paint: { 'line-color': CINNABAR, 'line-width': 2.5, 'line-dasharray': [1.5, 1.5] } },
  {
    id: 'ev-issue',
    type: 'circle',
    source: 'ev-issues',
    filter: ['==', ['geometry-type'], 'Point'],
    paint: {
      'circle-radius': ['case', ['get', 'main'], 9, 5] as never,
      'circle-color': ['case', ['get', 'main'], ['match', ['get', 'severity'], 'error', CINNABAR, '#6f5106'], PAPER] as never,
      'circle-stroke-color': ['case', ['get', 'main'], PAPER, CINNABAR] as never,
      'circle-stroke-width': 2.5,
    },
  },
  {
    id: 'ev-issue-sign',
    type: 'symbol',
    source: 'ev-issues',
    filter: ['all', ['==', ['geometry-type'], 'Point'], ['==', ['get', 'main'], true]] as never,
    layout: { 'text-field': '!', 'text-font': FONT, 'text-size': 14, 'text-allow-overlap': true },
    paint: { 'text-color': '#ffffff' },
  },
  { id: 'ev-seat', type: 'circle', source: 'ev-seat', paint: { 'circle-radius': 7, 'circle-color': CINNABAR, 'circle-stroke-color': PAPER, 'circle-stroke-width': 3 } },
]

/** Slanting strokes of cinnabar on nothing, twice the size for sharp screens. */
function hatch(): ImageData {
  const n = 20
  const image = new ImageData(n, n)
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      const d = (x + y) % n
      const ink = d < 3 ? 1 : d === 3 || d === n - 1 ? 0.4 : 0
      image.data.set([184, 50, 39, Math.round(190 * ink)], (y * n + x) * 4)
    }
  }
  return image
}

const collection = (features: unknown[]) => ({ type: 'FeatureCollection', features }) as never
const feature = (geometry: unknown, properties: Record<string, unknown> = {}) => ({ type: 'Feature', properties, geometry })

/** Both sides of a moved border differ by the same strips: each is drawn once. */
function strips(stay: Shown['stay']): Position[][] {
  const seen = new Map<string, Position[]>()
  for (const x of stay) {
    for (const r of difference(x.before.geometry, x.after.geometry)) {
      const key = r.map((p) => p.join()).sort().filter((p, i, all) => p !== all[i - 1]).join(';')
      seen.set(key, r)
    }
  }
  return [...seen.values()]
}

export class Overlay {
  /** The names that the map itself shows, with the filters that they have without an overlay. */
  private readonly names: { id: string; filter: FilterSpecification | undefined }[]

  constructor(private readonly map: LibreMap) {
    this.names = ['township-label', 'village-label'].map((id) => ({ id, filter: map.getFilter(id) ?? undefined }))
    map.addImage('ev-hatch', hatch(), { pixelRatio: 2 })
    for (const id of SOURCES) map.addSource(id, { type: 'geojson', data: collection([]) })
    for (const l of LAYERS) map.addLayer(l)
  }

  private set(id: (typeof SOURCES)[number], features: unknown[]): void {
    this.map.getSource<GeoJSONSource>(id)?.setData(collection(features))
  }

  show(s: Shown): void {
    const own = (u: UnitFeature) => u.properties.level_number === s.level
    const unit = (u: UnitFeature, n: number) => feature(u.geometry, { own: own(u), name: u.properties.name, code: u.properties.code, n })
    this.set('ev-chosen', s.chosen.map((c) => feature(c.geometry, { role: c.role })))
    this.set('ev-shared', s.shared.map((l) => feature({ type: 'LineString', coordinates: l })))
    // The hatch goes to what is no more; what goes on keeps its ground but for the strips that change hands.
    const going = new Set(s.stay.map((x) => x.before))
    const ends = s.ends.filter((u) => !going.has(u))
    this.set('ev-ends', ends.map(unit))
    // What the overlay names bears no second name below it.
    const named = [...ends, ...s.begins].filter(own).map((u) => u.properties.code)
    for (const { id, filter } of this.names) {
      const others = ['!', ['in', ['get', 'code'], ['literal', named]]]
      this.map.setFilter(id, (named.length === 0 ? filter : filter ? ['all', filter, others] : others) as FilterSpecification)
    }
    this.set('ev-strip', strips(s.stay).map((r) => feature({ type: 'Polygon', coordinates: [r] })))
    this.set('ev-begins', s.begins.map(unit))
    this.set('ev-seat', s.seat ? [feature({ type: 'Point', coordinates: s.seat })] : [])
    this.set(
      'ev-issues',
      s.issues.flatMap((i) => {
        const point = (p: Position, main: boolean) => feature({ type: 'Point', coordinates: p }, { main, severity: i.severity })
        if (!i.nearest) return [point(i.position, true)]
        return [feature({ type: 'LineString', coordinates: i.nearest }), ...i.nearest.map((p) => point(p, false)), point(i.position, true)]
      }),
    )
    const visible = (id: string, on: boolean) => this.map.setLayoutProperty(id, 'visibility', on ? 'visible' : 'none')
    const hasResult = s.begins.length + s.ends.length > 0
    for (const id of ['ev-ends-fill', 'ev-ends-hatch', 'ev-ends-line', 'ev-strip-fill', 'ev-strip-hatch']) visible(id, s.phase !== 'after')
    visible('ev-ends-label', s.phase !== 'after')
    for (const id of ['ev-begins-line', 'ev-begins-halo', 'ev-begins-label']) visible(id, s.phase !== 'before')
    for (const id of ['ev-begins-fill', 'ev-begins-below', 'ev-below-label']) visible(id, s.phase === 'after')
    for (const id of ['ev-chosen-fill', 'ev-chosen-halo', 'ev-chosen-line']) visible(id, !hasResult || s.phase === 'before')
  }
}
