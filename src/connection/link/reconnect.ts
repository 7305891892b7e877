import { clearTimeout, setTimer } from '../../commands/core/timers.js'
import type { RedisError } from '../../errors/errors.js'
import type { Backoff } from './backoff.js'

/** The attempts of a link to connect: how they went, and when the next one comes: at once where the backoff of its node allows it, else by one timer. */
export class Reconnector {
  readonly #backoff: Backoff
  readonly #dial: () => void
  #timer: NodeJS.Timeout | undefined
  #referenced = true
  #attempts = 0
  #begunAt = 0
  /** The last connection that has answered a caller. */
  #answered: object | undefined
  #wasReady = false
  #reconnects = 0
  #lastError: RedisError | undefined
  #inVain = false

  constructor(backoff: Backoff, dial: () => void) {
    this.#backoff = backoff
    this.#dial = dial
  }

  /** Attempts since the last that made a connection. */
  get attempts(): number {
    return this.#attempts
  }

  /** Whether one has made a connection. */
  get wasReady(): boolean {
    return this.#wasReady
  }

  /** Whether the first attempt is over, however it went. */
  get hasEnded(): boolean {
    return this.#wasReady || this.#lastError !== undefined
  }

  /** How often a lost connection was replaced. */
  get reconnects(): number {
    return this.#reconnects
  }

  /** Why the last attempt failed or the last connection was lost. */
  get lastError(): RedisError | undefined {
    return this.#lastError
  }

  /** Whether the last attempt failed for a reason that lasts: a wrong password, a bad certificate. */
  get isInVain(): boolean {
    return this.#inVain
  }

  /** Whether no attempt follows until a call comes. */
  get isOver(): boolean {
    return this.#inVain || this.#backoff.exhausted
  }

  /** An attempt begins; returns its number. */
  begun(): number {
    this.#begunAt = this.#backoff.begun()
    return ++this.#attempts
  }

  /** It made a connection. */
  ready(): void {
    this.#backoff.reached()
    this.#inVain = false
    this.#attempts = 0
    if (this.#wasReady) this.#reconnects++
    this.#wasReady = true
  }

  /** `connection` has answered a caller. */
  answered(connection: object): void {
    this.#answered = connection
    this.#backoff.succeeded()
  }

  /** The attempt failed, or what it made was lost. */
  lost(connection: { readonly permanent: boolean }, error: RedisError): void {
    this.#lastError = error
    this.#inVain = connection.permanent
    if (connection === this.#answered) this.#backoff.lost()
    else this.#backoff.failed(this.#begunAt, connection.permanent)
  }

  /** Whether a time for the next attempt is set. */
  get isSet(): boolean {
    return this.#timer !== undefined
  }

  /** Dials as soon as the backoff allows it. */
  soon(): void {
    if (this.isSet) return
    const delay = this.#backoff.wait()
    if (delay === 0) this.#dial()
    else this.#after(delay)
  }

  /** Dials by a timer; returns when, ms from now. */
  later(): number {
    const delay = this.#backoff.wait()
    this.#after(delay)
    return delay
  }

  #after(delay: number): void {
    this.#timer = setTimer(delay, () => {
      this.#timer = undefined
      this.soon()
    })
    if (!this.#referenced) this.#timer?.unref()
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  ref(): void {
    this.#referenced = true
    this.#timer?.ref()
  }

  unref(): void {
    this.#referenced = false
    this.#timer?.unref()
  }
}
