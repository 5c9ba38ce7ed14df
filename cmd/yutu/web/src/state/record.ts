import { computed, reactive, ref, shallowReactive, shallowRef, watch, type WatchStopHandle } from 'vue'
import { api, isAbort, ServiceError } from '../api/client'
import { changes, findingsOf, type AreaGeometry, type EventDoc, type EventKind, type Finding, type Position, type Preview } from '../api/events'
import { LEVELS, type UnitDetails, type UnitSummary } from '../api/types'
import { rings, sharedBorder } from '../change/border'
import { dayBefore, isCode, nextCode } from '../change/codes'
import { fieldOf, indexOf, ownLevel, type Field } from '../change/effects'
import { chosen, emptyForm, fieldsOf, KIND_ORDER, KINDS, missing, request, toggle, type Chosen, type Form } from '../change/form'
import { address, go, isDate } from './address'
import { today } from './status'

/** What a click on the map does at the moment. */
export type Aim = 'units' | 'to' | 'members' | 'line' | 'seat' | 'geometry'

/** The form of one event with everything around it: the chosen units' areas, and the service's preview. */
export function useRecord() {
  const start = address.form ?? {}
  const kind = KIND_ORDER.find((k) => k === start.kind) ?? ''
  const form = reactive<Form>(emptyForm(kind, isDate(start.date ?? '') ? start.date! : today.value))
  const aim = ref<Aim>('units')
  const preview = shallowRef<Preview | null>(null)
  const state = reactive<{ preview: 'none' | 'waiting' | 'loading' | 'ready' | 'failed'; error: ServiceError | null; saving: boolean }>({ preview: 'none', error: null, saving: false })
  const areas = shallowReactive(new Map<number, AreaGeometry>())
  const subject = shallowRef<UnitDetails | null>(null)
  /** Units in force under the same parent: they show which codes and types are in use. */
  const siblings = shallowRef<UnitSummary[]>([])
  const untouched = ref(JSON.stringify(form))
  const changed = computed(() => JSON.stringify(form) !== untouched.value && form.kind !== '')

  const before = computed(() => dayBefore(isDate(form.date) ? form.date : today.value))
  const fields = computed(() => fieldsOf(form as Form))
  const lacks = computed(() => missing(form as Form))
  const most = computed(() => (form.kind ? KINDS[form.kind].units[1] : 1))

  /** Areas of the chosen units, fetched once each in full precision. */
  async function needArea(u: Chosen): Promise<void> {
    if (areas.has(u.id)) return
    try {
      const g = await changes.area(u.id)
      areas.set(u.id, g)
    } catch {
      // The map shows the unit anyway; only its outline stays away, and the preview says what is wrong.
    }
  }
  const stops: WatchStopHandle[] = []
  stops.push(
    watch(
      () => [...form.units, ...(form.to ? [form.to] : [])].map((u) => u.id),
      () => [...form.units, ...(form.to ? [form.to] : [])].forEach((u) => void needArea(u as Chosen)),
      { immediate: true },
    ),
  )

  /** What the kind needs to know of the first unit: its children, and its siblings' codes. */
  let detailTurn = 0
  async function lookAround(): Promise<void> {
    const turn = ++detailTurn
    const first = form.units[0]
    if (!first) {
      subject.value = null
      siblings.value = []
      return
    }
    try {
      const own = await api.division(first.code, before.value)
      const parent = form.kind === 'establish' ? own : first.parent ? await api.division(first.parent, before.value) : null
      if (turn !== detailTurn) return
      subject.value = own
      siblings.value = parent?.children ?? []
      propose()
    } catch (e) {
      if (turn === detailTurn && !isAbort(e)) {
        subject.value = null
        siblings.value = []
      }
    }
  }
  stops.push(watch([() => form.units.map((u) => u.code).join(), before, () => form.kind], () => void lookAround(), { immediate: true }))

  const resultLevel = computed(() => {
    const own = form.units[0]?.level_number ?? 4
    return form.kind === 'establish' ? Math.min(5, own + 1) : own
  })
  const types = computed(() => [...new Set(siblings.value.map((s) => s.type).filter(Boolean))])

  /** The next free code for a type; codes that the form itself already gives are taken. */
  function freeCode(type: string, index: number): string {
    return nextCode(siblings.value, type, resultLevel.value, form.results.filter((_, i) => i !== index).map((r) => r.code))
  }

  /** What was proposed last; whoever wrote something else keeps it. */
  const proposed: string[] = []
  function fill(i: number, k: 'code' | 'name' | 'type', v: string): void {
    const r = form.results[i]
    const slot = i * 3 + ['code', 'name', 'type'].indexOf(k)
    if (!r || (r[k] !== '' && r[k] !== (proposed[slot] ?? ''))) return
    r[k] = v
    proposed[slot] = v
  }
  function propose(): void {
    const first = form.units[0]
    if (!first || !form.kind || !form.results.length) return
    if (form.kind === 'establish') {
      const type = types.value[0] ?? ''
      fill(0, 'type', type)
      fill(0, 'code', freeCode(form.results[0]!.type, 0))
      return
    }
    // Divided by members the first part is the new unit, divided by a line the part on its left stays what it was.
    const stays = form.kind === 'split' && form.way === 'members' ? 1 : 0
    form.results.forEach((_, i) => {
      if (i === stays) {
        fill(i, 'name', first.name)
        fill(i, 'type', first.type)
        fill(i, 'code', form.kind === 'recode' ? freeCode(first.type, i) : first.code)
      } else {
        fill(i, 'name', '')
        fill(i, 'type', first.type)
        fill(i, 'code', freeCode(form.results[i]!.type, i))
      }
    })
  }
  stops.push(watch([() => form.way, () => form.results.map((r) => r.type).join()], () => propose()))

  function setKind(k: EventKind | ''): void {
    const kept = { date: form.date, document: form.document, note: form.note }
    const level = KINDS[(k || 'merge') as EventKind].units[1]
    const units = form.units.slice(0, level)
    proposed.length = 0
    Object.assign(form, emptyForm(k, form.date), kept, { units, way: k ? (KINDS[k].ways[0] ?? 'line') : 'line' })
    aim.value = 'units'
    if (!k) untouched.value = JSON.stringify(form)
    propose()
  }

  /** A unit picked on the map or found by name goes where the form is waiting for one. */
  function pick(u: UnitSummary): void {
    const c = chosen(u)
    if (aim.value === 'to') form.to = form.to?.code === c.code ? null : c
    else if (aim.value === 'members') {
      const child = subject.value?.children.find((x) => x.code === c.code)
      if (child) form.members = form.members.includes(c.code) ? form.members.filter((x) => x !== c.code) : [...form.members, c.code]
    } else {
      form.units = toggle(form.units as Chosen[], c, most.value)
      form.members = []
      if (form.units[0]?.code !== c.code || form.units.length === 0) form.line = []
    }
  }
  function drop(code: string): void {
    form.units = form.units.filter((u) => u.code !== code)
    form.line = []
    form.members = []
  }
  async function pickCode(code: string): Promise<void> {
    try {
      pick(await api.division(code, before.value))
    } catch {
      // A click on what is not in force that day picks nothing.
    }
  }

  /** The chosen units and the receiving one as they stand in the address and in the file of a new date. */
  stops.push(
    watch(before, async () => {
      const again = async (u: Chosen) => api.division(u.code, before.value).then(chosen, () => null)
      const units = (await Promise.all((form.units as Chosen[]).map(again))).filter((u) => u !== null)
      const to = form.to ? await again(form.to as Chosen) : null
      // The same codes may be other versions on another day; who is not in force then leaves the choice.
      if (JSON.stringify(units) !== JSON.stringify(form.units)) form.units = units
      if (JSON.stringify(to) !== JSON.stringify(form.to)) form.to = to
    }),
  )

  const shared = computed<Position[][]>(() => {
    if (form.kind !== 'adjust') return []
    const [a, b] = form.units.map((u) => areas.get(u.id))
    return a && b ? sharedBorder(a, b) : []
  })
  /** Where the ends of a drawn line hold on. */
  const snapTo = computed<Position[][]>(() => {
    if (form.kind === 'adjust') return shared.value
    const g = form.units[0] && areas.get(form.units[0].id)
    return g ? (rings(g) as Position[][]) : []
  })
  /** Two chosen units that have no border in common cannot move it. */
  const apart = computed(() => form.kind === 'adjust' && form.units.length === 2 && form.units.every((u) => areas.has(u.id)) && !shared.value.length)

  let timer = 0
  let flight: AbortController | null = null
  async function runPreview(): Promise<void> {
    flight?.abort()
    const mine = (flight = new AbortController())
    state.preview = 'loading'
    try {
      const p = await changes.preview(request(form as Form), mine.signal)
      if (mine !== flight) return
      preview.value = p
      Object.assign(state, { preview: 'ready', error: null })
    } catch (e) {
      if (mine !== flight || isAbort(e)) return
      refused(e)
    }
  }
  function refused(e: unknown): void {
    const found = findingsOf(e)
    if (found.length) {
      preview.value = { ends: [], begins: [], edges: [], touched: [], ...preview.value, refusals: found.filter((f) => f.severity === 'error'), warnings: found.filter((f) => f.severity !== 'error') }
      Object.assign(state, { preview: 'ready', error: null })
    } else Object.assign(state, { preview: 'failed', error: e instanceof ServiceError ? e : new ServiceError(0, '', '') })
  }
  const asked = computed(() => (lacks.value.length || apart.value ? '' : JSON.stringify(request(form as Form))))
  stops.push(
    watch(
      asked,
      (now) => {
        window.clearTimeout(timer)
        flight?.abort()
        flight = null
        if (!now) {
          preview.value = null
          Object.assign(state, { preview: 'none', error: null })
          return
        }
        state.preview = 'waiting'
        timer = window.setTimeout(() => void runPreview(), 400)
      },
      { immediate: true },
    ),
  )

  async function record(): Promise<{ id: number; event: EventDoc } | null> {
    if (state.saving || !asked.value || preview.value?.refusals.length) return null
    state.saving = true
    try {
      const done = await changes.record(request(form as Form))
      untouched.value = JSON.stringify(form)
      return done
    } catch (e) {
      refused(e)
      return null
    } finally {
      state.saving = false
    }
  }

  const findings = computed<Finding[]>(() => [...(preview.value?.refusals ?? []), ...(preview.value?.warnings ?? [])])
  function notes(field: Field | undefined, index?: number): Finding[] {
    return findings.value.filter((f) => {
      if (fieldOf(f, fields.value) !== field) return false
      const i = indexOf(f)
      return index === undefined ? field !== 'results' || i === undefined || i >= form.results.length : i === index
    })
  }

  // Kind, units and date are in the address, so that a reload or a link finds them again.
  stops.push(
    watch([() => form.kind, () => form.units.map((u) => u.code).join(), () => form.date], ([k, units, date]) => {
      if (address.view !== 'record') return
      const f: Record<string, string> = {}
      if (k) f.kind = k
      if (k && units) f.units = units
      if (k && isDate(date)) f.date = date
      go({ form: f }, 'replace')
    }),
  )
  async function restore(): Promise<void> {
    const codes = (start.units ?? '').split(',').filter(isCode).slice(0, most.value)
    if (!codes.length || !form.kind) return
    const found = await Promise.all(codes.map((c) => api.division(c, before.value).catch(() => null)))
    form.units = found.filter((u) => u !== null).map(chosen)
    untouched.value = JSON.stringify(form)
  }
  void restore()

  function dispose(): void {
    stops.forEach((s) => s())
    window.clearTimeout(timer)
    flight?.abort()
  }
  const level = computed(() => (preview.value ? ownLevel(preview.value) : (form.units[0]?.level_number ?? 4)))
  const childLevel = computed(() => LEVELS[Math.min(4, form.units[0]?.level_number ?? 4)] ?? 'village')

  return {
    form, aim, preview, state, areas, subject, siblings, types, changed, before, fields, lacks, most, shared, snapTo, apart, findings, level, childLevel,
    notes, setKind, pick, pickCode, drop, freeCode, record, runPreview, dispose,
  }
}
export type RecordState = ReturnType<typeof useRecord>
