import { describe, expect, it } from 'vitest'
import { dateAt, effective, layoutMarks, place, spanOf, step, yearTicks } from './axis'
import { addDays, addYears, dayNumber, dateOf } from './days'

const today = '2026-11-26'
const days = ['2018-10-31', '2019-06-30']
const span = spanOf(days, today)

describe('days', () => {
  it('counts over leap days and back', () => {
    expect(dayNumber('1970-01-01')).toBe(0)
    expect(addDays('2020-02-28', 1)).toBe('2020-02-29')
    expect(addDays('2018-10-31', -1)).toBe('2018-10-30')
    for (let d = -40_000; d < 40_000; d += 997) expect(dayNumber(dateOf(d))).toBe(d)
  })
  it('keeps the day of the year, the last of February where it must', () => {
    expect(addYears('2020-02-29', 1)).toBe('2021-02-28')
    expect(addYears('2020-02-29', -4)).toBe('2016-02-29')
    expect(addYears('2019-12-31', 1)).toBe('2020-12-31')
  })
})

describe('the span of the slider', () => {
  it('begins in the year before the first change and ends today', () => {
    expect(span).toEqual({ first: '2017-01-01', today })
    expect(spanOf([], today).first).toBe('2025-01-01')
  })
  it('places a date and finds it again', () => {
    expect(place(span.first, span)).toBe(0)
    expect(place(today, span)).toBe(1)
    expect(place('1990-01-01', span)).toBe(0)
    expect(dateAt(place('2021-05-17', span), span)).toBe('2021-05-17')
    expect(dateAt(-3, span)).toBe(span.first)
    expect(dateAt(9, span)).toBe(today)
  })
  it('takes the change itself within reach of it', () => {
    expect(dateAt(place('2018-11-10', span), span, days, 0.01)).toBe('2018-10-31')
    expect(dateAt(place('2018-11-10', span), span, days, 0.0001)).toBe('2018-11-10')
  })
})

describe('keys', () => {
  it.each([
    ['ArrowLeft', today, '2019-06-30'],
    ['ArrowLeft', '2019-06-30', '2018-10-31'],
    ['ArrowLeft', '2018-10-31', '2017-01-01'],
    ['ArrowLeft', '2017-01-01', '2017-01-01'],
    ['ArrowRight', '2017-01-01', '2018-10-31'],
    ['ArrowRight', '2018-12-01', '2019-06-30'],
    ['ArrowRight', '2019-06-30', today],
    ['ArrowRight', today, today],
    ['Home', '2020-01-01', '2017-01-01'],
    ['End', '2020-01-01', today],
    ['PageDown', '2020-03-01', '2019-03-01'],
    ['PageDown', '2017-03-01', '2017-01-01'],
    ['PageUp', '2026-03-01', today],
  ])('%s from %s leads to %s', (key, from, to) => expect(step(key, from, days, span)).toBe(to))
  it('leaves other keys alone', () => expect(step('a', today, days, span)).toBeUndefined())
  it('does not step to a change that is yet to come', () => expect(step('ArrowRight', '2020-01-01', [...days, '2027-01-01'], span)).toBe(today))
})

describe('effective', () => {
  it('is the latest change up to a date', () => {
    expect(effective('2018-10-30', days)).toBeUndefined()
    expect(effective('2018-10-31', days)).toBe('2018-10-31')
    expect(effective(today, days)).toBe('2019-06-30')
  })
})

describe('layoutMarks', () => {
  const text = (n: number) => '三十字'.repeat(n)
  const widthOf = (s: string) => s.length * 12
  it('lets no two labels touch and none leave the track, whatever lies on it', () => {
    for (let seed = 1; seed < 40; seed++) {
      let r = seed
      const rand = () => (r = (r * 16807) % 2147483647) / 2147483647
      const changes = Array.from({ length: 1 + Math.floor(rand() * 40) }, () => ({
        date: dateOf(dayNumber('2017-02-01') + Math.floor(rand() * 3500)),
        changed: Math.floor(rand() * 400),
        text: text(1 + Math.floor(rand() * 6)),
      }))
      const marks = layoutMarks(changes, span, 700, widthOf)
      expect(marks).toHaveLength(changes.length)
      const labels = marks.filter((m) => m.label !== null).map((m) => [m.label!, m.label! + widthOf(m.text)] as const)
      expect(labels.length).toBeGreaterThan(0)
      labels.sort((a, b) => a[0] - b[0])
      labels.forEach(([a, b], i) => {
        expect(a).toBeGreaterThanOrEqual(0)
        expect(b).toBeLessThanOrEqual(700)
        if (i) expect(a - labels[i - 1]![1]).toBeGreaterThanOrEqual(14)
      })
    }
  })
  it('gives the room to the change that changed more', () => {
    const marks = layoutMarks([{ date: '2020-01-01', changed: 3, text: text(6) }, { date: '2020-01-05', changed: 300, text: text(6) }], span, 300, widthOf)
    expect(marks[0]!.label).toBeNull()
    expect(marks[1]!.label).not.toBeNull()
    expect(marks[1]!.weight).toBe(1)
  })
})

describe('yearTicks', () => {
  it('keeps its distance at every width', () => {
    for (const width of [120, 250, 390, 900, 2000]) {
      const ticks = yearTicks(span, width)
      ticks.forEach((t, i) => i && expect(t.x - ticks[i - 1]!.x).toBeGreaterThan(40))
    }
    expect(yearTicks(span, 900).length).toBeGreaterThan(5)
  })
})
