import { addDays, addYears, dayNumber, dateOf } from './days'

/** The span that the slider covers: from the beginning of the year before the first change, to today. */
export interface Span {
  first: string
  today: string
}

export function spanOf(dates: readonly string[], today: string): Span {
  const earliest = dates.reduce((a, b) => (b < a ? b : a), today)
  return { first: `${Number(earliest.slice(0, 4)) - 1}-01-01`, today }
}

/** Where a date lies on the track, 0 to 1. */
export function place(date: string, s: Span): number {
  const a = dayNumber(s.first)
  const b = dayNumber(s.today)
  return Math.min(1, Math.max(0, (dayNumber(date) - a) / Math.max(1, b - a)))
}

/** The date at a place of the track; within reach of a change the change itself, so that a finger can hit it. */
export function dateAt(x: number, s: Span, changes: readonly string[] = [], reach = 0): string {
  let near = ''
  let best = reach
  for (const c of [...changes, s.today]) {
    const d = Math.abs(place(c, s) - x)
    if (d <= best) {
      best = d
      near = c
    }
  }
  if (near) return near
  const a = dayNumber(s.first)
  const b = dayNumber(s.today)
  return dateOf(Math.round(a + Math.min(1, Math.max(0, x)) * (b - a)))
}

/** What a key does to the date; undefined where it is no key of the slider. */
export function step(key: string, date: string, changes: readonly string[], s: Span): string | undefined {
  const within = (d: string) => (d < s.first ? s.first : d > s.today ? s.today : d)
  switch (key) {
    case 'ArrowRight':
    case 'ArrowUp':
      return changes.find((c) => c > date && c <= s.today) ?? s.today
    case 'ArrowLeft':
    case 'ArrowDown': {
      const before = changes.filter((c) => c < date)
      // Before the first change lies a past that can be seen too.
      return before.length ? before[before.length - 1] : s.first
    }
    case 'Home':
      return s.first
    case 'End':
      return s.today
    case 'PageUp':
      return within(addYears(date, 1))
    case 'PageDown':
      return within(addYears(date, -1))
  }
  return undefined
}

/** The change that made what stands on a date: the latest one up to it. Between two changes nothing on the map differs. */
export function effective(date: string, changes: readonly string[]): string | undefined {
  let out: string | undefined
  for (const c of changes) if (c <= date) out = c
  return out
}

export interface Mark {
  date: string
  /** Pixels from the left of the track. */
  x: number
  /** How much changed, for the size of the mark: 0 to 1. */
  weight: number
  text: string
  /** Where the label begins, or null where there is no room for it. */
  label: number | null
}

/**
 * Marks on a track of width px. Labels are centred on their mark as far as the ends of the track allow; the heavier
 * change gets the room where two labels would touch. widthOf measures a text in px.
 */
export function layoutMarks(
  changes: readonly { date: string; changed: number; text: string }[],
  s: Span,
  width: number,
  widthOf: (text: string) => number,
  gap = 14,
): Mark[] {
  const most = Math.max(1, ...changes.map((c) => c.changed))
  const marks: Mark[] = changes.map((c) => ({
    date: c.date,
    x: place(c.date, s) * width,
    weight: Math.sqrt(c.changed / most),
    text: c.text,
    label: null,
  }))
  const taken: [number, number][] = []
  const byWeight = marks.filter((m) => m.text).sort((a, b) => b.weight - a.weight || b.x - a.x)
  for (const m of byWeight) {
    const w = widthOf(m.text)
    if (w > width) continue
    const middle = Math.min(width - w, Math.max(0, m.x - w / 2))
    // A label may lean to either side of its mark before it is left out.
    for (const left of [middle, Math.min(width - w, Math.max(0, m.x - 6)), Math.min(width - w, Math.max(0, m.x - w + 6))]) {
      if (taken.every(([a, b]) => left + w + gap <= a || left >= b + gap)) {
        m.label = left
        taken.push([left, left + w])
        break
      }
    }
  }
  return marks
}

/** Years to write under the track: every one, second, fifth or tenth, so that they stay legible. */
export function yearTicks(s: Span, width: number, least = 46): { year: number; x: number }[] {
  const from = Number(s.first.slice(0, 4))
  const to = Number(s.today.slice(0, 4))
  const perYear = width / Math.max(1, to - from + 1)
  const every = [1, 2, 5, 10, 20, 50, 100].find((n) => n * perYear >= least) ?? 200
  const out: { year: number; x: number }[] = []
  for (let y = Math.ceil(from / every) * every; y <= to; y += every) {
    const x = place(`${y}-01-01`, s) * width
    // The end of the track belongs to today.
    if (x <= width - least) out.push({ year: y, x })
  }
  return out
}

/** The day before a date: what was until it changed. */
export const dayBefore = (date: string): string => addDays(date, -1)
