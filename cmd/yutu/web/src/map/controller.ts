import * as maplibregl from 'maplibre-gl'
import type { GeoJSONSource, MapGeoJSONFeature, PointLike, VectorTileSource } from 'maplibre-gl'
import workerURL from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import type { Box, TileJSON, TileRange, UnitSummary } from '../api/types'
import type { MapPosition } from '../state/address'
import { pickLevel } from './levels'
import { placeNames, type Piece, type Rect } from './outside'
import { tilesToRefresh, tileZoom } from './ranges'
import { appStyle, freshURL, pointBelow, SOURCE, tileURLs, TINTS } from './style'
import { Tints } from './tint'

maplibregl.setWorkerUrl(workerURL)

export interface Hover {
  code: string
  name: string
  type: string
  x: number
  y: number
}

export interface MapEvents {
  moved: (p: MapPosition) => void
  moving: (p: MapPosition) => void
  pointer: (lon: number, lat: number) => void
  hover: (h: Hover | null) => void
  pick: (code: string | null) => void
  ready: () => void
  failed: (message: string) => void
}

export interface Options {
  container: HTMLElement
  tiles: TileJSON
  at?: string
  start: { position?: MapPosition; box?: Box; padding: Padding }
  label: string
  /** What lies on the map, in pixels of the container. */
  covered: () => Rect[]
  on: MapEvents
}

export interface Padding {
  top: number
  right: number
  bottom: number
  left: number
}

export function hasWebGL2(): boolean {
  try {
    return !!document.createElement('canvas').getContext('webgl2')
  } catch {
    return false
  }
}

const still = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches

/** The one place that talks to MapLibre. */
export class MapController {
  private readonly map: maplibregl.Map
  private tiles: TileJSON
  private readonly tints = new Tints(TINTS.length)
  private hovered: string | null = null
  private tintTimer = 0
  private home = ''
  private ready = false
  private readonly later: (() => void)[] = []

  /** The latest version of the data that the event stream has named. */
  private seq = 0

  constructor(private readonly o: Options) {
    this.tiles = o.tiles
    const { position, box, padding } = o.start
    this.map = new maplibregl.Map({
      container: o.container,
      style: appStyle(o.tiles, o.at),
      ...(position
        ? { center: [position.lon, position.lat], zoom: position.zoom }
        : box
          ? { bounds: box, fitBoundsOptions: { padding: fitting(padding, o.container) } }
          : {}),
      minZoom: 3,
      maxZoom: 17,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: still() ? 0 : 120,
      // A tile kept out of sight would miss the news of the event stream; the browser's cache keeps it as well.
      maxTileCacheSize: 0,
      transformRequest: (url) => ({ url: freshURL(url, this.seq) }),
      locale: { 'Map.Title': o.label },
    })
    this.map.touchZoomRotate.disableRotation()
    this.map.keyboard.disableRotation()
    this.wire()
  }

  private wire(): void {
    const { map, o } = this
    const here = (): MapPosition => ({ zoom: map.getZoom(), lat: map.getCenter().lat, lon: map.getCenter().lng })
    map.on('load', () => {
      this.ready = true
      this.later.splice(0).forEach((f) => f())
      o.on.ready()
      o.on.moving(here())
      o.on.moved(here())
    })
    map.on('move', () => o.on.moving(here()))
    map.on('moveend', () => o.on.moved(here()))
    map.on('movestart', () => o.container.removeAttribute('data-idle'))
    map.on('idle', () => {
      o.container.setAttribute('data-idle', '')
      this.tintSoon(0)
      this.nameOutside()
    })
    map.on('sourcedata', (e) => {
      if (e.sourceId?.startsWith(SOURCE)) {
        o.container.removeAttribute('data-idle')
        this.tintSoon(150)
      }
    })
    map.on('error', (e) => {
      if (!/abort/i.test((e.error as Error | undefined)?.name ?? '')) o.on.failed(e.error?.message ?? '')
    })
    map.on('mousemove', (e) => {
      o.on.pointer(e.lngLat.lng, e.lngLat.lat)
      const f = this.picking ? this.at(e.point) : null
      this.setHover(f)
      o.on.hover(f ? { code: String(f.properties.code), name: String(f.properties.name), type: String(f.properties.type ?? ''), x: e.point.x, y: e.point.y } : null)
      if (this.picking) map.getCanvas().style.cursor = f ? 'pointer' : ''
    })
    map.on('mouseout', () => {
      this.setHover(null)
      o.on.hover(null)
    })
    map.on('dragstart', () => o.on.hover(null))
    map.on('click', (e) => {
      o.on.pointer(e.lngLat.lng, e.lngLat.lat)
      if (!this.picking) return
      const f = this.at(e.point)
      o.on.pick(f ? String(f.properties.code) : null)
    })
    const canvas = map.getCanvas()
    canvas.addEventListener('keydown', (e) => {
      if (e.key !== 'Enter' && e.key !== ' ') return
      if (!this.picking) return
      e.preventDefault()
      const f = this.at(map.project(map.getCenter()))
      if (f) o.on.pick(String(f.properties.code))
    })
  }

  /** The finest unit drawn at a point of the canvas. */
  private at(p: PointLike): MapGeoJSONFeature | null {
    if (!this.ready) return null
    const limit = pickLevel(this.map.getZoom())
    let best: MapGeoJSONFeature | null = null
    for (const f of this.map.queryRenderedFeatures(p, { layers: ['unit-hover'] })) {
      const level = Number(f.properties.level)
      if (level <= limit && (!best || level > Number(best.properties.level))) best = f
    }
    return best
  }

  private setHover(f: MapGeoJSONFeature | null): void {
    const id = f ? String(f.properties.code) : null
    if (id === this.hovered) return
    const target = (code: string) => ({ source: SOURCE, sourceLayer: 'divisions', id: code })
    if (this.hovered !== null) this.map.setFeatureState(target(this.hovered), { hover: false })
    this.hovered = id
    if (id !== null) this.map.setFeatureState(target(id), { hover: true })
  }

  private tintSoon(ms: number): void {
    if (this.tintTimer) return
    this.tintTimer = window.setTimeout(() => {
      this.tintTimer = 0
      this.tint()
    }, ms)
  }

  /** Tints the townships now loaded so that neighbours differ. */
  private tint(): void {
    if (!this.ready) return
    const lines = this.map.querySourceFeatures(SOURCE, { sourceLayer: 'divisions_line', filter: ['==', ['get', 'level'], 4] })
    for (const l of lines) this.tints.neighbours(String(l.properties.left ?? ''), String(l.properties.right ?? ''))
    const units = this.map.querySourceFeatures(SOURCE, { sourceLayer: 'divisions', filter: ['==', ['get', 'level'], 4] })
    const codes = new Set(units.map((u) => String(u.properties.code)))
    const tint = this.tints.tint(codes)
    for (const code of codes) {
      const target = { source: SOURCE, sourceLayer: 'divisions', id: code }
      const want = tint.get(code) ?? 0
      if (this.map.getFeatureState(target)?.tint !== want) this.map.setFeatureState(target, { tint: want })
    }
  }

  private placed = ''
  /** Writes the neighbours' names into what is in sight of them. */
  private nameOutside(): void {
    const pieces: Piece[] = []
    for (const f of this.home ? this.map.queryRenderedFeatures({ layers: ['outside-fill'] }) : []) {
      const g = f.geometry
      const polygons = g.type === 'Polygon' ? [g.coordinates] : g.type === 'MultiPolygon' ? g.coordinates : []
      for (const rings of polygons) {
        pieces.push({
          name: String(f.properties.name),
          rings: rings.map((ring: number[][]) =>
            ring.map((c: number[]): [number, number] => {
              const p = this.map.project([c[0] ?? 0, c[1] ?? 0])
              return [p.x, p.y]
            }),
          ),
        })
      }
    }
    const { clientWidth: w, clientHeight: h } = this.o.container
    const places = placeNames(pieces, w, h, this.o.covered(), 40)
    const features = places.map((p) => ({
      type: 'Feature' as const,
      properties: { name: p.name },
      geometry: { type: 'Point' as const, coordinates: this.map.unproject([p.x, p.y]).toArray() },
    }))
    // Setting data makes the map busy and idle again: only what changed is set.
    const key = JSON.stringify(places) + (features[0] ? features[0].geometry.coordinates.map((v) => v.toFixed(4)).join() : '')
    if (key === this.placed) return
    this.placed = key
    this.map.getSource<GeoJSONSource>('outside')?.setData({ type: 'FeatureCollection', features })
  }

  private whenReady(f: () => void): void {
    if (this.ready) f()
    else this.later.push(f)
  }

  /** Hands the map to a part that draws its own layers on it, once the style is there. */
  extend(f: (map: maplibregl.Map) => void): void {
    this.whenReady(() => f(this.map))
  }

  /** While a tool of its own takes the clicks, units are neither picked nor pointed out. */
  picking = true

  select(u: Pick<UnitSummary, 'code' | 'level_number' | 'label'> | null): void {
    this.whenReady(() => {
      for (const id of ['selected-fill', 'selected-halo', 'selected-line']) {
        this.map.setFilter(id, ['==', ['get', 'code'], u?.code ?? ''])
      }
      const below = u ? pointBelow(u.level_number) : 0
      this.map.setLayoutProperty('selected-point', 'visibility', below ? 'visible' : 'none')
      if (below) this.map.setLayerZoomRange('selected-point', 0, below)
      const point = u && { type: 'Feature' as const, properties: {}, geometry: { type: 'Point' as const, coordinates: u.label } }
      this.map.getSource<GeoJSONSource>('point')?.setData({ type: 'FeatureCollection', features: point ? [point] : [] })
    })
  }

  /** The unit whose map this is: its border gets the inner band, its own name steps back for those inside. */
  setHome(u: UnitSummary | null): void {
    const code = u?.code ?? ''
    if (code === this.home && code) return
    this.home = code
    this.whenReady(() => {
      for (const id of ['home-band', 'home-band-core']) {
        this.map.setFilter(id, ['any', ['==', ['get', 'left'], code], ['==', ['get', 'right'], code]])
        this.map.setLayoutProperty(id, 'visibility', code ? 'visible' : 'none')
      }
      const level = u?.level_number ?? 0
      this.map.setFilter('outside-fill', code ? ['all', ['==', ['get', 'level'], level], ['!=', ['get', 'code'], code]] : ['==', ['get', 'code'], ''])
      this.map.setLayoutProperty('county-band', 'visibility', code ? 'none' : 'visible')
      // Neighbours are named where they can be seen, the home unit by the title of the map.
      const rank = ['==', ['get', 'level'], 3] as never
      this.map.setFilter('county-label', level === 3 ? ['all', rank, ['==', ['get', 'code'], code], ['<', ['zoom'], 8]] : rank)
      // Without one home unit no county is outside.
      this.map.setPaintProperty('county-fill', 'fill-color', level === 3 ? (['match', ['get', 'code'], code, '#fffdf7', '#f1ede2'] as never) : '#faf7ee')
    })
  }

  setAt(at?: string): void {
    this.whenReady(() => {
      this.setHover(null)
      this.map.getSource<VectorTileSource>(SOURCE)?.setTiles(tileURLs(this.tiles, at))
    })
  }

  /** Loads again the tiles in sight that the ranges touch. */
  refresh(ranges: readonly TileRange[], seq: number): void {
    this.seq = Math.max(this.seq, seq)
    this.whenReady(() => {
      const b = this.map.getBounds()
      const z = tileZoom(this.map.getZoom(), this.tiles.minzoom ?? 0, this.tiles.maxzoom ?? 14)
      const ids = tilesToRefresh([b.getWest(), b.getSouth(), b.getEast(), b.getNorth()], z, ranges)
      if (ids.length) this.map.refreshTiles(SOURCE, ids)
    })
  }

  /** Everything may have changed. */
  reload(tiles: TileJSON, at?: string): void {
    this.tiles = tiles
    this.setAt(at)
  }

  fit(box: Box, padding: Padding, maxZoom = 14): void {
    this.map.fitBounds(box, { padding: fitting(padding, this.o.container), maxZoom, duration: still() ? 0 : 180 })
  }

  /** Moves only as far as needed for the box's centre to lie in the free part of the map. */
  reveal(point: [number, number], padding: Padding): void {
    const p = this.map.project(point)
    const { clientWidth: w, clientHeight: h } = this.o.container
    const inside = p.x > padding.left && p.x < w - padding.right && p.y > padding.top && p.y < h - padding.bottom
    if (inside) return
    const cx = (padding.left + w - padding.right) / 2
    const cy = (padding.top + h - padding.bottom) / 2
    this.map.panBy([p.x - cx, p.y - cy], { duration: still() ? 0 : 180 })
  }

  jump(p: MapPosition): void {
    const c = this.map.getCenter()
    if (Math.abs(c.lng - p.lon) < 2e-5 && Math.abs(c.lat - p.lat) < 2e-5 && Math.abs(this.map.getZoom() - p.zoom) < 0.02) return
    this.map.jumpTo({ center: [p.lon, p.lat], zoom: p.zoom })
  }

  zoomBy(d: number): void {
    this.map.zoomTo(this.map.getZoom() + d, { duration: still() ? 0 : 160 })
  }

  relabel(label: string): void {
    this.map.getCanvas().setAttribute('aria-label', label)
  }

  focus(): void {
    this.map.getCanvas().focus()
  }

  remove(): void {
    window.clearTimeout(this.tintTimer)
    this.map.remove()
  }
}

/** Padding that leaves at least 160 px for the box, however small the screen. */
function fitting(p: Padding, el: HTMLElement): Padding {
  const kx = Math.min(1, Math.max(0, el.clientWidth - 160) / Math.max(1, p.left + p.right))
  const ky = Math.min(1, Math.max(0, el.clientHeight - 160) / Math.max(1, p.top + p.bottom))
  return { top: p.top * ky, bottom: p.bottom * ky, left: p.left * kx, right: p.right * kx }
}
