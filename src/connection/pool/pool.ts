/**
 * Connections leased to one caller at a time, for sessions and blocking commands. generic-pool keeps and counts them. The queue
 * of callers and its limits are our own, and no error of generic-pool reaches a caller.
 *
 * The pool keeps links, which dial when they are used, with the backoff of their node. So creating one never fails and takes no
 * time; generic-pool would call a factory that fails again without a pause.
 */
import type { Pool as GenericPool } from 'generic-pool'
import type { Command } from '../../commands/core/command.js'
import { clearInterval, detached, performance, setRepeatingTimer } from '../../commands/core/timers.js'
import type { RedisError } from '../../errors/errors.js'
import { TimeLimit } from '../call/time-limit.js'
import type { Complete, PoolOptions, Settings } from '../options/options.js'
import { heldByThisTask } from './deadlock.js'
import type { LeasedConnection } from './leased-connection.js'
import { poolClosed, poolExhausted, poolFailed, sessionsDeadlocked } from './pool-errors.js'

export interface PoolStats {
  /** All connections, leased and idle. */
  readonly size: number
  readonly idle: number
  /** Connections that are leased. */
  readonly lent: number
  /** Callers that wait for a connection. */
  readonly waiting: number
}

/** A request for a connection. */
export interface Ticket {
  /** Withdraws the request. */
  cancel(): void
}

export interface PoolRequest {
  readonly taken: (connection: LeasedConnection) => void
  readonly refused: (error: RedisError) => void
  /** For one blocking call: `close()` rejects it, while waiting sessions may still begin. */
  readonly blocking?: boolean
  /** For a session that has begun: it may still get a connection while the client closes. */
  readonly accepted?: boolean
}

export class Pool {
  readonly #make: () => LeasedConnection
  readonly #options: Complete<PoolOptions>
  readonly #node: string
  /** The most callers that may wait. */
  readonly #maxWaiting: number
  readonly #waitingBound: string
  /** How long the end of a lease waits for outstanding replies, ms. */
  readonly #limit: number
  #pool: GenericPool<LeasedConnection> | undefined
  #loading: Promise<GenericPool<LeasedConnection>> | undefined
  /** All connections, leased and idle. */
  readonly #made = new Set<LeasedConnection>()
  readonly #leased = new Set<LeasedConnection>()
  /** The time at which each idle connection became idle. */
  readonly #idleSince = new WeakMap<LeasedConnection, number>()
  #sweeper: NodeJS.Timeout | undefined
  /** Connections whose lease has ended, and whose state is being reset. */
  readonly #returning = new Set<LeasedConnection>()
  /** Waiting callers, in order. A caller can leave at any time, because generic-pool is called only when it has a connection. */
  readonly #waiting = new Set<Waiting>()
  /** Connections requested from generic-pool that no caller has yet. */
  #acquiring = 0
  /** New requests are rejected. */
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
    return { size: pool?.size ?? 0, idle: pool?.available ?? 0, lent: this.#leased.size, waiting: this.#waiting.size }
  }

  /** Opens `pool.min` connections. */
  start(): void {
    if (this.#options.min > 0 && !this.#stopped) this.#load().catch(() => {})
  }

  /** Calls `taken` or `refused` once, unless the ticket is cancelled before. */
  request({ accepted = false, blocking = false, refused, taken }: PoolRequest): Ticket {
    const { acquireTimeout, max } = this.#options
    const full = this.#leased.size + this.#waiting.size >= max
    const refusal =
      this.#closed || (this.#stopped && !accepted)
        ? poolClosed(this.#node)
        : full && this.#waiting.size >= this.#maxWaiting
          ? poolExhausted(this.#node, max, `${this.#waiting.size} callers are waiting already (${this.#waitingBound})`)
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
            ? sessionsDeadlocked(this.#node, this.#options)
            : poolExhausted(this.#node, max, `none was released within ${acquireTimeout} ms (pool.acquireTimeout)`),
        )
      })
    }
    this.#waiting.add(waiting)
    this.#serve()
    return { cancel: () => this.#leave(waiting) }
  }

  /** Requests as many connections from generic-pool as are free and needed. */
  #serve(): void {
    while (this.#acquiring < this.#waiting.size && this.#leased.size + this.#acquiring < this.#options.max) {
      this.#acquiring++
      this.#acquire().catch(cause => {
        for (const waiting of [...this.#waiting]) {
          if (this.#leave(waiting)) waiting.refused(poolFailed(this.#node, cause))
        }
      })
    }
  }

  async #acquire(): Promise<void> {
    try {
      const pool = this.#pool ?? (await this.#load())
      const connection = await pool.acquire()
      const [waiting] = this.#waiting
      if (waiting === undefined) {
        await pool.release(connection)
        return
      }
      this.#leased.add(connection)
      this.#leave(waiting)
      if (this.#closing !== undefined) connection.close(this.#closing)
      waiting.taken(connection)
    } finally {
      this.#acquiring--
    }
  }

  /** Returns false if the caller has left before. */
  #leave(waiting: Waiting): boolean {
    waiting.limit?.cancel()
    const left = this.#waiting.delete(waiting)
    if (left) this.#checkDrained()
    return left
  }

  /**
   * Ends a lease; there is no other way. Rejects its unsettled blocking calls with `reason`, or all calls if the holder was
   * `aborted`, and waits for outstanding replies. Then the connection serves the next caller, if its state could be reset. A
   * second call does nothing.
   */
  release(connection: LeasedConnection, reason: (command: Command) => unknown = unused, aborted = false): void {
    if (!this.#leased.has(connection) || this.#returning.has(connection)) return
    if (connection.isClean || this.#closed) {
      this.#take(connection)
      return
    }
    this.#returning.add(connection)
    let limit: TimeLimit | undefined
    const wait = () => {
      // A blocking call has a time limit of its own.
      limit = new TimeLimit(this.#limit, () =>
        connection.isBlocked && connection.link.state !== 'closed' ? wait() : take(),
      )
    }
    const take = (): void => {
      limit?.cancel()
      this.#take(connection)
    }
    wait()
    connection.finish(reason, aborted).then(take, take)
  }

  #take(connection: LeasedConnection): void {
    if (!this.#leased.delete(connection)) return
    this.#returning.delete(connection)
    connection.refusals = undefined
    connection.onTaken = undefined
    const pool = this.#pool
    if (pool === undefined || this.#closed || !connection.isClean) {
      connection.link.destroy('The connection was released while it was in use')
      pool?.destroy(connection).then(undefined, () => {})
    } else {
      connection.watch = undefined
      this.#idleSince.set(connection, performance.now())
      pool.release(connection).then(undefined, () => {})
    }
    this.#serve()
    this.#checkDrained()
  }

  /**
   * Rejects new requests and blocking calls, and calls back when all other holders and waiting callers are done, except for
   * holders that wait for this themselves.
   */
  drain(done: () => void): void {
    this.#stopped = true
    const error = poolClosed(this.#node)
    for (const waiting of [...this.#waiting]) {
      if (waiting.blocking && this.#leave(waiting)) waiting.refused(poolClosed(this.#node))
    }
    for (const connection of [...this.#leased]) connection.close(error)
    this.#closing = error
    const heldByAncestors = heldByThisTask(this)
    const before = this.#drained
    this.#drained = () => {
      if (this.#waiting.size > 0 || this.#leased.size > heldByAncestors()) return
      this.#drained = undefined
      before?.()
      done()
    }
    this.#checkDrained()
  }

  #checkDrained(): void {
    this.#drained?.()
  }

  /** Closes the leased connections with commands in flight, which will get no reply. */
  drop(error: RedisError): void {
    for (const { link } of [...this.#leased]) {
      const { connection } = link
      if (connection !== undefined && connection.inflight > 0) connection.destroy(error)
    }
  }

  /** Rejects waiting callers, closes all connections, idle and leased, and calls back when all their calls have settled. */
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
    for (const waiting of [...this.#waiting]) if (this.#leave(waiting)) waiting.refused(poolClosed(this.#node))
    for (const { link } of this.#leased) {
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
   * Closes connections that have been idle for too long. generic-pool could do this too, but with global timers, which are
   * numbers in environments like a browser's. All idle connections are taken and put back in turn, which keeps their order.
   */
  async #sweep(): Promise<void> {
    const pool = this.#pool
    const { idleTimeout, min } = this.#options
    for (let left = pool?.available ?? 0; pool !== undefined && left > 0; left--) {
      if (this.#closed || pool.available === 0 || this.#waiting.size > 0) break
      this.#acquiring++
      try {
        const connection = await pool.acquire()
        const since = this.#idleSince.get(connection) ?? 0
        if (pool.size > min && performance.now() - since > idleTimeout) await pool.destroy(connection)
        else await pool.release(connection)
      } finally {
        this.#acquiring--
      }
    }
    // Callers that came meanwhile have waited for the connection that was taken.
    this.#serve()
  }

  #load(): Promise<GenericPool<LeasedConnection>> {
    this.#loading ??= this.#create()
    return this.#loading
  }

  async #create(): Promise<GenericPool<LeasedConnection>> {
    const { default: genericPool } = await import('generic-pool')
    // The pool was closed while generic-pool was loading.
    if (this.#closed) throw poolClosed(this.#node)
    const { idleTimeout, max, min } = this.#options
    const factory = {
      create: async () => {
        const connection = this.#make()
        this.#made.add(connection)
        this.#idleSince.set(connection, performance.now())
        if (!this.#referenced) connection.link.unref()
        // The first `min` connections are opened at once; the others dial when they are used.
        if ((this.#pool?.size ?? 0) <= min) connection.link.connect()
        return connection
      },
      destroy: async (connection: LeasedConnection) => {
        this.#made.delete(connection)
        connection.link.destroy('The connection was idle')
      },
    }
    this.#pool = detached(() => genericPool.createPool(factory, { max, min }))
    const interval = idleTimeout > 0 ? Math.max(10, idleTimeout / 2) : 0
    this.#sweeper = setRepeatingTimer(interval, () => this.#sweep().catch(() => {}))
    return this.#pool
  }
}

interface Waiting {
  readonly taken: (connection: LeasedConnection) => void
  readonly refused: (error: RedisError) => void
  readonly blocking: boolean
  limit: TimeLimit | undefined
}

function unused(): undefined {
  return undefined
}
