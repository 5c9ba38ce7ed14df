import type { AreaFeature, Box } from '../api/types'

/** From degrees to px of a small drawing that keeps the shape: both axes by the same length on the ground. */
export interface Frame {
  width: number
  height: number
  x: (lon: number) => number
  y: (lat: number) => number
}

/** A frame in which a box fits with a margin, at most width by height px. */
export function frame(box: Box, width: number, height: number, margin = 8): Frame {
  const cos = Math.cos((((box[1] + box[3]) / 2) * Math.PI) / 180)
  const w = Math.max(1e-9, (box[2] - box[0]) * cos)
  const h = Math.max(1e-9, box[3] - box[1])
  const k = Math.min((width - 2 * margin) / w, (height - 2 * margin) / h)
  const dx = (width - w * k) / 2
  const dy = (height - h * k) / 2
  return { width, height, x: (lon) => dx + (lon - box[0]) * cos * k, y: (lat) => dy + (box[3] - lat) * k }
}

export function joinBoxes(boxes: readonly Box[]): Box | null {
  if (!boxes.length) return null
  return boxes.reduce<Box>((a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])], [Infinity, Infinity, -Infinity, -Infinity])
}

/** The path of an area; points closer than half a px to the one before are left out. */
export function outline(g: AreaFeature['geometry'], f: Frame): string {
  const polygons = g.type === 'Polygon' ? [g.coordinates] : g.coordinates
  let d = ''
  for (const rings of polygons) {
    for (const ring of rings) {
      let px = Infinity
      let py = Infinity
      let part = ''
      for (const c of ring) {
        const x = f.x(c[0] ?? 0)
        const y = f.y(c[1] ?? 0)
        if (Math.abs(x - px) < 0.5 && Math.abs(y - py) < 0.5) continue
        part += `${part ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`
        px = x
        py = y
      }
      if (part) d += part + 'Z'
    }
  }
  return d
}
