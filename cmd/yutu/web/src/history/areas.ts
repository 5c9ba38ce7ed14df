import { api } from '../api/client'
import type { AreaFeature } from '../api/types'

/** Areas of versions never change, so each is fetched once; what failed may be asked for again. */
const kept = new Map<number, Promise<AreaFeature['geometry']>>()
const MOST = 400

export function areaOf(id: number): Promise<AreaFeature['geometry']> {
  let p = kept.get(id)
  if (!p) {
    p = api.area(id).then((f) => f.geometry)
    p.catch(() => kept.delete(id))
    kept.set(id, p)
    if (kept.size > MOST) kept.delete(kept.keys().next().value!)
  }
  return p
}
