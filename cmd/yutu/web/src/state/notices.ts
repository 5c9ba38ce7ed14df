import { reactive } from 'vue'
import type { TextKey } from '../i18n'

/** One thing the service or the page had to say. */
export interface Notice {
  id: number
  kind: 'info' | 'good' | 'warn' | 'bad'
  text: TextKey
  args: Record<string, string | number>
  time: Date
  group?: string
  times: number
  /** What can still be done about it, such as taking a change back; gone once it was used. */
  action?: { text: TextKey; run: () => void }
}

export const notices = reactive<{ list: Notice[]; unread: number; toast: Notice | null }>({ list: [], unread: 0, toast: null })
let next = 1
let timer = 0

/** Adds a notice to the tray and shows it for six seconds, for twenty when something can be done about it. Notices of one group that follow each other are counted, not piled up. */
export function notify(kind: Notice['kind'], text: TextKey, args: Notice['args'] = {}, group?: string, action?: Notice['action']): void {
  const first = notices.list[0]
  if (group && first?.group === group) {
    first.times++
    first.time = new Date()
    first.args = args
    notices.toast = first
  } else {
    const n: Notice = { id: next++, kind, text, args, time: new Date(), group, times: 1, action }
    notices.list.unshift(n)
    if (notices.list.length > 50) notices.list.pop()
    notices.toast = notices.list[0] ?? null
  }
  notices.unread++
  window.clearTimeout(timer)
  timer = window.setTimeout(() => (notices.toast = null), action ? 20_000 : 6000)
}

export function readAll(): void {
  notices.unread = 0
  notices.toast = null
}

/** Does what a notice offers, once. */
export function act(n: Notice): void {
  const { action } = n
  n.action = undefined
  if (notices.toast?.id === n.id) notices.toast = null
  action?.run()
}
