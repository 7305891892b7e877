/**
 * Virtual time, and the event loop of the one process that runs in it.
 *
 *   outside   segments arrive, servers work, faults strike        at their time, also while the process stands still
 *   process   timers ──▸ poll (sockets) ──▸ check (immediates)    one callback at a time, then its ticks and microtasks
 *
 * When neither has anything to do, the clock advances to the next event. Ticks and microtasks are Node's own.
 */
import { type Due, Heap } from './heap.js'

/** A timer with those methods of Node's timers that the client and its packages use. */
export class Timer implements Due {
  due = 0
  order = 0
  active = true
  referenced = true
  readonly callback: () => void
  readonly ms: number
  readonly repeats: boolean
  /** True if the client set the timer, false if a user did. */
  readonly isClients: boolean
  /** The stack of the call that set the timer, if the loop records it. */
  readonly origin: string | undefined

  constructor(callback: () => void, ms: number, repeats: boolean, isClients: boolean, origin: string | undefined) {
    this.callback = callback
    this.ms = ms
    this.repeats = repeats
    this.isClients = isClients
    this.origin = origin
  }

  ref(): this {
    this.referenced = true
    return this
  }

  unref(): this {
    this.referenced = false
    return this
  }

  hasRef(): boolean {
    return this.referenced
  }
}

interface Happening extends Due {
  readonly run: () => void
}

/** A socket, as the poll phase sees it. */
export interface Polled {
  /** Runs one callback of the process. Returns false when no event is left. */
  poll(): boolean
}

export type Verdict = 'done' | 'stuck' | 'too long' | 'too busy'

/** Runs ticks and microtasks, as Node does between two timers of one turn. Node does not document this function. */
const drain = (process as unknown as { _tickCallback(): void })._tickCallback

/** A call of `run` that takes more tasks counts as an endless loop. */
const MAX_TASKS = 200_000
/** The limit of reads from one socket in one poll phase, as in libuv. */
const READS = 32

export class Loop {
  /** The virtual time, ms. Its fractions are sums of powers of two, so that additions are exact. */
  now: number
  readonly start: number
  /** The duration of one callback, and of one reading of the clock, ms. */
  cost: number = 2 ** -6
  glance: number = 2 ** -10
  tasks = 0
  /** The longest turn, without standstills, ms. */
  slowest = 0
  notesOrigins = false
  #loopTime: number
  #usual = { cost: 2 ** -6, glance: 2 ** -10 }
  #order = 0
  readonly #outside = new Heap<Happening>()
  readonly #timers = new Heap<Timer>()
  #immediates: (() => void)[] = []
  #ready: Polled[] = []
  readonly #isReady = new Set<Polled>()
  #standing = false
  #maxTasks = 0
  /** Ms of standstills in this turn. */
  #stood = 0

  constructor(start: number) {
    this.start = start
    this.now = start
    this.#loopTime = start
  }

  /** Time since the start, ms. */
  get elapsed(): number {
    return this.now - this.start
  }

  /** Sets the usual durations of a callback and of a reading of the clock, or restores them. */
  calm(cost: number = this.#usual.cost, glance: number = this.#usual.glance): void {
    this.#usual = { cost, glance }
    Object.assign(this, this.#usual)
  }

  /** Returns the time for a reading of the clock by the process. */
  read(): number {
    this.now += this.glance
    return this.now
  }

  /** Schedules an event outside of the process. */
  later(ms: number, run: () => void): void {
    this.#outside.add({ due: this.now + Math.max(0, ms), order: this.#order++, run })
  }

  setTimer(callback: () => void, ms: number, repeats: boolean, isClients = false): Timer {
    const whole = ms >= 1 && ms <= 0x7fffffff ? Math.trunc(ms) : 1
    const timer = new Timer(
      callback,
      whole,
      repeats,
      isClients,
      isClients && this.notesOrigins ? new Error('set').stack : '',
    )
    this.#schedule(timer)
    return timer
  }

  /** The delay counts from the beginning of the turn, as in libuv. */
  #schedule(timer: Timer): void {
    timer.due = this.#loopTime + timer.ms
    timer.order = this.#order++
    this.#timers.add(timer)
  }

  setImmediate(callback: () => void): void {
    this.#immediates.push(callback)
  }

  /** Calls `polled` in the next poll phase. */
  makeReady(polled: Polled): void {
    if (this.#isReady.has(polled)) return
    this.#isReady.add(polled)
    this.#ready.push(polled)
  }

  /** Blocks the process for `ms` in the middle of a callback. Events outside of the process still happen. */
  standStill(ms: number): void {
    if (this.#standing) return
    this.#standing = true
    this.#stood += ms
    this.#goOutside(this.now + ms)
    this.#standing = false
  }

  /** Runs the events outside of the process until `end`. */
  #goOutside(end: number): void {
    for (let next = this.#outside.first; next !== undefined && next.due <= end; next = this.#outside.first) {
      this.#outside.take()
      this.now = Math.max(this.now, next.due)
      next.run()
    }
    this.now = Math.max(this.now, end)
  }

  /** The active timers of the client. */
  get timers(): Timer[] {
    return [...this.#timers].filter(({ active, isClients }) => active && isClients)
  }

  get immediates(): number {
    return this.#immediates.length
  }

  /** Runs turns until `isDone` returns true, for at most `ms` of virtual time. */
  run(isDone: () => boolean, ms: number): Verdict {
    const end = this.now + ms
    this.#maxTasks = this.tasks + MAX_TASKS
    drain()
    while (!isDone()) {
      if (this.now >= end) return 'too long'
      if (this.tasks > this.#maxTasks) return 'too busy'
      if (!this.#turn(isDone)) return 'stuck'
    }
    return 'done'
  }

  #turn(isDone: () => boolean): boolean {
    const began = this.now
    this.#stood = 0
    this.#loopTime = Math.floor(this.now)
    this.#runTimers()
    this.#goOutside(this.now)
    this.#poll()
    const immediates = this.#immediates
    this.#immediates = []
    for (const immediate of immediates) this.#call(immediate)
    this.slowest = Math.max(this.slowest, this.now - began - this.#stood)
    if (this.#immediates.length > 0 || this.#ready.length > 0 || isDone()) return true
    const next = this.#next()
    if (next === undefined) return false
    this.#goOutside(Math.max(next, this.now))
    return true
  }

  #next(): number | undefined {
    while (this.#timers.first?.active === false) this.#timers.take()
    const timer = this.#timers.first?.due
    const outside = this.#outside.first?.due
    return timer === undefined || outside === undefined ? (timer ?? outside) : Math.min(timer, outside)
  }

  #runTimers(): void {
    for (
      let timer = this.#timers.first;
      timer !== undefined && timer.due <= this.#loopTime;
      timer = this.#timers.first
    ) {
      if (this.tasks > this.#maxTasks) return
      this.#timers.take()
      if (!timer.active) continue
      if (!timer.repeats) timer.active = false
      this.#call(timer.callback)
      if (!timer.repeats || !timer.active) continue
      this.#loopTime = Math.floor(this.now)
      this.#schedule(timer)
    }
  }

  #poll(): void {
    const ready = this.#ready
    this.#ready = []
    for (const polled of ready) {
      this.#isReady.delete(polled)
      let more = true
      for (let reads = 0; more && reads < READS; reads++) {
        this.tasks++
        this.now += this.cost
        more = polled.poll()
        drain()
      }
      if (more) this.makeReady(polled)
    }
  }

  #call(callback: () => void): void {
    this.tasks++
    this.now += this.cost
    callback()
    drain()
  }
}
