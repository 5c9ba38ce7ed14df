/** Ground metres per CSS pixel of a web-mercator map with 512 px tiles. */
export function metresPerPixel(zoom: number, lat: number): number {
  return (2 * Math.PI * 6378137 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** zoom)
}

/** The longest round distance (1, 2 or 5 times a power of ten) that fits into maxPx, and its length on screen. */
export function scaleBar(mpp: number, maxPx: number): { metres: number; px: number } {
  const most = mpp * maxPx
  const pow = 10 ** Math.floor(Math.log10(most))
  const lead = most / pow
  const metres = (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * pow
  return { metres, px: metres / mpp }
}

/** 30.0123° as 30.0123°N; 5 decimals are about a metre. */
export function degrees(v: number, positive: string, negative: string): string {
  return `${Math.abs(v).toFixed(5)}°${v < 0 ? negative : positive}`
}
