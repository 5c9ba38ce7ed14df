import type { GeoJSONSource, LayerSpecification, Map as LibreMap, MapMouseEvent, MapTouchEvent } from 'maplibre-gl'
import type { Position } from '../api/events'
import { nearest, type Snap } from '../change/border'
import { round9 } from '../change/position'

/**
 * Draws and edits one line on the map. A click adds a vertex, dragging moves one, a click on the small circle between
 * two inserts one; the two ends hold on to the border. The list of vertices beside the map does the same by keyboard.
 */
export interface SketchEvents {
  changed: (line: Position[], why: 'add' | 'move' | 'insert' | 'remove') => void
  focused: (index: number | null) => void
}

const CINNABAR = '#b83227'
const PAPER = '#fffdf7'
/** Within so many pixels an end jumps to the border, within VERTEX_PX to a vertex of it. */
const SNAP_PX = 14
const VERTEX_PX = 7
const GRAB_PX = 11

const LAYERS: LayerSpecification[] = [
  { id: 'sk-fill', type: 'fill', source: 'sk-line', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': CINNABAR, 'fill-opacity': 0.08 } },
  { id: 'sk-halo', type: 'line', source: 'sk-line', layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': PAPER, 'line-width': 7 } },
  { id: 'sk-line', type: 'line', source: 'sk-line', layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': CINNABAR, 'line-width': 3 } },
  { id: 'sk-mid', type: 'circle', source: 'sk-points', filter: ['==', ['get', 'kind'], 'mid'], paint: { 'circle-radius': 4, 'circle-color': PAPER, 'circle-stroke-color': CINNABAR, 'circle-stroke-width': 1.2, 'circle-opacity': 0.9 } },
  {
    id: 'sk-vertex',
    type: 'circle',
    source: 'sk-points',
    filter: ['!=', ['get', 'kind'], 'mid'],
    paint: {
      'circle-radius': ['match', ['get', 'kind'], 'focus', 9, 'snapped', 8, 'aim', 5, 6] as never,
      'circle-color': ['match', ['get', 'kind'], 'snapped', CINNABAR, 'aim', '#b8860b', PAPER] as never,
      'circle-stroke-color': ['match', ['get', 'kind'], 'snapped', PAPER, 'aim', PAPER, 'focus', '#1f5a7a', CINNABAR] as never,
      'circle-stroke-width': ['match', ['get', 'kind'], 'focus', 4, 2.5] as never,
    },
  },
]

export class Sketch {
  private line: Position[] = []
  private borders: Position[][] = []
  private closed = false
  private focus: number | null = null
  private drag: number | null = null
  private dragged = false
  private aim: Position | null = null
  private on = false

  constructor(
    private readonly map: LibreMap,
    private readonly events: SketchEvents,
  ) {
    for (const id of ['sk-line', 'sk-points']) map.addSource(id, { type: 'geojson', data: { type: 'FeatureCollection', features: [] } })
    for (const l of LAYERS) map.addLayer(l)
    map.on('click', (e) => this.click(e))
    map.on('mousemove', (e) => this.move(e))
    map.on('mousedown', (e) => this.down(e))
    map.on('touchstart', (e) => e.points.length === 1 && this.down(e))
    map.on('touchmove', (e) => this.move(e))
    map.on('mouseup', () => this.up())
    map.on('touchend', () => this.up())
    map.on('zoomend', () => this.draw()) // room for the circles between vertices depends on the zoom
    map.getCanvas().addEventListener('keydown', (e) => this.key(e))
  }

  /** borders: where the ends hold on; closed: the line is the outline of an area. */
  use(line: Position[], borders: Position[][], on: boolean, closed: boolean): void {
    this.line = line
    this.borders = borders
    this.closed = closed
    if (this.on && !on) {
      this.aim = null
      this.drag = null
    }
    this.on = on
    this.map.doubleClickZoom[on ? 'disable' : 'enable']()
    this.map.getCanvas().style.cursor = on ? 'crosshair' : ''
    this.draw()
  }

  focusOn(index: number | null): void {
    this.focus = index
    this.draw()
  }

  private project = (p: Position): [number, number] => {
    const q = this.map.project(p)
    return [q.x, q.y]
  }

  private snap(p: Position): Snap | null {
    const s = nearest(p, this.borders, this.project, VERTEX_PX)
    return s && s.distance <= SNAP_PX ? s : null
  }

  /** Whether an end of the line lies on the border, to half a pixel. */
  private held(i: number): boolean {
    const p = this.line[i]
    if (!p || this.closed) return false
    const s = nearest(p, this.borders, this.project)
    return !!s && s.distance < 0.5
  }

  /** A line from border to border is complete: further clicks would only spoil it. */
  private complete(): boolean {
    const n = this.line.length
    return !this.closed && n >= 2 && this.held(0) && this.held(n - 1)
  }

  private hit(x: number, y: number): { index: number; mid: boolean } | null {
    let best: { index: number; mid: boolean; d: number } | null = null
    const n = this.line.length
    this.line.forEach((p, index) => {
      const [px, py] = this.project(p)
      const d = Math.hypot(px - x, py - y)
      if (d <= GRAB_PX && (!best || d < best.d)) best = { index, mid: false, d }
    })
    if (best) return best
    for (let index = 0; index < (this.closed && n > 2 ? n : n - 1); index++) {
      const [ax, ay] = this.project(this.line[index]!)
      const [bx, by] = this.project(this.line[(index + 1) % n]!)
      if (Math.hypot(bx - ax, by - ay) < 28) continue
      const d = Math.hypot((ax + bx) / 2 - x, (ay + by) / 2 - y)
      if (d <= GRAB_PX - 2 && (!best || d < (best as { d: number }).d)) best = { index, mid: true, d }
    }
    return best
  }

  private put(line: Position[], why: 'add' | 'move' | 'insert' | 'remove'): void {
    this.line = line
    this.draw()
    this.events.changed(line, why)
  }

  private place(lngLat: { lng: number; lat: number }, end: boolean): Position {
    const p: Position = [round9(lngLat.lng), round9(lngLat.lat)]
    const s = end ? this.snap(p) : null
    return s ? [round9(s.position[0]), round9(s.position[1])] : p
  }

  private click(e: MapMouseEvent): void {
    if (!this.on || this.dragged) return
    const h = this.hit(e.point.x, e.point.y)
    if (h && !h.mid) {
      this.focus = h.index
      this.events.focused(h.index)
      this.draw()
      return
    }
    if (h || this.complete()) return
    this.put([...this.line, this.place(e.lngLat, !this.closed)], 'add')
  }

  private down(e: MapMouseEvent | MapTouchEvent): void {
    this.dragged = false
    if (!this.on) return
    const h = this.hit(e.point.x, e.point.y)
    if (!h) return
    e.preventDefault() // the map stays where it is
    if (h.mid) {
      const at = h.index + 1
      this.put([...this.line.slice(0, at), [round9(e.lngLat.lng), round9(e.lngLat.lat)], ...this.line.slice(at)], 'insert')
      this.drag = at
      this.dragged = true
    } else this.drag = h.index
  }

  private move(e: MapMouseEvent | MapTouchEvent): void {
    if (!this.on) return
    if (this.drag === null) {
      const free = !this.complete() && !this.hit(e.point.x, e.point.y)
      const s = free && !this.closed ? this.snap([e.lngLat.lng, e.lngLat.lat]) : null
      const was = this.aim
      this.aim = s?.position ?? null
      this.map.getCanvas().style.cursor = free ? 'crosshair' : 'grab'
      if (was || this.aim) this.draw()
      return
    }
    this.dragged = true
    const i = this.drag
    const end = !this.closed && (i === 0 || i === this.line.length - 1)
    const line = this.line.slice()
    line[i] = this.place(e.lngLat, end)
    this.line = line
    this.draw()
  }

  private up(): void {
    if (this.drag === null) return
    this.drag = null
    if (this.dragged) this.put(this.line, 'move')
  }

  private key(e: KeyboardEvent): void {
    if (!this.on) return
    if (e.key === 'Enter' || e.key === ' ') {
      e.preventDefault()
      if (!this.complete()) this.put([...this.line, this.place(this.map.getCenter(), !this.closed)], 'add')
    } else if (e.key === 'Backspace' || e.key === 'Delete') {
      e.preventDefault()
      const i = this.focus ?? this.line.length - 1
      if (this.line.length) this.put(this.line.filter((_, k) => k !== i), 'remove')
      this.focus = null
    }
  }

  private draw(): void {
    const n = this.line.length
    const features: unknown[] = []
    if (n >= 2) features.push({ type: 'Feature', properties: {}, geometry: this.closed && n >= 3 ? { type: 'Polygon', coordinates: [[...this.line, this.line[0]]] } : { type: 'LineString', coordinates: this.line } })
    this.map.getSource<GeoJSONSource>('sk-line')?.setData({ type: 'FeatureCollection', features } as never)
    const points: unknown[] = []
    const point = (p: Position, kind: string) => points.push({ type: 'Feature', properties: { kind }, geometry: { type: 'Point', coordinates: p } })
    if (this.on) {
      for (let i = 0; i < (this.closed && n > 2 ? n : n - 1); i++) {
        const a = this.line[i]!
        const b = this.line[(i + 1) % n]!
        const [ax, ay] = this.project(a)
        const [bx, by] = this.project(b)
        if (Math.hypot(bx - ax, by - ay) >= 28) point([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], 'mid')
      }
    }
    this.line.forEach((p, i) => point(p, i === this.focus ? 'focus' : (i === 0 || i === n - 1) && this.held(i) ? 'snapped' : 'vertex'))
    if (this.aim) point(this.aim, 'aim')
    this.map.getSource<GeoJSONSource>('sk-points')?.setData({ type: 'FeatureCollection', features: points } as never)
  }
}
