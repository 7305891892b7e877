import { until } from './conditions.js'

/** Watches promises for the one fault no assertion on them can see: that they never settle. */
export class Watchdog {
  fulfilled = 0
  rejected = 0
  readonly #pending = new Map<Promise<unknown>, string>()

  /** Watches a promise and gives it back. Its rejection stays the caller's to handle. */
  watch<T>(promise: Promise<T>, what: string): Promise<T> {
    this.#pending.set(promise, what)
    promise.then(
      () => {
        this.fulfilled++
        this.#pending.delete(promise)
      },
      () => {
        this.rejected++
        this.#pending.delete(promise)
      },
    )
    return promise
  }

  /** What has not settled, in the words it was given. */
  get unsettled(): readonly string[] {
    return [...this.#pending.values()]
  }

  /** Resolves when all have settled; rejects with a list of those that have not within the milliseconds given. */
  async expectAllSettled(within = 1_000): Promise<void> {
    try {
      await until(() => this.#pending.size === 0, { timeout: within })
    } catch {
      const names = [...new Set(this.unsettled)]
      const some = names.slice(0, 10).join(', ')
      throw new Error(`${this.#pending.size} promises not settled after ${within} ms: ${some}`)
    }
  }
}
