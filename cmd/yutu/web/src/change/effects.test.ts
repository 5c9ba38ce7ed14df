import { describe, expect, it } from 'vitest'
import type { Finding, Preview, UnitFeature } from '../api/events'
import { areaChanges, fieldOf, following, indexOf, mu, ownLevel, turn } from './effects'

const finding = (rule: string, field?: string): Finding => ({ rule, severity: 'error', message: { zh: '', en: '' }, field })
const unit = (id: number, code: string, name: string, level_number = 4, area_m2?: number, type = '镇'): UnitFeature => ({
  type: 'Feature',
  geometry: { type: 'Polygon', coordinates: [] },
  properties: { id, code, name, type, level: level_number === 4 ? 'township' : 'village', level_number, area_m2 },
})
const empty: Preview = { refusals: [], warnings: [], ends: [], begins: [], edges: [], touched: [] }

describe('fieldOf', () => {
  it('believes what the service says', () => {
    expect(fieldOf(finding('x', 'results.1.code'), ['results'])).toBe('results')
    expect(indexOf(finding('x', 'results.1.code'))).toBe(1)
    expect(fieldOf(finding('x', 'units.0'), ['units'])).toBe('units')
    expect(fieldOf(finding('x', 'enclave'), ['units'])).toBe('units')
  })
  it('puts at the top what the form has no place for', () => {
    expect(fieldOf(finding('x', 'line'), ['units'])).toBeUndefined()
    expect(fieldOf(finding('x', 'secrecy'), ['units'])).toBeUndefined()
    expect(fieldOf(finding('something-else'), ['units'])).toBeUndefined()
  })
  it('guesses from the rule where nothing is said', () => {
    const all = ['units', 'line', 'results', 'date'] as const
    expect(fieldOf(finding('line-does-not-cross'), all)).toBe('line')
    expect(fieldOf(finding('units-do-not-touch'), all)).toBe('units')
    expect(fieldOf(finding('code-in-use'), all)).toBe('results')
    expect(fieldOf(finding('date-before-later-event'), all)).toBe('date')
  })
})

describe('what a preview shows', () => {
  const merge: Preview = {
    ...empty,
    ends: [unit(1, '330727106000', '玉山镇', 4, 50e6), unit(2, '330727107000', '尚湖镇', 4, 70e6), unit(3, '330727107202', '乙村', 5), unit(4, '330727107201', '甲村', 5)],
    begins: [unit(-1, '330727106000', '玉山镇', 4, 120e6), unit(-2, '330727106281', '乙村', 5), unit(-3, '330727106280', '甲村', 5)],
    edges: [
      { before: 1, after: -1, area_share: 1 },
      { before: 2, after: -1, area_share: 1 },
      { before: 3, after: -2, area_share: 1 },
      { before: 4, after: -3, area_share: 1 },
    ],
  }
  it('pairs the villages that follow, by old code', () => {
    expect(ownLevel(merge)).toBe(4)
    expect(following(merge).map((f) => [f.before.code, f.after.code])).toEqual([['330727107201', '330727106280'], ['330727107202', '330727106281']])
  })
  it('ends all parts of a merge, also the one that gives the name', () => {
    const t = turn(merge)
    expect(t.gone.map((u) => u.properties.id)).toEqual([1, 2])
    expect(t.fresh.map((u) => u.properties.id)).toEqual([-1])
    expect(t.stay).toEqual([])
  })
  const adjust: Preview = {
    ...empty,
    ends: [unit(1, '330727106000', '玉山镇', 4, 50e6), unit(2, '330727109000', '尖山镇', 4, 70e6)],
    begins: [unit(-1, '330727106000', '玉山镇', 4, 51e6), unit(-2, '330727109000', '尖山镇', 4, 69e6)],
    edges: [
      { before: 1, after: -1, area_share: 0.99, area_m2: 49.5e6 },
      { before: 1, after: -2, area_share: 0.01, area_m2: 0.5e6 },
      { before: 2, after: -2, area_share: 68.5 / 70, area_m2: 68.5e6 },
      { before: 2, after: -1, area_share: 1.5 / 70 },
    ],
  }
  it('says of a moved border what each side gains and loses, and what the one gains the other loses', () => {
    expect(turn(adjust).stay).toHaveLength(2)
    const [a, b] = areaChanges(adjust)
    expect(a).toMatchObject({ code: '330727106000', lost: 0.5e6 })
    expect(a!.gained).toBeCloseTo(1.5e6, 3)
    expect(b!.gained).toBe(a!.lost)
    expect(b!.lost).toBe(a!.gained)
  })
  it('shows the part that leaves a split', () => {
    const split: Preview = { ...empty, ends: [unit(1, '330727106000', '玉山镇')], begins: [unit(-1, '330727106000', '玉山镇'), unit(-2, '330727110000', '新镇')] }
    const t = turn(split)
    expect([t.gone.length, t.fresh.length, t.stay.length]).toEqual([0, 1, 1])
  })
  it('a new name is another unit on the map', () => {
    const t = turn({ ...empty, ends: [unit(1, '330727106000', '玉山镇')], begins: [unit(-1, '330727106000', '玉峰镇')] })
    expect([t.gone.length, t.fresh.length, t.stay.length]).toEqual([1, 1, 0])
  })
})
it('fifteen mu are a hectare', () => expect(mu(10_000)).toBe(15))
