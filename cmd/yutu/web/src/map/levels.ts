/** From these zooms on a level's borders are drawn, and its units can be pointed at (see style.json). */
export const TOWNSHIP_ZOOM = 8
export const VILLAGE_ZOOM = 11

/** The finest level that the pointer selects at a zoom: what is drawn is what can be had. */
export function pickLevel(zoom: number): number {
  if (zoom >= VILLAGE_ZOOM + 0.2) return 5
  if (zoom >= TOWNSHIP_ZOOM) return 4
  if (zoom >= 5.5) return 3
  return zoom >= 4 ? 2 : 1
}
