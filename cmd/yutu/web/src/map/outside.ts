/**
 * Where to write the names of neighbours: a neighbour's own label point is mostly out of sight, so its name goes
 * to the roomiest place of what can be seen of it, clear of the sheets that lie on the map.
 */
export interface Piece {
  name: string
  /** Rings in pixels of the canvas, even-odd; pieces of one name may touch or overlap. */
  rings: [number, number][][]
}
export interface Rect {
  left: number
  top: number
  right: number
  bottom: number
}
export interface Place {
  name: string
  x: number
  y: number
}

const CELL = 16

/** Places for names in a canvas of width × height pixels; a name without a spot of at least `room` pixels around is left out. */
export function placeNames(pieces: readonly Piece[], width: number, height: number, blocked: readonly Rect[], room: number): Place[] {
  const cols = Math.ceil(width / CELL)
  const rows = Math.ceil(height / CELL)
  if (cols < 1 || rows < 1) return []
  const names = [...new Set(pieces.map((p) => p.name))].sort()
  const owner = new Int16Array(cols * rows).fill(-1)
  for (const p of pieces) fill(owner, cols, rows, p.rings, names.indexOf(p.name))
  for (const b of blocked) {
    for (let r = Math.max(0, Math.floor(b.top / CELL)); r < Math.min(rows, Math.ceil(b.bottom / CELL)); r++) {
      for (let c = Math.max(0, Math.floor(b.left / CELL)); c < Math.min(cols, Math.ceil(b.right / CELL)); c++) owner[r * cols + c] = -1
    }
  }
  const out: Place[] = []
  names.forEach((name, k) => {
    const d = distances(owner, cols, rows, k)
    let best = -1
    for (let i = 0; i < d.length; i++) if ((d[i] ?? 0) > (best < 0 ? 0 : (d[best] ?? 0))) best = i
    if (best < 0 || (d[best] ?? 0) * CELL < room) return
    out.push({ name, x: ((best % cols) + 0.5) * CELL, y: (Math.floor(best / cols) + 0.5) * CELL })
  })
  return out
}

function fill(owner: Int16Array, cols: number, rows: number, rings: [number, number][][], k: number): void {
  for (let r = 0; r < rows; r++) {
    const y = (r + 0.5) * CELL
    const xs: number[] = []
    for (const ring of rings) {
      for (let i = 0; i + 1 < ring.length; i++) {
        const [ax, ay] = ring[i]!
        const [bx, by] = ring[i + 1]!
        if (ay <= y !== by <= y) xs.push(ax + ((y - ay) / (by - ay)) * (bx - ax))
      }
    }
    xs.sort((a, b) => a - b)
    for (let i = 0; i + 1 < xs.length; i += 2) {
      const from = Math.max(0, Math.ceil(xs[i]! / CELL - 0.5))
      const to = Math.min(cols - 1, Math.floor(xs[i + 1]! / CELL - 0.5))
      for (let c = from; c <= to; c++) owner[r * cols + c] = k
    }
  }
}

/** Chessboard distance, in cells, of each cell of k to the nearest cell that is not; the canvas's edge counts as another. */
function distances(owner: Int16Array, cols: number, rows: number, k: number): Int16Array {
  const d = new Int16Array(cols * rows)
  const get = (c: number, r: number) => (c < 0 || r < 0 || c >= cols || r >= rows ? 0 : d[r * cols + c]!)
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      if (owner[r * cols + c] !== k) continue
      d[r * cols + c] = 1 + Math.min(get(c - 1, r), get(c, r - 1), get(c - 1, r - 1), get(c + 1, r - 1))
    }
  }
  for (let r = rows - 1; r >= 0; r--) {
    for (let c = cols - 1; c >= 0; c--) {
      const i = r * cols + c
      if (!d[i]) continue
      d[i] = Math.min(d[i]!, 1 + Math.min(get(c + 1, r), get(c, r + 1), get(c + 1, r + 1), get(c - 1, r + 1)))
    }
  }
  return d
}
