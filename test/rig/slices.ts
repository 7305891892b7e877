import { PerformanceObserver } from 'node:perf_hooks'

interface Span {
  readonly from: number
  readonly to: number
}

/** Watches how long the event loop is held at a time, with what the garbage collector takes subtracted. */
export class LoopWatch {
  readonly #gaps: Span[] = []
  readonly #collections: Span[] = []
  readonly #observer: PerformanceObserver
  #last = performance.now()
  #on = true

  constructor() {
    this.#observer = new PerformanceObserver(list => {
      for (const { duration, startTime } of list.getEntries())
        this.#collections.push({ from: startTime, to: startTime + duration })
    })
    this.#observer.observe({ entryTypes: ['gc'] })
    setImmediate(() => this.#look())
  }

  #look(): void {
    const now = performance.now()
    if (now - this.#last > 1) this.#gaps.push({ from: this.#last, to: now })
    this.#last = now
    if (this.#on) setImmediate(() => this.#look())
  }

  /** Begins anew: what came before does not count. */
  reset(): void {
    this.#last = performance.now()
    this.#gaps.length = 0
  }

  /** Ms of the longest holds, longest first. */
  async stop(): Promise<readonly number[]> {
    this.#on = false
    // The observer hears of a collection some turns after it.
    await new Promise(resolve => setTimeout(resolve, 50))
    this.#observer.disconnect()
    return this.#gaps.map(gap => held(gap, this.#collections)).sort((a, b) => b - a)
  }
}

function held({ from, to }: Span, collections: readonly Span[]): number {
  let ms = to - from
  for (const collection of collections) ms -= Math.max(0, Math.min(to, collection.to) - Math.max(from, collection.from))
  return ms
}
