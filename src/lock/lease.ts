import { clearTimeout, performance } from '../commands/core/timers.js'
import type { LockNotOwnedError } from '../errors/errors.js'
import { lostError } from './lock-errors.js'
import { setTimer } from './quorum.js'

/** Part of the ttl that is left when it is extended, so that there is time for several tries. */
const EXTEND_AT = 2 / 3

export interface Grant {
  readonly lockName: string
  readonly token: string
  readonly fencing: number | null
  /** ms; may be Infinity. */
  readonly ttl: number
  /** On the clock of `performance.now()`. */
  readonly validUntil: number
  /** Asks the servers for a full ttl, and returns until when it is valid then. Rejects with LockError. */
  readonly renew: (tenure: LockLease) => Promise<number>
}

/**
 * One time of holding the lock, from acquire to release or loss. It has one timer, for what comes first: the next extension,
 * or the end.
 *
 *     |<------------------- ttl ------------------->|
 *     |---- 1/3 ----|------------- 2/3 -------------|
 *  extended     extend again                    validUntil: lost
 *
 * A lock that was lost stays lost, even if its key is still there: somebody was told, and acts on it.
 */
export class LockLease {
  readonly token: string
  readonly fencing: number | null
  /** It was given back, or found to be gone when it was to be. */
  released = false
  /** The release that is under way. */
  releasing: Promise<void> | undefined
  readonly #grant: Grant
  readonly #controller = new AbortController()
  #validUntil: number
  #lost: LockNotOwnedError | undefined
  #ended = false
  #timer: NodeJS.Timeout | undefined
  /** When it extends itself next; Infinity if it does not. */
  #extendAt = Number.POSITIVE_INFINITY
  /** The last extension in the queue: they run one after the other. */
  #extension: Promise<unknown> = Promise.resolve()

  constructor(grant: Grant) {
    this.#grant = grant
    this.token = grant.token
    this.fencing = grant.fencing
    this.#validUntil = grant.validUntil
    this.#arm()
  }

  get validUntil(): number {
    return this.#validUntil
  }

  /** Reads the clock; if the time is up it is lost from now on. */
  get valid(): boolean {
    return this.#look() && !this.#ended
  }

  /** Aborts when it is lost. */
  get signal(): AbortSignal {
    this.#look()
    return this.#controller.signal
  }

  get lost(): LockNotOwnedError | undefined {
    this.#look()
    return this.#lost
  }

  /** Nothing of it is left: it is lost, or was given back in vain and has run out since. */
  get over(): boolean {
    return this.lost !== undefined || (this.#ended && performance.now() >= this.#validUntil)
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Extends itself from now on. */
  autoExtend(): void {
    if (this.#grant.ttl === Number.POSITIVE_INFINITY) return
    this.#extendAt = this.#nextExtension()
    this.#arm()
  }

  /** Runs `extension`, which resolves with the new end, when those before it are done. */
  extend(extension: () => Promise<number>): Promise<void> {
    const extended = this.#extension.then(async () => {
      if (!this.#look()) throw this.#lost
      const validUntil = await extension()
      // Lost while it was under way.
      if (this.#lost !== undefined) throw this.#lost
      this.#validUntil = validUntil
      if (!this.#look()) throw this.#lost
      if (this.#extendAt !== Number.POSITIVE_INFINITY) this.#extendAt = this.#nextExtension()
      this.#arm()
    })
    this.#extension = extended.catch(() => {})
    return extended
  }

  /** The end comes sooner, whether or not the servers get to hear of it. */
  shorten(validUntil: number): void {
    if (validUntil >= this.#validUntil) return
    this.#validUntil = validUntil
    this.#arm()
  }

  lose(error: LockNotOwnedError): void {
    if (this.#lost !== undefined) return
    this.#lost = error
    clearTimeout(this.#timer)
    this.#controller.abort(error)
  }

  /** It is valid no more and extends itself no more. Resolves when the extensions under way are done. */
  async end(): Promise<void> {
    this.#ended = true
    clearTimeout(this.#timer)
    await this.#extension
  }

  /** False if it is lost. */
  #look(): boolean {
    if (this.#lost === undefined && performance.now() >= this.#validUntil && !this.#ended) {
      this.lose(lostError('expired', this.#grant.lockName))
    }
    return this.#lost === undefined
  }

  #nextExtension(): number {
    return this.#validUntil - this.#grant.ttl * EXTEND_AT
  }

  #arm(): void {
    clearTimeout(this.#timer)
    if (this.#ended || this.#lost !== undefined) return
    this.#timer = setTimer(Math.min(this.#extendAt, this.#validUntil) - performance.now(), () => this.#tick())
    this.#timer?.unref()
  }

  #tick(): void {
    if (!this.#look() || this.#ended) return
    if (performance.now() < this.#extendAt) {
      this.#arm()
      return
    }
    // Until it is done the timer is set for the end.
    this.#extendAt = this.#validUntil
    this.#arm()
    this.extend(() => this.#grant.renew(this)).catch(() => {
      // In what is left of the time it is tried a few times more.
      if (this.#ended) return
      const now = performance.now()
      this.#extendAt = now + Math.max(5, (this.#validUntil - now) / 8)
      this.#arm()
    })
  }
}
