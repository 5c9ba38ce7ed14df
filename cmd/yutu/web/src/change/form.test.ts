import { describe, expect, it } from 'vitest'
import type { EventKind } from '../api/events'
import { emptyForm, fieldsOf, KIND_ORDER, KINDS, missing, request, toggle, type Chosen, type Form } from './form'

const unit = (n: number, level: Chosen['level'] = 'township'): Chosen => ({ id: n, code: `33072710${n}000`, name: `${n}镇`, type: '镇', level, level_number: level === 'township' ? 4 : 5, parent: '330727000000' })

function filled(kind: EventKind): Form {
  const f = emptyForm(kind, '2026-12-01')
  f.units = KINDS[kind].units[0] > 1 ? [unit(1), unit(2)] : [unit(1)]
  if (KINDS[kind].fields.includes('to')) f.to = unit(3)
  f.line = [[120, 29], [121, 29]]
  f.members = ['330727101202', '330727101201']
  f.results = f.results.map((_, i) => ({ code: `33072711${i}000`, name: `新${i}`, type: '镇' }))
  f.seat = [120.5, 29.1]
  f.geometry = { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] }
  return f
}

describe('missing', () => {
  it('asks first of all for the kind', () => {
    expect(missing(emptyForm()).map((m) => m.what)).toEqual(['kind'])
  })
  it.each(KIND_ORDER)('%s lacks something when empty and nothing when filled', (kind) => {
    expect(missing(emptyForm(kind, '')).map((m) => m.what)).toContain('date')
    expect(missing(emptyForm(kind, '2026-12-01')).length).toBeGreaterThan(0)
    expect(missing(filled(kind))).toEqual([])
  })
  it('names only fields that the form shows', () => {
    for (const kind of KIND_ORDER) for (const m of missing(emptyForm(kind, ''))) expect(fieldsOf(emptyForm(kind, ''))).toContain(m.field)
  })
  it('wants units of one level, and another unit to receive', () => {
    const f = filled('merge')
    f.units = [unit(1), unit(2, 'village')]
    expect(missing(f).map((m) => m.what)).toEqual(['sameLevel'])
    const t = filled('transfer')
    t.to = unit(1)
    expect(missing(t).map((m) => m.what)).toEqual(['toSame'])
  })
  it('leaves an open code to the service but not half a code', () => {
    const f = filled('merge')
    f.results[0]!.code = ''
    expect(missing(f)).toEqual([])
    f.results[0]!.code = '3307'
    expect(missing(f)).toEqual([{ field: 'results', what: 'code', index: 0 }])
  })
  it('reads a share of people as per cent', () => {
    const f = filled('split')
    f.share = '130'
    expect(missing(f).map((m) => m.what)).toEqual(['share'])
    f.share = '62.5'
    expect(request(f).population_shares).toEqual([0.625, 0.375])
  })
})

describe('request', () => {
  it('holds only what the kind needs', () => {
    const keys = (k: EventKind) => Object.keys(request(filled(k))).sort().filter((x) => !['kind', 'date', 'document', 'note', 'units'].includes(x))
    expect(keys('merge')).toEqual(['results'])
    expect(keys('split')).toEqual(['line', 'results'])
    expect(keys('transfer')).toEqual(['line', 'to'])
    expect(keys('adjust')).toEqual(['line'])
    expect(keys('rename')).toEqual(['results'])
    expect(keys('reseat')).toEqual(['seat'])
    expect(keys('abolish')).toEqual(['to'])
  })
  it('divides by a line or by members, never both', () => {
    const f = filled('split')
    f.way = 'members'
    expect(request(f)).toMatchObject({ members: ['330727101201', '330727101202'] })
    expect(request(f).line).toBeUndefined()
  })
  it('keeps what a kind does not change', () => {
    const rename = request(filled('rename')).results![0]!
    expect(rename).toEqual({ code: '330727101000', name: '新0', type: '镇', parent: '330727000000' })
    const recode = request(filled('recode')).results![0]!
    expect(recode).toEqual({ code: '330727110000', name: '1镇', type: '镇', parent: '330727000000' })
  })
  it('establishes within the chosen unit', () => {
    const r = request(filled('establish'))
    expect(r.units).toEqual([])
    expect(r.results![0]).toMatchObject({ parent: '330727101000', geometry: { type: 'Polygon' } })
  })
  it('trims what was typed', () => {
    const f = filled('merge')
    f.document.number = '  浙民区〔2026〕12号 '
    f.document.date = ''
    expect(request(f).document).toEqual({ number: '浙民区〔2026〕12号', issuer: '', title: '', date: null })
  })
})

describe('toggle', () => {
  it('adds, takes out, replaces and begins anew', () => {
    expect(toggle([], unit(1), 9).map((u) => u.id)).toEqual([1])
    expect(toggle([unit(1), unit(2)], unit(1), 9).map((u) => u.id)).toEqual([2])
    expect(toggle([unit(1)], unit(2), 1).map((u) => u.id)).toEqual([2])
    expect(toggle([unit(1), unit(2)], unit(3), 2).map((u) => u.id)).toEqual([1, 3])
    expect(toggle([unit(1), unit(2)], unit(3, 'village'), 9).map((u) => u.id)).toEqual([3])
  })
})
