import { clearTimeout, setImmediate, setTimeout } from '../commands/timers.js'
import { outside } from './outside.js'
import { heedBeats, ignoreBeats, measuredTime, ownTime, type Waiting } from './own-time.js'

/** More than a timer can wait is no limit. */
const LONGEST = 0x7fffffff

/**
 * A limit of the process's own time. Its verdict comes after the poll phase that follows its timer, when the sockets were
 * read, and never for time in which the process stood still: that is given back first.
 */
export class TimeLimit implements Waiting {
  readonly since: number
  readonly #verdict: () => void
  readonly #due: number
  #timer: NodeJS.Timeout | undefined
  #referenced = true

  /** Calls `verdict` back when `ms` are over, once, unless it is cancelled before. */
  constructor(ms: number, verdict: () => void) {
    this.#verdict = verdict
    this.since = ownTime()
    this.#due = this.since + Math.ceil(ms)
    if (ms >= LONGEST) return
    // Keeps own time measured as long as the limit is on.
    heedBeats(this)
    this.#wait(ms)
  }

  onBeat(): void {}

  cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    ignoreBeats(this)
  }

  /** Lets the process end although it is on. */
  unref(): this {
    this.#referenced = false
    this.#timer?.unref()
    return this
  }

  #wait(ms: number): void {
    const timer = outside(() => setTimeout(() => setImmediate(() => this.#judge(timer)), Math.ceil(ms)))
    this.#timer = timer
    if (!this.#referenced) timer.unref()
  }

  #judge(timer: NodeJS.Timeout): void {
    if (timer !== this.#timer) return
    const left = this.#due - measuredTime()
    if (left > 0) {
      this.#wait(left)
      return
    }
    this.cancel()
    this.#verdict()
  }
}
