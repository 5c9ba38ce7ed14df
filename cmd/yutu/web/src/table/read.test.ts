import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { inflate } from './inflate'
import { decodeText, firstNonNumber, guess, guessLevel, parseCSV, parseXLSX, readNumber, readTable, TableError } from './read'

/** A zip archive of some files, deflated where it pays. */
function zip(files: Record<string, string>): Uint8Array<ArrayBuffer> {
  const parts: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(files)) {
    const raw = Buffer.from(text)
    const packed = deflateRawSync(raw)
    const n = Buffer.from(name)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(8, 8)
    local.writeUInt32LE(packed.length, 18)
    local.writeUInt32LE(raw.length, 22)
    local.writeUInt16LE(n.length, 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(8, 10)
    entry.writeUInt32LE(packed.length, 20)
    entry.writeUInt32LE(raw.length, 24)
    entry.writeUInt16LE(n.length, 28)
    entry.writeUInt32LE(offset, 42)
    parts.push(local, n, packed)
    central.push(entry, n)
    offset += 30 + n.length + packed.length
  }
  const dir = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(Object.keys(files).length, 10)
  end.writeUInt32LE(dir.length, 12)
  end.writeUInt32LE(offset, 16)
  return Uint8Array.from(Buffer.concat([...parts, dir, end]))
}
const book = (sheet: string, shared = '') =>
  zip({
    'xl/workbook.xml': '<workbook><sheets><sheet name="表" sheetId="1" r:id="rId7"/></sheets></workbook>',
    'xl/_rels/workbook.xml.rels': '<Relationships><Relationship Id="rId7" Type="x" Target="worksheets/sheet3.xml"/></Relationships>',
    'xl/worksheets/sheet3.xml': `<worksheet><sheetData>${sheet}</sheetData></worksheet>`,
    ...(shared ? { 'xl/sharedStrings.xml': `<sst>${shared}</sst>` } : {}),
  })

describe('inflate', () => {
  it('unpacks stored, fixed and dynamic blocks', () => {
    const long = Buffer.from(Array.from({ length: 70_000 }, (_, i) => `${(i * 7919) % 1000},磐安;`).join(''))
    const noise = Buffer.from(Uint8Array.from({ length: 5000 }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 13) & 255))
    for (const raw of [Buffer.alloc(0), Buffer.from('a'), Buffer.from('aaaaaaaaaaaaaaaaaaaaa'), long, noise]) {
      for (const level of [0, 1, 9]) expect(Buffer.from(inflate(deflateRawSync(raw, { level }), raw.length)).equals(raw)).toBe(true)
      expect(Buffer.from(inflate(deflateRawSync(raw, { strategy: 4 }), raw.length)).equals(raw)).toBe(true)
    }
  })
  it('refuses what is damaged, and what is longer than said', () => {
    const packed = deflateRawSync(Buffer.from('磐安县'.repeat(500)))
    expect(() => inflate(packed.subarray(0, packed.length - 5), 4500)).toThrow()
    expect(() => inflate(packed, 4000)).toThrow()
    expect(() => inflate(packed, 5000)).toThrow()
    expect(() => inflate(Uint8Array.from([7, 255, 255]), 10)).toThrow()
  })
})

describe('parseCSV', () => {
  it('reads quotes, line ends and separators', () => {
    expect(parseCSV('\ufeffa,"b,""c""\nd"\r\n1,2\r3,4\n\n')).toEqual([['a', 'b,"c"\nd'], ['1', '2'], ['3', '4']])
    expect(parseCSV('a;b;c\n1;2,5;3')).toEqual([['a', 'b', 'c'], ['1', '2,5', '3']])
    expect(parseCSV('a\tb\n1\t2')).toEqual([['a', 'b'], ['1', '2']])
  })
})
it('decodes what Excel saves in China', () => {
  // 代码,人口 in GB 18030
  expect(decodeText(Uint8Array.from([0xb4, 0xfa, 0xc2, 0xeb, 0x2c, 0xc8, 0xcb, 0xbf, 0xda]))).toBe('代码,人口')
  expect(decodeText(new TextEncoder().encode('代码'))).toBe('代码')
})

describe('parseXLSX', () => {
  it('reads shared, inline and plain cells with gaps', () => {
    const rows = parseXLSX(
      book(
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="D1" t="inlineStr"><is><t>备注</t></is></c></row>' +
          '<row r="2"><c r="A2"><v>3.30727001001E11</v></c><c r="B2"><f>SUM(B3:B9)</f><v>412</v></c><c r="C2"/></row><row r="3"/>',
        '<si><t>区划代码</t></si><si><r><t xml:space="preserve">人 </t></r><r><t>&#21475; &amp; 户</t></r><rPh><t>ren</t></rPh></si>',
      ),
    )
    expect(rows).toEqual([['区划代码', '人 口 & 户', '', '备注'], ['330727001001', '412', '']])
  })
  it('throws on what is no workbook', () => {
    expect(() => parseXLSX(new Uint8Array(100))).toThrow()
    expect(() => parseXLSX(zip({ 'a.txt': 'x' }))).toThrow()
  })
})

describe('readTable', () => {
  const file = (name: string, text: string | Uint8Array<ArrayBuffer>) => new File([text], name)
  it('says what is wrong with a file', async () => {
    const trouble = (f: File) => readTable(f).then(() => '', (e: unknown) => (e as TableError).trouble)
    expect(await trouble(file('a.xls', 'x'))).toBe('type')
    expect(await trouble(file('a.xlsx', 'no zip at all'))).toBe('broken')
    expect(await trouble(file('a.csv', '只有一行'))).toBe('empty')
    expect(await trouble(file('a.csv', ''))).toBe('empty')
  })
  it('reads both kinds', async () => {
    expect((await readTable(file('表.CSV', '代码,数\n330727001001,1'))).kind).toBe('csv')
    expect((await readTable(file('表.xlsx', book('<row><c t="inlineStr"><is><t>a</t></is></c></row><row><c><v>1</v></c></row>')))).rows).toEqual([['a'], ['1']])
  })
})

describe('guess', () => {
  const rows = [
    ['序号', '区划代码', '村名', '户籍人口', '耕地（亩）', '备注'],
    ['1', '330727001001', '鹤兴社区', '1,204', '0', ''],
    ['2', '330727001002', '簟景社区', '980', '12.5', '待核'],
    ['3', '330727001003', '霁和社区', '不详', '', ''],
  ]
  it('finds codes, names and what can be added up', () => {
    expect(guess(rows)).toEqual({ code: '区划代码', name: '村名', columns: ['户籍人口', '耕地（亩）'] })
  })
  it('finds codes by their digits where the heading says nothing', () => {
    expect(guess([['a', 'b'], ['330727', '5'], ['330784', '6']])).toMatchObject({ code: 'a', columns: ['b'] })
    expect(guess([['a', 'b'], ['x', 'y']])).toEqual({ code: '', name: '', columns: [] })
  })
  it('names the row of the first cell that is no number', () => {
    expect(firstNonNumber(rows, '户籍人口')).toBe(4)
    expect(firstNonNumber(rows, '耕地（亩）')).toBe(0)
  })
  it('reads the level from the zeros', () => {
    expect(guessLevel(rows, '区划代码')).toBe('village')
    expect(guessLevel([['c'], ['330727001000'], ['330727102']], 'c')).toBe('township')
    expect(guessLevel([['c'], ['330727'], ['330784000000']], 'c')).toBe('county')
  })
  it('reads numbers as tables write them', () => {
    expect(['1,204', '12 345.5', '-3', '.5', '1e3'].map(readNumber)).toEqual([1204, 12345.5, -3, 0.5, 1000])
    expect(['', 'x', '（3）', '1.2.3', '5%'].map(readNumber)).toEqual([null, null, null, null, null])
  })
})
