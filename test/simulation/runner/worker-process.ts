/** A process that runs seeds (runner/worker.ts). It counts as hung if a seed takes too long, and is killed then. */
import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import type { Order, Report, Tally } from './worker.js'

/** A seed that takes longer counts as an endless loop, ms. */
const HANGS = 180_000

/** The workers use all cores already: threads of the garbage collector would only take turns with them. */
const FLAGS = ['--single-threaded-gc', '--min-semi-space-size=16', '--max-semi-space-size=32']

export type OnFailed = (seed: number, failures: readonly string[]) => void

export class WorkerProcess {
  readonly #child: ChildProcess

  /** `client` is the folder of the compiled client; undefined: the one beside the simulation. */
  constructor(client?: string) {
    const env = { ...process.env, ...(client === undefined ? {} : { SIMULATED_CLIENT: path.resolve(client) }) }
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const
    this.#child = fork(path.join(__dirname, 'worker.js'), { env, stdio: [...stdio], execArgv: FLAGS })
  }

  /** Runs the seeds of `order`. Resolves with undefined if the process hung or exited; this also counts as a failure of the seed. */
  run(order: Order, onFailed: OnFailed): Promise<Tally | undefined> {
    const child = this.#child
    return new Promise(resolve => {
      let seed = order.from
      let timer: NodeJS.Timeout | undefined
      const over = (tally: Tally | undefined, why = '') => {
        clearTimeout(timer)
        child.removeAllListeners()
        if (tally === undefined) onFailed(seed, [why])
        resolve(tally)
      }
      const wait = () => {
        clearTimeout(timer)
        timer = setTimeout(() => {
          child.kill('SIGKILL')
          over(undefined, 'endless: The seed does not end: an endless loop in which virtual time stands still.')
        }, HANGS)
      }
      wait()
      child.on('message', message => {
        const report = message as Report
        if (report.kind === 'begun') {
          seed = report.seed
          wait()
        } else if (report.kind === 'failed') onFailed(report.seed, report.failures)
        else if (report.kind === 'done') over(report.tally)
      })
      const exited = (code: number | string | null) => over(undefined, `crash: The worker process exited (${code}).`)
      child.on('exit', (code, signal) => exited(code ?? signal))
      child.on('error', error => over(undefined, `crash: The worker process failed: ${error.message}`))
      if (child.exitCode === null && child.signalCode === null) child.send(order)
      else exited(child.exitCode ?? child.signalCode)
    })
  }

  /** Prints the story of one seed, and ends the process. */
  tell(kind: 'shrink' | 'story', seed: number, only: readonly string[] | undefined): Promise<void> {
    const child = this.#child
    return new Promise(resolve => {
      const timer = setTimeout(() => child.kill('SIGKILL'), HANGS)
      child.on('message', message => {
        const report = message as Report
        if (report.kind !== 'story') return
        console.log(`\nThe story of SEED=${seed}: ${report.size}\n${report.story.join('\n')}`)
        child.kill()
      })
      child.on('exit', () => {
        clearTimeout(timer)
        resolve()
      })
      child.send({ kind, from: seed, count: 1, only } satisfies Order)
    })
  }

  kill(): void {
    this.#child.removeAllListeners()
    this.#child.kill()
  }
}
