import { clearTimeout, detached, performance, setTimeout } from '../../commands/core/timers.js'
import { ConnectionError, type RedisError } from '../../errors/errors.js'
import { TimeLimit } from '../call/time-limit.js'

/** What a health check asks of the connection that it watches. */
export interface HealthCheckTarget {
  readonly node: string
  readonly state: string
  readonly inflight: number
  /** When the last byte came, on the clock of `performance.now()`. */
  readonly lastRead: number
  /** The server blocks on what is in flight. */
  readonly silenceExpected: boolean
  /** Has a reply come, or asks whether replies belong to their commands. */
  mark(): void
  /** Has a reply come. */
  nudge(): void
  destroy(error: RedisError): void
}

/**
 * After one interval of silence an idle connection is asked for a sign of life. If nothing comes within another one it is
 * taken for dead: silence counts from when something was asked, and its last half is the process's own time, so that no
 * connection is dropped for time in which this process stood still.
 *
 *   last byte ──── interval ────▸ asked ── half ──▸ still silent ── half of own time ──▸ dead
 */
export class HealthCheck {
  readonly #interval: number
  readonly #patient: HealthCheckTarget
  #timer: NodeJS.Timeout | undefined
  #limit: TimeLimit | undefined

  constructor(interval: number, patient: HealthCheckTarget) {
    this.#interval = interval
    this.#patient = patient
  }

  /** 0, and more than a timer can wait, is off. */
  start(): void {
    if (this.#interval > 0 && this.#interval <= 0x3fffffff) this.#after(this.#interval, () => this.#check())
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#limit?.cancel()
  }

  #after(ms: number, then: () => void): void {
    this.#timer = detached(() => setTimeout(then, Math.ceil(ms)).unref())
  }

  #check(): void {
    const { inflight, lastRead, silenceExpected } = this.#patient
    const now = performance.now()
    const interval = this.#interval
    const left = silenceExpected ? interval : lastRead + interval - now
    if (left > 0) {
      if (inflight > 0 && !silenceExpected) this.#patient.mark()
      this.#after(left, () => this.#check())
      return
    }
    // What is in flight asks as well as a PING does.
    if (inflight === 0) this.#patient.nudge()
    this.#after(interval / 2, () => {
      if (this.#heardSince(now)) this.#check()
      else this.#limit = new TimeLimit(interval / 2, () => this.#closeIfSilent(now)).unref()
    })
  }

  #heardSince(asked: number): boolean {
    return this.#patient.silenceExpected || this.#patient.lastRead > asked
  }

  #closeIfSilent(asked: number): void {
    const { lastRead, node, state } = this.#patient
    if (state === 'closed') return
    if (this.#heardSince(asked)) {
      this.#check()
      return
    }
    const silence = Math.round(performance.now() - lastRead)
    const message = `${node} was silent for ${silence} ms (healthCheckInterval ${this.#interval}): taken for dead.`
    this.#patient.destroy(new ConnectionError(message, { node }))
  }
}
