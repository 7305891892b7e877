/**
 * One time of watching keys on a leased connection, from WATCH until EXEC, UNWATCH or the loss of the watch.
 *
 *   WATCH ──▸ watching ──▸ EXEC, UNWATCH: over
 *                │
 *                └─ the connection is replaced in any way ──▸ lost: what is guarded rejects with WatchError
 *
 * A transaction that was sent while keys were watched is guarded by this watch for good: it runs on the connection that
 * watched, or it does not run at all.
 */
import { type Command, State, whenSettled } from '../../commands/core/command.js'
import { RedisError, WatchError } from '../../errors/errors.js'

/** A transaction, and the watch that guards it. */
export interface Guarded extends Command {
  watch: Watch | undefined
}

export class Watch {
  /** One that was begun before, and that what is on its way will end: a loss takes both. */
  #before: Watch | undefined
  #fault: WatchError | undefined
  #reported = false
  #ending = false
  #over = false
  #begun = false
  readonly #units = new Set<Guarded>()

  constructor(before?: Watch) {
    this.#before = before
  }

  /** Why nothing that is guarded may be sent any more; undefined while the server watches. */
  get fault(): WatchError | undefined {
    return this.#fault
  }

  /** EXEC or UNWATCH was answered, or a transaction was rejected for the loss: it guards nothing that is sent from now on. */
  get isOver(): boolean {
    return this.#over
  }

  /**
   * Whether keys that are watched now are watched anew: what ends this watch is sent before them, or the holder knows of its
   * loss.
   */
  get isPast(): boolean {
    return this.#over || this.#ending || (this.#fault !== undefined && this.#reported)
  }

  /** Whether the server has watched keys: until then nothing can be lost. */
  get hasBegun(): boolean {
    return this.#begun || this.#before !== undefined
  }

  /** `command` is a WATCH that begins this watch, or adds keys to it. */
  beginWith(command: Command): void {
    whenSettled(command, (_, __, error) => {
      if (error === undefined) this.#begun = true
    })
  }

  /** Binds the transaction `unit` to this watch, which its EXEC ends. */
  guard(unit: Guarded): void {
    unit.watch = this
    // EXEC ends the watch: sent again it would run unguarded, even if the caller declared that it may run twice.
    unit.state &= ~State.repeatable
    this.#units.add(unit)
    this.endWith(unit, error => (unit.state & State.written) !== 0 || error instanceof WatchError)
  }

  /** `command` will end this watch, if `ends` says so of what it came to. */
  endWith(command: Command, ends: (error: unknown) => boolean): void {
    this.#ending = true
    whenSettled(command, (settled, _, error) => {
      this.#units.delete(settled as Guarded)
      if (ends(error)) this.end()
    })
  }

  end(): void {
    this.#over = true
    this.#before = undefined
  }

  /**
   * The server watches no more, since the connection was replaced. Guarded transactions that were not written reject now;
   * one that was written is judged by its reply.
   */
  lose(fault: WatchError, reported = false): void {
    this.#before?.lose(fault, reported)
    this.#before = undefined
    if (this.#fault === undefined) {
      this.#fault = fault
      for (const unit of [...this.#units]) {
        if ((unit.state & State.inFlight) === 0) unit.owner?.onAbort(unit, fault)
      }
    }
    this.#reported ||= reported
  }
}

/** `watch`, unless it is over. */
export function inForce(watch: Watch | undefined): Watch | undefined {
  return watch?.isOver === true ? undefined : watch
}

export function watchLost(cause: RedisError | undefined): WatchError {
  return new WatchError(
    'The connection was lost or replaced while keys were watched: whether they changed is not known, so nothing of the transaction was sent.',
    { command: 'EXEC', outcome: 'not sent', cause },
  )
}

/** What a guarded transaction rejects with that the server refused in a way that passes or leads to another node. */
export function watchEnded(cause: RedisError): WatchError {
  const refusal = cause.cause instanceof RedisError ? cause.cause : cause
  return new WatchError(
    `The server refused the transaction for now (${refusal.code}), and with it ended the watch: nothing of it ran.`,
    { command: 'EXEC', outcome: 'not sent', cause },
  )
}
