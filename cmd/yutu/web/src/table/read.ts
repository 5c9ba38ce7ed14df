/** The first table of an .xlsx or .csv file as text, to show its columns before the service converts it. */
import { unzip } from './inflate'

export type Row = string[]
export type Trouble = 'type' | 'empty' | 'broken' | 'large'
export class TableError extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble)
  }
}
export const MOST_BYTES = 32 << 20

/** RFC 4180 with commas, semicolons or tabs, whichever the first line has most of. */
export function parseCSV(text: string): Row[] {
  const s = text.replace(/^\ufeff/, '')
  const head = /^[^\r\n]*/.exec(s)?.[0] ?? ''
  const sep = [',', '\t', ';'].sort((a, b) => head.split(b).length - head.split(a).length)[0]!
  const rows: Row[] = []
  let row: Row = []
  let cell = ''
  let quoted = false
  let i = 0
  const endRow = () => {
    row.push(cell)
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
    cell = ''
  }
  for (; i < s.length; i++) {
    const c = s[i]!
    if (quoted) {
      if (c !== '"') cell += c
      else if (s[i + 1] === '"') {
        cell += c
        i++
      } else quoted = false
    } else if (c === '"' && cell === '') quoted = true
    else if (c === sep) {
      row.push(cell)
      cell = ''
    } else if (c === '\n' || c === '\r') {
      if (c === '\r' && s[i + 1] === '\n') i++
      endRow()
    } else cell += c
  }
  if (cell !== '' || row.length) endRow()
  return rows
}

/** Text of a CSV file: UTF-8, UTF-16 with its mark, or else GB 18030, as Excel saves in China. */
export function decodeText(b: Uint8Array): string {
  if (b[0] === 0xff && b[1] === 0xfe) return new TextDecoder('utf-16le').decode(b)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(b)
  } catch {
    return new TextDecoder('gb18030').decode(b)
  }
}

const entity = (s: string) =>
  s.replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (all, e: string) => {
    if (e[0] === '#') return String.fromCodePoint(e[1] === 'x' ? parseInt(e.slice(2), 16) : parseInt(e.slice(1), 10))
    return { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }[e] ?? all
  })
/** All text of <t> elements; phonetic hints (<rPh>) are no part of it. */
const texts = (xml: string) => [...xml.replace(/<rPh[\s\S]*?<\/rPh>/g, '').matchAll(/<t(?:\s[^>]*)?>([\s\S]*?)<\/t>/g)].map((m) => entity(m[1]!)).join('')

const column = (ref: string) => [...(/^[A-Z]+/.exec(ref)?.[0] ?? 'A')].reduce((n, c) => n * 26 + c.charCodeAt(0) - 64, 0) - 1

/** The first sheet of a workbook (ECMA-376). Formulas give their kept values. */
export function parseXLSX(b: Uint8Array): Row[] {
  const entry = unzip(b)
  const text = (name: string) => {
    const e = entry(name)
    return e ? new TextDecoder().decode(e) : null
  }
  const book = text('xl/workbook.xml')
  if (!book) throw new Error('no workbook')
  const id = /<sheet\s[^>]*?r:id="([^"]+)"/.exec(book)?.[1]
  const rels = text('xl/_rels/workbook.xml.rels') ?? ''
  const rel = [...rels.matchAll(/<Relationship\s[^>]*>/g)].map((m) => m[0]).find((r) => r.includes(`Id="${id}"`))
  const target = /Target="([^"]+)"/.exec(rel ?? '')?.[1] ?? 'worksheets/sheet1.xml'
  const sheet = text(target.startsWith('/') ? target.slice(1) : `xl/${target}`)
  if (!sheet) throw new Error('no sheet')
  const shared = [...(text('xl/sharedStrings.xml') ?? '').matchAll(/<si>([\s\S]*?)<\/si>|<si\/>/g)].map((m) => texts(m[1] ?? ''))
  const rows: Row[] = []
  for (const r of sheet.matchAll(/<row\b[^>]*>([\s\S]*?)<\/row>/g)) {
    const row: Row = []
    let next = 0
    for (const c of r[1]!.matchAll(/<c\b([^>]*?)(?:\/>|>([\s\S]*?)<\/c>)/g)) {
      const ref = /\br="([A-Z]+\d+)"/.exec(c[1]!)?.[1]
      const at = ref ? column(ref) : next
      next = at + 1
      const type = /\bt="(\w+)"/.exec(c[1]!)?.[1]
      const inner = c[2] ?? ''
      const v = /<v(?:\s[^>]*)?>([\s\S]*?)<\/v>/.exec(inner)?.[1]
      while (row.length < at) row.push('')
      if (type === 'inlineStr') row[at] = texts(inner)
      else if (v === undefined) row[at] = ''
      else if (type === 's') row[at] = shared[Number(v)] ?? ''
      else if (type === 'b') row[at] = v === '1' ? 'TRUE' : 'FALSE'
      // A long number may stand in the file as 3.30727001001E11.
      else row[at] = /[eE]/.test(v) && type === undefined ? plain(v) : entity(v)
    }
    if (row.some((x) => x !== '')) rows.push(row)
  }
  return rows
}
function plain(v: string): string {
  const n = Number(v)
  return Number.isSafeInteger(n) ? String(n) : v
}

export async function readTable(file: File): Promise<{ kind: 'csv' | 'xlsx'; rows: Row[] }> {
  const kind = /\.csv$/i.test(file.name) ? 'csv' : /\.xlsx$/i.test(file.name) ? 'xlsx' : null
  if (!kind) throw new TableError('type')
  if (file.size > MOST_BYTES) throw new TableError('large')
  let rows: Row[]
  try {
    const b = new Uint8Array(await file.arrayBuffer())
    rows = kind === 'csv' ? parseCSV(decodeText(b)) : parseXLSX(b)
  } catch {
    throw new TableError('broken')
  }
  if (rows.length < 2) throw new TableError('empty')
  return { kind, rows }
}

/** A number as tables write it: 1,234.5, 12 345, （3）is none. null when it is none; empty cells count as nothing. */
export function readNumber(s: string): number | null {
  const t = s.trim().replace(/[,，\s\u2009\u202f]/g, '')
  return /^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/.test(t) ? Number(t) : null
}

export interface Guess {
  code: string
  name: string
  /** Columns of numbers, to be converted. */
  columns: string[]
}

const SHORT = /^\d{6}$|^\d{9}$|^\d{12}$/
/**
 * Which column holds the codes (six, nine or twelve digits in most rows), which the names, and which are numbers. Columns
 * that name a serial number or a code are not to be added up.
 */
export function guess(rows: readonly Row[]): Guess {
  const head = rows[0] ?? []
  const body = rows.slice(1)
  const share = (i: number, f: (s: string) => boolean) => {
    const filled = body.filter((r) => (r[i] ?? '').trim() !== '')
    return filled.length ? filled.filter((r) => f(r[i]!.trim())).length / filled.length : 0
  }
  const score = (i: number) => share(i, (s) => SHORT.test(s)) + (/代码|编码|code/i.test(head[i] ?? '') ? 0.5 : 0)
  let code = -1
  head.forEach((_, i) => {
    if (score(i) > 0.6 && (code < 0 || score(i) > score(code))) code = i
  })
  const name = head.findIndex((h, i) => i !== code && /名称|名字|区划名|[村镇乡县市]名|^名$|name|单位|村居|乡镇/i.test(h) && share(i, (s) => readNumber(s) === null) > 0.5)
  const columns = head.filter((h, i) => i !== code && i !== name && h.trim() !== '' && !/代码|编码|序号|编号|code|^id$|^no\.?$/i.test(h) && share(i, (s) => readNumber(s) !== null) > 0.5)
  return { code: head[code] ?? '', name: head[name] ?? '', columns }
}

/** The first row, counted as in the file, whose cell in a column is neither a number nor empty; 0 when there is none. */
export function firstNonNumber(rows: readonly Row[], column: string): number {
  const i = (rows[0] ?? []).indexOf(column)
  const at = rows.slice(1).findIndex((r) => (r[i] ?? '').trim() !== '' && readNumber(r[i]!) === null)
  return at < 0 ? 0 : at + 2
}

/** The level most codes of a column are of: zeros at the end say so. */
export function guessLevel(rows: readonly Row[], column: string): 'county' | 'township' | 'village' {
  const i = (rows[0] ?? []).indexOf(column)
  const codes = rows.slice(1).map((r) => (r[i] ?? '').trim()).filter((s) => SHORT.test(s))
  const level = (c: string) => (c.length === 6 || /0{6}$/.test(c.padEnd(12, '0')) ? 'county' : c.length === 9 || c.endsWith('000') ? 'township' : 'village')
  const n = { county: 0, township: 0, village: 0 }
  for (const c of codes) n[level(c)]++
  return n.village >= n.township && n.village >= n.county && codes.length ? 'village' : n.township >= n.county && codes.length ? 'township' : codes.length ? 'county' : 'village'
}
