import type { EventDoc, EventKind, LevelName, Lineage, LineageEdge, LineageNode } from '../api/types'

/** Makes lineages for tests and for the pictures of extreme cases: a grid of plots, joined and divided by events. */
export class Sample {
  readonly nodes: LineageNode[] = []
  readonly edges: LineageEdge[] = []
  readonly events: EventDoc[] = []
  private next = 1

  unit(name: string, code: string, from: string | null, to: string | null, cell: [number, number, number?, number?], level: LevelName = 'township'): LineageNode {
    const [x, y, w = 1, h = 1] = cell
    const west = 120.3 + x * 0.02
    const south = 29 + y * 0.016
    const bbox: LineageNode['bbox'] = [west, south, west + w * 0.02, south + h * 0.016]
    const n: LineageNode = {
      id: this.next++,
      code,
      name,
      type: name.endsWith('镇') ? '镇' : name.endsWith('乡') ? '乡' : level === 'village' ? '村委会' : '街道',
      level,
      valid_from: from,
      valid_to: to,
      bbox,
      label: [(bbox[0] + bbox[2]) / 2, (bbox[1] + bbox[3]) / 2],
      area_km2: w * h * 3.46,
    }
    this.nodes.push(n)
    return n
  }

  event(kind: EventKind, date: string, before: LineageNode[], after: LineageNode[], shares: [LineageNode, LineageNode, number][], number = '', note = ''): EventDoc {
    const id = 1000 + this.events.length
    const e: EventDoc = { id, kind, date, document: { number, issuer: number ? '浙江省人民政府' : '', title: '', date: null }, note, withdrawn_at: null, before, after }
    this.events.push(e)
    for (const [b, a, share] of shares) this.edges.push({ before: b.id, after: a.id, event: id, area_share: share, population_share: share })
    return e
  }

  lineage(code: string): Lineage {
    return { code, nodes: this.nodes, edges: this.edges, events: this.events }
  }
}

/** n townships become one, which later loses a third to a new one. */
export function manyIntoOne(n: number): Sample {
  const s = new Sample()
  const across = Math.ceil(Math.sqrt(n))
  const before = Array.from({ length: n }, (_, i) => s.unit(`第${i + 1}乡`, `3307272${String(i).padStart(2, '0')}000`, null, '2018-10-31', [i % across, Math.floor(i / across)]))
  const one = s.unit('大合并镇', '330727109000', '2018-10-31', '2021-07-01', [0, 0, across, Math.ceil(n / across)])
  const rest = s.unit('大合并镇', '330727109000', '2021-07-01', null, [0, 0, across, Math.ceil(n / across)])
  const off = s.unit('高山乡', '330727260000', '2021-07-01', null, [0, 0, 1, Math.ceil(n / across)])
  s.event('merge', '2018-10-31', before, [one], before.map((b) => [b, one, 1]), '浙政函〔2018〕00号')
  s.event('split', '2021-07-01', [one], [rest, off], [[one, rest, 0.66], [one, off, 0.34]])
  return s
}
