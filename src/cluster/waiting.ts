import { type Command, type Holder, Keep, State } from '../commands/command.js'
import { outside } from '../connection/outside.js'
import { errorLike, fail } from '../connection/settle.js'
import { timedOut } from '../connection/timeout.js'
import type { RedisError } from '../errors/errors.js'

/** Commands of one slot, in the order in which they go again. */
interface Line {
  readonly commands: Set<Command>
  readonly timer: NodeJS.Timeout
}

const FIRST_DELAY = 25
const LONGEST_DELAY = 500

/** Whom the waiting rooms of a cluster ask. */
export interface Usher {
  /** Sends commands on their way again, in this order. */
  again(commands: readonly Command[]): void
  /** Why no node has answered so far, if none has. */
  readonly trouble: RedisError | undefined
}

/**
 * Where commands wait that no node can take now: refused in a way that passes, or accepted before the cluster is known.
 * Each slot has a line of its own, so that what waits for one slot goes again in its order, and nobody waits longer for the
 * trouble of another.
 */
export class WaitingRooms implements Holder {
  readonly #usher: Usher
  readonly #lines = new Map<number, Line>()
  readonly #parked = new Set<Command>()

  constructor(usher: Usher) {
    this.#usher = usher
  }

  get length(): number {
    let length = this.#parked.size
    for (const { commands } of this.#lines.values()) length += commands.size
    return length
  }

  /** Whether commands of `slot` wait. */
  has(slot: number): boolean {
    return this.#lines.has(slot)
  }

  /** Takes a command that goes again when its slot may be served: after 25 ms, and longer each time, up to half a second. */
  add(command: Command, slot: number, refusal: RedisError): void {
    command.keep ??= new Keep()
    const { keep } = command
    keep.refusal = refusal
    command.holder = this
    let line = this.#lines.get(slot)
    if (line === undefined) {
      const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(keep.waits, 10)) * (0.5 + Math.random() / 2)
      line = { commands: new Set(), timer: outside(() => setTimeout(() => this.wake(slot), delay)) }
      this.#lines.set(slot, line)
    }
    keep.waits++
    line.commands.add(command)
  }

  /** The owner of `slot` is another one now: its line goes at once. */
  wake(slot: number): void {
    const line = this.#lines.get(slot)
    if (line === undefined) return
    clearTimeout(line.timer)
    this.#lines.delete(slot)
    this.#usher.again([...line.commands])
  }

  /** Takes a command until the cluster is known. */
  park(command: Command): void {
    command.holder = this
    this.#parked.add(command)
  }

  /** Whether somebody waits for the cluster to be known. */
  get isParking(): boolean {
    return this.#parked.size > 0
  }

  /** The cluster is known: everyone goes. */
  unpark(): void {
    const commands = [...this.#parked]
    this.#parked.clear()
    this.#usher.again(commands)
  }

  /** No node answers, and none will: everyone who waits for the cluster to be known is told. */
  rejectParked(error: RedisError): void {
    const commands = [...this.#parked]
    this.#parked.clear()
    for (const command of commands) fail(command, notDone(command, error))
  }

  /** Rejects all. */
  rejectAll(error: RedisError): void {
    this.rejectParked(error)
    for (const [slot, { commands, timer }] of this.#lines) {
      clearTimeout(timer)
      this.#lines.delete(slot)
      for (const command of commands) fail(command, notDone(command, error))
    }
  }

  expire(command: Command, elapsed: number): boolean {
    const { trouble } = this.#usher
    const parked = this.#parked.has(command)
    this.#forget(command)
    if (parked && trouble !== undefined) fail(command, notDone(command, trouble))
    else {
      fail(
        command,
        timedOut(command, {
          node: 'the cluster',
          phase: 'connecting',
          elapsed,
          queued: this.length,
          inflight: 0,
          trouble,
        }),
      )
    }
    return true
  }

  abandon(command: Command, reason: unknown): void {
    this.#forget(command)
    fail(command, reason)
  }

  refuse(command: Command, error: RedisError): void {
    this.#forget(command)
    fail(command, error)
  }

  #forget(command: Command): void {
    if (this.#parked.delete(command)) return
    for (const [slot, { commands, timer }] of this.#lines) {
      if (!commands.delete(command)) continue
      if (commands.size > 0) return
      clearTimeout(timer)
      this.#lines.delete(slot)
      return
    }
  }
}

function notDone(command: Command, error: RedisError): RedisError {
  const outcome = (command.state & State.written) === 0 ? 'not sent' : 'unknown'
  return errorLike(error, { command: command.spec.name, outcome, cause: error.cause })
}
