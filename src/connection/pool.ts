/**
 * Connections lent to one caller at a time: sessions and blocking commands. generic-pool keeps and counts them; waiting,
 * its limits and its end are ours, and no error of generic-pool's reaches a caller.
 *
 * What is kept are links, which dial when they are used, under the backoff of their node: making one never fails and never
 * takes time (a factory that fails makes generic-pool call it again without a pause).
 */
import type { Pool as GenericPool } from 'generic-pool'
import { ChildDeadlockedError, ConnectionError, MaxConnectionsError, type RedisError } from '../errors/errors.js'
import { heldByAncestors } from './ancestors.js'
import type { Lent } from './lent.js'
import type { PoolOptions } from './options.js'
import { outside } from './outside.js'

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
  /** He waits no more; a connection that still comes for him goes back at once. */
  cancel(): void
}

export class Pool {
  readonly #make: () => Lent
  readonly #options: Required<PoolOptions>
  readonly #node: string
  #pool: GenericPool<Lent> | undefined
  #loading: Promise<GenericPool<Lent>> | undefined
  /** All there are, lent and idle. */
  readonly #made = new Set<Lent>()
  readonly #lent = new Set<Lent>()
  readonly #waiting = new Set<Waiting>()
  /** Nothing is lent any more. */
  #stopped = false
  #closed = false
  #referenced = true

  constructor(make: () => Lent, options: Required<PoolOptions>, node: string) {
    this.#make = make
    this.#options = options
    this.#node = node
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
  request(taken: (lent: Lent) => void, refused: (error: RedisError) => void): Ticket {
    const { acquireTimeout, max, maxWaiting } = this.#options
    const full = this.#lent.size + this.#waiting.size >= max
    const refusal = this.#stopped
      ? this.#gone()
      : heldByAncestors(this) >= max
        ? this.#deadlocked()
        : full && this.#waiting.size >= maxWaiting
          ? this.#exhausted(`${this.#waiting.size} callers wait already (pool.maxWaiting ${maxWaiting})`)
          : undefined
    if (refusal !== undefined) {
      refused(refusal)
      return { cancel: () => {} }
    }
    const waiting: Waiting = { taken, refused, timer: undefined }
    if (acquireTimeout < 0x7fffffff) {
      waiting.timer = outside(() =>
        setTimeout(() => {
          if (this.#leave(waiting))
            refused(this.#exhausted(`none came back within ${acquireTimeout} ms (pool.acquireTimeout)`))
        }, acquireTimeout),
      )
    }
    this.#waiting.add(waiting)
    this.#acquire(waiting).catch(cause => {
      if (this.#leave(waiting))
        refused(new ConnectionError('The pool failed.', { node: this.#node, outcome: 'not sent', cause }))
    })
    return { cancel: () => this.#leave(waiting) }
  }

  async #acquire(waiting: Waiting): Promise<void> {
    const pool = this.#pool ?? (await this.#load())
    if (!this.#waiting.has(waiting)) return
    const lent = await pool.acquire()
    if (!this.#leave(waiting) || this.#stopped) {
      await pool.release(lent)
      return
    }
    this.#lent.add(lent)
    waiting.taken(lent)
  }

  /** False if it had left before. */
  #leave(waiting: Waiting): boolean {
    clearTimeout(waiting.timer)
    return this.#waiting.delete(waiting)
  }

  /** Takes a connection back: for the next one if it is clean, else its end. Twice is harmless. */
  giveBack(lent: Lent, clean: boolean): void {
    if (!this.#lent.delete(lent)) return
    lent.borrower = undefined
    lent.forOneCall = false
    const pool = this.#pool
    if (pool === undefined || this.#closed || !clean || !lent.isClean) {
      lent.link.destroy('The connection was given back in use')
      pool?.destroy(lent).then(undefined, () => {})
    } else pool.release(lent).then(undefined, () => {})
  }

  /** Lends no more and ends what blocks; calls back when all other calls on lent connections have settled. */
  drain(done: () => void): void {
    this.#stop()
    let busy = 1
    const idle = () => {
      if (--busy === 0) done()
    }
    for (const { isBlocked, link } of this.#lent) {
      if (isBlocked) link.destroy('The client was closed')
      else {
        busy++
        link.drain(idle)
      }
    }
    idle()
  }

  #stop(): void {
    this.#stopped = true
    for (const waiting of [...this.#waiting]) if (this.#leave(waiting)) waiting.refused(this.#gone())
  }

  /** Ends the lent connections that have something in flight: no reply to it will come. */
  drop(error: RedisError): void {
    for (const { link } of [...this.#lent]) {
      const { connection } = link
      if (connection !== undefined && connection.inflight > 0) connection.destroy(error)
    }
  }

  /** Rejects who waits, closes idle connections, and lent ones too. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stop()
    for (const lent of this.#lent) lent.link.destroy('The client was closed')
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

  #load(): Promise<GenericPool<Lent>> {
    this.#loading ??= this.#create()
    return this.#loading
  }

  async #create(): Promise<GenericPool<Lent>> {
    const { default: genericPool } = await import('generic-pool')
    // Closed while that was loaded: nothing may be opened any more.
    if (this.#stopped) throw this.#gone()
    const { idleTimeout, max, min } = this.#options
    const evict = idleTimeout > 0 && idleTimeout < 0x7fffffff
    const factory = {
      create: async () => {
        const lent = this.#make()
        this.#made.add(lent)
        if (!this.#referenced) lent.link.unref()
        // Those that are kept open are opened; the others dial when they are used.
        if ((this.#pool?.size ?? 0) <= min) lent.link.connect()
        return lent
      },
      destroy: async (lent: Lent) => {
        this.#made.delete(lent)
        lent.link.destroy('The connection was idle')
      },
    }
    this.#pool = outside(() =>
      genericPool.createPool(factory, {
        max,
        min,
        ...(evict ? { idleTimeoutMillis: idleTimeout, evictionRunIntervalMillis: Math.max(10, idleTimeout / 2) } : {}),
      }),
    )
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
    const { max } = this.#options
    return new ChildDeadlockedError(
      `This task waits for a connection, and all ${max} of the pool (pool.max) are held by the sessions it runs in: it would wait ` +
        'for ever. Use the session that is there, or raise pool.max.',
      { node: this.#node, outcome: 'not sent' },
    )
  }
}

interface Waiting {
  readonly taken: (lent: Lent) => void
  readonly refused: (error: RedisError) => void
  timer: NodeJS.Timeout | undefined
}
