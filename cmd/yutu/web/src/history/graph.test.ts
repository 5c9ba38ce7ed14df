import { describe, expect, it } from 'vitest'
import { kin, layoutGraph, neighbour, USUAL, type Graph } from './graph'
import { manyIntoOne, Sample } from './sample'

function overlaps(g: Graph): string[] {
  const out: string[] = []
  g.nodes.forEach((a, i) =>
    g.nodes.slice(i + 1).forEach((b) => {
      const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
      if (!apart) out.push(`${a.node.name} ${a.node.id} / ${b.node.name} ${b.node.id}`)
    }),
  )
  return out
}

describe('layoutGraph', () => {
  it('draws one version alone', () => {
    const s = new Sample()
    s.unit('安文街道', '330727001000', null, null, [0, 0])
    const g = layoutGraph(s.nodes, s.edges)
    expect(g.nodes).toHaveLength(1)
    expect(g.dates).toEqual([])
    expect(g.nodes[0]).toMatchObject({ x: 0, width: USUAL.width })
  })
  it.each([1, 2, 7, 40])('lets nothing overlap where %i units became one', (n) => {
    const s = manyIntoOne(n)
    const g = layoutGraph(s.nodes, s.edges)
    expect(g.nodes).toHaveLength(n + 3)
    expect(overlaps(g)).toEqual([])
    expect(g.dates.map((d) => d.date)).toEqual(['2018-10-31', '2021-07-01'])
    for (const { node, x, width, y, height } of g.nodes) {
      expect(x, node.name).toBeGreaterThanOrEqual(0)
      expect(x + width).toBeLessThanOrEqual(g.width + 1e-9)
      expect(y + height).toBeLessThanOrEqual(g.height)
    }
    // Time runs to the right.
    for (const e of g.edges) {
      const a = g.nodes.find((m) => m.node.id === e.edge.before)!
      const b = g.nodes.find((m) => m.node.id === e.edge.after)!
      expect(a.x + a.width).toBeLessThan(b.x)
    }
    expect(g.edges.slice(0, n).reduce((sum, e) => sum + e.intoShare, 0)).toBeCloseTo(1, 9)
  })
  it('sets the one in the middle of those that it came from', () => {
    const s = manyIntoOne(9)
    const g = layoutGraph(s.nodes, s.edges)
    const one = g.nodes.find((m) => m.node.name === '大合并镇')!
    const before = g.nodes.filter((m) => m.from === 0)
    expect(one.y).toBeCloseTo(before.reduce((sum, m) => sum + m.y, 0) / before.length, 6)
  })
  it('lets nothing overlap in hundreds of random histories, with the same units in any order', () => {
    let r = 42
    const rand = () => (r = (r * 16807) % 2147483647) / 2147483647
    for (let round = 0; round < 400; round++) {
      const s = new Sample()
      let serial = 0
      const make = (from: string | null) => s.unit(`乡${serial}`, String(330727200000 + serial++ * 1000), from, null, [0, 0])
      let live = Array.from({ length: 1 + Math.floor(rand() * 8) }, () => make(null))
      for (let year = 2000; year < 2000 + 1 + Math.floor(rand() * 6); year++) {
        const date = `${year}-07-01`
        const gone = live.filter(() => rand() < 0.5)
        if (!gone.length) continue
        gone.forEach((n) => (n.valid_to = date))
        const born = Array.from({ length: 1 + Math.floor(rand() * 3) }, () => make(date))
        s.event('merge', date, gone, born, gone.map((n) => [n, born[Math.floor(rand() * born.length)]!, rand()]))
        live = [...live.filter((n) => !gone.includes(n)), ...born]
      }
      const g = layoutGraph(s.nodes, s.edges)
      expect(overlaps(g), `round ${round}`).toEqual([])
      const shuffled = [...s.nodes].sort(() => rand() - 0.5)
      const again = layoutGraph(shuffled, s.edges)
      expect(again.nodes.map((n) => [n.node.id, n.x, n.y]).sort()).toEqual(g.nodes.map((n) => [n.node.id, n.x, n.y]).sort())
    }
  })
  it('draws no ribbon from a version to itself or to one it does not have', () => {
    const s = new Sample()
    const a = s.unit('甲乡', '330727201000', null, null, [0, 0])
    s.event('reseat', '2020-01-01', [a], [a], [[a, a, 1]])
    s.edges.push({ before: 99, after: a.id, event: 0, area_share: 1, population_share: null })
    expect(layoutGraph(s.nodes, s.edges).edges).toEqual([])
  })
})

describe('kin and neighbour', () => {
  it('follows both directions but not those of others', () => {
    const s = manyIntoOne(3)
    const [a, , , one, rest, off] = s.nodes.map((n) => n.id)
    expect([...kin(a!, s.edges)].sort()).toEqual([a, one, rest, off].sort())
    expect(kin(one!, s.edges).size).toBe(6)
  })
  it('steps along the broadest ribbon and through the column', () => {
    const s = manyIntoOne(3)
    const g = layoutGraph(s.nodes, s.edges)
    const [a, b, , one, rest] = s.nodes.map((n) => n.id)
    expect(neighbour(g, a!, 'ArrowRight')).toBe(one)
    expect(neighbour(g, one!, 'ArrowRight')).toBe(rest)
    expect(neighbour(g, a!, 'ArrowLeft')).toBeUndefined()
    expect(neighbour(g, a!, 'ArrowDown')).toBe(b)
    expect(neighbour(g, a!, 'ArrowUp')).toBeUndefined()
  })
})
