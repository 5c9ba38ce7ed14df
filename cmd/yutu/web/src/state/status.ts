import { computed, reactive, shallowRef } from 'vue'
import { api, isAbort, ServiceError } from '../api/client'
import type { Status, TilesEvent, UnitSummary } from '../api/types'
import { address } from './address'
import { notify } from './notices'

/** What the service says of itself, kept current by its event stream. */
export const status = shallowRef<Status | null>(null)
/** Counts and topmost units on the chosen date; the same as status for today. */
export const dated = shallowRef<Status | null>(null)
export const link = reactive<{ state: 'loading' | 'ready' | 'failed'; lost: boolean }>({ state: 'loading', lost: false })
export const failure = shallowRef<ServiceError | null>(null)
/** The one topmost unit that has units below it, whose map this is; null when several or none have. */
export const home = shallowRef<UnitSummary | null>(null)

export const isEmpty = computed(() => {
  const s = status.value
  return !!s && Object.values(s.counts).every((n) => !n)
})
export const today = computed(() => status.value?.date ?? new Date().toISOString().slice(0, 10))
/** The date asked for, undefined when it is today. */
export const at = computed(() => (address.at && address.at !== today.value ? address.at : undefined))

async function findHome(s: Status, when?: string): Promise<UnitSummary | null> {
  if (s.top.length === 1) return s.top[0] ?? null
  if (s.top.length === 0 || s.top.length > 16) return null
  const all = await Promise.all(s.top.map((u) => api.division(u.code, when).catch(() => null)))
  const withChildren = all.filter((u) => u && u.children.length > 0)
  return withChildren.length === 1 ? (withChildren[0] ?? null) : null
}

let loading = 0
/** Loads the status and what depends on the date. Errors end in `failure`, not in an exception. */
export async function loadStatus(): Promise<void> {
  const turn = ++loading
  if (!status.value) link.state = 'loading'
  try {
    const now = await api.status()
    if (turn !== loading) return
    status.value = now
    const when = at.value
    const then = when ? await api.status(when).catch(() => now) : now
    const h = await findHome(then, when)
    if (turn !== loading) return
    dated.value = then
    home.value = h
    failure.value = null
    link.state = 'ready'
  } catch (e) {
    if (turn !== loading || isAbort(e)) return
    failure.value = e instanceof ServiceError ? e : new ServiceError(0, '', String(e))
    if (!status.value) link.state = 'failed'
  }
}

interface LiveHandlers {
  tiles: (e: TilesEvent) => void
  reset: () => void
}

let stream: EventSource | null = null
let refreshTimer = 0

/** Follows the service's events until the page ends. The browser reconnects by itself. */
export function follow(h: LiveHandlers): void {
  stream?.close()
  stream = new EventSource('/api/v1/events')
  let lostTimer = 0
  let everOpen = false
  stream.addEventListener('open', () => {
    window.clearTimeout(lostTimer)
    lostTimer = 0
    if (link.lost) {
      link.lost = false
      notify('good', 'notice.reconnected')
      h.reset() // what happened meanwhile is unknown
      void loadStatus()
    } else if (!everOpen && link.state === 'failed') void loadStatus()
    everOpen = true
  })
  stream.addEventListener('error', () => {
    if (link.lost || lostTimer) return
    // Reconnecting takes a moment; only a longer silence is worth a word.
    lostTimer = window.setTimeout(() => {
      lostTimer = 0
      if (stream?.readyState === EventSource.OPEN) return
      link.lost = true
      if (status.value) notify('bad', 'notice.lost')
      if (stream?.readyState === EventSource.CLOSED) retryStream(h)
    }, 4000)
  })
  stream.addEventListener('status', (e) => {
    const s = JSON.parse((e as MessageEvent<string>).data) as Status
    const was = status.value
    status.value = s
    if (!at.value) dated.value = s
    if (was && !was.degraded && s.degraded) notify('warn', 'notice.degraded')
    if (was && was.degraded && !s.degraded) notify('good', 'notice.recovered')
    if (!was || JSON.stringify(was.counts) !== JSON.stringify(s.counts)) refreshSoon()
  })
  stream.addEventListener('tiles', (e) => {
    const t = JSON.parse((e as MessageEvent<string>).data) as TilesEvent
    if (t.tileset !== 'divisions') return
    h.tiles(t)
    notify('info', 'notice.data', { seq: t.seq }, 'data')
    refreshSoon()
  })
  stream.addEventListener('reset', () => {
    h.reset()
    notify('info', 'notice.reset', {}, 'data')
    refreshSoon()
  })
}

function retryStream(h: LiveHandlers): void {
  window.setTimeout(() => {
    const lost = link.lost
    follow(h)
    link.lost = lost
  }, 5000)
}

function refreshSoon(): void {
  window.clearTimeout(refreshTimer)
  refreshTimer = window.setTimeout(() => {
    void loadStatus()
    version.n++
  }, 300)
}

/** Counts arrivals of new data; whoever shows details of a unit watches it. */
export const version = reactive({ n: 0 })
