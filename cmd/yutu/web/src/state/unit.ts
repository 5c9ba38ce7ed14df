import { computed, shallowReactive, watch } from 'vue'
import { api, isAbort, ServiceError } from '../api/client'
import type { Lineage, LineageNode, UnitDetails } from '../api/types'
import { dayBefore } from '../history/axis'
import { chosenNode, dayOfForce } from '../history/timeline'
import { address } from './address'
import { at, today, version } from './status'

/** The unit whose page is open: its history, the version chosen, and what is known of that version. */
export const unitPage = shallowReactive<{
  code: string
  state: 'loading' | 'ready' | 'missing' | 'failed'
  lineage: Lineage | null
  node: LineageNode | null
  details: UnitDetails | null
  message: string
}>({ code: '', state: 'loading', lineage: null, node: null, details: null, message: '' })

export const unitTitle = computed(() => unitPage.node?.name ?? unitPage.code)

let flight: AbortController | null = null

export async function loadUnit(): Promise<void> {
  flight?.abort()
  const code = address.select
  if (!code) {
    Object.assign(unitPage, { code: '', state: 'missing', lineage: null, node: null, details: null, message: '' })
    return
  }
  const mine = (flight = new AbortController())
  // The unit before stays until the next is there.
  Object.assign(unitPage, { code, state: 'loading' })
  try {
    const lineage = await api.lineage(code, at.value, mine.signal)
    const node = chosenNode(lineage.nodes, code, at.value ?? today.value)
    if (mine !== flight) return
    if (!node) {
      Object.assign(unitPage, { state: 'missing', lineage: null, node: null, details: null, message: '' })
      return
    }
    // A version in force on the date asked for is described as of that date: its villages were others ten years ago.
    const asked = at.value ?? today.value
    const inForce = (!node.valid_from || node.valid_from <= asked) && (!node.valid_to || asked < node.valid_to)
    const day = inForce ? asked : dayOfForce(node, today.value, dayBefore)
    const details = await api.division(code, day === today.value ? undefined : day, mine.signal).catch((e: unknown) => {
      if (isAbort(e)) throw e
      return null
    })
    if (mine !== flight) return
    Object.assign(unitPage, { state: 'ready', lineage, node, details, message: '' })
  } catch (e) {
    if (mine !== flight || isAbort(e)) return
    const missing = e instanceof ServiceError && (e.status === 404 || e.status === 400)
    Object.assign(unitPage, { state: missing ? 'missing' : 'failed', lineage: null, node: null, details: null, message: e instanceof ServiceError ? e.detail : String(e) })
  }
}

export function followUnit(): void {
  if (unitPage.node?.code !== address.select) Object.assign(unitPage, { lineage: null, node: null, details: null })
  watch([() => address.select, at, () => version.n], () => void loadUnit(), { immediate: true })
}
