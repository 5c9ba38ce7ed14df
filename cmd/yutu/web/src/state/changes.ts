import { computed, reactive, shallowReactive, shallowRef, watch } from 'vue'
import { api, isAbort, ServiceError } from '../api/client'
import type { ChangeDate, EventDoc, LevelName } from '../api/types'
import { dayBefore, effective, spanOf } from '../history/axis'
import { address } from './address'
import { at, today, version } from './status'

/** The dates on which the map changes, and what changed on them. */
export const changes = shallowReactive<{ state: 'loading' | 'ready' | 'failed'; dates: ChangeDate[]; message: string }>({
  state: 'loading',
  dates: [],
  message: '',
})
export const changeDays = computed(() => changes.dates.map((d) => d.date).filter((d) => d <= today.value))
export const span = computed(() => spanOf(changeDays.value, today.value))

/** While the handle is dragged, the map already shows the date under it; the address follows on release. */
export const preview = shallowRef<string | null>(null)
/** The date that the map shows, today included. */
export const shownDay = computed(() => preview.value ?? at.value ?? today.value)
/** The date to ask tiles for: all days between two changes look the same, so the drag asks only when it crosses one. */
export const shownAt = computed(() => {
  if (preview.value === null) return at.value
  if (preview.value >= today.value) return undefined
  return effective(preview.value, changeDays.value) ?? span.value.first
})

/** Numbers of units by level on the day before a change and on it. */
export const counts = reactive(new Map<string, { before: Record<LevelName, number>; after: Record<LevelName, number> }>())

/** How many dates get their numbers without being asked for; a county has a handful in a decade. */
const MANY = 24
let turn = 0

export async function loadChanges(): Promise<void> {
  const mine = ++turn
  if (changes.state !== 'ready') changes.state = 'loading'
  try {
    const { dates } = await api.changeDates()
    if (mine !== turn) return
    Object.assign(changes, { state: 'ready', dates: [...dates].sort((a, b) => (a.date < b.date ? -1 : 1)), message: '' })
    counts.clear()
    onDay.clear()
    const important = [...dates].filter((d) => d.date <= today.value).sort((a, b) => b.changed - a.changed)
    for (const d of important.slice(0, MANY)) if (mine === turn) await loadCounts(d.date)
  } catch (e) {
    if (mine !== turn || isAbort(e)) return
    Object.assign(changes, { state: 'failed', message: e instanceof ServiceError ? e.detail : '' })
  }
}

export async function loadCounts(date: string): Promise<void> {
  if (counts.has(date)) return
  try {
    const [before, after] = await Promise.all([api.status(dayBefore(date)), api.status(date)])
    counts.set(date, { before: before.counts, after: after.counts })
  } catch {
    // The mark stays without its numbers; the next visit asks again.
  }
}

/** The events of the date shown, if it is a date of change. */
export const dayEvents = shallowReactive<{ date: string | null; state: 'none' | 'loading' | 'ready' | 'failed'; events: EventDoc[] }>({ date: null, state: 'none', events: [] })
const onDay = new Map<string, EventDoc[]>()
let flight: AbortController | null = null

export async function loadDayEvents(date: string | null): Promise<void> {
  flight?.abort()
  flight = null
  if (!date) {
    Object.assign(dayEvents, { date: null, state: 'none', events: [] })
    return
  }
  const kept = onDay.get(date)
  if (kept) {
    Object.assign(dayEvents, { date, state: 'ready', events: kept })
    return
  }
  const mine = (flight = new AbortController())
  Object.assign(dayEvents, { date, state: 'loading', events: [] })
  try {
    const { events } = await api.eventsOn(date, mine.signal)
    if (mine !== flight) return
    const inEffect = events.filter((e) => !e.withdrawn_at)
    onDay.set(date, inEffect)
    Object.assign(dayEvents, { date, state: 'ready', events: inEffect })
  } catch (e) {
    if (mine === flight && !isAbort(e)) Object.assign(dayEvents, { date, state: 'failed', events: [] })
  }
}

const dayOfChange = computed(() => (shownDay.value !== today.value || address.at === today.value) && changeDays.value.includes(shownDay.value) ? shownDay.value : null)

/** Follows the date and the news of the service, for as long as the caller's scope lives. */
export function followChanges(): void {
  watch(() => version.n, () => void loadChanges(), { immediate: true })
  watch(
    [dayOfChange, () => changes.dates],
    () => {
      if (dayOfChange.value) void loadCounts(dayOfChange.value)
      void loadDayEvents(dayOfChange.value)
    },
    { immediate: true },
  )
}
