import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
export const repository = resolve(here, '../../../..')
const binary = process.env.YUTU_BIN ?? join(repository, 'bin/yutu')

/** The real program on a free port and a home directory of its own. */
export class Service {
  private constructor(
    readonly url: string,
    readonly home: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(flags: string[] = []): Promise<Service> {
    if (!existsSync(binary)) throw new Error(`${binary} is missing: run make build first, or name another program in YUTU_BIN`)
    const home = mkdtempSync(join(tmpdir(), 'yutu-e2e-'))
    const child = spawn(binary, ['serve', '--addr', '127.0.0.1:0', '--home', home, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
    const log: string[] = []
    const url = await new Promise<string>((ok, bad) => {
      const timer = setTimeout(() => bad(new Error(`the service did not say its address within 90 s:\n${log.join('')}`)), 90_000)
      const read = (chunk: Buffer) => {
        log.push(chunk.toString())
        const m = /http:\/\/127\.0\.0\.1:\d+/.exec(log.join(''))
        if (m) {
          clearTimeout(timer)
          ok(m[0])
        }
      }
      child.stdout?.on('data', read)
      child.stderr?.on('data', (c: Buffer) => log.push(c.toString()))
      child.on('exit', (code) => {
        clearTimeout(timer)
        bad(new Error(`the service ended with ${code}:\n${log.join('')}`))
      })
    })
    return new Service(url, home, child)
  }

  /** Runs another command of the program on the same home directory. */
  async run(...args: string[]): Promise<{ code: number; out: string }> {
    const child = spawn(binary, [...args, '--home', this.home], { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    child.stdout.on('data', (c: Buffer) => (out += c.toString()))
    child.stderr.on('data', (c: Buffer) => (out += c.toString()))
    const code = await new Promise<number>((ok) => child.on('exit', (c) => ok(c ?? -1)))
    return { code, out }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = new Promise<void>((ok) => this.child.on('exit', () => ok()))
      this.child.kill('SIGTERM')
      const hard = setTimeout(() => this.child.kill('SIGKILL'), 20_000)
      await ended
      clearTimeout(hard)
    }
    rmSync(this.home, { recursive: true, force: true })
  }
}
