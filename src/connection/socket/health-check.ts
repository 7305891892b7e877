import { clearTimeout, performance, setTimer } from '../../commands/core/timers.js'
import { ConnectionError, type RedisError } from '../../errors/errors.js'
import { TimeLimit } from '../call/time-limit.js'

/** The connection that a health check watches. */
export interface HealthCheckTarget {
  readonly node: string
  readonly state: string
  readonly inflight: number
  /** When the last byte arrived, on the clock of `performance.now()`. */
  readonly lastRead: number
  /** The server blocks on a command in flight. */
  readonly silenceExpected: boolean
  /** Sends a PING that checks whether replies belong to their commands, if it can. */
  probe(): void
  /** Sends a PING, so that a reply arrives. */
  ping(): void
  destroy(error: RedisError): void
}

/**
 * After one interval without data an idle connection gets a PING. If no data arrives within another interval, the connection
 * is closed. The second half of that interval is measured in the process's own time, so that a blocked process closes no
 * connection.
 *
 *   last byte ──── interval ────▸ PING ── half ──▸ no data yet ── half, own time ──▸ closed
 */
export class HealthCheck {
  readonly #interval: number
  readonly #target: HealthCheckTarget
  #timer: NodeJS.Timeout | undefined
  #limit: TimeLimit | undefined

  constructor(interval: number, target: HealthCheckTarget) {
    this.#interval = interval
    this.#target = target
  }

  /** Starts unless the interval is 0 or Infinity. */
  start(): void {
    if (this.#interval > 0) this.#after(this.#interval, () => this.#check())
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#limit?.cancel()
  }

  #after(ms: number, then: () => void): void {
    this.#timer = setTimer(ms, then)?.unref()
  }

  #check(): void {
    const { inflight, lastRead, silenceExpected } = this.#target
    const now = performance.now()
    const interval = this.#interval
    const left = silenceExpected ? interval : lastRead + interval - now
    if (left > 0) {
      if (inflight > 0 && !silenceExpected) this.#target.probe()
      this.#after(left, () => this.#check())
      return
    }
    // A command in flight serves as the PING.
    if (inflight === 0) this.#target.ping()
    this.#after(interval / 2, () => {
      if (this.#receivedSince(now)) this.#check()
      else this.#limit = new TimeLimit(interval / 2, () => this.#closeIfSilent(now)).unref()
    })
  }

  #receivedSince(asked: number): boolean {
    return this.#target.silenceExpected || this.#target.lastRead > asked
  }

  #closeIfSilent(asked: number): void {
    const { lastRead, node, state } = this.#target
    if (state === 'closed') return
    if (this.#receivedSince(asked)) {
      this.#check()
      return
    }
    const silence = Math.round(performance.now() - lastRead)
    const message = `No data from ${node} for ${silence} ms (healthCheckInterval ${this.#interval}): the connection was closed.`
    this.#target.destroy(new ConnectionError(message, { node }))
  }
}
