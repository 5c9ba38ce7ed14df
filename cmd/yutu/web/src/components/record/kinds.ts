import type { EventKind } from '../../api/events'
import type { TextKey } from '../../i18n'

export const KIND_TEXT: Record<EventKind, { name: TextKey; about: TextKey; units: TextKey }> = {
  merge: { name: 'change.kind.merge', about: 'change.kind.merge.about', units: 'change.units.merge' },
  split: { name: 'change.kind.split', about: 'change.kind.split.about', units: 'change.units.one' },
  transfer: { name: 'change.kind.transfer', about: 'change.kind.transfer.about', units: 'change.units.transfer' },
  adjust: { name: 'change.kind.adjust', about: 'change.kind.adjust.about', units: 'change.units.adjust' },
  rename: { name: 'change.kind.rename', about: 'change.kind.rename.about', units: 'change.units.one' },
  recode: { name: 'change.kind.recode', about: 'change.kind.recode.about', units: 'change.units.one' },
  upgrade: { name: 'change.kind.upgrade', about: 'change.kind.upgrade.about', units: 'change.units.one' },
  reseat: { name: 'change.kind.reseat', about: 'change.kind.reseat.about', units: 'change.units.one' },
  establish: { name: 'change.kind.establish', about: 'change.kind.establish.about', units: 'change.units.establish' },
  abolish: { name: 'change.kind.abolish', about: 'change.kind.abolish.about', units: 'change.units.abolish' },
}

/** Small drawings, 44 × 32: a area that stays, n area that is new, e border that ends, g stroke that is new. */
export const KIND_SIGN: Record<EventKind, { d: string; c: 'a' | 'n' | 'e' | 'g' }[]> = {
  merge: [
    { d: 'M4 6 38 4l2 23-34 2z', c: 'n' },
    { d: 'M22 6c-3 7 3 14-1 21', c: 'e' },
  ],
  split: [
    { d: 'M4 6 38 4l2 23-34 2z', c: 'a' },
    { d: 'M22 5c-3 7 3 15-1 23', c: 'g' },
  ],
  transfer: [
    { d: 'M4 6 22 5l-1 23-15 1z', c: 'a' },
    { d: 'M22 5l16-1 2 23-19 1z', c: 'n' },
    { d: 'M10 17h20m-5-5 5 5-5 5', c: 'g' },
  ],
  adjust: [
    { d: 'M4 6 38 4l2 23-34 2z', c: 'a' },
    { d: 'M18 6c-3 7 2 14-1 22', c: 'e' },
    { d: 'M24 5c5 6-2 15 4 23', c: 'g' },
  ],
  rename: [
    { d: 'M4 6 38 4l2 23-34 2z', c: 'a' },
    { d: 'M13 21 26 10l3 3-12 11-5 1z', c: 'g' },
  ],
  recode: [
    { d: 'M4 6 38 4l2 23-34 2z', c: 'a' },
    { d: 'M15 12h16M14 20h16M20 8l-2 16M27 8l-2 16', c: 'g' },
  ],
  upgrade: [
    { d: 'M4 6 38 4l2 23-34 2z', c: 'a' },
    { d: 'M22 24V9m-6 6 6-6 6 6', c: 'g' },
  ],
  reseat: [
    { d: 'M4 6 38 4l2 23-34 2z', c: 'a' },
    { d: 'M10 22c6-10 12-12 20-10m-5-3 5 3-4 4', c: 'g' },
  ],
  establish: [
    { d: 'M4 6 38 4l2 23-34 2z', c: 'a' },
    { d: 'M15 11l13-1 1 11-13 2z', c: 'n' },
  ],
  abolish: [
    { d: 'M4 6 38 4l2 23-34 2z', c: 'e' },
    { d: 'M16 10 28 22M28 10 16 22', c: 'e' },
  ],
}
