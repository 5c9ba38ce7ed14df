/**
 * Gives neighbouring units different tints, greedily, and never changes a tint once given so that nothing
 * flickers while the map moves. Tints carry no meaning but "another unit".
 */
export class Tints {
  private readonly given = new Map<string, number>()
  private readonly next = new Map<string, Set<string>>()

  constructor(private readonly count: number) {}

  neighbours(a: string, b: string): void {
    if (!a || !b || a === b) return
    const put = (x: string, y: string) => {
      const s = this.next.get(x)
      if (s) s.add(y)
      else this.next.set(x, new Set([y]))
    }
    put(a, b)
    put(b, a)
  }

  /** Tints for these codes, 0 … count−1, in an order that does not depend on the order given. */
  tint(codes: Iterable<string>): Map<string, number> {
    const uncoloured = [...new Set(codes)].filter((c) => !this.given.has(c)).sort()
    // Units with most neighbours first: they have the least choice.
    uncoloured.sort((a, b) => (this.next.get(b)?.size ?? 0) - (this.next.get(a)?.size ?? 0) || (a < b ? -1 : 1))
    for (const c of uncoloured) {
      const used = new Array<number>(this.count).fill(0)
      for (const n of this.next.get(c) ?? []) {
        const t = this.given.get(n)
        if (t !== undefined) used[t] = (used[t] ?? 0) + 1
      }
      // Among the least used by neighbours take the least used overall, so that no tint dominates.
      const total = new Array<number>(this.count).fill(0)
      for (const t of this.given.values()) total[t] = (total[t] ?? 0) + 1
      let best = 0
      for (let i = 1; i < this.count; i++) {
        const d = (used[i] ?? 0) - (used[best] ?? 0)
        if (d < 0 || (d === 0 && (total[i] ?? 0) < (total[best] ?? 0))) best = i
      }
      this.given.set(c, best)
    }
    return this.given
  }

  clear(): void {
    this.given.clear()
    this.next.clear()
  }
}
