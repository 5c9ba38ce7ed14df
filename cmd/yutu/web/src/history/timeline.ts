import type { EventDoc, Lineage, LineageEdge, LineageNode, UnitRef } from '../api/types'

/** One entry of a unit's history, in the order of time. */
export type Entry =
  | { type: 'version'; node: LineageNode; chosen: boolean; date: string | null }
  | { type: 'event'; event: EventDoc; own: boolean; date: string }
  /** A version that came with a file: no event says why. */
  | { type: 'data'; date: string; before: LineageNode[]; after: LineageNode[] }

/** The version of the code on a date; else its last one before, else its first. */
export function chosenNode(nodes: readonly LineageNode[], code: string, at: string): LineageNode | undefined {
  const own = nodes.filter((n) => n.code === code).sort((a, b) => ((a.valid_from ?? '') < (b.valid_from ?? '') ? -1 : 1))
  return (
    own.find((n) => (!n.valid_from || n.valid_from <= at) && (!n.valid_to || at < n.valid_to)) ??
    own.filter((n) => n.valid_to && n.valid_to <= at).pop() ??
    own[0]
  )
}

/** A day on which the version is in force, for asking the service about it. */
export function dayOfForce(n: Pick<UnitRef, 'valid_from' | 'valid_to'>, today: string, before: (d: string) => string): string {
  const from = n.valid_from
  if (n.valid_to && n.valid_to <= today) return before(n.valid_to)
  return from && from > today ? from : today
}

const sameUnit = (a: LineageNode, b: LineageNode, kind: string | undefined) =>
  a.code === b.code || a.name === b.name || kind === 'rename' || kind === 'recode' || kind === 'upgrade' || kind === 'adjust'

/** The versions that are one unit under changing names, codes and borders, oldest first. */
export function mainLine(l: Lineage, start: LineageNode): LineageNode[] {
  const node = new Map(l.nodes.map((n) => [n.id, n]))
  const kind = new Map(l.events.map((e) => [e.id, e.kind as string]))
  const step = (from: LineageNode, near: 'before' | 'after', far: 'before' | 'after'): LineageNode | undefined => {
    const list = l.edges.filter((e) => e[near] === from.id && e[far] !== from.id && node.has(e[far]))
    const weight = (e: LineageEdge) => {
      const other = node.get(e[far])!
      return (other.code === from.code ? 4 : 0) + (other.name === from.name ? 2 : 0) + e.area_share
    }
    const fit = list.filter((e) => node.get(e[far])!.level === from.level && sameUnit(from, node.get(e[far])!, kind.get(e.event ?? 0)))
    const best = fit.sort((a, b) => weight(b) - weight(a))[0]
    return best && node.get(best[far])
  }
  const out = [start]
  const seen = new Set([start.id])
  for (let n = step(start, 'after', 'before'); n && !seen.has(n.id); n = step(n, 'after', 'before')) {
    seen.add(n.id)
    out.unshift(n)
  }
  for (let n = step(start, 'before', 'after'); n && !seen.has(n.id); n = step(n, 'before', 'after')) {
    seen.add(n.id)
    out.push(n)
  }
  return out
}

/** The history from the beginning: what made a version stands before it. */
export function timeline(l: Lineage, start: LineageNode): Entry[] {
  const line = mainLine(l, start)
  const ids = new Set(line.map((n) => n.id))
  const node = new Map(l.nodes.map((n) => [n.id, n]))
  const out: Entry[] = l.events
    .filter((e) => !e.withdrawn_at)
    .map((event) => ({
      type: 'event',
      event,
      date: event.date,
      own: [...event.before, ...event.after].some((u) => ids.has(u.id)) || l.edges.some((e) => e.event === event.id && (ids.has(e.before) || ids.has(e.after))),
    }))
  const silent = new Map<string, Set<LineageEdge>>()
  for (const e of l.edges) {
    const date = node.get(e.after)?.valid_from
    if (e.event || !date || e.before === e.after) continue
    silent.set(date, (silent.get(date) ?? new Set()).add(e))
  }
  for (const [date, edges] of silent) {
    const of = (end: 'before' | 'after') => [...new Set([...edges].map((e) => e[end]))].map((id) => node.get(id)).filter((n): n is LineageNode => !!n)
    out.push({ type: 'data', date, before: of('before'), after: of('after') })
  }
  for (const n of line) out.push({ type: 'version', node: n, chosen: n.id === start.id, date: n.valid_from })
  const rank = { event: 0, data: 0, version: 1 }
  return out.sort((a, b) => ((a.date ?? '') < (b.date ?? '') ? -1 : (a.date ?? '') > (b.date ?? '') ? 1 : rank[a.type] - rank[b.type]))
}

/** Units of the event's own level, and how many below follow with them. */
export function ownLevel(e: Pick<EventDoc, 'before' | 'after'>): { before: UnitRef[]; after: UnitRef[]; below: number } {
  const level = e.before[0]?.level ?? e.after[0]?.level
  const before = e.before.filter((u) => u.level === level)
  const after = e.after.filter((u) => u.level === level)
  return { before, after, below: Math.max(e.before.length - before.length, e.after.length - after.length) }
}
