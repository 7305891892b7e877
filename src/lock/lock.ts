/**
 * The distributed lock: one holder at a time, as long as clocks and pauses stay within its ttl.
 *
 *            acquire                       release
 *     free ───────────▸ held (a LockLease) ───────────▸ free
 *                         │  the ttl has expired, or the key has another owner
 *                         ▾
 *                       lost: the signal is aborted; release and extend reject with LockNotOwnedError
 */

import { onAbort } from '../commands/core/abort-signals.js'
import type { Promised } from '../commands/core/context.js'
import { showState } from '../commands/core/inspect.js'
import { hasOwn } from '../commands/core/own-properties.js'
import { performance } from '../commands/core/timers.js'
import { DataError, LockError, type LockNotOwnedError } from '../errors/errors.js'
import { type AcquireOptions, type ExtendOptions, replaces, signalOf } from './acquire-options.js'
import { keysOf, type LockKeys } from './keys.js'
import { LockLease } from './lease.js'
import type { LockClient } from './lock-client.js'
import {
  foreignError,
  heldError,
  isTransient,
  lockError,
  lostError,
  quoted,
  releasePending,
  unreachable,
  wasNotSent,
} from './lock-errors.js'
import { checkExtension, type LockOptions, type LockSettings, readLockOptions } from './options.js'
import { newToken } from './owner-token.js'
import { callAll, decide, inTime } from './quorum.js'
import { release } from './release.js'
import {
  ACQUIRE,
  type Acquired,
  type Answer,
  type Attempt,
  EXTEND,
  type Extending,
  type Foreign,
  type Held,
  OWNER,
} from './scripts.js'
import { Waiter } from './wait-queue.js'

/** Returns the part of a server's time that is safe here, ms: clocks run at different speeds, and the server counts whole ms. */
function safeTime(ms: number): number {
  return ms * 0.99 - 2
}

/** Why a try failed. */
interface Failure {
  readonly error: LockError
  /** Whether a retry may succeed. */
  readonly isTransient: boolean
  readonly holder?: Held | undefined
}

/** How long `release` tries to reach a server at most, ms. */
const RELEASE_TRIES = 30_000
/** The longest wait for the reply of one of several servers, ms. */
const LONGEST_REPLY = 1_000

/**
 * A distributed lock. One holder at a time has it, as long as clocks and pauses of the processes stay within its ttl; `fencingToken`
 * protects a resource beyond that. One object can hold the lock once at a time.
 */
export class Lock {
  /** The name given to the constructor. */
  readonly name: string
  readonly #clients: readonly LockClient[]
  /** The keys for each client. They differ if a client has a prefix. */
  readonly #keys: readonly LockKeys[]
  readonly #settings: LockSettings
  /** The longest wait for the reply of a server, ms: with several servers far below the ttl. */
  readonly #replyLimit: number
  /** The current lease, or the last one. */
  #lease: LockLease | undefined
  #acquiring = false
  /** Resolves when the servers that a failed try may have locked are released. */
  #undone: Promise<unknown> = Promise.resolve()

  /**
   * Creates a lock on one server or cluster, or on several independent servers: the lock is then held by the owner that a
   * majority of them agrees on.
   *
   * @throws DataError if an argument is wrong
   */
  constructor(clients: LockClient | readonly LockClient[], name: string, options: LockOptions) {
    if (typeof name !== 'string' || name === '')
      throw new DataError('The name of a lock must be a string that is not empty.')
    if (/\p{Surrogate}/u.test(name))
      throw new DataError(
        `The name of the lock ${quoted(name)} has half of a surrogate pair, which UTF-8 cannot encode.`,
      )
    const given: readonly LockClient[] = Array.isArray(clients) ? [...clients] : [clients as LockClient]
    if (given.length === 0) throw new DataError('A lock needs at least one client.')
    if (!given.every(client => typeof client?.run === 'function'))
      throw new DataError('A lock needs a client or an array of clients: an argument has no method run().')
    this.#clients = given.map(client => client['~prefix']?.unprefixed ?? client)
    this.#keys = given.map(client => keysOf((client['~prefix']?.prefix ?? '') + name))
    this.name = name
    this.#settings = readLockOptions(options)
    if (/\p{Surrogate}/u.test(this.#settings.token ?? ''))
      throw new DataError(
        `The option token of the lock ${quoted(name)} has half of a surrogate pair, which UTF-8 cannot encode.`,
      )
    const { ttl } = this.#settings
    this.#replyLimit =
      this.#clients.length === 1 ? Number.POSITIVE_INFINITY : Math.max(10, Math.min(LONGEST_REPLY, ttl / 10))
  }

  /** The token that identifies this holder on the server, or null if the lock is not held. */
  get token(): string | null {
    return this.#held?.token ?? null
  }

  /**
   * A number that is greater for each later holder of the lock, or null if the lock is not held. A resource that rejects a
   * smaller number than it has seen is safe from former holders. Always null with several servers, because each of them counts
   * on its own.
   */
  get fencingToken(): number | null {
    return this.#held?.fencing ?? null
  }

  /** When the lock expires unless it is extended, on the clock of `performance.now()`; 0 if it is not held. */
  get validUntil(): number {
    return this.#held?.validUntil ?? 0
  }

  /** Whether the lock is held, by the local clock: no server is called. False if the process was paused for too long. */
  get valid(): boolean {
    return this.#held?.valid ?? false
  }

  /**
   * A signal that aborts with a LockNotOwnedError when the lock is lost: its ttl has expired, or a call found that the key has
   * another owner. Each acquisition has a signal of its own.
   */
  get signal(): AbortSignal {
    return this.#lease?.signal ?? AbortSignal.abort(lockError('not locked', this.name))
  }

  /**
   * Resolves with this lock when it is acquired. Waits for at most `wait`.
   *
   * @throws LockError with the reason 'not acquired' if other holders had the lock for all of that time, 'not a lock' if the key
   *   holds another value, 'unreachable' if too few servers replied, 'already locked' if this object holds or acquires the lock
   */
  async acquire(options?: AcquireOptions): Promise<this> {
    const failure = await this.#acquire(this.#settings.wait, signalOf(options, this.name))
    if (failure !== undefined) throw failure
    return this
  }

  /** Resolves with this lock, or with null if it has another holder. Tries once. Rejects otherwise as `acquire` does. */
  async tryAcquire(options?: AcquireOptions): Promise<this | null> {
    const failure = await this.#acquire(0, signalOf(options, this.name))
    if (failure === undefined) return this
    if (failure.reason === 'not acquired') return null
    throw failure
  }

  /**
   * Resolves when the lock is released. A call with an unknown outcome is repeated within the ttl, for up to 30 s.
   *
   * @throws LockNotOwnedError if the lock was lost before
   * @throws LockError with the reason 'not locked' if it is not held, 'unreachable' if no try succeeded: release again then
   */
  async release(): Promise<void> {
    const lease = this.#held
    if (lease === undefined) throw lockError('not locked', this.name)
    lease.releasing ??= this.#release(lease)
    return lease.releasing
  }

  /**
   * Resolves when `ms` is added to the remaining time or, with `replace`, when the remaining time is set to `ms`.
   *
   * @throws LockNotOwnedError if the lock was lost
   * @throws LockError with the reason 'not locked' if it is not held, 'no ttl' if it never expires, 'unreachable' if too few
   *   servers replied: `validUntil` is then unchanged or earlier
   */
  async extend(ms: number, options?: ExtendOptions): Promise<void> {
    const lease = this.#extendable()
    const replace = replaces(options, this.name)
    checkExtension(this.name, ms)
    return this.#extend(lease, ms, replace ? 'replace' : 'add')
  }

  /** Resolves when the remaining time is set to the ttl. Rejects as `extend` does. */
  async reacquire(): Promise<void> {
    return this.#extend(this.#extendable(), this.#settings.ttl, 'reset')
  }

  /** Resolves with whether the server has our token. If not, the lock is lost from now on. */
  async owned(): Promise<boolean> {
    const lease = this.#held
    if (lease === undefined) return false
    const verdict = await decide(this.#askOwner(lease.token), answer => answer === 1)
    if (verdict.agreed) return true
    if (!verdict.answered) throw unreachable(verdict.errors, this.name)
    this.#lose(lease, verdict.replies)
    return false
  }

  /** Resolves with whether the lock is held, by this object or by another holder. */
  async locked(): Promise<boolean> {
    const verdict = await decide(this.#askOwner(''), answer => answer !== 0)
    if (!verdict.agreed && !verdict.answered) throw unreachable(verdict.errors, this.name)
    return verdict.agreed
  }

  /**
   * Resolves with the result of `fn`, which runs while the lock is held. The lock is acquired before, extended automatically, and
   * released after `fn`. The signal given to `fn` aborts when the lock is lost, or when the signal of `options` aborts.
   *
   * Rejects with the error of `fn`; with LockNotOwnedError if the lock was lost meanwhile, even if `fn` has returned; and as
   * `acquire` does.
   */
  async using<T>(fn: (signal: AbortSignal, lock: this) => Promise<T> | T, options?: AcquireOptions): Promise<T> {
    if (typeof fn !== 'function')
      throw new DataError(`using() of the lock ${quoted(this.name)} needs a function as its first argument.`)
    await this.acquire(options)
    const lease = this.#lease as LockLease
    lease.autoExtend()
    const either = eitherOf(lease.signal, signalOf(options, this.name))
    let result: T
    try {
      result = await fn(either.signal, this)
    } catch (error) {
      await this.#releaseQuietly(lease).catch(() => {})
      throw error
    } finally {
      either.stopWatching()
    }
    const { lost } = lease
    await this.#releaseQuietly(lease)
    if (lost !== undefined) throw lost
    return result
  }

  /** Resolves when the lock is released, or at once if it is not held. Unreachable servers are ignored if the lock has a ttl. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#held !== undefined) await this.#releaseQuietly(this.#held)
  }

  #keysOn(i: number): LockKeys {
    return this.#keys[i] as LockKeys
  }

  get #held(): LockLease | undefined {
    return this.#lease?.released === false ? this.#lease : undefined
  }

  #extendable(): LockLease {
    const lease = this.#held
    if (lease === undefined || lease.ended) throw lockError('not locked', this.name)
    if (this.#settings.ttl === Number.POSITIVE_INFINITY) throw lockError('no ttl', this.name)
    return lease
  }

  async #acquire(wait: number, signal: AbortSignal | undefined): Promise<LockError | undefined> {
    signal?.throwIfAborted()
    if (this.#acquiring || this.#held?.over === false) {
      throw lockError('already locked', this.name)
    }
    this.#acquiring = true
    const until = wait === 0 ? Number.POSITIVE_INFINITY : performance.now() + wait
    const waiter = wait === 0 ? undefined : new Waiter(this.#clients, this.#keysOn(0), this.#settings)
    let failure: Failure | undefined
    try {
      for (;;) {
        const next = await this.#try(until, signal, waiter)
        if (next === undefined) return undefined
        // The deadline may cut the last try short: the error of the try before it says more.
        if (failure === undefined || performance.now() < until) failure = next
        if (waiter === undefined || !next.isTransient) return failure.error
        await waiter.wait(next.holder, until, signal)
        signal?.throwIfAborted()
        if (performance.now() >= until) return failure.error
      }
    } finally {
      this.#acquiring = false
      waiter?.leave(this.#lease?.valid === true)
    }
  }

  /** Tries once, on every server. After a failure the servers that are locked, or may be, are released. */
  async #try(until: number, signal: AbortSignal | undefined, waiter: Waiter | undefined): Promise<Failure | undefined> {
    const { ttl, autoExtend } = this.#settings
    // With a fixed token a late release would release the lock that this try acquires.
    if (this.#settings.token !== undefined && !(await inTime(this.#undone, until, signal))) {
      signal?.throwIfAborted()
      return { error: unreachable([releasePending()], this.name), isTransient: false }
    }
    const token = this.#settings.token ?? newToken()
    const start = performance.now()
    const validUntil = start + safeTime(ttl)
    const limit = Math.min(until, validUntil) - start
    const args = [token, ttl === Number.POSITIVE_INFINITY ? '' : ttl, ...(waiter?.queueArguments ?? ['', '', 0])]
    const attempts = callAll(
      this.#clients,
      (on, i) => {
        const { lock, waiting, fencing } = this.#keysOn(i)
        return ACQUIRE.run<Promised>(on, [lock, waiting, fencing], args)
      },
      Math.min(limit, this.#replyLimit),
      signal,
    )
    const { agreed, answered, replies, errors } = await decide(attempts, isAcquired)
    const first = replies[0]
    if (agreed && signal?.aborted !== true && performance.now() < validUntil) {
      this.#lease = new LockLease({
        lockName: this.name,
        token,
        fencing: this.#clients.length === 1 && first !== undefined && isAcquired(first) ? first.fencing : null,
        ttl,
        validUntil,
        renew: lease => this.#extendKeys(lease, ttl, 'keep'),
      })
      if (autoExtend) this.#lease.autoExtend()
      return undefined
    }
    this.#undone = this.#undo(attempts, token, start + ttl)
    signal?.throwIfAborted()
    const foreign = replies.filter(isForeign)
    // The other servers are no majority.
    if (foreign.length > 0 && 2 * (this.#clients.length - foreign.length) <= this.#clients.length) {
      const { key, type } = foreign[0] as Foreign
      return { error: foreignError(this.name, this.#keysOn(0)[key], type), isTransient: false }
    }
    if (!agreed && !answered) return { error: unreachable(errors, this.name), isTransient: errors.some(isTransient) }
    if (agreed) return { error: lockError('expired', this.name), isTransient: true }
    const holder = replies.find(isHeld)
    return { error: heldError(this.name, holder?.left === -1), isTransient: true, holder }
  }

  async #undo(attempts: readonly Promise<Attempt>[], token: string, until: number): Promise<void> {
    await Promise.all(
      this.#clients.map(async (client, i) => {
        try {
          const mayBeLocked = await (attempts[i] as Promise<Attempt>).then(isAcquired, error => !wasNotSent(error))
          if (mayBeLocked)
            await release(client, this.#keysOn(i), token, Math.min(until, performance.now() + RELEASE_TRIES))
        } catch {
          // The key expires by itself.
        }
      }),
    )
  }

  /** Ends the lease. */
  async #release(lease: LockLease): Promise<void> {
    await lease.end()
    const until = Math.min(lease.validUntil, performance.now() + RELEASE_TRIES)
    const answers = this.#clients.map((client, i) => release(client, this.#keysOn(i), lease.token, until))
    const verdict = await decide(answers, answer => answer === 1)
    lease.releasing = undefined
    if (!verdict.agreed && !verdict.answered) {
      if (performance.now() >= lease.validUntil) lease.lose(lostError('expired', this.name))
      throw unreachable(verdict.errors, this.name)
    }
    lease.released = true
    if (!verdict.agreed) throw this.#lose(lease, verdict.replies)
  }

  /** Releases the lease once. Unreachable servers are ignored if the key expires by itself. */
  async #releaseQuietly(lease: LockLease): Promise<void> {
    if (lease.released) return
    lease.releasing ??= this.#release(lease)
    try {
      await lease.releasing
    } catch (error) {
      const isUnreachable = error instanceof LockError && error.reason === 'unreachable'
      if (!isUnreachable || this.#settings.ttl === Number.POSITIVE_INFINITY) throw error
      // The next acquire, of this object too, waits until the key has expired.
      lease.released = true
    }
  }

  #extend(lease: LockLease, ms: number, how: Extending): Promise<void> {
    return lease.extend(() => this.#extendKeys(lease, ms, how))
  }

  /** Extends the key on the servers. Resolves with the new `validUntil`. */
  async #extendKeys(lease: LockLease, ms: number, how: Extending): Promise<number> {
    const start = performance.now()
    const limit = Math.min(this.#replyLimit, lease.validUntil - start)
    if (how === 'replace' || how === 'reset') lease.shorten(start + safeTime(ms))
    const call = (on: LockClient, i: number) => EXTEND.run<Promised>(on, this.#keysOn(i).lock, [lease.token, ms, how])
    const verdict = await decide(callAll(this.#clients, call, limit), left => left > 0)
    if (!verdict.agreed) {
      throw verdict.answered ? this.#lose(lease, verdict.replies) : unreachable(verdict.errors, this.name)
    }
    const left = Math.min(...verdict.replies.filter(left => left > 0))
    return start + safeTime(left)
  }

  #askOwner(token: string): readonly Promise<Answer>[] {
    return callAll(this.#clients, (on, i) => OWNER.run<Promised>(on, this.#keysOn(i).lock, token), this.#replyLimit)
  }

  /** The servers replied that the lock is not ours. */
  #lose(lease: LockLease, answers: readonly Answer[]): LockNotOwnedError {
    const error = lostError(answers.some(answer => answer < 0) ? 'not owned' : 'expired', this.name)
    lease.lose(error)
    return error
  }
}

showState(Lock, ({ name, valid, validUntil, fencingToken }) => ({ name, valid, validUntil, fencingToken }))

/**
 * Returns a signal that aborts with the first of the two, until `stopWatching`. `AbortSignal.any` leaks 58 bytes for each call on a
 * signal that lives on (Node 20).
 */
function eitherOf(
  own: AbortSignal,
  given: AbortSignal | undefined,
): { readonly signal: AbortSignal; readonly stopWatching: () => void } {
  if (given === undefined) return { signal: own, stopWatching: () => {} }
  const controller = new AbortController()
  const ends = [own, given].map(each => onAbort(each, reason => controller.abort(reason)))
  const aborted = [own, given].find(each => each.aborted)
  if (aborted !== undefined) controller.abort(aborted.reason)
  return {
    signal: controller.signal,
    stopWatching: () => {
      for (const end of ends) end()
    },
  }
}

const isAcquired = (attempt: Attempt): attempt is Acquired => hasOwn(attempt, 'fencing')
const isForeign = (attempt: Attempt): attempt is Foreign => hasOwn(attempt, 'type')
const isHeld = (attempt: Attempt): attempt is Held => hasOwn(attempt, 'left')
