import type { AreaFeature, ChangeDate, EventDoc, Lineage, SearchItem, Status, TileJSON, UnitDetails } from './types'

/** An answer of the service that is not what was asked for (RFC 9457), or no answer at all (status 0). */
export class ServiceError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(title || `HTTP ${status}`)
  }
  get unreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504
  }
}

let language = 'zh-CN'
/** Language in which the service is to word its problems. */
export function setRequestLanguage(tag: string): void {
  language = tag
}

export function isAbort(e: unknown): boolean {
  return e instanceof DOMException && e.name === 'AbortError'
}

async function get<T>(path: string, query: Record<string, string | undefined> = {}, signal?: AbortSignal): Promise<T> {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(query)) if (v) q.set(k, v)
  const url = q.toString() ? `${path}?${q}` : path
  let res: Response
  try {
    res = await fetch(url, { headers: { Accept: 'application/json', 'Accept-Language': language }, signal })
  } catch (e) {
    if (isAbort(e)) throw e
    throw new ServiceError(0, '', '')
  }
  if (!res.ok) {
    const p = (await res.json().catch(() => ({}))) as { title?: string; detail?: string }
    throw new ServiceError(res.status, p.title ?? '', p.detail ?? '')
  }
  return (await res.json()) as T
}

export const api = {
  status: (at?: string, signal?: AbortSignal) => get<Status>('/api/v1/status', { at }, signal),
  division: (code: string, at?: string, signal?: AbortSignal) =>
    get<UnitDetails>(`/api/v1/divisions/${encodeURIComponent(code)}`, { at }, signal),
  search: (q: string, at?: string, limit = 12, signal?: AbortSignal) =>
    get<{ query: string; items: SearchItem[] }>('/api/v1/search', { q, at, limit: String(limit) }, signal),
  changeDates: (signal?: AbortSignal) => get<{ dates: ChangeDate[] }>('/api/v1/divisions/dates', {}, signal),
  eventsOn: (date: string, signal?: AbortSignal) => get<{ events: EventDoc[] }>('/api/v1/divisions/events', { from: date, to: date }, signal),
  lineage: (code: string, at?: string, signal?: AbortSignal) =>
    get<Lineage>(`/api/v1/divisions/${encodeURIComponent(code)}/lineage`, { at }, signal),
  /** The area of one version, whether in force or not. */
  area: (id: number, signal?: AbortSignal) => get<AreaFeature>(`/ogc/collections/divisions/items/${id}`, { f: 'json' }, signal),
  tileJSON: (signal?: AbortSignal) => get<TileJSON>('/tiles/divisions.json', {}, signal),
}
