import fs from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'
import v8 from 'node:v8'
import { expect } from 'vitest'

interface Span {
  readonly from: number
  readonly to: number
}

/** A turn of the event loop: its start and end, and the CPU time of this thread in it, ms. */
interface Turn extends Span {
  readonly cpu: number
}

/**
 * Measures how long each turn of the event loop takes, without garbage collection. The CPU time of this thread counts, because
 * other processes and threads may have run meanwhile.
 */
export class LoopWatch {
  readonly #turns: Turn[] = []
  readonly #collections: Span[] = []
  readonly #observer: PerformanceObserver
  readonly #clock = threadClock()
  #last = performance.now()
  #cpu = this.#clock.now()
  #on = true

  constructor() {
    // Node reports a collection in one go, but not the steps of an incremental one.
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
    const cpu = this.#clock.now()
    if (now - this.#last > 1) this.#turns.push({ from: this.#last, to: now, cpu: cpu - this.#cpu })
    this.#last = now
    this.#cpu = cpu
    if (this.#on) setImmediate(() => this.#look())
  }

  /** Resolves with the durations of all turns in ms, longest first. */
  async stop(): Promise<readonly number[]> {
    this.#on = false
    // The observer is notified of a collection a few turns after it.
    await new Promise(resolve => setTimeout(resolve, 50))
    this.#observer.disconnect()
    this.#clock.close()
    v8.setFlagsFromString('--incremental-marking')
    return this.#turns.map(turn => held(turn, this.#collections)).sort((a, b) => b - a)
  }
}

/** The CPU time of a turn without its collections, whose share of the CPU time is taken to be their share of the wall time. */
function held({ from, to, cpu }: Turn, collections: readonly Span[]): number {
  let collecting = 0
  for (const collection of collections)
    collecting += Math.max(0, Math.min(to, collection.to) - Math.max(from, collection.from))
  return Math.min(to - from, cpu) * (1 - collecting / (to - from))
}

/**
 * Expects that no turn of the event loop takes more than 10 ms in `run`, which resolves with the durations of a LoopWatch. The
 * best of three runs counts, because other processes (through caches and page tables) and the first compilation in this thread
 * only make a turn longer.
 */
export async function expectShortTurns(run: () => Promise<readonly number[]>): Promise<void> {
  let longest = Number.POSITIVE_INFINITY
  for (let runs = 0; runs < 3 && longest > 10; runs++) {
    const holds = await run()
    if (process.env.BULK !== undefined) console.info(`longest turns: ${holds.slice(0, 5).map(ms => ms.toFixed(1))} ms`)
    // Work done in one go would not show up as turns.
    expect(holds.length).toBeGreaterThan(10)
    longest = Math.min(longest, holds[0] ?? 0)
  }
  expect(longest).toBeLessThanOrEqual(10)
}

interface Clock {
  now(): number
  close(): void
}

/** The CPU time of this thread, ms; if the system does not report it, that of the process. */
function threadClock(): Clock {
  const processTime = () => {
    const { system, user } = process.cpuUsage()
    return (user + system) / 1_000
  }
  let file: number
  try {
    file = fs.openSync('/proc/thread-self/schedstat', 'r')
  } catch {
    return { now: processTime, close: () => {} }
  }
  const bytes = Buffer.alloc(64)
  const threadTime = () => {
    // Linux brings the number up to date only when the process asks for its own usage.
    processTime()
    const length = fs.readSync(file, bytes, 0, bytes.length, 0)
    return Number.parseInt(bytes.toString('latin1', 0, length), 10) / 1e6
  }
  return { now: threadTime, close: () => fs.closeSync(file) }
}
