import { describe, expect, it } from 'vitest'
import published from '../../style.json'
import { placeNames } from './outside'
import { degrees, metresPerPixel, scaleBar } from './scale'
import { appStyle, freshURL, tileURLs } from './style'
import { Tints } from './tint'

describe('Tints', () => {
  it('gives neighbours different tints', () => {
    const t = new Tints(4)
    const pairs = [['a', 'b'], ['b', 'c'], ['c', 'a'], ['c', 'd'], ['d', 'a']] as const
    pairs.forEach(([a, b]) => t.neighbours(a, b))
    const got = t.tint(['a', 'b', 'c', 'd'])
    for (const [a, b] of pairs) expect(got.get(a)).not.toBe(got.get(b))
  })
  it('does not depend on the order and never changes what it gave', () => {
    const make = (codes: string[]) => {
      const t = new Tints(5)
      t.neighbours('x', 'y')
      t.neighbours('y', 'z')
      return [t, Object.fromEntries(t.tint(codes))] as const
    }
    const [t, first] = make(['x', 'y', 'z'])
    expect(make(['z', 'x', 'y'])[1]).toEqual(first)
    t.neighbours('x', 'w')
    expect(Object.fromEntries(t.tint(['w', 'x', 'y', 'z']))).toMatchObject(first)
  })
})

describe('scaleBar', () => {
  it('is a round length that fits', () => {
    for (let zoom = 3; zoom < 18; zoom += 0.37) {
      const mpp = metresPerPixel(zoom, 29)
      const { metres, px } = scaleBar(mpp, 120)
      expect(px).toBeLessThanOrEqual(120)
      expect(px).toBeGreaterThan(47)
      expect([1, 2, 5]).toContain(metres / 10 ** Math.floor(Math.log10(metres) + 1e-9))
    }
  })
  it('knows the equator: 78 271.5 m per pixel at zoom 0 with 512 px tiles', () => {
    expect(metresPerPixel(0, 0)).toBeCloseTo(78271.5, 0)
  })
})

describe('degrees', () => {
  it('names the hemisphere', () => {
    expect(degrees(120.45, 'E', 'W')).toBe('120.45000°E')
    expect(degrees(-0.1, 'N', 'S')).toBe('0.10000°S')
  })
})

describe('placeNames', () => {
  const box = (x0: number, y0: number, x1: number, y1: number): [number, number][] => [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
  it('puts a name amid the free part of its area', () => {
    const [p] = placeNames([{ name: 'a', rings: [box(0, 0, 400, 400)] }], 400, 400, [{ left: 0, top: 0, right: 200, bottom: 400 }], 40)
    expect(p?.name).toBe('a')
    expect(p!.x).toBeGreaterThan(240)
    expect(p!.x).toBeLessThan(360)
  })
  it('leaves out a name without room, and joins the pieces of one', () => {
    expect(placeNames([{ name: 'a', rings: [box(0, 0, 50, 400)] }], 400, 400, [], 40)).toEqual([])
    const two = [{ name: 'a', rings: [box(0, 0, 200, 400)] }, { name: 'a', rings: [box(200, 0, 400, 400)] }]
    const [p] = placeNames(two, 400, 400, [], 150)
    expect(Math.abs(p!.x - 200)).toBeLessThan(32)
  })
  it('minds holes', () => {
    const got = placeNames([{ name: 'a', rings: [box(0, 0, 400, 400), box(80, 80, 320, 320)] }], 400, 400, [], 60)
    expect(got).toEqual([])
  })
  it('survives a canvas of no size', () => expect(placeNames([], 0, 0, [], 40)).toEqual([]))
})

describe('style', () => {
  const tj = { tiles: ['/tiles/divisions/{z}/{x}/{y}.mvt'], minzoom: 4, maxzoom: 13 }
  it('asks for a date in the address of a tile', () => {
    expect(tileURLs(tj)).toEqual(['/tiles/divisions/{z}/{x}/{y}.mvt'])
    expect(tileURLs(tj, '2019-01-01')).toEqual(['/tiles/divisions/{z}/{x}/{y}.mvt?at=2019-01-01'])
    expect(tileURLs({ tiles: ['/t?v=1'] }, '2019-01-01')).toEqual(['/t?v=1&at=2019-01-01'])
  })
  it('asks for what has changed under its new version, and never goes back to an older one', () => {
    expect(freshURL('/t/9/1/2.mvt?v=7&at=2019-01-01', 12)).toBe('/t/9/1/2.mvt?v=12&at=2019-01-01')
    expect(freshURL('/t?at=2019-01-01&v=7', 12)).toBe('/t?at=2019-01-01&v=12')
    expect(freshURL('/t?v=13', 12)).toBe('/t?v=13')
    expect(freshURL('/t?v=7', 0)).toBe('/t?v=7')
    expect(freshURL('/t?rev=7', 12)).toBe('/t?rev=7')
  })
  it('is published with what QGIS 3.22 reads: on attributes only comparison and match, no feature state', () => {
    const walk = (v: unknown): void => {
      if (!Array.isArray(v)) return
      const [op, first, input] = v as [unknown, unknown, unknown]
      if (op === 'interpolate' || op === 'step') expect(JSON.stringify(op === 'step' ? first : input)).toBe('["zoom"]')
      expect(op).not.toBe('feature-state')
      v.forEach(walk)
    }
    for (const l of published.layers) {
      walk((l as { filter?: unknown }).filter)
      for (const part of [l.paint, (l as { layout?: object }).layout]) Object.values(part ?? {}).forEach(walk)
    }
    expect(published).not.toHaveProperty('glyphs')
    expect(published).not.toHaveProperty('sprite')
    expect(published.sources.divisions.url).toBe('/tiles/divisions.json')
  })
  it('keeps every published layer, each id once', () => {
    const ids = appStyle(tj).layers.map((l) => l.id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const l of published.layers) expect(ids).toContain(l.id)
  })
})
