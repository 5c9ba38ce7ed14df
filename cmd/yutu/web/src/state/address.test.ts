import { describe, expect, it } from 'vitest'
import { formatHash, isDate, parseHash, type Address } from './address'

describe('parseHash', () => {
  it('reads everything an address can hold', () => {
    expect(parseHash('#map=10.5/29.05/120.45&select=330727001000&at=2018-12-31&view=data&sheet=list&lang=en')).toEqual({
      map: { zoom: 10.5, lat: 29.05, lon: 120.45 },
      select: '330727001000',
      at: '2018-12-31',
      view: 'data',
      list: true,
      lang: 'en',
    })
  })
  it('opens the atlas on an empty hash', () => {
    expect(parseHash('')).toEqual({ view: 'atlas', list: false })
    expect(parseHash('#')).toEqual({ view: 'atlas', list: false })
  })
  it.each([
    '#map=',
    '#map=1/2',
    '#map=a/b/c',
    '#map=10/91/120',
    '#map=10/29/181',
    '#map=-1/29/120',
    '#map=10//120',
    '#map=NaN/0/0',
    '#select=%3Cscript%3E',
    '#select=' + '1'.repeat(40),
    '#at=2019-02-30',
    '#at=yesterday',
    '#lang=fr',
    '#view=secret',
    '#%E0%A4%A',
  ])('leaves out what it cannot read: %s', (hash) => {
    expect(parseHash(hash)).toEqual({ view: 'atlas', list: false })
  })
})

describe('formatHash', () => {
  it('is read back as it was written', () => {
    const all: Address[] = [
      { view: 'atlas', list: false },
      { view: 'data', list: true, lang: 'zh', at: '2020-02-29', select: '330727', map: { zoom: 9.25, lat: -29.12345, lon: -120.54321 } },
    ]
    all.push({ view: 'record', list: false, form: { kind: 'merge', units: '330727001000,330727002000', date: '2026-12-01' } })
    all.push({ view: 'crosswalk', list: false, form: { from: '2017-12-31', to: '2026-11-26', level: 'village', weight: 'area' } })
    all.push({ view: 'unit', list: false, select: '330727102000', at: '2018-10-30' })
    for (const a of all) expect(parseHash(formatHash(a))).toEqual(a)
  })
  it('keeps a form to its own view', () => {
    expect(formatHash({ view: 'atlas', list: false, form: { kind: 'merge' } })).toBe('#')
    expect(parseHash('#view=record&kind=merge&from=2020-01-01').form).toEqual({ kind: 'merge' })
    expect(parseHash('#view=record&kind=%3Cb%3E').form).toBeUndefined()
  })
  it('rounds the position to about a metre', () => {
    expect(formatHash({ view: 'atlas', list: false, map: { zoom: 9.123456, lat: 29.0000049, lon: 120 } })).toBe('#map=9.12/29.00000/120.00000')
  })
})

describe('isDate', () => {
  it('knows the calendar', () => {
    expect(isDate('2024-02-29')).toBe(true)
    expect(isDate('2023-02-29')).toBe(false)
    expect(isDate('2023-2-9')).toBe(false)
    expect(isDate('2023-13-01')).toBe(false)
  })
})
