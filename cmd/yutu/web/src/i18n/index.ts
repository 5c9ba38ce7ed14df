import { computed, ref } from 'vue'
import baseZh from './zh.json'
import baseEn from './en.json'
import changeZh from './change.zh.json'
import changeEn from './change.en.json'
import { setRequestLanguage } from '../api/client'
import type { Lang } from '../state/address'

const zh = { ...baseZh, ...changeZh }
export type TextKey = keyof typeof zh
export const tables: Record<Lang, Record<TextKey, string>> = { zh, en: { ...baseEn, ...changeEn } }

export const lang = ref<Lang>('zh')
export const langTag = computed(() => (lang.value === 'zh' ? 'zh-CN' : 'en'))

/** The text of a key in the language in use, with {name} replaced by args. */
export function t(key: TextKey, args: Record<string, string | number> = {}): string {
  return tables[lang.value][key].replace(/\{(\w+)\}/g, (m, k: string) => (k in args ? String(args[k]) : m))
}

const KEPT = 'yutu.lang'

export function preferredLang(): Lang {
  try {
    const kept = localStorage.getItem(KEPT)
    if (kept === 'zh' || kept === 'en') return kept
  } catch {
    // storage may be forbidden; the browser's language then decides
  }
  return (navigator.language || 'zh').toLowerCase().startsWith('en') ? 'en' : 'zh'
}

export function setLang(l: Lang, keep = false): void {
  lang.value = l
  setRequestLanguage(langTag.value)
  document.documentElement.lang = langTag.value
  if (!keep) return
  try {
    localStorage.setItem(KEPT, l)
  } catch {
    // not kept, nothing else changes
  }
}

/** Thousands in groups by a thin space, after SI. */
export function num(n: number, digits = 0): string {
  const [int = '', frac] = n.toFixed(digits).split('.')
  const grouped = int.length > 4 ? int.replace(/\B(?=(\d{3})+$)/g, '\u2009') : int
  return frac ? `${grouped}.${frac}` : grouped
}

export function clock(d: Date): string {
  return `${String(d.getHours()).padStart(2, '0')}:${String(d.getMinutes()).padStart(2, '0')}`
}

/** Local date and time as 2026-11-23 09:05; only the time when it is today. */
export function moment(iso: string): string {
  const d = new Date(iso)
  if (Number.isNaN(d.getTime())) return iso
  const day = `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`
  return new Date().toDateString() === d.toDateString() ? clock(d) : `${day} ${clock(d)}`
}
