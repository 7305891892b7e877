import { ReferencedTimer } from '../../commands/core/referenced-timer.js'
import type { RedisError } from '../../errors/errors.js'
import type { Backoff } from './backoff.js'

/** The connection attempts of a link: their results, and the time of the next one, as soon as the backoff of the node allows it. */
export class Reconnector {
  readonly #backoff: Backoff
  readonly #dial: () => void
  readonly #timer = new ReferencedTimer()
  #attempts = 0
  #begunAt = 0
  /** The last connection that has answered a caller. */
  #answered: object | undefined
  #wasReady = false
  #reconnects = 0
  #lastError: RedisError | undefined
  #permanent = false

  constructor(backoff: Backoff, dial: () => void) {
    this.#backoff = backoff
    this.#dial = dial
  }

  /** Attempts since the last one that succeeded. */
  get attempts(): number {
    return this.#attempts
  }

  /** Whether an attempt has succeeded. */
  get wasReady(): boolean {
    return this.#wasReady
  }

  /** Whether the first attempt has succeeded or failed. */
  get hasEnded(): boolean {
    return this.#wasReady || this.#lastError !== undefined
  }

  /** How often a lost connection was replaced. */
  get reconnects(): number {
    return this.#reconnects
  }

  /** The error of the last failed attempt or lost connection. */
  get lastError(): RedisError | undefined {
    return this.#lastError
  }

  /** Whether the last attempt failed for a permanent reason: a wrong password, a bad certificate. */
  get isPermanent(): boolean {
    return this.#permanent
  }

  /** Whether no attempt follows until a call comes. */
  get isOver(): boolean {
    return this.#permanent || this.#backoff.exhausted
  }

  /** An attempt begins; returns its number. */
  begun(): number {
    this.#begunAt = this.#backoff.begun()
    return ++this.#attempts
  }

  /** The attempt succeeded. */
  ready(): void {
    this.#backoff.reached()
    this.#permanent = false
    this.#attempts = 0
    if (this.#wasReady) this.#reconnects++
    this.#wasReady = true
  }

  /** `connection` has answered a caller. */
  answered(connection: object): void {
    this.#answered = connection
    this.#backoff.succeeded()
  }

  /** The attempt failed, or its connection was lost. */
  lost(connection: { readonly permanent: boolean }, error: RedisError): void {
    this.#lastError = error
    this.#permanent = connection.permanent
    if (connection === this.#answered) this.#backoff.lost()
    else this.#backoff.failed(this.#begunAt, connection.permanent)
  }

  /** Whether a timer for the next attempt is set. */
  get isSet(): boolean {
    return this.#timer.isSet
  }

  /** Dials as soon as the backoff allows it. */
  soon(): void {
    if (this.isSet) return
    const delay = this.#backoff.wait()
    if (delay === 0) this.#dial()
    else this.#after(delay)
  }

  /** Dials after a timer; returns its delay in ms. */
  later(): number {
    const delay = this.#backoff.wait()
    this.#after(delay)
    return delay
  }

  #after(delay: number): void {
    this.#timer.set(delay, () => this.soon())
  }

  cancel(): void {
    this.#timer.cancel()
  }

  ref(): void {
    this.#timer.ref()
  }

  unref(): void {
    this.#timer.unref()
  }
}
