import { describe, expect, it } from 'vitest'
import { addDays } from './days'
import { fitName } from './fit'
import { frame, outline } from './outline'
import { manyIntoOne, Sample } from './sample'
import { chosenNode, dayOfForce, mainLine, ownLevel, timeline } from './timeline'

const before = (d: string) => addDays(d, -1)

/** 尖山镇 102 took in 胡宅乡 and became 109; the code 102 went to another town two years later. */
function jianshan() {
  const s = new Sample()
  const old = s.unit('尖山镇', '330727102000', null, '2018-10-31', [0, 0])
  const hu = s.unit('胡宅乡', '330727210000', null, '2018-10-31', [1, 0])
  const now = s.unit('尖山镇', '330727109000', '2018-10-31', null, [0, 0, 2, 1])
  const reissued = s.unit('新渥镇', '330727102000', '2020-01-01', null, [4, 0])
  s.event('merge', '2018-10-31', [old, hu], [now], [[old, now, 1], [hu, now, 1]])
  return { s, old, hu, now, reissued }
}

describe('chosenNode', () => {
  const { s, old, reissued } = jianshan()
  it.each([
    ['2015-01-01', () => old.id],
    ['2018-10-31', () => old.id],
    ['2019-06-01', () => old.id],
    ['2020-01-01', () => reissued.id],
    ['2026-01-01', () => reissued.id],
  ])('finds whose code it was on %s', (at, id) => expect(chosenNode(s.nodes, '330727102000', at)?.id).toBe(id()))
  it('knows no unit of another code', () => expect(chosenNode(s.nodes, '330727999000', '2020-01-01')).toBeUndefined())
})

describe('dayOfForce', () => {
  it('is a day on which the version can be asked for', () => {
    expect(dayOfForce({ valid_from: null, valid_to: '2018-10-31' }, '2026-11-26', before)).toBe('2018-10-30')
    expect(dayOfForce({ valid_from: '2018-10-31', valid_to: null }, '2026-11-26', before)).toBe('2026-11-26')
    expect(dayOfForce({ valid_from: '2027-01-01', valid_to: null }, '2026-11-26', before)).toBe('2027-01-01')
  })
})

describe('mainLine', () => {
  it('follows the name through a merger and a new code, not those that were taken in', () => {
    const { s, old, now, hu } = jianshan()
    expect(mainLine(s.lineage('x'), now).map((n) => n.id)).toEqual([old.id, now.id])
    expect(mainLine(s.lineage('x'), old).map((n) => n.id)).toEqual([old.id, now.id])
    expect(mainLine(s.lineage('x'), hu).map((n) => n.id)).toEqual([hu.id])
  })
  it('follows a renaming', () => {
    const s = new Sample()
    const a = s.unit('甲乡', '330727201000', null, '2019-01-01', [0, 0])
    const b = s.unit('乙镇', '330727101000', '2019-01-01', null, [0, 0])
    s.event('upgrade', '2019-01-01', [a], [b], [[a, b, 1]])
    expect(mainLine(s.lineage('x'), b)).toEqual([a, b])
  })
})

describe('timeline', () => {
  it('sets each change before the version that it made', () => {
    const { s, now } = jianshan()
    const got = timeline(s.lineage('330727109000'), now)
    expect(got.map((e) => e.type)).toEqual(['version', 'event', 'version'])
    expect(got[2]).toMatchObject({ chosen: true })
    expect(got[1]).toMatchObject({ own: true })
  })
  it('marks changes of those before it as theirs, and leaves out withdrawn ones', () => {
    const { s, hu, now } = jianshan()
    const older = s.unit('胡宅公社', '330727211000', null, '1984-01-01', [1, 0])
    hu.valid_from = '1984-01-01'
    s.event('upgrade', '1984-01-01', [older], [hu], [[older, hu, 1]])
    const mistake = s.event('rename', '2019-01-01', [now], [now], [])
    mistake.withdrawn_at = '2019-02-01T00:00:00Z'
    const got = timeline(s.lineage('x'), now)
    expect(got.map((e) => (e.type === 'event' ? `${e.event.kind}:${e.own}` : e.type))).toEqual(['version', 'upgrade:false', 'merge:true', 'version'])
  })
  it('tells of a version that only a file brought', () => {
    const s = new Sample()
    const a = s.unit('甲乡', '330727201000', null, '2019-01-01', [0, 0])
    const b = s.unit('甲乡', '330727201000', '2019-01-01', null, [0, 0])
    s.edges.push({ before: a.id, after: b.id, event: 0, area_share: 1, population_share: null })
    const got = timeline(s.lineage('x'), b)
    expect(got.map((e) => e.type)).toEqual(['version', 'data', 'version'])
  })
  it('of a unit without any event is its one version', () => {
    const s = new Sample()
    const a = s.unit('甲乡', '330727201000', null, null, [0, 0])
    expect(timeline(s.lineage('x'), a).map((e) => e.type)).toEqual(['version'])
  })
  it('of forty predecessors has each change once', () => {
    const s = manyIntoOne(40)
    expect(timeline(s.lineage('x'), s.nodes[41]!).map((e) => e.type)).toEqual(['event', 'version', 'event', 'version'])
  })
})

describe('ownLevel', () => {
  it('parts the townships from the villages that follow them', () => {
    const { s, old, now } = jianshan()
    const v = s.unit('甲村', '330727102201', null, '2018-10-31', [0, 0], 'village')
    const w = s.unit('甲村', '330727109201', '2018-10-31', null, [0, 0], 'village')
    expect(ownLevel({ before: [old, v], after: [now, w] })).toEqual({ before: [old], after: [now], below: 1 })
    expect(ownLevel({ before: [v], after: [w] })).toEqual({ before: [v], after: [w], below: 0 })
  })
})

describe('fitName', () => {
  const widthOf = (t: string, size: number) => [...t].length * size
  const long = '某某省某某市某某县某某民族自治乡人民政府驻地村村'
  it('takes the largest size that fits', () => {
    expect(fitName('尖山镇', 150, widthOf, [16, 14, 12])).toEqual({ lines: ['尖山镇'], size: 16 })
    expect(fitName('双峰乡人民政府驻地村', 150, widthOf, [16, 14, 12])).toEqual({ lines: ['双峰乡人民政府驻地村'], size: 14 })
  })
  it('breaks a name of 24 characters and loses none of it', () => {
    expect([...long]).toHaveLength(24)
    const got = fitName(long, 150, widthOf, [16, 14, 12])
    expect(got.lines.join('')).toBe(long)
    for (const l of got.lines) expect(widthOf(l, got.size)).toBeLessThanOrEqual(150)
  })
  it('cuts what will not fit', () => {
    const got = fitName(long, 100, widthOf, [12], 1)
    expect(got.lines[0]).toMatch(/…$/)
    expect(widthOf(got.lines[0]!, 12)).toBeLessThanOrEqual(100)
  })
})

describe('frame and outline', () => {
  it('keeps the shape and the margin', () => {
    const f = frame([120, 29, 120.1, 29.1], 300, 190, 10)
    const w = f.x(120.1) - f.x(120)
    const h = f.y(29) - f.y(29.1)
    expect(w / h).toBeCloseTo(Math.cos((29.05 * Math.PI) / 180), 6)
    expect(f.y(29.1)).toBeCloseTo(10, 6)
    expect(f.y(29)).toBeCloseTo(180, 6)
  })
  it('leaves out points that no eye could tell apart, never a ring', () => {
    const f = frame([120, 29, 121, 30], 100, 100, 0)
    const ring = Array.from({ length: 1000 }, (_, i) => [120 + i / 1000, 29 + (i % 2) / 1e5])
    const d = outline({ type: 'MultiPolygon', coordinates: [[ring], [[[120.5, 29.5], [120.5001, 29.5], [120.5, 29.5001], [120.5, 29.5]]]] }, f)
    expect(d.match(/M/g)).toHaveLength(2)
    expect(d.match(/L/g)!.length).toBeLessThan(220)
  })
})
