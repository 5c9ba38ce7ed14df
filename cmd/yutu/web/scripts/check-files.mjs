// House rules that a compiler does not know: no file of 600 lines or more, no address of an outside host in the sources.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

let bad = 0
const walk = (dir) => {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name)
    if (statSync(path).isDirectory()) walk(path)
    else if (/\.(ts|vue|css|mjs|json|html)$/.test(name)) {
      const text = readFileSync(path, 'utf8')
      const lines = text.split('\n').length
      if (lines >= 600) bad = report(`${path}: ${lines} lines, at most 599`)
      for (const m of text.matchAll(/https?:\/\/[^\s'"`)]+/g)) {
        if (!/127\.0\.0\.1|localhost|www\.w3\.org\/2000\/svg/.test(m[0])) bad = report(`${path}: outside address ${m[0]}`)
      }
    }
  }
}
const report = (line) => (console.error(line), 1)
for (const d of ['src', 'e2e', 'scripts']) walk(d)
process.exit(bad)
