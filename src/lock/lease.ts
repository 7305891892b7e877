import { AsyncResource } from 'node:async_hooks'
import { clearTimeout, performance, setTimer } from '../commands/core/timers.js'
import type { LockNotOwnedError } from '../errors/errors.js'
import { lostError } from './lock-errors.js'

/** The part of the ttl that is left when the lock is extended: enough time for several tries. */
const EXTEND_AT = 2 / 3

export interface Grant {
  readonly lockName: string
  readonly token: string
  readonly fencing: number | null
  /** ms; may be Infinity. */
  readonly ttl: number
  /** On the clock of `performance.now()`. */
  readonly validUntil: number
  /** Sets the ttl anew on the servers. Resolves with the new `validUntil`, rejects with LockError. */
  readonly renew: (lease: LockLease) => Promise<number>
}

/**
 * The time from acquiring the lock until its release or loss. One timer waits for the next extension or for the end, whichever
 * is sooner.
 *
 *     |<------------------- ttl ------------------->|
 *     |---- 1/3 ----|------------- 2/3 -------------|
 *  extended     extend again                    validUntil: lost
 *
 * A lost lease stays lost, even if the key still exists: the caller may have reacted to the loss already.
 */
export class LockLease {
  readonly token: string
  readonly fencing: number | null
  /** The lock was released, or was found to be lost when it was to be released. */
  released = false
  /** The pending release. */
  releasing: Promise<void> | undefined
  readonly #grant: Grant
  readonly #controller = new AbortController()
  #validUntil: number
  #lost: LockNotOwnedError | undefined
  #ended = false
  #timer: NodeJS.Timeout | undefined
  /** When the next automatic extension is due; Infinity if there is none. */
  #extendAt = Number.POSITIVE_INFINITY
  /** The last queued extension: they run one after another. */
  #extension: Promise<unknown> = Promise.resolve()

  constructor(grant: Grant) {
    this.#grant = grant
    this.token = grant.token
    this.fencing = grant.fencing
    this.#validUntil = grant.validUntil
    this.#restartTimer()
  }

  get validUntil(): number {
    return this.#validUntil
  }

  /** Reads the clock: if the time has run out, the lease is lost from now on. */
  get valid(): boolean {
    return this.#checkClock() && !this.#ended
  }

  /** Aborts when the lease is lost. */
  get signal(): AbortSignal {
    this.#checkClock()
    return this.#controller.signal
  }

  get lost(): LockNotOwnedError | undefined {
    this.#checkClock()
    return this.#lost
  }

  /** Whether the lock can be acquired anew: the lease is lost, or its release failed and its time has run out since. */
  get over(): boolean {
    return this.lost !== undefined || (this.#ended && performance.now() >= this.#validUntil)
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Extends the lease automatically from now on. */
  autoExtend(): void {
    if (this.#grant.ttl === Number.POSITIVE_INFINITY) return
    this.#extendAt = this.#nextExtension()
    this.#restartTimer()
  }

  /** Runs `extension` after the queued ones. It resolves with the new `validUntil`. */
  extend(extension: () => Promise<number>): Promise<void> {
    const extended = this.#extension.then(async () => {
      if (!this.#checkClock()) throw this.#lost
      const validUntil = await extension()
      // The lease was lost while the extension was pending.
      if (this.#lost !== undefined) throw this.#lost
      this.#validUntil = validUntil
      if (!this.#checkClock()) throw this.#lost
      if (this.#extendAt !== Number.POSITIVE_INFINITY) this.#extendAt = this.#nextExtension()
      this.#restartTimer()
    })
    this.#extension = extended.catch(() => {})
    return extended
  }

  /** Moves the end forward, whether or not the servers can be reached. */
  shorten(validUntil: number): void {
    if (validUntil >= this.#validUntil) return
    this.#validUntil = validUntil
    this.#restartTimer()
  }

  lose(error: LockNotOwnedError): void {
    if (this.#lost !== undefined) return
    this.#lost = error
    clearTimeout(this.#timer)
    this.#controller.abort(error)
  }

  /** Ends validity and automatic extension. Resolves when the pending extensions are done. */
  async end(): Promise<void> {
    this.#ended = true
    clearTimeout(this.#timer)
    await this.#extension
  }

  /** Returns false if the lease is lost. */
  #checkClock(): boolean {
    if (this.#lost === undefined && performance.now() >= this.#validUntil && !this.#ended) {
      this.lose(lostError('expired', this.#grant.lockName))
    }
    return this.#lost === undefined
  }

  #nextExtension(): number {
    return this.#validUntil - this.#grant.ttl * EXTEND_AT
  }

  #restartTimer(): void {
    clearTimeout(this.#timer)
    if (this.#ended || this.#lost !== undefined) return
    // Listeners of the lock's signal run in the async context of the holder.
    const onTimer = AsyncResource.bind(() => this.#onTimer())
    this.#timer = setTimer(Math.min(this.#extendAt, this.#validUntil) - performance.now(), onTimer)
    this.#timer?.unref()
  }

  #onTimer(): void {
    if (!this.#checkClock() || this.#ended) return
    if (performance.now() < this.#extendAt) {
      this.#restartTimer()
      return
    }
    // While the extension is pending the timer waits for the end.
    this.#extendAt = this.#validUntil
    this.#restartTimer()
    this.extend(() => this.#grant.renew(this)).catch(() => {
      // Retry a few times in the remaining time.
      if (this.#ended) return
      const now = performance.now()
      this.#extendAt = now + Math.max(5, (this.#validUntil - now) / 8)
      this.#restartTimer()
    })
  }
}
