/**
 * Connections lent to one caller at a time: sessions and blocking commands. generic-pool keeps and counts them; waiting,
 * its limits and its end are ours, and no error of generic-pool's reaches a caller.
 *
 * What is kept are links, which dial when they are used, under the backoff of their node: making one never fails and never
 * takes time (a factory that fails makes generic-pool call it again without a pause).
 */
import type { Pool as GenericPool } from 'generic-pool'
import type { Command } from '../../commands/core/command.js'
import { clearInterval, detached, performance, setRepeatingTimer } from '../../commands/core/timers.js'
import { ChildDeadlockedError, ConnectionError, MaxConnectionsError, type RedisError } from '../../errors/errors.js'
import { TimeLimit } from '../call/time-limit.js'
import type { PoolOptions, Settings } from '../options/options.js'
import { heldByThisTask } from './deadlock.js'
import type { LeasedConnection } from './leased-connection.js'

export interface PoolStats {
  /** Connections there are, lent and idle. */
  readonly size: number
  readonly idle: number
  readonly lent: number
  /** Callers that wait for one. */
  readonly waiting: number
}

/** Somebody who waits for a connection. */
export interface Ticket {
  /** He waits no more. */
  cancel(): void
}

export interface PoolRequest {
  readonly taken: (lent: LeasedConnection) => void
  readonly refused: (error: RedisError) => void
  /** For one call that blocks: `close()` gives it up, while sessions that wait may still begin. */
  readonly blocking?: boolean
  /** For a session that has begun: it may still have a connection when the client closes. */
  readonly accepted?: boolean
}

export class Pool {
  readonly #make: () => LeasedConnection
  readonly #options: Required<PoolOptions>
  readonly #node: string
  /** Callers that may wait at most. */
  readonly #maxWaiting: number
  readonly #waitingBound: string
  /** How long the answers that a lease still owes are waited for when it ends, ms. */
  readonly #limit: number
  #pool: GenericPool<LeasedConnection> | undefined
  #loading: Promise<GenericPool<LeasedConnection>> | undefined
  /** All there are, leased and idle. */
  readonly #made = new Set<LeasedConnection>()
  readonly #lent = new Set<LeasedConnection>()
  /** When each that is idle became so. */
  readonly #idleSince = new WeakMap<LeasedConnection, number>()
  #sweeper: NodeJS.Timeout | undefined
  /** Leased ones whose lease has ended, and whose state is being put back. */
  readonly #returning = new Set<LeasedConnection>()
  /** In order. Whoever gives up leaves at once: generic-pool is asked only when it has one to give. */
  readonly #waiting = new Set<Waiting>()
  /** Asked of generic-pool, and not yet handed on. */
  #acquiring = 0
  /** Nothing new is accepted. */
  #stopped = false
  #closed = false
  #drained: (() => void) | undefined
  #closing: RedisError | undefined
  #referenced = true

  constructor(make: () => LeasedConnection, { commandTimeout, pool, queue }: Settings, node: string) {
    this.#make = make
    this.#options = pool
    this.#node = node
    const bounded = queue.maxCommands < pool.maxWaiting
    this.#maxWaiting = bounded ? queue.maxCommands : pool.maxWaiting
    this.#waitingBound = `${bounded ? 'queue.maxCommands' : 'pool.maxWaiting'} ${this.#maxWaiting}`
    this.#limit = commandTimeout > 0 && commandTimeout < Number.POSITIVE_INFINITY ? commandTimeout : 5_000
  }

  get stats(): PoolStats {
    const pool = this.#pool
    return { size: pool?.size ?? 0, idle: pool?.available ?? 0, lent: this.#lent.size, waiting: this.#waiting.size }
  }

  /** Opens the connections that `min` asks for. */
  start(): void {
    if (this.#options.min > 0 && !this.#stopped) this.#load().catch(() => {})
  }

  /** Calls one of the two back, once, unless the ticket is cancelled first. */
  request({ accepted = false, blocking = false, refused, taken }: PoolRequest): Ticket {
    const { acquireTimeout, max } = this.#options
    const full = this.#lent.size + this.#waiting.size >= max
    const refusal =
      this.#closed || (this.#stopped && !accepted)
        ? this.#gone()
        : full && this.#waiting.size >= this.#maxWaiting
          ? this.#exhausted(`${this.#waiting.size} callers wait already (${this.#waitingBound})`)
          : undefined
    if (refusal !== undefined) {
      refused(refusal)
      return { cancel: () => {} }
    }
    const waiting: Waiting = { taken, refused, blocking, limit: undefined }
    if (acquireTimeout < Number.POSITIVE_INFINITY) {
      const heldByAncestors = heldByThisTask(this)
      waiting.limit = new TimeLimit(acquireTimeout, () => {
        if (!this.#leave(waiting)) return
        refused(
          heldByAncestors() >= max
            ? this.#deadlocked()
            : this.#exhausted(`none came back within ${acquireTimeout} ms (pool.acquireTimeout)`),
        )
      })
    }
    this.#waiting.add(waiting)
    this.#serve()
    return { cancel: () => this.#leave(waiting) }
  }

  /** Asks generic-pool for as many as are free and wanted. */
  #serve(): void {
    while (this.#acquiring < this.#waiting.size && this.#lent.size + this.#acquiring < this.#options.max) {
      this.#acquiring++
      this.#acquire().catch(cause => {
        for (const waiting of [...this.#waiting]) {
          if (this.#leave(waiting))
            waiting.refused(new ConnectionError('The pool failed.', { node: this.#node, outcome: 'not sent', cause }))
        }
      })
    }
  }

  async #acquire(): Promise<void> {
    try {
      const pool = this.#pool ?? (await this.#load())
      const lent = await pool.acquire()
      const [waiting] = this.#waiting
      if (waiting === undefined) {
        await pool.release(lent)
        return
      }
      this.#lent.add(lent)
      this.#leave(waiting)
      if (this.#closing !== undefined) lent.close(this.#closing)
      waiting.taken(lent)
    } finally {
      this.#acquiring--
    }
  }

  /** False if it had left before. */
  #leave(waiting: Waiting): boolean {
    waiting.limit?.cancel()
    const left = this.#waiting.delete(waiting)
    if (left) this.#checkDrained()
    return left
  }

  /**
   * Ends a lease, the one way there is. What is unsettled of it and blocks is given up with `reason`, all of it if the holder
   * was `aborted`; the answers that are still to come are waited for. Then the connection is for the next one, if its
   * state could be put back. Twice is harmless.
   */
  release(lent: LeasedConnection, reason: (command: Command) => unknown = unused, aborted = false): void {
    if (!this.#lent.has(lent) || this.#returning.has(lent)) return
    if (lent.isClean || this.#closed) {
      this.#take(lent)
      return
    }
    this.#returning.add(lent)
    let limit: TimeLimit | undefined
    const wait = () => {
      // A call that blocks has a limit of its own.
      limit = new TimeLimit(this.#limit, () => (lent.isBlocked && lent.link.state !== 'closed' ? wait() : take()))
    }
    const take = (): void => {
      limit?.cancel()
      this.#take(lent)
    }
    wait()
    lent.finish(reason, aborted).then(take, take)
  }

  #take(lent: LeasedConnection): void {
    if (!this.#lent.delete(lent)) return
    this.#returning.delete(lent)
    lent.refusals = undefined
    lent.onTaken = undefined
    const pool = this.#pool
    if (pool === undefined || this.#closed || !lent.isClean) {
      lent.link.destroy('The connection was given back in use')
      pool?.destroy(lent).then(undefined, () => {})
    } else {
      lent.watch = undefined
      this.#idleSince.set(lent, performance.now())
      pool.release(lent).then(undefined, () => {})
    }
    this.#serve()
    this.#checkDrained()
  }

  /**
   * Accepts no more, gives up what blocks, and calls back when everybody else who has a connection, or waited for one, is
   * done: but for the holders that wait for this themselves.
   */
  drain(done: () => void): void {
    this.#stopped = true
    const error = this.#gone()
    for (const waiting of [...this.#waiting]) {
      if (waiting.blocking && this.#leave(waiting)) waiting.refused(this.#gone())
    }
    for (const lent of [...this.#lent]) lent.close(error)
    this.#closing = error
    const heldByAncestors = heldByThisTask(this)
    const before = this.#drained
    this.#drained = () => {
      if (this.#waiting.size > 0 || this.#lent.size > heldByAncestors()) return
      this.#drained = undefined
      before?.()
      done()
    }
    this.#checkDrained()
  }

  #checkDrained(): void {
    this.#drained?.()
  }

  /** Ends the leased connections that have something in flight: no reply to it will come. */
  drop(error: RedisError): void {
    for (const { link } of [...this.#lent]) {
      const { connection } = link
      if (connection !== undefined && connection.inflight > 0) connection.destroy(error)
    }
  }

  /** Rejects who waits, closes idle connections, and leased ones too; calls back when all that was called on them has settled. */
  close(done: () => void): void {
    let open = 1
    const settled = () => {
      if (--open === 0) done()
    }
    if (this.#closed) {
      settled()
      return
    }
    this.#closed = true
    this.#stopped = true
    clearInterval(this.#sweeper)
    for (const waiting of [...this.#waiting]) if (this.#leave(waiting)) waiting.refused(this.#gone())
    for (const { link } of this.#lent) {
      open++
      link.destroy('The client was closed')
      link.whenIdle(settled)
    }
    settled()
    this.#pool?.drain().then(
      () => this.#pool?.clear(),
      () => {},
    )
  }

  ref(): void {
    this.#referenced = true
    for (const { link } of this.#made) link.ref()
  }

  unref(): void {
    this.#referenced = false
    for (const { link } of this.#made) link.unref()
  }

  /**
   * Closes what has been idle for too long. generic-pool could do so by itself, but by the timers of the globals, which are
   * numbers in a browser's. All that are idle are taken and put back in turn, so that their order stays.
   */
  async #sweep(): Promise<void> {
    const pool = this.#pool
    const { idleTimeout, min } = this.#options
    for (let left = pool?.available ?? 0; pool !== undefined && left > 0; left--) {
      if (this.#closed || pool.available === 0 || this.#waiting.size > 0) break
      this.#acquiring++
      try {
        const lent = await pool.acquire()
        const since = this.#idleSince.get(lent) ?? 0
        if (pool.size > min && performance.now() - since > idleTimeout) await pool.destroy(lent)
        else await pool.release(lent)
      } finally {
        this.#acquiring--
      }
    }
    // Whoever came meanwhile has waited for the one that was taken.
    this.#serve()
  }

  #load(): Promise<GenericPool<LeasedConnection>> {
    this.#loading ??= this.#create()
    return this.#loading
  }

  async #create(): Promise<GenericPool<LeasedConnection>> {
    const { default: genericPool } = await import('generic-pool')
    // Closed while that was loaded: nothing may be opened any more.
    if (this.#closed) throw this.#gone()
    const { idleTimeout, max, min } = this.#options
    const factory = {
      create: async () => {
        const lent = this.#make()
        this.#made.add(lent)
        this.#idleSince.set(lent, performance.now())
        if (!this.#referenced) lent.link.unref()
        // Those that are kept open are opened; the others dial when they are used.
        if ((this.#pool?.size ?? 0) <= min) lent.link.connect()
        return lent
      },
      destroy: async (lent: LeasedConnection) => {
        this.#made.delete(lent)
        lent.link.destroy('The connection was idle')
      },
    }
    this.#pool = detached(() => genericPool.createPool(factory, { max, min }))
    const interval = idleTimeout > 0 ? Math.max(10, idleTimeout / 2) : 0
    this.#sweeper = setRepeatingTimer(interval, () => this.#sweep().catch(() => {}))
    return this.#pool
  }

  #gone(): ConnectionError {
    return new ConnectionError('The client is closed: no connection is lent any more.', {
      node: this.#node,
      outcome: 'not sent',
    })
  }

  #exhausted(why: string): MaxConnectionsError {
    const { max } = this.#options
    return new MaxConnectionsError(`All ${max} connections of the pool are lent (pool.max), and ${why}.`, {
      node: this.#node,
      outcome: 'not sent',
    })
  }

  #deadlocked(): ChildDeadlockedError {
    const { acquireTimeout, max } = this.#options
    return new ChildDeadlockedError(
      `No connection came free within ${acquireTimeout} ms (pool.acquireTimeout), and all ${max} of the pool (pool.max) are held by the ` +
        'sessions that this task was started in: if they wait for it, none ever will. Use the session that is there, or raise pool.max.',
      { node: this.#node, outcome: 'not sent' },
    )
  }
}

interface Waiting {
  readonly taken: (lent: LeasedConnection) => void
  readonly refused: (error: RedisError) => void
  readonly blocking: boolean
  limit: TimeLimit | undefined
}

function unused(): undefined {
  return undefined
}
