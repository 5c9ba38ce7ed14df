import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tables } from '.'

const { zh, en } = tables

const places = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort()

describe('texts', () => {
  it('has the same keys in both languages', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort())
  })
  it.each(Object.keys(zh) as (keyof typeof zh)[])('%s is written in both, with the same places to fill', (key) => {
    expect(zh[key].trim()).not.toBe('')
    expect(en[key].trim()).not.toBe('')
    // A language may leave a place unfilled where its grammar needs it not, never ask for one the other lacks.
    expect(places(zh[key]).every((p) => places(en[key]).includes(p)) || places(en[key]).every((p) => places(zh[key]).includes(p))).toBe(true)
  })
  it('leaves no Chinese in the English texts but the name of the language', () => {
    const found = Object.entries(en).filter(([k, v]) => k !== 'nav.language' && /[\u4e00-\u9fff]/.test(v))
    expect(found).toEqual([])
  })
  it('has no key that nothing uses', () => {
    const sources: string[] = []
    const walk = (dir: string) => {
      for (const n of readdirSync(dir)) {
        const p = join(dir, n)
        if (statSync(p).isDirectory()) walk(p)
        else if (/\.(vue|ts)$/.test(n) && !n.endsWith('.test.ts')) sources.push(readFileSync(p, 'utf8'))
      }
    }
    walk(join(__dirname, '..'))
    const all = sources.join('\n')
    const built = ['level.', 'units.', 'role.'] // keys put together from the name of a level or a role
    const unused = Object.keys(zh).filter((k) => !built.some((b) => k.startsWith(b)) && !all.includes(`'${k}'`))
    expect(unused).toEqual([])
  })
})
