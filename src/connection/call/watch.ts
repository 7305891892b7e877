/**
 * One period of watching keys on a leased connection, from WATCH until EXEC, UNWATCH or the loss of the watch.
 *
 *   WATCH ──▸ watching ──▸ EXEC, UNWATCH: over
 *                │
 *                └─ the connection is replaced ──▸ lost: guarded transactions reject with WatchError
 *
 * A transaction that is sent while keys are watched is guarded by this watch: it runs on the connection that watches, or it
 * does not run at all.
 */
import { type Command, State, whenSettled } from '../../commands/core/command.js'
import { WatchError } from '../../errors/errors.js'

/** A transaction, and the watch that guards it. */
export interface Guarded extends Command {
  watch: Watch | undefined
  /** MULTI was rejected, so that EXEC did nothing: the server still watches. */
  readonly isWithoutMulti: boolean
}

export class Watch {
  /** An earlier watch that a command in flight will end: a lost connection ends both. */
  #before: Watch | undefined
  #fault: WatchError | undefined
  #reported = false
  #ending = false
  #over = false
  #begun = false
  readonly #guarded = new Set<Guarded>()

  constructor(before?: Watch) {
    this.#before = before
  }

  /** The error of guarded transactions that may not be sent any more; undefined while the server watches. */
  get fault(): WatchError | undefined {
    return this.#fault
  }

  /** Whether EXEC or UNWATCH was answered, or a transaction was rejected for the loss: it guards no transaction sent from now on. */
  get isOver(): boolean {
    return this.#over
  }

  /**
   * Whether the next WATCH begins a new watch: a command that ends this one was sent before it, or the caller has been notified
   * of its loss.
   */
  get isPast(): boolean {
    return this.#over || this.#ending || (this.#fault !== undefined && this.#reported)
  }

  /** Whether the server has begun to watch keys: no watch can be lost before. */
  get hasBegun(): boolean {
    return this.#begun || this.#before !== undefined
  }

  /** `command` is a WATCH that begins this watch, or adds keys to it. */
  beginWith(command: Command): void {
    whenSettled(command, (_, __, error) => {
      if (error === undefined) this.#begun = true
    })
  }

  /** Binds `transaction` to this watch, which its EXEC ends. */
  guard(transaction: Guarded): void {
    transaction.watch = this
    // EXEC ends the watch: a resent one would run unguarded, even if the caller declared that it may run twice.
    transaction.state &= ~State.repeatable
    this.#guarded.add(transaction)
    const hasEnded = () => (transaction.state & State.written) !== 0 && !transaction.isWithoutMulti
    this.endWith(transaction, error => hasEnded() || error instanceof WatchError)
  }

  /** `command` will end this watch when it settles, if `ends` returns true for its error. */
  endWith(command: Command, ends: (error: unknown) => boolean): void {
    this.#ending = true
    whenSettled(command, (settled, _, error) => {
      this.#guarded.delete(settled as Guarded)
      if (ends(error)) this.end()
    })
  }

  /** MULTI of a guarded transaction was rejected, perhaps after the transaction had settled: the server still watches. */
  goOn(): void {
    this.#over = false
  }

  end(): void {
    this.#over = true
    this.#before = undefined
  }

  /**
   * The connection was replaced, so that the server no longer watches. Guarded transactions that were not written reject now;
   * those in flight are settled by their replies.
   */
  lose(fault: WatchError, reported = false): void {
    this.#before?.lose(fault, reported)
    this.#before = undefined
    if (this.#fault === undefined) {
      this.#fault = fault
      for (const transaction of [...this.#guarded]) {
        if ((transaction.state & State.inFlight) === 0) transaction.owner?.onAbort(transaction, fault)
      }
    }
    this.#reported ||= reported
  }
}

/** `watch`, unless it is over. */
export function inForce(watch: Watch | undefined): Watch | undefined {
  return watch?.isOver === true ? undefined : watch
}
