import { describe, expect, it } from 'vitest'
import { dayBefore, isCode, nextCode, readDate } from './codes'

const towns = [
  { code: '330727001000', type: '街道' },
  { code: '330727103000', type: '镇' },
  { code: '330727109000', type: '镇' },
  { code: '330727205000', type: '乡' },
]

describe('nextCode', () => {
  it('follows the highest of the type', () => {
    expect(nextCode(towns, '镇', 4)).toBe('330727110000')
    expect(nextCode(towns, '乡', 4)).toBe('330727206000')
    expect(nextCode([{ code: '330727109201', type: '村民委员会' }], '村民委员会', 5)).toBe('330727109202')
  })
  it('passes over what the form itself gives or another type holds', () => {
    expect(nextCode(towns, '镇', 4, ['330727110000'])).toBe('330727111000')
    expect(nextCode([...towns, { code: '330727110000', type: '开发区' }], '镇', 4)).toBe('330727111000')
  })
  it('proposes nothing where it knows nothing', () => {
    expect(nextCode(towns, '民族乡', 4)).toBe('')
    expect(nextCode([], '镇', 4)).toBe('')
    expect(nextCode([{ code: '330727999000', type: '镇' }], '镇', 4)).toBe('')
  })
})
it('dayBefore knows months and leap years', () => {
  expect(dayBefore('2026-12-01')).toBe('2026-11-30')
  expect(dayBefore('2024-03-01')).toBe('2024-02-29')
  expect(dayBefore('2026-01-01')).toBe('2025-12-31')
})
it('isCode wants twelve digits', () => {
  expect(isCode('330727001000')).toBe(true)
  expect(isCode('330727001')).toBe(false)
  expect(isCode('33072700100a')).toBe(false)
})
it('readDate reads the ways people write a day', () => {
  for (const s of ['2026-12-01', '2026/12/1', '2026.12.01', '20261201', '2026年12月1日', ' 2026-12-1 ']) expect(readDate(s)).toBe('2026-12-01')
  for (const s of ['', '2026-13-01', '2026-02-30', '1.12.2026', '2026', '2026-12']) expect(readDate(s)).toBeNull()
})
