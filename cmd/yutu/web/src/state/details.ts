import { shallowReactive, watch } from 'vue'
import { api, isAbort, ServiceError } from '../api/client'
import type { UnitDetails } from '../api/types'
import { address } from './address'
import { at, version } from './status'

/** The selected unit on the chosen date. While another loads, the one before stays until the answer is there. */
export const details = shallowReactive<{
  code: string
  state: 'none' | 'loading' | 'ready' | 'missing' | 'failed'
  unit: UnitDetails | null
  message: string
}>({ code: '', state: 'none', unit: null, message: '' })

let flight: AbortController | null = null

export async function loadDetails(): Promise<void> {
  flight?.abort()
  // A unit's own page asks for what it needs itself.
  const code = address.view === 'unit' ? undefined : address.select
  if (!code) {
    Object.assign(details, { code: '', state: 'none', unit: null, message: '' })
    return
  }
  const mine = (flight = new AbortController())
  if (details.code !== code) Object.assign(details, { unit: null })
  details.code = code
  details.state = 'loading'
  try {
    const unit = await api.division(code, at.value, mine.signal)
    if (mine !== flight) return
    Object.assign(details, { unit, state: 'ready', message: '' })
  } catch (e) {
    if (mine !== flight || isAbort(e)) return
    const missing = e instanceof ServiceError && (e.status === 404 || e.status === 400)
    Object.assign(details, { unit: null, state: missing ? 'missing' : 'failed', message: e instanceof ServiceError ? e.detail : '' })
  }
}

export function followSelection(): void {
  watch([() => address.select, () => address.view === 'unit', at, () => version.n], () => void loadDetails(), { immediate: true })
}
