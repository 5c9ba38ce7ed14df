import { reactive, readonly } from 'vue'

/** Whatever one sees is in the address: #map=zoom/lat/lon&select=CODE&at=DATE&view=unit&sheet=list&lang=en */
export type Lang = 'zh' | 'en'
export const VIEWS = ['atlas', 'unit', 'record', 'crosswalk', 'accounts', 'data'] as const
export type View = (typeof VIEWS)[number]

export interface MapPosition {
  zoom: number
  lat: number
  lon: number
}

export interface Address {
  map?: MapPosition
  select?: string
  at?: string
  view: View
  list: boolean
  lang?: Lang
  /** What the form of the view holds, as far as it belongs into the address (see FORMS). */
  form?: Readonly<Record<string, string>>
}

/** The fields of each view's form that stand in the address. */
const FORMS: Partial<Record<View, readonly string[]>> = {
  record: ['kind', 'units', 'date'],
  crosswalk: ['from', 'to', 'level', 'weight'],
}

export function isDate(s: string): boolean {
  const m = /^(\d{4})-(\d{2})-(\d{2})$/.exec(s)
  if (!m) return false
  const d = new Date(`${s}T00:00:00Z`)
  return !Number.isNaN(d.getTime()) && d.toISOString().slice(0, 10) === s
}

function parsePosition(s: string): MapPosition | undefined {
  const p = s.split('/')
  if (p.length !== 3 || p.some((x) => x.trim() === '')) return undefined
  const [zoom, lat, lon] = p.map(Number) as [number, number, number]
  if (![zoom, lat, lon].every(Number.isFinite)) return undefined
  if (zoom < 0 || zoom > 24 || Math.abs(lat) > 85.06 || Math.abs(lon) > 180) return undefined
  return { zoom, lat, lon }
}

/** Reads a location hash. Anything that cannot be read is left out, never an error. */
export function parseHash(hash: string): Address {
  const q = new URLSearchParams(hash.replace(/^#/, ''))
  const view = VIEWS.find((v) => v === q.get('view')) ?? 'atlas'
  const a: Address = { view, list: q.get('sheet') === 'list' }
  const map = parsePosition(q.get('map') ?? '')
  if (map) a.map = map
  const select = q.get('select') ?? ''
  if (/^[0-9A-Za-z_-]{2,32}$/.test(select)) a.select = select
  const at = q.get('at') ?? ''
  if (isDate(at)) a.at = at
  const lang = q.get('lang')
  if (lang === 'zh' || lang === 'en') a.lang = lang
  const form: Record<string, string> = {}
  for (const k of FORMS[a.view] ?? []) {
    const v = q.get(k) ?? ''
    if (/^[0-9A-Za-z,-]{1,400}$/.test(v)) form[k] = v
  }
  if (Object.keys(form).length) a.form = form
  return a
}

/** Writes an address; zoom to 2 decimals, position to 5 (about a metre). parseHash reads it back. */
export function formatHash(a: Address): string {
  const out: string[] = []
  if (a.map) out.push(`map=${+a.map.zoom.toFixed(2)}/${a.map.lat.toFixed(5)}/${a.map.lon.toFixed(5)}`)
  if (a.select) out.push(`select=${a.select}`)
  if (a.at) out.push(`at=${a.at}`)
  if (a.view !== 'atlas') out.push(`view=${a.view}`)
  for (const k of FORMS[a.view] ?? []) if (a.form?.[k]) out.push(`${k}=${a.form[k]}`)
  if (a.list) out.push('sheet=list')
  if (a.lang) out.push(`lang=${a.lang}`)
  return '#' + out.join('&')
}

const state = reactive<Address>({ view: 'atlas', list: false })
export const address = readonly(state)

type Cause = 'go' | 'back'
const listeners = new Set<(cause: Cause) => void>()
/** Called after each change of the address; 'back' when the browser's history caused it. */
export function onAddress(f: (cause: Cause) => void): () => void {
  listeners.add(f)
  return () => listeners.delete(f)
}

function assign(a: Address): void {
  state.map = a.map
  state.select = a.select
  state.at = a.at
  state.view = a.view
  state.list = a.list
  state.lang = a.lang ?? state.lang
  state.form = a.form
}

type Hold = (leave: () => void) => boolean
let hold: Hold | null = null
/** Asked before another view is opened; when it answers true it has taken over and calls leave to go on. null lets go. */
export function holdView(h: Hold | null): void {
  hold = h
}

/** Changes part of the address. A step that Back should undo is pushed; a move of the map replaces. */
export function go(patch: Partial<Address>, how: 'push' | 'replace' = 'push'): void {
  // A form belongs to its view.
  const next: Address = { ...state, ...(patch.view && patch.view !== state.view ? { form: undefined } : {}), ...patch }
  if (next.view !== state.view && hold?.(() => go(patch, how))) return
  if (formatHash(next) === formatHash(state)) return
  assign(next)
  history[how === 'push' ? 'pushState' : 'replaceState']({ own: true }, '', formatHash(next))
  if (how === 'push') listeners.forEach((f) => f('go'))
}

export function startAddress(): void {
  assign(parseHash(location.hash))
  const back = (e: PopStateEvent) => {
    const a = parseHash(location.hash)
    const here = formatHash(state)
    if (a.view !== state.view && hold?.(() => go({ map: undefined, select: undefined, at: undefined, ...a }))) {
      history.pushState({ own: true }, '', here)
      return
    }
    // Back goes back to a place, not to a language; an address typed or pasted means what it says.
    if ((e.state as { own?: boolean } | null)?.own && state.lang && a.lang !== state.lang) {
      a.lang = state.lang
      history.replaceState({ own: true }, '', formatHash(a))
    }
    assign(a)
    listeners.forEach((f) => f('back'))
  }
  window.addEventListener('popstate', back)
}
