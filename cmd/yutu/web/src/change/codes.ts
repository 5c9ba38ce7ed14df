/** Division codes of 12 digits: which digits a level counts in, and the next one free. */
export interface Coded {
  code: string
  type: string
}

/** The digits that number a unit among its siblings, by level number (1 province … 5 village). */
const SERIAL: Record<number, [number, number]> = { 1: [0, 2], 2: [2, 4], 3: [4, 6], 4: [6, 9], 5: [9, 12] }

export function isCode(s: string): boolean {
  return /^\d{12}$/.test(s)
}

/**
 * The code after the highest that a unit of this type has under the parent: ranges of serials belong to types, and
 * what the county has in force shows them. Empty where no sibling has the type or the serials are used up.
 */
export function nextCode(siblings: readonly Coded[], type: string, level: number, taken: readonly string[] = []): string {
  const [from, to] = SERIAL[level] ?? [0, 0]
  const same = siblings.filter((s) => s.type === type && isCode(s.code))
  const first = same[0]
  if (!first || to === from) return ''
  const used = new Set([...siblings.map((s) => s.code), ...taken])
  const limit = 10 ** (to - from)
  let n = Math.max(...same.map((s) => Number(s.code.slice(from, to))))
  while (++n < limit) {
    const code = first.code.slice(0, from) + String(n).padStart(to - from, '0') + first.code.slice(to)
    if (!used.has(code)) return code
  }
  return ''
}

/** The day before a date YYYY-MM-DD: the last on which what an event ends is in force. */
export function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10)
}

/** A date as people write it, 2026-12-01, 2026/12/1, 2026.12.1, 20261201 or 2026年12月1日, as YYYY-MM-DD; null when it is none. */
export function readDate(text: string): string | null {
  const m = /^(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))$/.exec(text.trim())
  if (!m) return null
  const s = `${m[1]}-${(m[2] ?? m[4] ?? '').padStart(2, '0')}-${(m[3] ?? m[5] ?? '').padStart(2, '0')}`
  const d = new Date(`${s}T00:00:00Z`)
  return !Number.isNaN(d.getTime()) && d.toISOString().slice(0, 10) === s ? s : null
}
