/** Borders of units as the service gives them: neighbours share theirs vertex for vertex. */
import type { AreaGeometry, Position } from '../api/events'

type Ring = number[][]

export function rings(g: AreaGeometry): Ring[] {
  return g.type === 'Polygon' ? g.coordinates : g.coordinates.flat()
}

const key = (p: readonly number[]) => `${p[0]},${p[1]}`
const edge = (a: readonly number[], b: readonly number[]) => {
  const ka = key(a)
  const kb = key(b)
  return ka < kb ? `${ka};${kb}` : `${kb};${ka}`
}

function edges(g: AreaGeometry): Set<string> {
  const out = new Set<string>()
  for (const r of rings(g)) for (let i = 1; i < r.length; i++) out.add(edge(r[i - 1]!, r[i]!))
  return out
}

/** The stretches of border that two areas have in common, each in the order in which the first one runs through it. */
export function sharedBorder(a: AreaGeometry, b: AreaGeometry): Position[][] {
  const other = edges(b)
  const out: Position[][] = []
  for (const r of rings(a)) {
    const n = r.length - 1
    if (n < 1) continue
    const common = (i: number) => other.has(edge(r[i % n]!, r[(i + 1) % n]!))
    // Begin where a stretch begins, so that none is cut at the ring's first vertex.
    let start = 0
    while (start < n && !(common(start) && !common(start + n - 1))) start++
    if (start === n) {
      if (common(0)) out.push(r.map((p) => [p[0]!, p[1]!]))
      continue
    }
    let run: Position[] = []
    for (let k = 0; k < n; k++) {
      const i = (start + k) % n
      if (common(i)) {
        const p = r[i]!
        const q = r[(i + 1) % n]!
        if (!run.length) run.push([p[0]!, p[1]!])
        run.push([q[0]!, q[1]!])
      } else if (run.length) {
        out.push(run)
        run = []
      }
    }
    if (run.length) out.push(run)
  }
  return out
}

export interface Snap {
  position: Position
  /** Which line, the index of the segment on it, and how far along that segment (0…1). */
  line: number
  segment: number
  along: number
  /** In the units of the projection, pixels on the map. */
  distance: number
}

/** The nearest place on some lines, measured after projection; an existing vertex wins within grab of it. */
export function nearest(p: Position, lines: readonly (readonly number[])[][], project: (p: Position) => [number, number], grab = 0): Snap | null {
  const [px, py] = project(p)
  let best: Snap | null = null
  lines.forEach((line, l) => {
    let [ax, ay] = project(line[0] as Position)
    for (let i = 1; i < line.length; i++) {
      const [bx, by] = project(line[i] as Position)
      const dx = bx - ax
      const dy = by - ay
      const d2 = dx * dx + dy * dy
      const u = d2 ? Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / d2)) : 0
      const distance = Math.hypot(px - ax - u * dx, py - ay - u * dy)
      if (!best || distance < best.distance) {
        const a = line[i - 1]!
        const b = line[i]!
        const length = Math.sqrt(d2)
        const snapped = u * length <= grab ? 0 : (1 - u) * length <= grab ? 1 : u
        best = {
          position: snapped === 0 ? [a[0]!, a[1]!] : snapped === 1 ? [b[0]!, b[1]!] : [a[0]! + snapped * (b[0]! - a[0]!), a[1]! + snapped * (b[1]! - a[1]!)],
          line: l,
          segment: i - 1,
          along: snapped,
          distance,
        }
      }
      ;[ax, ay] = [bx, by]
    }
  })
  return best
}

/** The existing vertices between two places on one line, in the direction from a to b, without the places themselves. */
export function between(line: Position[], a: Snap, b: Snap): Position[] {
  const at = (s: Snap) => s.segment + s.along
  const [lo, hi] = at(a) <= at(b) ? [at(a), at(b)] : [at(b), at(a)]
  const inner = line.filter((_, i) => i > lo + 1e-12 && i < hi - 1e-12)
  return at(a) <= at(b) ? inner : inner.reverse()
}

/** Length of a line in metres on a sphere that fits the ellipsoid here to 0.5 %; for orientation on the screen only. */
export function roughMetres(line: readonly (readonly number[])[]): number {
  let sum = 0
  for (let i = 1; i < line.length; i++) {
    const [lon1 = 0, lat1 = 0] = line[i - 1]!
    const [lon2 = 0, lat2 = 0] = line[i]!
    const k = Math.PI / 180
    const x = (lon2 - lon1) * k * Math.cos(((lat1 + lat2) / 2) * k)
    const y = (lat2 - lat1) * k
    sum += Math.hypot(x, y) * 6371008.8
  }
  return sum
}

/**
 * Where one area differs from another, as closed rings: the edges that only one of them has, chained. The rings enclose
 * what was gained as well as what was lost.
 */
export function difference(before: AreaGeometry, after: AreaGeometry): Position[][] {
  const a = edges(before)
  const b = edges(after)
  const links = new Map<string, string[]>()
  const link = (e: string) => {
    const [p = '', q = ''] = e.split(';')
    links.set(p, [...(links.get(p) ?? []), q])
    links.set(q, [...(links.get(q) ?? []), p])
  }
  for (const e of a) if (!b.has(e)) link(e)
  for (const e of b) if (!a.has(e)) link(e)
  const out: Position[][] = []
  const point = (k: string) => k.split(',').map(Number) as Position
  const cut = (p: string, q: string) => {
    const l = links.get(p) ?? []
    l.splice(l.indexOf(q), 1)
  }
  for (const start of links.keys()) {
    while (links.get(start)?.length) {
      const ring = [start]
      for (let at = start; ; ) {
        const next = links.get(at)?.[0]
        if (next === undefined) break
        cut(at, next)
        cut(next, at)
        ring.push(next)
        at = next
        if (at === start) break
      }
      if (ring.length > 3) out.push(ring.map(point))
    }
  }
  return out
}
