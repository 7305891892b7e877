import { clearTimeout, setImmediate, setTimer } from '../../commands/core/timers.js'
import { type BeatWatcher, measuredProcessTime, processTime, unwatchBeats, watchBeats } from './process-clock.js'

/**
 * A limit of the process's own time. Its verdict comes after the poll phase that follows its timer, when the sockets were
 * read, and never for time in which the process stood still: that is given back first.
 */
export class TimeLimit implements BeatWatcher {
  readonly since: number
  readonly #verdict: () => void
  readonly #due: number
  #timer: NodeJS.Timeout | undefined
  #referenced = true

  /** Calls `verdict` back when `ms` are over, once, unless it is cancelled before. */
  constructor(ms: number, verdict: () => void) {
    this.#verdict = verdict
    this.since = processTime()
    this.#due = this.since + Math.ceil(ms)
    if (ms === Number.POSITIVE_INFINITY) return
    // Keeps own time measured as long as the limit is on.
    watchBeats(this)
    this.#wait(ms)
  }

  onBeat(): void {}

  cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    unwatchBeats(this)
  }

  /** Lets the process end although it is on. */
  unref(): this {
    this.#referenced = false
    this.#timer?.unref()
    return this
  }

  #wait(ms: number): void {
    const timer = setTimer(ms, () => setImmediate(() => this.#judge(timer)))
    this.#timer = timer
    if (!this.#referenced) timer?.unref()
  }

  #judge(timer: NodeJS.Timeout | undefined): void {
    if (timer !== this.#timer) return
    const left = this.#due - measuredProcessTime()
    if (left > 0) {
      this.#wait(left)
      return
    }
    this.cancel()
    this.#verdict()
  }
}
