export interface Fitted {
  lines: string[]
  size: number
}

/**
 * Sets a name into a width: at the largest size of which one line holds it, else in two lines of the smallest size,
 * else cut with an ellipsis. widthOf measures a text at a size, both in px.
 */
export function fitName(name: string, width: number, widthOf: (text: string, size: number) => number, sizes: readonly number[], most = 2): Fitted {
  for (const size of sizes) if (widthOf(name, size) <= width) return { lines: [name], size }
  const size = sizes[sizes.length - 1] ?? 12
  const letters = [...name]
  const take = (from: number): number => {
    let n = from
    while (n < letters.length && widthOf(letters.slice(from, n + 1).join(''), size) <= width) n++
    return Math.max(from + 1, n)
  }
  const lines: string[] = []
  let i = 0
  while (i < letters.length && lines.length < most) {
    const end = take(i)
    lines.push(letters.slice(i, end).join(''))
    i = end
  }
  if (i < letters.length) {
    let last = [...(lines.pop() ?? '')]
    while (last.length > 1 && widthOf(`${last.join('')}…`, size) > width) last = last.slice(0, -1)
    lines.push(`${last.join('')}…`)
  }
  return { lines, size }
}
