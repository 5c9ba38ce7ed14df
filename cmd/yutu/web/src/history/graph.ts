import type { LineageEdge, LineageNode } from '../api/types'

/** A lineage as it is drawn: time runs from left to right, each version is a bar from its first day to its last. */
export interface GraphNode {
  node: LineageNode
  /** First and last column, both inclusive; column 0 is what was before the first change. */
  from: number
  to: number
  x: number
  y: number
  width: number
  height: number
}

export interface GraphEdge {
  edge: LineageEdge
  /** Of the version after, 0–1: how much of it came this way. */
  intoShare: number
  path: string
}

export interface Graph {
  nodes: GraphNode[]
  edges: GraphEdge[]
  /** The changes, each with its place. */
  dates: { date: string; x: number }[]
  width: number
  height: number
}

export interface GraphSize {
  /** Width to fill, px; wider where the columns need it. */
  width: number
  /** Least width of a column, and the room on both sides of a change for the ribbons. */
  column: number
  gutter: number
  row: number
  gap: number
  top: number
}

export const USUAL: GraphSize = { width: 900, column: 210, gutter: 44, row: 46, gap: 10, top: 34 }

/** Lays a lineage out. Bars never overlap; ribbons are as thick as the share of area that they stand for. */
export function layoutGraph(nodes: readonly LineageNode[], edges: readonly LineageEdge[], size: GraphSize = USUAL): Graph {
  const known = new Map(nodes.map((n) => [n.id, n]))
  const links = edges.filter((e) => e.before !== e.after && known.has(e.before) && known.has(e.after))
  const dates = [...new Set(nodes.flatMap((n) => [n.valid_from, n.valid_to]).filter((d): d is string => !!d))].sort()
  // A first day without any version before it opens no column of its own at the left.
  if (dates.length && nodes.every((n) => n.valid_from && n.valid_from >= dates[0]!)) dates.shift()
  const columns = dates.length + 1
  const column = Math.max(size.column, size.width / columns)
  const gutter = Math.max(size.gutter, Math.min(110, column * 0.26))
  const startOf = (n: LineageNode) => (n.valid_from ? dates.filter((d) => d <= n.valid_from!).length : 0)
  const endOf = (n: LineageNode) => (n.valid_to ? dates.filter((d) => d < n.valid_to!).length : columns - 1)

  const into = new Map<number, LineageEdge[]>()
  const from = new Map<number, LineageEdge[]>()
  for (const e of links) {
    into.set(e.after, [...(into.get(e.after) ?? []), e])
    from.set(e.before, [...(from.get(e.before) ?? []), e])
  }

  // Those that end up together stand together: walk back from what exists last.
  const order = new Map<number, number>()
  const visit = (n: LineageNode, path: Set<number>): void => {
    if (order.has(n.id) || path.has(n.id)) return
    path.add(n.id)
    const before = (into.get(n.id) ?? []).map((e) => known.get(e.before)!)
    for (const b of sorted(before)) visit(b, path)
    order.set(n.id, order.size)
  }
  for (const n of sorted(nodes.filter((n) => !from.has(n.id)))) visit(n, new Set())
  for (const n of sorted([...nodes])) visit(n, new Set())

  const placed: GraphNode[] = []
  const at = new Map<number, GraphNode>()
  const pitch = size.row + size.gap
  for (let c = 0; c < columns; c++) {
    const here = nodes.filter((n) => startOf(n) === c)
    const wish = new Map(
      here.map((n) => {
        const before = (into.get(n.id) ?? []).map((e) => ({ g: at.get(e.before), w: e.area_share * (known.get(e.before)?.area_km2 || 1) })).filter((b) => b.g)
        const total = before.reduce((s, b) => s + b.w, 0)
        const y = total > 0 ? before.reduce((s, b) => s + b.g!.y * b.w, 0) / total : undefined
        return [n.id, y] as const
      }),
    )
    const list = [...here].sort((a, b) => {
      const ya = wish.get(a.id)
      const yb = wish.get(b.id)
      return ya !== undefined && yb !== undefined && ya !== yb ? ya - yb : (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0)
    })
    let next = size.top
    for (const n of list) {
      const last = Math.max(c, endOf(n))
      const y = free(placed, c, last, wish.get(n.id) ?? next, pitch, size.top)
      const g: GraphNode = {
        node: n,
        from: c,
        to: last,
        x: c * column + (c === 0 ? 0 : gutter / 2),
        y,
        width: 0,
        height: size.row,
      }
      g.width = (last + 1) * column - (last === columns - 1 ? 0 : gutter / 2) - g.x
      placed.push(g)
      at.set(n.id, g)
      next = y + pitch
    }
  }
  const bottom = placed.reduce((m, g) => Math.max(m, g.y + g.height), size.top)
  return {
    nodes: placed,
    edges: ribbons(links, at, from, into),
    dates: dates.map((date, i) => ({ date, x: (i + 1) * column })),
    width: columns * column,
    height: bottom + size.gap,
  }
}

function sorted(list: LineageNode[]): LineageNode[] {
  return list.sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : a.id - b.id))
}

/** The free place nearest to y for a bar over columns a to b. */
function free(placed: readonly GraphNode[], a: number, b: number, y: number, pitch: number, top: number): number {
  const busy = placed.filter((g) => g.from <= b && g.to >= a).map((g) => g.y)
  const ok = (v: number) => v >= top && busy.every((w) => Math.abs(w - v) >= pitch - 1e-9)
  const candidates = [Math.max(top, y), ...busy.flatMap((w) => [w - pitch, w + pitch])].filter(ok)
  if (!candidates.length) return Math.max(top, ...busy.map((w) => w + pitch))
  return candidates.reduce((best, v) => (Math.abs(v - y) < Math.abs(best - y) ? v : best))
}

function ribbons(links: readonly LineageEdge[], at: Map<number, GraphNode>, from: Map<number, LineageEdge[]>, into: Map<number, LineageEdge[]>): GraphEdge[] {
  const area = (e: LineageEdge) => Math.max(0, e.area_share) * (at.get(e.before)?.node.area_km2 || 1)
  const y0 = new Map<LineageEdge, [number, number]>()
  const y1 = new Map<LineageEdge, [number, number]>()
  const port = (list: LineageEdge[], end: 'before' | 'after', share: (e: LineageEdge) => number, g: GraphNode, to: Map<LineageEdge, [number, number]>) => {
    const other = (e: LineageEdge) => at.get(e[end === 'before' ? 'after' : 'before'])?.y ?? 0
    const total = Math.max(1, list.reduce((s, e) => s + share(e), 0))
    const room = g.height - 8
    let y = g.y + 4 + (room * (1 - list.reduce((s, e) => s + share(e), 0) / total)) / 2
    for (const e of [...list].sort((p, q) => other(p) - other(q))) {
      const h = (room * share(e)) / total
      to.set(e, [y, y + h])
      y += h
    }
  }
  const intoShare = new Map<LineageEdge, number>()
  for (const [id, list] of from) {
    const g = at.get(id)
    if (g) port(list, 'before', (e) => Math.max(0, Math.min(1, e.area_share)), g, y0)
  }
  for (const [id, list] of into) {
    const g = at.get(id)
    if (!g) continue
    const whole = list.reduce((s, e) => s + area(e), 0) || 1
    for (const e of list) intoShare.set(e, area(e) / whole)
    port(list, 'after', (e) => intoShare.get(e) ?? 0, g, y1)
  }
  const r = (v: number) => Math.round(v * 10) / 10
  return links.map((edge) => {
    const a = at.get(edge.before)!
    const b = at.get(edge.after)!
    let [p0, p1] = y0.get(edge)!
    let [q0, q1] = y1.get(edge)!
    // A small share is a thin line, not an invisible one.
    if (p1 - p0 < 1.4) [p0, p1] = [(p0 + p1) / 2 - 0.7, (p0 + p1) / 2 + 0.7]
    if (q1 - q0 < 1.4) [q0, q1] = [(q0 + q1) / 2 - 0.7, (q0 + q1) / 2 + 0.7]
    const x0 = a.x + a.width
    const x1 = b.x
    const m = (x0 + x1) / 2
    const path = `M${r(x0)} ${r(p0)}C${r(m)} ${r(p0)} ${r(m)} ${r(q0)} ${r(x1)} ${r(q0)}L${r(x1)} ${r(q1)}C${r(m)} ${r(q1)} ${r(m)} ${r(p1)} ${r(x0)} ${r(p1)}Z`
    return { edge, intoShare: intoShare.get(edge) ?? 0, path }
  })
}

/** Everything that a version came from and became, itself included: ids of versions. */
export function kin(id: number, edges: readonly LineageEdge[]): Set<number> {
  const out = new Set([id])
  const walk = (near: 'before' | 'after', far: 'before' | 'after') => {
    const queue = [id]
    const seen = new Set(queue)
    for (let q = queue.pop(); q !== undefined; q = queue.pop()) {
      for (const e of edges) {
        if (e[near] !== q || seen.has(e[far])) continue
        seen.add(e[far])
        out.add(e[far])
        queue.push(e[far])
      }
    }
  }
  walk('before', 'after')
  walk('after', 'before')
  return out
}

/** The bar that an arrow key leads to from another. */
export function neighbour(g: Graph, id: number, key: string): number | undefined {
  const here = g.nodes.find((n) => n.node.id === id)
  if (!here) return undefined
  if (key === 'ArrowLeft' || key === 'ArrowRight') {
    const list = g.edges.filter((e) => (key === 'ArrowLeft' ? e.edge.after : e.edge.before) === id)
    const weight = (e: GraphEdge) => (key === 'ArrowLeft' ? e.intoShare : e.edge.area_share)
    const best = list.sort((a, b) => weight(b) - weight(a))[0]
    return best && (key === 'ArrowLeft' ? best.edge.before : best.edge.after)
  }
  const column = g.nodes.filter((n) => n.from <= here.to && n.to >= here.from && n !== here)
  const up = column.filter((n) => n.y < here.y).sort((a, b) => b.y - a.y)[0]
  const down = column.filter((n) => n.y > here.y).sort((a, b) => a.y - b.y)[0]
  return key === 'ArrowUp' ? up?.node.id : key === 'ArrowDown' ? down?.node.id : undefined
}
