export interface Collection {
  type: string
  features: { type: string; properties: Record<string, unknown> | null; geometry: { coordinates?: unknown } | null }[]
}
/** A single feature, or an answer of another shape, as a collection. */
export function asCollection(v: unknown): Collection {
  const o = v as Partial<Collection> & { type?: string }
  if (o?.type === 'Feature') return { type: 'FeatureCollection', features: [v as Collection['features'][number]] }
  return { type: 'FeatureCollection', features: Array.isArray(o?.features) ? o.features : [] }
}
type Box = [number, number, number, number]

/** The box around all positions, or null when there are none. */
export function boxOf(c: Collection): Box | null {
  const b: Box = [Infinity, Infinity, -Infinity, -Infinity]
  const walk = (v: unknown): void => {
    if (!Array.isArray(v)) return
    if (typeof v[0] === 'number' && typeof v[1] === 'number') {
      b[0] = Math.min(b[0], v[0])
      b[1] = Math.min(b[1], v[1])
      b[2] = Math.max(b[2], v[0])
      b[3] = Math.max(b[3], v[1])
    } else v.forEach(walk)
  }
  for (const f of c.features) walk(f.geometry?.coordinates)
  return Number.isFinite(b[0]) ? b : null
}

/** The map in words: what is drawn and where. */
export function alternative(c: Collection, box: Box | null, zh: boolean): string {
  const names = c.features.map((f) => f.properties?.name).filter((n): n is string => typeof n === 'string' && n !== '')
  if (!box) return zh ? '没有可以画出的位置。' : 'There is no position to draw.'
  const few = names.slice(0, 3).join(zh ? '、' : ', ')
  const what =
    c.features.length > 1
      ? zh
        ? `位置图：${few}等 ${c.features.length} 个区划`
        : `Map of ${c.features.length} divisions, among them ${few}`
      : zh
        ? `位置图：${few || '所选区划'}`
        : `Map of ${few || 'the division'}`
  const d = (v: number) => v.toFixed(3)
  return zh
    ? `${what}，位于东经 ${d(box[0])} 至 ${d(box[2])} 度、北纬 ${d(box[1])} 至 ${d(box[3])} 度之间。`
    : `${what}, between ${d(box[0])} and ${d(box[2])} degrees east and ${d(box[1])} and ${d(box[3])} degrees north.`
}
