import { clearTimeout, setTimeout } from '../commands/timers.js'
import type { Backoff } from './backoff.js'
import { outside } from './outside.js'

/** When a link dials next: at once where the backoff of its node allows it, else by one timer. */
export class Redial {
  readonly #backoff: Backoff
  readonly #dial: () => void
  #timer: NodeJS.Timeout | undefined
  #referenced = true

  constructor(backoff: Backoff, dial: () => void) {
    this.#backoff = backoff
    this.#dial = dial
  }

  /** Whether a time for the next attempt is set. */
  get isSet(): boolean {
    return this.#timer !== undefined
  }

  /** Dials as soon as the backoff allows it. */
  soon(): void {
    if (this.isSet) return
    const delay = this.#backoff.wait()
    if (delay === 0) this.#dial()
    else this.after(delay)
  }

  after(delay: number): void {
    this.#timer = outside(() =>
      setTimeout(() => {
        this.#timer = undefined
        this.soon()
      }, Math.ceil(delay)),
    )
    if (!this.#referenced) this.#timer.unref()
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  ref(): void {
    this.#referenced = true
    this.#timer?.ref()
  }

  unref(): void {
    this.#referenced = false
    this.#timer?.unref()
  }
}
