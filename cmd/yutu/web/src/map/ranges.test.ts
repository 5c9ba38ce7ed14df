import { describe, expect, it } from 'vitest'
import { tilesToRefresh, tileZoom } from './ranges'

describe('tileZoom', () => {
  it('is the whole zoom, within what the source has', () => {
    expect(tileZoom(9.99, 4, 14)).toBe(9)
    expect(tileZoom(2, 4, 14)).toBe(4)
    expect(tileZoom(16.5, 4, 14)).toBe(14)
  })
})

describe('tilesToRefresh', () => {
  // 120.45°E 29.05°N lies in tile 10/854/426: (120.45+180)/360·1024 = 854.6; mercator row 426.4.
  const view: [number, number, number, number] = [120.4, 29.0, 120.5, 29.1]
  it('gives the tiles in sight inside a range', () => {
    const got = tilesToRefresh(view, 10, [{ z: 10, x0: 0, y0: 0, x1: 1023, y1: 1023 }])
    expect(got).toContainEqual({ z: 10, x: 854, y: 425 })
    expect(got.length).toBeLessThanOrEqual(4)
  })
  it('leaves out other zooms and ranges out of sight', () => {
    expect(tilesToRefresh(view, 10, [{ z: 9, x0: 0, y0: 0, x1: 511, y1: 511 }])).toEqual([])
    expect(tilesToRefresh(view, 10, [{ z: 10, x0: 0, y0: 0, x1: 800, y1: 1023 }])).toEqual([])
    expect(tilesToRefresh(view, 10, [])).toEqual([])
  })
  it('names a tile once however many ranges touch it', () => {
    const r = { z: 10, x0: 854, y0: 425, x1: 854, y1: 425 }
    expect(tilesToRefresh(view, 10, [r, r])).toEqual([{ z: 10, x: 854, y: 425 }])
  })
  it('takes the ends of a range as inside', () => {
    const got = tilesToRefresh([-180, -85, 180, 85], 1, [{ z: 1, x0: 1, y0: 1, x1: 1, y1: 1 }])
    expect(got).toEqual([{ z: 1, x: 1, y: 1 }])
  })
  it('wraps across the antimeridian', () => {
    const got = tilesToRefresh([175, -5, 185, 5], 3, [{ z: 3, x0: 0, y0: 0, x1: 0, y1: 7 }])
    expect(got.map((t) => t.x)).toEqual([0, 0])
  })
  it('gives every tile of a whole world once', () => {
    expect(tilesToRefresh([-400, -89, 400, 89], 2, [{ z: 2, x0: 0, y0: 0, x1: 3, y1: 3 }]).length).toBe(16)
  })
})
