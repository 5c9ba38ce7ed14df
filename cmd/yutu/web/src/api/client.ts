import type { AreaFeature, ChangeDate, EventDoc, Lineage, SearchItem, Status, TileJSON, UnitDetails } from './types'

/** An answer of the service that is not what was asked for (RFC 9457), or no answer at all (status 0). */
export class ServiceError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    /** Seconds after which trying again makes sense; 0 when the service does not say. */
    readonly retryAfter = 0,
    /** Everything the checks found, where the answer is a refusal with findings. */
    readonly findings: readonly unknown[] = [],
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

let writeToken = ''
/** What proves that a change comes from this page (X-CSRF-Token); the session sets it, empty when nobody is signed in. */
export function setWriteToken(token: string): void {
  writeToken = token
}

/** Asks the service; whatever is not an answer of success is a ServiceError. */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  let res: Response
  try {
    const headers = { Accept: 'application/json', 'Accept-Language': language, ...(writeToken && init.method ? { 'X-CSRF-Token': writeToken } : {}), ...init.headers }
    res = await fetch(path, { ...init, headers })
  } catch (e) {
    if (isAbort(e)) throw e
    throw new ServiceError(0, '', '')
  }
  if (!res.ok) {
    const p = (await res.json().catch(() => ({}))) as { title?: string; detail?: string; findings?: unknown[] }
    throw new ServiceError(res.status, p.title ?? '', p.detail ?? '', Number(res.headers.get('Retry-After')) || 0, p.findings ?? [])
  }
  return res
}

async function get<T>(path: string, query: Record<string, string | undefined> = {}, signal?: AbortSignal): Promise<T> {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(query)) if (v) q.set(k, v)
  return (await (await call(q.toString() ? `${path}?${q}` : path, { signal })).json()) as T
}

/** Sends a change as JSON; null where the service has nothing to answer. */
export async function send<T>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method }
  if (body !== undefined) Object.assign(init, { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  const res = await call(path, init)
  return (res.status === 204 ? null : await res.json()) as T
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
