import { clearTimeout, setTimer } from './timers.js'

/** One timer at a time, of which it can be said before it is set whether it keeps the process alive. */
export class ReferencedTimer {
  #timer: NodeJS.Timeout | undefined
  #referenced = true

  get isSet(): boolean {
    return this.#timer !== undefined
  }

  /** Calls `fn` after `ms`, in place of what was set before. */
  set(ms: number, fn: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimer(ms, () => {
      this.#timer = undefined
      fn()
    })
    if (!this.#referenced) this.#timer?.unref()
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
