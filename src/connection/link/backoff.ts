import { backoffDelay, performance } from '../../commands/core/timers.js'
import type { ReconnectOptions } from '../options/options.js'

/**
 * When a node may be dialled next: exponential, with full jitter. All links of a node share one, and one of them
 * finds out for all, so that a pool of waiting connections dials a dead node hardly more often than a single one does.
 */
export class Backoff {
  readonly #options: Required<ReconnectOptions>
  #failures = 0
  #failedAt = Number.NEGATIVE_INFINITY
  #permanent = false
  /** The last attempt made a connection. */
  #reached = false
  #notBefore = 0

  constructor(options: Required<ReconnectOptions>) {
    this.#options = options
  }

  /** Failed attempts, and connections that were lost before they had answered a caller, since the last one that had. */
  get failures(): number {
    return this.#failures
  }

  /** Whether the attempts that may fail in a row are used up. */
  get exhausted(): boolean {
    return this.#failures > this.#options.attempts
  }

  /** Ms to wait before the next attempt. */
  wait(): number {
    return Math.max(0, this.#notBefore - performance.now())
  }

  /**
   * An attempt begins; returns when. While a node is down the next one waits a little for what this one finds out, except
   * where each link must learn for itself that nothing will help.
   */
  begun(): number {
    const now = performance.now()
    if (this.#failures > 0 && !this.#permanent && !this.#reached)
      this.#notBefore = Math.max(this.#notBefore, now + this.#options.min)
    return now
  }

  /** An attempt failed, `permanent` if the next one will too. Those that began before the last failure are one with it. */
  failed(begun: number = performance.now(), permanent = false): void {
    if (begun < this.#failedAt) return
    const { min, max } = this.#options
    const delay = backoffDelay(this.#failures++, min, max)
    this.#permanent = permanent
    this.#reached = false
    this.#failedAt = performance.now()
    this.#notBefore = this.#failedAt + delay
  }

  /** A connection was lost that had answered. That others are lost with it is no news. */
  lost(): void {
    if (this.#failures === 0) this.failed()
  }

  /** A connection was made: nobody need wait for that. What it lives through is still to be seen. */
  reached(): void {
    this.#permanent = false
    this.#reached = true
    this.#notBefore = 0
  }

  /** A connection has answered a caller: what fails after that is the first failure. */
  succeeded(): void {
    this.#failures = 0
    this.reached()
  }
}
