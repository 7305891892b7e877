import { blockTime, type Command } from '../../commands/core/command.js'
import { clearTimeout, performance, setTimer } from '../../commands/core/timers.js'
import type { RedisError } from '../../errors/errors.js'
import { TimeLimit } from '../call/time-limit.js'
import { tooSilent } from './connection-errors.js'

/** The connection that a health check watches. */
export interface HealthCheckTarget {
  readonly node: string
  readonly state: string
  readonly inflight: number
  /** When the last byte arrived, on the clock of `performance.now()`. */
  readonly lastRead: number
  /** The command in flight on which the server blocks. */
  readonly blocked: Command | undefined
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
  /** The blocking command of the last check, and the time until which the server may be silent because of it. */
  #blocked: Command | undefined
  #silentUntil = 0

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
    const { inflight, lastRead } = this.#target
    const now = performance.now()
    const interval = this.#interval
    const silenceExpected = this.#mayBeSilent(now)
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
    return this.#target.lastRead > asked || this.#mayBeSilent(performance.now())
  }

  /**
   * Whether the server blocks on a command, and may be silent. A deadline ends that by itself. A command without a deadline may
   * take the time that it gave the server, counted from the first check that found it in flight.
   */
  #mayBeSilent(now: number): boolean {
    const { blocked } = this.#target
    if (blocked !== this.#blocked) {
      const limit = blocked === undefined || blocked.deadline !== 0 ? 0 : blockTime(blocked)
      this.#blocked = blocked
      this.#silentUntil = now + (limit || Number.POSITIVE_INFINITY)
    }
    return blocked !== undefined && now < this.#silentUntil
  }

  #closeIfSilent(asked: number): void {
    const { lastRead, node, state } = this.#target
    if (state === 'closed') return
    if (this.#receivedSince(asked)) {
      this.#check()
      return
    }
    const silence = Math.round(performance.now() - lastRead)
    this.#target.destroy(tooSilent(node, silence, this.#interval))
  }
}
