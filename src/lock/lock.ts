/**
 * The distributed lock: one holder at a time, as long as clocks and pauses stay within its ttl.
 *
 *            acquire                      release
 *     free ───────────▸ held (a Tenure) ───────────▸ free
 *                         │  time is up, or the key is another's: lost
 *                         ▾
 *                       lost: the signal is aborted; release and extend reject with LockNotOwnedError
 */

import { onAbort } from '../commands/core/abort-signals.js'
import type { Promised } from '../commands/core/context.js'
import { performance } from '../commands/core/timers.js'
import { DataError, LockError, type LockNotOwnedError, TimeoutError } from '../errors/errors.js'
import { type AcquireOptions, type ExtendOptions, replaces, signalOf } from './acquire-options.js'
import { keysOf, type LockKeys } from './keys.js'
import { LockLease } from './lease.js'
import type { LockClient } from './lock-client.js'
import { foreignError, heldError, lockError, lostError, mayPass, neverRan, quoted, unreachable } from './lock-errors.js'
import { checkExtension, type LockOptions, type LockSettings, readLockOptions } from './options.js'
import { ask, decide, inTime } from './quorum.js'
import { release } from './release.js'
import {
  ACQUIRE,
  type Answer,
  type Attempt,
  EXTEND,
  type Extending,
  type Foreign,
  OWNER,
  type Refused,
  type Taken,
} from './scripts.js'
import { newToken } from './token.js'
import { Waiter } from './wait-queue.js'

/** What of a time at the server can be relied on here, ms: clocks run at different speeds, and the server counts in whole ms. */
function reliable(ms: number): number {
  return ms * 0.99 - 2
}

/** Why a try was in vain. */
interface Refusal {
  readonly error: LockError
  /** Another try may fare better. */
  readonly mayPass: boolean
  readonly holder?: Refused | undefined
}

/** How long `release` tries to reach a server at most, ms, and how long one of several servers is waited for. */
const RELEASE_TRIES = 30_000
const LONGEST_ANSWER = 1_000

export class Lock {
  /** The name that it was made with. */
  readonly name: string
  readonly #clients: readonly LockClient[]
  /** Of each client. They differ where one of them has a prefix. */
  readonly #keys: readonly LockKeys[]
  readonly #settings: LockSettings
  /** How long a server is waited for, ms: far below the ttl if there are others. */
  readonly #patience: number
  /** The present time of holding it, or the last one. */
  #tenure: LockLease | undefined
  #acquiring = false
  /** What a try that failed may have taken is given back. */
  #takenBack: Promise<unknown> = Promise.resolve()

  /**
   * A lock on one server or cluster, or on several servers that know nothing of each other: then it is held by whom the majority
   * of them says so. Throws DataError for a bad option.
   */
  constructor(clients: LockClient | readonly LockClient[], name: string, options: LockOptions) {
    if (typeof name !== 'string' || name === '')
      throw new DataError('The name of a lock is a string that is not empty.')
    if (/\p{Surrogate}/u.test(name))
      throw new DataError(`The name of the lock ${quoted(name)} has half of a surrogate pair, which is no text.`)
    const given: readonly LockClient[] = Array.isArray(clients) ? [...clients] : [clients as LockClient]
    if (given.length === 0) throw new DataError('A lock needs at least one client.')
    if (!given.every(client => typeof client?.run === 'function'))
      throw new DataError('A lock needs a client, or an array of clients: something that is none was given.')
    this.#clients = given.map(client => client['~prefix']?.unprefixed ?? client)
    this.#keys = given.map(client => keysOf((client['~prefix']?.prefix ?? '') + name))
    this.name = name
    this.#settings = readLockOptions(options)
    if (/\p{Surrogate}/u.test(this.#settings.token ?? ''))
      throw new DataError(
        `The option token of the lock ${quoted(name)} has half of a surrogate pair, which is no text.`,
      )
    const { ttl } = this.#settings
    this.#patience =
      this.#clients.length === 1 ? Number.POSITIVE_INFINITY : Math.max(10, Math.min(LONGEST_ANSWER, ttl / 10))
  }

  /** What the server knows us by; null if it is not held. */
  get token(): string | null {
    return this.#held?.token ?? null
  }

  /**
   * Grows with every holder of this name, so that the resource can refuse whoever comes with a smaller one than it has seen. Null
   * if the lock is not held, and with several servers: no two of them count alike.
   */
  get fencingToken(): number | null {
    return this.#held?.fencing ?? null
  }

  /** When it is over unless it is extended, on the clock of `performance.now()`; 0 if it is not held. */
  get validUntil(): number {
    return this.#held?.validUntil ?? 0
  }

  /** Whether it is ours, read from our own clock, at once: no server is asked. False after a pause that was too long. */
  get valid(): boolean {
    return this.#held?.valid ?? false
  }

  /**
   * Aborts when the lock is lost: its time was up, or a call found it to be another's. The reason is a LockNotOwnedError. Each
   * time of holding the lock has a signal of its own.
   */
  get signal(): AbortSignal {
    return this.#tenure?.signal ?? AbortSignal.abort(lockError('not locked', this.name))
  }

  /**
   * Waits until it is ours, and resolves with this lock. Rejects with LockError: 'not acquired' if others had it for all of
   * `wait`, 'not a lock' at once if its key holds something else, 'unreachable' if too few servers answered, 'already locked' if
   * it is held or being acquired.
   */
  async acquire(options?: AcquireOptions): Promise<this> {
    const refusal = await this.#acquire(this.#settings.wait, signalOf(options, this.name))
    if (refusal !== undefined) throw refusal
    return this
  }

  /** Tries once: this lock, or null if it is taken. Rejects as `acquire` does for any other reason. */
  async tryAcquire(options?: AcquireOptions): Promise<this | null> {
    const refusal = await this.#acquire(0, signalOf(options, this.name))
    if (refusal === undefined) return this
    if (refusal.reason === 'not acquired') return null
    throw refusal
  }

  /**
   * Gives it back. An unknown outcome is tried again within the ttl, up to 30 s. Rejects with LockNotOwnedError if it was lost
   * before, with LockError 'not locked' if it is not held, 'unreachable' if no try got through: then it may be tried again.
   */
  async release(): Promise<void> {
    const tenure = this.#held
    if (tenure === undefined) throw lockError('not locked', this.name)
    tenure.releasing ??= this.#release(tenure)
    return tenure.releasing
  }

  /**
   * Adds `ms` to what is left of its time; with `replace` that is all of it. Rejects with LockNotOwnedError if it was lost, with
   * LockError 'not locked' if it is not held, 'no ttl' if it never ends, 'unreachable' if too few servers answered: then
   * `validUntil` is what it was, or sooner.
   */
  async extend(ms: number, options?: ExtendOptions): Promise<void> {
    const tenure = this.#extendable()
    const replace = replaces(options, this.name)
    checkExtension(this.name, ms)
    return this.#extend(tenure, ms, replace ? 'replace' : 'add')
  }

  /** Sets what is left of its time to the ttl. Rejects as `extend` does. */
  async reacquire(): Promise<void> {
    return this.#extend(this.#extendable(), this.#settings.ttl, 'reset')
  }

  /** Whether the server has our token. If not, the lock is lost from now on. */
  async owned(): Promise<boolean> {
    const tenure = this.#held
    if (tenure === undefined) return false
    const verdict = await decide(this.#whose(tenure.token), answer => answer === 1)
    if (verdict.agreed) return true
    if (!verdict.answered) throw unreachable(verdict.errors, this.name)
    this.#lose(tenure, verdict.replies)
    return false
  }

  /** Whether anybody holds it. */
  async locked(): Promise<boolean> {
    const verdict = await decide(this.#whose(''), answer => answer !== 0)
    if (!verdict.agreed && !verdict.answered) throw unreachable(verdict.errors, this.name)
    return verdict.agreed
  }

  /**
   * Acquires it, runs `fn` while it extends itself, gives it back, and resolves with what `fn` returned. The signal aborts when
   * the lock is lost; then it rejects with LockNotOwnedError, also if `fn` returned. An error of `fn` comes first.
   */
  async using<T>(fn: (signal: AbortSignal, lock: this) => Promise<T> | T, options?: AcquireOptions): Promise<T> {
    if (typeof fn !== 'function') throw new DataError(`using() of the lock ${quoted(this.name)} takes a function.`)
    await this.acquire(options)
    const tenure = this.#tenure as LockLease
    tenure.autoExtend()
    const both = eitherOf(tenure.signal, signalOf(options, this.name))
    let result: T
    try {
      result = await fn(both.signal, this)
    } catch (error) {
      await this.#leave(tenure).catch(() => {})
      throw error
    } finally {
      both.forget()
    }
    const { lost } = tenure
    await this.#leave(tenure)
    if (lost !== undefined) throw lost
    return result
  }

  /** Gives it back if it is held. A server that cannot be reached is none of its errors, if the lock runs out by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#held !== undefined) await this.#leave(this.#held)
  }

  #keysOn(i: number): LockKeys {
    return this.#keys[i] as LockKeys
  }

  get #held(): LockLease | undefined {
    return this.#tenure?.released === false ? this.#tenure : undefined
  }

  #extendable(): LockLease {
    const tenure = this.#held
    if (tenure === undefined || tenure.ended) throw lockError('not locked', this.name)
    if (this.#settings.ttl === Number.POSITIVE_INFINITY) throw lockError('no ttl', this.name)
    return tenure
  }

  async #acquire(wait: number, signal: AbortSignal | undefined): Promise<LockError | undefined> {
    signal?.throwIfAborted()
    if (this.#acquiring || this.#held?.over === false) {
      throw lockError('already locked', this.name)
    }
    this.#acquiring = true
    const until = wait === 0 ? Number.POSITIVE_INFINITY : performance.now() + wait
    const waiter = wait === 0 ? undefined : new Waiter(this.#clients, this.#keysOn(0), this.#settings)
    let refusal: Refusal | undefined
    try {
      for (;;) {
        const next = await this.#try(until, signal, waiter)
        if (next === undefined) return undefined
        // A last try that its time cut short says less than the one before it.
        if (refusal === undefined || performance.now() < until) refusal = next
        if (waiter === undefined || !next.mayPass) return refusal.error
        await waiter.wait(next.holder, until, signal)
        signal?.throwIfAborted()
        if (performance.now() >= until) return refusal.error
      }
    } finally {
      this.#acquiring = false
      waiter?.leave(this.#tenure?.valid === true)
    }
  }

  /** One try on every server. What was taken in vain, or may have been, is given back. */
  async #try(until: number, signal: AbortSignal | undefined, waiter: Waiter | undefined): Promise<Refusal | undefined> {
    const { ttl, autoExtend } = this.#settings
    // With a token of our own a late release would free what the next try took.
    if (this.#settings.token !== undefined && !(await inTime(this.#takenBack, until, signal))) {
      signal?.throwIfAborted()
      const late = new TimeoutError('What an earlier try may have taken is not given back yet.', {
        outcome: 'not sent',
      })
      return { error: unreachable([late], this.name), mayPass: false }
    }
    const token = this.#settings.token ?? newToken()
    const start = performance.now()
    const validUntil = start + reliable(ttl)
    const limit = Math.min(until, validUntil) - start
    const words = [token, ttl === Number.POSITIVE_INFINITY ? '' : ttl, ...(waiter?.words ?? ['', '', 0])]
    const ballots = ask(
      this.#clients,
      (on, i) => {
        const { lock, waiting, fencing } = this.#keysOn(i)
        return ACQUIRE.run<Promised>(on, [lock, waiting, fencing], words)
      },
      Math.min(limit, this.#patience),
      signal,
    )
    const { agreed, answered, replies, errors } = await decide(ballots, isTaken)
    const first = replies[0]
    if (agreed && signal?.aborted !== true && performance.now() < validUntil) {
      this.#tenure = new LockLease({
        lockName: this.name,
        token,
        fencing: this.#clients.length === 1 && first !== undefined && isTaken(first) ? first.fencing : null,
        ttl,
        validUntil,
        renew: tenure => this.#prolong(tenure, ttl, 'keep'),
      })
      if (autoExtend) this.#tenure.autoExtend()
      return undefined
    }
    this.#takenBack = this.#takeBack(ballots, token, start + ttl)
    signal?.throwIfAborted()
    const foreign = replies.filter(isForeign)
    // Without the servers where a key is no lock there is no majority.
    if (foreign.length > 0 && 2 * (this.#clients.length - foreign.length) <= this.#clients.length) {
      const { key, type } = foreign[0] as Foreign
      return { error: foreignError(this.name, this.#keysOn(0)[key], type), mayPass: false }
    }
    if (!agreed && !answered) return { error: unreachable(errors, this.name), mayPass: errors.some(mayPass) }
    if (agreed) return { error: lockError('expired', this.name), mayPass: true }
    const holder = replies.find(isRefused)
    return { error: heldError(this.name, holder?.left === -1), mayPass: true, holder }
  }

  async #takeBack(ballots: readonly Promise<Attempt>[], token: string, until: number): Promise<void> {
    await Promise.all(
      this.#clients.map(async (client, i) => {
        try {
          const taken = await (ballots[i] as Promise<Attempt>).then(isTaken, error => !neverRan(error))
          if (taken) await release(client, this.#keysOn(i), token, Math.min(until, performance.now() + RELEASE_TRIES))
        } catch {
          // It runs out by itself.
        }
      }),
    )
  }

  /** Ends the time of holding it. */
  async #release(tenure: LockLease): Promise<void> {
    await tenure.end()
    const until = Math.min(tenure.validUntil, performance.now() + RELEASE_TRIES)
    const ballots = this.#clients.map((client, i) => release(client, this.#keysOn(i), tenure.token, until))
    const verdict = await decide(ballots, answer => answer === 1)
    tenure.releasing = undefined
    if (!verdict.agreed && !verdict.answered) {
      if (performance.now() >= tenure.validUntil) tenure.lose(lostError('expired', this.name))
      throw unreachable(verdict.errors, this.name)
    }
    tenure.released = true
    if (!verdict.agreed) throw this.#lose(tenure, verdict.replies)
  }

  /** Gives it back unless that was done. That no server is to be reached is no news, if it runs out by itself. */
  async #leave(tenure: LockLease): Promise<void> {
    if (tenure.released) return
    tenure.releasing ??= this.#release(tenure)
    try {
      await tenure.releasing
    } catch (error) {
      const unheard = error instanceof LockError && error.reason === 'unreachable'
      if (!unheard || this.#settings.ttl === Number.POSITIVE_INFINITY) throw error
      // Whoever takes it next, this lock too, waits until then.
      tenure.released = true
    }
  }

  #extend(tenure: LockLease, ms: number, how: Extending): Promise<void> {
    return tenure.extend(() => this.#prolong(tenure, ms, how))
  }

  /** Asks for more time. Resolves with when that is over. */
  async #prolong(tenure: LockLease, ms: number, how: Extending): Promise<number> {
    const start = performance.now()
    const limit = Math.min(this.#patience, tenure.validUntil - start)
    if (how === 'replace' || how === 'reset') tenure.shorten(start + reliable(ms))
    const question = (on: LockClient, i: number) =>
      EXTEND.run<Promised>(on, this.#keysOn(i).lock, [tenure.token, ms, how])
    const verdict = await decide(ask(this.#clients, question, limit), left => left > 0)
    if (!verdict.agreed) {
      throw verdict.answered ? this.#lose(tenure, verdict.replies) : unreachable(verdict.errors, this.name)
    }
    const left = Math.min(...verdict.replies.filter(left => left > 0))
    return start + reliable(left)
  }

  #whose(token: string): readonly Promise<Answer>[] {
    return ask(this.#clients, (on, i) => OWNER.run<Promised>(on, this.#keysOn(i).lock, token), this.#patience)
  }

  /** The servers say that it is not ours. */
  #lose(tenure: LockLease, answers: readonly Answer[]): LockNotOwnedError {
    const error = lostError(answers.some(answer => answer < 0) ? 'not owned' : 'expired', this.name)
    tenure.lose(error)
    return error
  }
}

/**
 * A signal that aborts with whichever aborts first, until it is forgotten. `AbortSignal.any` leaves something at a signal that
 * lives on for every call (58 bytes, Node 20).
 */
function eitherOf(
  own: AbortSignal,
  given: AbortSignal | undefined,
): { readonly signal: AbortSignal; readonly forget: () => void } {
  if (given === undefined) return { signal: own, forget: () => {} }
  const controller = new AbortController()
  const ends = [own, given].map(each => onAbort(each, reason => controller.abort(reason)))
  const aborted = [own, given].find(each => each.aborted)
  if (aborted !== undefined) controller.abort(aborted.reason)
  return {
    signal: controller.signal,
    forget: () => {
      for (const end of ends) end()
    },
  }
}

function isTaken(attempt: Attempt): attempt is Taken {
  return 'fencing' in attempt
}

function isForeign(attempt: Attempt): attempt is Foreign {
  return 'type' in attempt
}

function isRefused(attempt: Attempt): attempt is Refused {
  return 'left' in attempt
}
