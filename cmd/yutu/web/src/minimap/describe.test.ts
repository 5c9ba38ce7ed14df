import { describe, expect, it } from 'vitest'
import { alternative, asCollection, boxOf } from './describe'

const unit = { type: 'Feature', properties: { name: '安文街道' }, geometry: { type: 'Polygon', coordinates: [[[120, 29], [121, 29], [121, 30], [120, 29]]] } }

describe('the small map in words', () => {
  it('takes a feature, a collection, and nothing', () => {
    expect(asCollection(unit).features.length).toBe(1)
    expect(asCollection({ type: 'FeatureCollection', features: [unit, unit] }).features.length).toBe(2)
    expect(asCollection(null).features).toEqual([])
  })
  it('finds the box at any depth', () => {
    expect(boxOf(asCollection(unit))).toEqual([120, 29, 121, 30])
    expect(boxOf({ type: 'FeatureCollection', features: [] })).toBeNull()
    expect(boxOf({ type: 'FeatureCollection', features: [{ type: 'Feature', properties: null, geometry: null }] })).toBeNull()
  })
  it('names what it shows in both languages', () => {
    const c = asCollection(unit)
    expect(alternative(c, boxOf(c), true)).toContain('安文街道')
    expect(alternative(c, boxOf(c), false)).toContain('120.000 and 121.000 degrees east')
    expect(alternative(c, null, true)).toBe('没有可以画出的位置。')
  })
})
