/** Positions as people write them: decimal degrees, or degrees, minutes and seconds. */
import type { Position } from '../api/events'

/** One angle: 120.4512, 120°27′04.32″, 120 27 04.3, 120度27分4秒, with E/W/N/S or 东经/北纬 before or after. NaN when it cannot be read. */
function angle(s: string): { value: number; axis: 'lon' | 'lat' | '' } {
  let axis: 'lon' | 'lat' | '' = ''
  let sign = 1
  const bare = s
    .replace(/东经|西经|[EeWw]/g, (m) => {
      axis = 'lon'
      if (/西经|[Ww]/.test(m)) sign = -1
      return ' '
    })
    .replace(/北纬|南纬|[NnSs]/g, (m) => {
      axis = 'lat'
      if (/南纬|[Ss]/.test(m)) sign = -1
      return ' '
    })
    .replace(/[°º度′'’分″"”秒:]/g, ' ')
    .trim()
  const parts = bare.split(/\s+/)
  if (!parts.length || parts.length > 3 || parts.some((p) => !/^[-+]?\d+(\.\d+)?$/.test(p))) return { value: NaN, axis }
  const [d = 0, m = 0, sec = 0] = parts.map(Number)
  // Only the last part may have decimals, and minutes and seconds end at 60.
  if (parts.slice(0, -1).some((p) => p.includes('.')) || m >= 60 || sec >= 60 || m < 0 || sec < 0) return { value: NaN, axis }
  const value = Math.abs(d) + m / 60 + sec / 3600
  return { value: sign * (parts[0]!.startsWith('-') ? -value : value), axis }
}

/** Reads "lon, lat" in any of the forms above; letters may turn the order round. null when it is no position on the earth. */
export function readPosition(text: string): Position | null {
  const clean = text.trim().replace(/[，、；;]/g, ',').replace(/\u2009|\u202f|\u00a0|\u3000/g, ' ')
  let halves = clean.split(/\s*,\s*/).filter(Boolean)
  if (halves.length === 1) {
    // Without a comma the second angle begins at a letter or after an even number of parts.
    const lettered = /^([^EeWwNnSs]+[EeWwNnSs])([^EeWwNnSs]+[EeWwNnSs])$/.exec(clean)
    const parts = clean.split(/\s+/)
    if (/北纬|南纬|东经|西经/.test(clean.slice(1))) {
      const i = clean.slice(1).search(/北纬|南纬|东经|西经/) + 1
      halves = [clean.slice(0, i), clean.slice(i)]
    } else if (parts.length === 2 || parts.length === 4 || parts.length === 6) {
      halves = [parts.slice(0, parts.length / 2).join(' '), parts.slice(parts.length / 2).join(' ')]
    } else if (lettered) halves = [lettered[1]!, lettered[2]!]
  }
  if (halves.length !== 2) return null
  const [a, b] = halves.map(angle) as [ReturnType<typeof angle>, ReturnType<typeof angle>]
  if (a.axis && a.axis === b.axis) return null
  const swap = a.axis === 'lat' || b.axis === 'lon'
  const lon = swap ? b.value : a.value
  const lat = swap ? a.value : b.value
  if (!Number.isFinite(lon) || !Number.isFinite(lat) || Math.abs(lon) > 180 || Math.abs(lat) > 90) return null
  return [round9(lon), round9(lat)]
}

/** To the grid of the service, 1e-9 degrees (about 0.1 mm). */
export function round9(v: number): number {
  return Math.round(v * 1e9) / 1e9
}

/** 120.453975, 29.070038; six decimals are a decimetre, more are kept where the value has them. */
export function writeDecimal([lon, lat]: Position): string {
  const f = (v: number) => {
    const s = String(round9(v))
    return (s.split('.')[1] ?? '').length > 6 ? s : v.toFixed(6)
  }
  return `${f(lon)}, ${f(lat)}`
}

/** 120°27′14.3100″, 29°04′12.1380″: four decimals of a second are 3 mm. */
export function writeDMS([lon, lat]: Position): string {
  const f = (v: number) => {
    const units = Math.round(Math.abs(v) * 3600 * 1e4)
    const s = units / 1e4
    const d = Math.floor(s / 3600)
    const m = Math.floor((s - d * 3600) / 60)
    return `${v < 0 ? '-' : ''}${d}°${String(m).padStart(2, '0')}′${(s - d * 3600 - m * 60).toFixed(4).padStart(7, '0')}″`
  }
  return `${f(lon)}, ${f(lat)}`
}
