const DAY = 86_400_000

/** Days since 1970-01-01 of a date as 2018-10-31. */
export function dayNumber(date: string): number {
  return Math.round(Date.parse(`${date}T00:00:00Z`) / DAY)
}

export function dateOf(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10)
}

export function addDays(date: string, n: number): string {
  return dateOf(dayNumber(date) + n)
}

/** The same day n years later; 29 February becomes the 28th where the year has none. */
export function addYears(date: string, n: number): string {
  const [y, m, d] = date.split('-').map(Number) as [number, number, number]
  const last = new Date(Date.UTC(y + n, m, 0)).getUTCDate()
  return new Date(Date.UTC(y + n, m - 1, Math.min(d, last))).toISOString().slice(0, 10)
}
