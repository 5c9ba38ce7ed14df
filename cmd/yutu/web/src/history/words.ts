import type { EventKind, LevelName, UnitRef } from '../api/types'
import { lang, num, t, type TextKey } from '../i18n'

/** The kinds of change in plain words, each with a sign of its own, so that colour never stands alone. */
export const KIND: Record<EventKind, TextKey> = {
  establish: 'history.kind.establish',
  abolish: 'history.kind.abolish',
  merge: 'history.kind.merge',
  split: 'history.kind.split',
  transfer: 'history.kind.transfer',
  rename: 'history.kind.rename',
  recode: 'history.kind.recode',
  upgrade: 'history.kind.upgrade',
  reseat: 'history.kind.reseat',
  adjust: 'history.kind.adjust',
}

const SENTENCE: Record<EventKind, TextKey> = {
  establish: 'history.did.establish',
  abolish: 'history.did.abolish',
  merge: 'history.did.merge',
  split: 'history.did.split',
  transfer: 'history.did.transfer',
  rename: 'history.did.rename',
  recode: 'history.did.recode',
  upgrade: 'history.did.upgrade',
  reseat: 'history.did.reseat',
  adjust: 'history.did.adjust',
}

/** Up to three names in a row, the rest counted. */
export function names(list: readonly Pick<UnitRef, 'name'>[]): string {
  const all = [...new Set(list.map((u) => u.name))]
  const some = all.slice(0, 3).join(t('history.comma'))
  return all.length > 3 ? t('history.andMore', { names: some, n: num(list.length) }) : some
}

/** What an event did, as one sentence: 由 尖山镇、胡宅乡 合并为 尖山镇. */
export function sentence(kind: EventKind, before: readonly UnitRef[], after: readonly UnitRef[]): string {
  const b = names(before)
  const a = names(after)
  if (kind === 'recode') {
    return t(SENTENCE.recode, { before: b, after: a, old: shortCode(before[0]?.code), new: shortCode(after[0]?.code) })
  }
  if (kind === 'upgrade') return t(SENTENCE.upgrade, { before: b, after: a, old: before[0]?.type ?? '', new: after[0]?.type ?? '' })
  return t(SENTENCE[kind], { before: b || t('history.nothing'), after: a || t('history.nothing') })
}

const shortCode = (code = '') => code.replace(/0{3}$/, '')

export const LEVEL_UNIT: Partial<Record<LevelName, TextKey>> = {
  province: 'history.counts.province',
  prefecture: 'history.counts.prefecture',
  county: 'history.counts.county',
  township: 'history.counts.township',
  village: 'history.counts.village',
}

/** 19 → 14 乡镇; 371 → 236 村: the levels whose number changed. */
export function countsLabel(before: Record<LevelName, number>, after: Record<LevelName, number>): string {
  return (Object.keys(LEVEL_UNIT) as LevelName[])
    .filter((l) => before[l] !== after[l])
    .map((l) => t(LEVEL_UNIT[l]!, { before: num(before[l]), after: num(after[l]) }))
    .join(lang.value === 'zh' ? '；' : '; ')
}

/** 0.4231 as 42.3 %. */
export function percent(share: number): string {
  const v = share * 100
  return `${v > 99.95 || v < 0.05 ? Math.round(v) : v.toFixed(1)}\u202f%`
}
