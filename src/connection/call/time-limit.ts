import { clearTimeout, setImmediate, setTimer } from '../../commands/core/timers.js'
import { type BeatWatcher, measuredProcessTime, processTime, unwatchBeats, watchBeats } from './process-clock.js'

/**
 * A time limit in the process's own time. It ends after the poll phase that follows its timer, when the sockets have been read,
 * and does not count time in which the process was blocked.
 */
export class TimeLimit implements BeatWatcher {
  readonly since: number
  readonly #onEnd: () => void
  readonly #due: number
  #timer: NodeJS.Timeout | undefined
  #referenced = true

  /** Calls `onEnd` once after `ms`, unless it is cancelled before. */
  constructor(ms: number, onEnd: () => void) {
    this.#onEnd = onEnd
    this.since = processTime()
    this.#due = this.since + Math.ceil(ms)
    if (ms === Number.POSITIVE_INFINITY) return
    // Own time is measured while the limit is active.
    watchBeats(this)
    this.#wait(ms)
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    unwatchBeats(this)
  }

  /** Lets the process exit although the limit is active. */
  unref(): this {
    this.#referenced = false
    this.#timer?.unref()
    return this
  }

  #wait(ms: number): void {
    const timer = setTimer(ms, () => setImmediate(() => this.#check(timer)))
    this.#timer = timer
    if (!this.#referenced) timer?.unref()
  }

  #check(timer: NodeJS.Timeout | undefined): void {
    if (timer !== this.#timer) return
    const left = this.#due - measuredProcessTime()
    if (left > 0) {
      this.#wait(left)
      return
    }
    this.cancel()
    this.#onEnd()
  }
}
