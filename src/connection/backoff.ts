import type { ReconnectOptions } from './options.js'

/**
 * When a node may be dialled next: exponential, with full jitter. All links of a node share one: after a failed
 * attempt of one of them the others wait too.
 */
export class Backoff {
  readonly #options: Required<ReconnectOptions>
  #failures = 0
  #notBefore = 0

  constructor(options: Required<ReconnectOptions>) {
    this.#options = options
  }

  /** Failed attempts since the last success, and the loss that they were to mend. */
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

  /** An attempt failed. */
  failed(): void {
    const { min, max } = this.#options
    const bound = Math.min(max, min * 2 ** Math.min(this.#failures, 30))
    this.#failures++
    this.#notBefore = performance.now() + Math.random() * bound
  }

  /** A connection was lost that worked. That others are lost with it is no news. */
  lost(): void {
    if (this.#failures === 0) this.failed()
  }

  succeeded(): void {
    this.#failures = 0
    this.#notBefore = 0
  }
}
