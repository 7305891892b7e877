import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { keep } from '../servers/servers.mjs'
import { until } from './conditions.js'

const ROOT = path.join(__dirname, '../..')

/** Whether dist exists, so that child processes can load the package. */
export function isBuilt(): boolean {
  return existsSync(path.join(ROOT, 'dist/index.js'))
}

export interface ChildOptions {
  /** Arguments of the script: `process.argv.slice(2)` in a file, `process.argv.slice(1)` in code. */
  args?: readonly string[]
  /** Arguments of node itself. */
  nodeArgs?: readonly string[]
  env?: Readonly<Record<string, string>>
  /** Milliseconds until the process is killed. Default 40 000. */
  timeout?: number
}

export interface ChildResult {
  /** null if a signal ended the process. */
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  timedOut: boolean
}

/**
 * A separate Node process, for tests of exits, crashes and open handles. Its script uses the built package,
 * `require('@respire/redis')`.
 */
export class Child {
  stdout = ''
  stderr = ''
  readonly exited: Promise<ChildResult>
  readonly #process: ChildProcess
  #timedOut = false

  /** @param script code (CommonJS), or the path of a file from the root of the repository that ends in .js, .cjs or .mjs */
  constructor(script: string, { args = [], nodeArgs = [], env = {}, timeout = 40_000 }: ChildOptions = {}) {
    if (!isBuilt()) throw new Error('no dist/: run `npm run build` first')
    const isFile = /^[\w./-]+\.[cm]?js$/.test(script)
    const what = isFile ? [path.join(ROOT, script), ...args] : ['-e', script, '--', ...args]
    this.#process = spawn(process.execPath, [...nodeArgs, ...what], {
      cwd: ROOT,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    keep(this.#process)
    this.#process.stdout?.setEncoding('utf8').on('data', text => {
      this.stdout += text
    })
    this.#process.stderr?.setEncoding('utf8').on('data', text => {
      this.stderr += text
    })
    this.exited = this.#exit(timeout)
  }

  /** Resolves when the process has printed this text; rejects if it ends first. */
  async printed(text: string, timeout = 30_000): Promise<void> {
    const ended = () => this.#process.exitCode !== null || this.#process.signalCode !== null
    await until(() => this.stdout.includes(text) || ended(), { timeout, what: `the child prints ${text}` })
    if (!this.stdout.includes(text)) throw new Error(`the child ended before it printed ${text}:\n${this.stderr}`)
  }

  /** Writes a line to its standard input. */
  say(line: string): void {
    this.#process.stdin?.write(`${line}\n`)
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name)
  }

  async #exit(timeout: number): Promise<ChildResult> {
    const timer = setTimeout(() => {
      this.#timedOut = true
      this.#process.kill('SIGKILL')
    }, timeout)
    const [code, signal] = await once(this.#process, 'close')
    clearTimeout(timer)
    return { code, signal, stdout: this.stdout, stderr: this.stderr, timedOut: this.#timedOut }
  }
}

/** Runs a script; resolves when the process has ended. */
export function runChild(script: string, options?: ChildOptions): Promise<ChildResult> {
  return new Child(script, options).exited
}
