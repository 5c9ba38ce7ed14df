import { describe, expect, it } from 'vitest'
import { readPosition, writeDecimal, writeDMS } from './position'

describe('readPosition', () => {
  it.each([
    ['120.453975, 29.070038', [120.453975, 29.070038]],
    ['120.453975 29.070038', [120.453975, 29.070038]],
    ['120.453975，29.070038', [120.453975, 29.070038]],
    ['120°27′14.31″, 29°04′12.1368″', [120.453975, 29.070038]],
    [`120°27'14.31"E 29°04'12.1368"N`, [120.453975, 29.070038]],
    ['29°04′12.1368″N, 120°27′14.31″E', [120.453975, 29.070038]],
    ['东经120度27分14.31秒，北纬29度4分12.1368秒', [120.453975, 29.070038]],
    ['东经120°27′14.31″北纬29°04′12.1368″', [120.453975, 29.070038]],
    ['120 27 14.31 29 04 12.1368', [120.453975, 29.070038]],
    ['120°27′14.31″E29°04′12.1368″N', [120.453975, 29.070038]],
    ['120°30′ 29°15′', [120.5, 29.25]],
    ['-70.5, -33.25', [-70.5, -33.25]],
    ['70.5W, 33.25S', [-70.5, -33.25]],
  ])('reads %s', (text, want) => {
    const got = readPosition(text)!
    expect(got[0]).toBeCloseTo(want[0]!, 9)
    expect(got[1]).toBeCloseTo(want[1]!, 9)
  })
  it.each(['', '120', 'abc', '120.5, x', '181, 29', '120, 91', '120°61′, 29°', '120.5°30′, 29°', '29N, 30N', '1 2 3 4 5', '120,29,5'])('refuses %s', (text) => {
    expect(readPosition(text)).toBeNull()
  })
  it('reads back what it writes, to the last decimal kept', () => {
    for (let i = 0; i < 400; i++) {
      const p: [number, number] = [Math.round((Math.sin(i) * 180) * 1e9) / 1e9, Math.round((Math.cos(i * 1.7) * 89.9) * 1e9) / 1e9]
      expect(readPosition(writeDecimal(p))).toEqual(p)
      const q = readPosition(writeDMS(p))!
      // Four decimals of a second are 3 mm.
      expect(Math.abs(q[0] - p[0])).toBeLessThan(2e-8)
      expect(Math.abs(q[1] - p[1])).toBeLessThan(2e-8)
    }
  })
  it('never writes sixty seconds', () => {
    expect(writeDMS([120.99999999999, 29.4999999999])).toBe('121°00′00.0000″, 29°30′00.0000″')
  })
})
