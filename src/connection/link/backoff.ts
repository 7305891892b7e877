import { backoffDelay, performance } from '../../commands/core/timers.js'
import type { Complete, ReconnectOptions } from '../options/options.js'

/**
 * The time of the next attempt to connect to a node: exponential backoff with full jitter. All links of a node share one, and
 * one attempt serves them all, so that a whole pool dials a failed node hardly more often than a single connection.
 */
export class Backoff {
  readonly #options: Complete<ReconnectOptions>
  #failures = 0
  #failedAt = Number.NEGATIVE_INFINITY
  #permanent = false
  /** The last attempt succeeded. */
  #reached = false
  #notBefore = 0

  constructor(options: Complete<ReconnectOptions>) {
    this.#options = options
  }

  /** Failed attempts, and connections lost before they answered a caller, since the last connection that answered one. */
  get failures(): number {
    return this.#failures
  }

  /** Whether more attempts in a row have failed than `reconnect.attempts` allows. */
  get exhausted(): boolean {
    return this.#failures > this.#options.attempts
  }

  /** Ms to wait before the next attempt. */
  wait(): number {
    return Math.max(0, this.#notBefore - performance.now())
  }

  /**
   * An attempt begins; returns its time. While a node is down, the next attempt waits a little for the result of this one, except
   * after a permanent failure, which each link must find out for itself.
   */
  begun(): number {
    const now = performance.now()
    if (this.#failures > 0 && !this.#permanent && !this.#reached)
      this.#notBefore = Math.max(this.#notBefore, now + this.#options.min)
    return now
  }

  /** An attempt failed; `permanent` if the next one will too. Attempts that began before the last failure count as one with it. */
  failed(begun: number = performance.now(), permanent = false): void {
    if (begun < this.#failedAt) return
    const { min, max } = this.#options
    const delay = backoffDelay(this.#failures++, min, max)
    this.#permanent = permanent
    this.#reached = false
    this.#failedAt = performance.now()
    this.#notBefore = this.#failedAt + delay
  }

  /** A working connection was lost. Others lost at the same time count as the same failure. */
  lost(): void {
    if (this.#failures === 0) this.failed()
  }

  /** A connection was made, so that no link needs to wait. The failures count until it has answered a caller. */
  reached(): void {
    this.#permanent = false
    this.#reached = true
    this.#notBefore = 0
  }

  /** A connection has answered a caller: the next failure counts as the first. */
  succeeded(): void {
    this.#failures = 0
    this.reached()
  }
}
