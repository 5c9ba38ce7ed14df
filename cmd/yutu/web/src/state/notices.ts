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
}

export const notices = reactive<{ list: Notice[]; unread: number; toast: Notice | null }>({ list: [], unread: 0, toast: null })
let next = 1
let timer = 0

/** Adds a notice to the tray and shows it for six seconds. Notices of one group that follow each other are counted, not piled up. */
export function notify(kind: Notice['kind'], text: TextKey, args: Notice['args'] = {}, group?: string): void {
  const first = notices.list[0]
  if (group && first?.group === group) {
    first.times++
    first.time = new Date()
    first.args = args
    notices.toast = first
  } else {
    const n: Notice = { id: next++, kind, text, args, time: new Date(), group, times: 1 }
    notices.list.unshift(n)
    if (notices.list.length > 50) notices.list.pop()
    notices.toast = notices.list[0] ?? null
  }
  notices.unread++
  window.clearTimeout(timer)
  timer = window.setTimeout(() => (notices.toast = null), 6000)
}

export function readAll(): void {
  notices.unread = 0
  notices.toast = null
}
