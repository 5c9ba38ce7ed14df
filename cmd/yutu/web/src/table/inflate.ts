/** Raw DEFLATE (RFC 1951). The browsers of the oldest machines in the bureaus have no DecompressionStream for it. */

const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258]
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
const DIST_BASE = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577]
const DIST_EXTRA = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13]
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
const bad = () => new Error('damaged data')

interface Huffman {
  count: Uint16Array
  symbol: Uint16Array
}

/** Canonical code from the lengths of its symbols (RFC 1951 §3.2.2). */
function huffman(lengths: ArrayLike<number>): Huffman {
  const count = new Uint16Array(16)
  for (let i = 0; i < lengths.length; i++) count[lengths[i]!]!++
  count[0] = 0
  const offset = new Uint16Array(16)
  for (let i = 1; i < 15; i++) offset[i + 1] = offset[i]! + count[i]!
  const symbol = new Uint16Array(lengths.length)
  for (let i = 0; i < lengths.length; i++) if (lengths[i]) symbol[offset[lengths[i]!]!++] = i
  return { count, symbol }
}

const fixed = (() => {
  const l = new Uint8Array(288)
  for (let i = 0; i < 288; i++) l[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8
  return { length: huffman(l), distance: huffman(new Uint8Array(30).fill(5)) }
})()

/** size is what the archive says comes out; more or less than that is an error. */
export function inflate(input: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size)
  let at = 0
  let pos = 0
  let hold = 0
  let held = 0
  const bits = (n: number): number => {
    while (held < n) {
      if (pos >= input.length) throw bad()
      hold |= input[pos++]! << held
      held += 8
    }
    const v = hold & ((1 << n) - 1)
    hold >>>= n
    held -= n
    return v
  }
  const decode = (h: Huffman): number => {
    let code = 0
    let first = 0
    let index = 0
    for (let len = 1; len <= 15; len++) {
      code |= bits(1)
      const count = h.count[len]!
      if (code - count < first) return h.symbol[index + code - first]!
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    throw bad()
  }
  const block = (length: Huffman, distance: Huffman): void => {
    for (;;) {
      const s = decode(length)
      if (s < 256) {
        if (at >= size) throw bad()
        out[at++] = s
      } else if (s === 256) return
      else {
        const l = LENGTH_BASE[s - 257]
        if (l === undefined) throw bad()
        const n = l + bits(LENGTH_EXTRA[s - 257]!)
        const d = decode(distance)
        const base = DIST_BASE[d]
        if (base === undefined) throw bad()
        const back = base + bits(DIST_EXTRA[d]!)
        if (back > at || at + n > size) throw bad()
        for (let i = 0; i < n; i++, at++) out[at] = out[at - back]!
      }
    }
  }
  for (let last = false; !last; ) {
    last = bits(1) === 1
    const type = bits(2)
    if (type === 0) {
      hold = held = 0
      const n = input[pos]! | (input[pos + 1]! << 8)
      pos += 4
      if (pos + n > input.length || at + n > size) throw bad()
      out.set(input.subarray(pos, pos + n), at)
      pos += n
      at += n
    } else if (type === 1) block(fixed.length, fixed.distance)
    else if (type === 2) {
      const nLen = bits(5) + 257
      const nDist = bits(5) + 1
      const nCode = bits(4) + 4
      const lengths = new Uint8Array(320)
      for (let i = 0; i < nCode; i++) lengths[ORDER[i]!] = bits(3)
      const meta = huffman(lengths.subarray(0, 19))
      const all = new Uint8Array(nLen + nDist)
      for (let i = 0; i < all.length; ) {
        const s = decode(meta)
        if (s < 16) all[i++] = s
        else {
          if (s === 16 && i === 0) throw bad()
          const v = s === 16 ? all[i - 1]! : 0
          const n = s === 16 ? 3 + bits(2) : s === 17 ? 3 + bits(3) : 11 + bits(7)
          if (i + n > all.length) throw bad()
          all.fill(v, i, i + n)
          i += n
        }
      }
      block(huffman(all.subarray(0, nLen)), huffman(all.subarray(nLen)))
    } else throw bad()
  }
  if (at !== size) throw bad()
  return out
}

/** The entries of a zip archive by name, unpacked when asked for. */
export function unzip(b: Uint8Array): (name: string) => Uint8Array | null {
  const v = new DataView(b.buffer, b.byteOffset, b.byteLength)
  let end = b.length - 22
  while (end >= 0 && v.getUint32(end, true) !== 0x06054b50) end--
  if (end < 0) throw bad()
  const entries = new Map<string, { method: number; packed: number; size: number; offset: number }>()
  let at = v.getUint32(end + 16, true)
  for (let i = v.getUint16(end + 10, true); i > 0; i--) {
    if (v.getUint32(at, true) !== 0x02014b50) throw bad()
    const [n, extra, comment] = [v.getUint16(at + 28, true), v.getUint16(at + 30, true), v.getUint16(at + 32, true)]
    const name = new TextDecoder().decode(b.subarray(at + 46, at + 46 + n))
    entries.set(name, { method: v.getUint16(at + 10, true), packed: v.getUint32(at + 20, true), size: v.getUint32(at + 24, true), offset: v.getUint32(at + 42, true) })
    at += 46 + n + extra + comment
  }
  return (name) => {
    const e = entries.get(name)
    if (!e) return null
    // A sheet says its size; a small file that claims gigabytes is no sheet.
    if (e.size > 400e6) throw bad()
    const from = e.offset + 30 + v.getUint16(e.offset + 26, true) + v.getUint16(e.offset + 28, true)
    const data = b.subarray(from, from + e.packed)
    if (e.method === 0) return data
    if (e.method !== 8) throw bad()
    return inflate(data, e.size)
  }
}
