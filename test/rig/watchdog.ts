import { until } from './conditions.js'

/** Watches promises for the one fault that no assertion on them can detect: that they never settle. */
export class Watchdog {
  fulfilled = 0
  rejected = 0
  readonly #pending = new Map<Promise<unknown>, string>()

  /** Watches a promise and returns it. The caller must handle its rejection. */
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

  /** The descriptions of all promises that have not settled. */
  get unsettled(): readonly string[] {
    return [...this.#pending.values()]
  }

  /** Resolves when all promises have settled; rejects with a list of the pending ones after `within` ms. */
  async expectAllSettled(within = 10_000): Promise<void> {
    try {
      await until(() => this.#pending.size === 0, { timeout: within })
    } catch {
      const names = [...new Set(this.unsettled)]
      const some = names.slice(0, 10).join(', ')
      throw new Error(`${this.#pending.size} promises not settled after ${within} ms: ${some}`)
    }
  }
}
