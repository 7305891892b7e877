import { PerformanceObserver } from 'node:perf_hooks'
import v8 from 'node:v8'

interface Span {
  readonly from: number
  readonly to: number
}

/** A turn of the event loop: when, and how long the process computed in it, ms. */
interface Turn extends Span {
  readonly cpu: number
}

/**
 * Watches how long each turn of the event loop is held, with what the garbage collector takes subtracted. Time that other
 * processes had is none: the lesser of time and computing time counts.
 */
export class LoopWatch {
  readonly #turns: Turn[] = []
  readonly #collections: Span[] = []
  readonly #observer: PerformanceObserver
  #last = performance.now()
  #cpu = process.cpuUsage()
  #on = true

  constructor() {
    // The steps of an incremental collection are reported to nobody; a collection in one go is.
    v8.setFlagsFromString('--no-incremental-marking')
    this.#observer = new PerformanceObserver(list => {
      for (const { duration, startTime } of list.getEntries())
        this.#collections.push({ from: startTime, to: startTime + duration })
    })
    this.#observer.observe({ entryTypes: ['gc'] })
    setImmediate(() => this.#look())
  }

  #look(): void {
    const now = performance.now()
    const cpu = process.cpuUsage()
    if (now - this.#last > 1) {
      const used = cpu.user + cpu.system - this.#cpu.user - this.#cpu.system
      this.#turns.push({ from: this.#last, to: now, cpu: used / 1_000 })
    }
    this.#last = now
    this.#cpu = cpu
    if (this.#on) setImmediate(() => this.#look())
  }

  /** Ms of the longest holds, longest first. */
  async stop(): Promise<readonly number[]> {
    this.#on = false
    // The observer hears of a collection some turns after it.
    await new Promise(resolve => setTimeout(resolve, 50))
    this.#observer.disconnect()
    v8.setFlagsFromString('--incremental-marking')
    return this.#turns.map(turn => held(turn, this.#collections)).sort((a, b) => b - a)
  }
}

function held({ from, to, cpu }: Turn, collections: readonly Span[]): number {
  let ms = Math.min(to - from, cpu)
  for (const collection of collections) ms -= Math.max(0, Math.min(to, collection.to) - Math.max(from, collection.from))
  return ms
}
