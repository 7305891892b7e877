import { type Command, type Holder, Keep, State } from '../commands/command.js'
import { clearTimeout, setTimeout } from '../commands/timers.js'
import type { Settings } from '../connection/options.js'
import { outside } from '../connection/outside.js'
import { errorLike, fail } from '../connection/settle.js'
import { notSent, timedOut } from '../connection/timeout.js'
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
  readonly #bounds: Settings['queue']
  #length = 0
  #bytes = 0
  readonly #lines = new Map<number, Line>()
  readonly #parked = new Set<Command>()

  constructor(usher: Usher, bounds: Settings['queue']) {
    this.#usher = usher
    this.#bounds = bounds
  }

  get length(): number {
    return this.#length
  }

  /** What all of them take, in bytes, roughly. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether commands of `slot` wait. */
  has(slot: number): boolean {
    return this.#lines.has(slot)
  }

  /** Takes a command that goes again when its slot may be served: after 25 ms, and longer each time, up to half a second. */
  add(command: Command, slot: number, refusal: RedisError): void {
    if (!this.#admits(command, refusal)) return
    command.keep ??= new Keep()
    const { keep } = command
    keep.refusal = refusal
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
    this.#usher.again(this.#release(line.commands))
  }

  /** Takes a command until the cluster is known. */
  park(command: Command): void {
    if (this.#admits(command, this.#usher.trouble)) this.#parked.add(command)
  }

  /** Counts `command` in; false if that would pass a bound, and it was rejected. `why` it has to wait. */
  #admits(command: Command, why: RedisError | undefined): boolean {
    const { maxBytes, maxCommands } = this.#bounds
    const isOne = this.#length >= maxCommands
    if (isOne || this.#bytes + command.size > maxBytes) {
      const bound = isOne ? `queue.maxCommands (${maxCommands})` : `queue.maxBytes (${maxBytes})`
      const message = `Too much waits for the cluster: ${bound} would be passed`
      fail(command, notSent(command, message, { node: 'the cluster', lastError: why }))
      return false
    }
    command.holder = this
    this.#length++
    this.#bytes += command.size
    return true
  }

  /** Takes them out of the books; each goes, or is settled, next. */
  #release(commands: Iterable<Command>): Command[] {
    const released = [...commands]
    this.#length -= released.length
    for (const { size } of released) this.#bytes -= size
    return released
  }

  /** Whether somebody waits for the cluster to be known. */
  get isParking(): boolean {
    return this.#parked.size > 0
  }

  /** The cluster is known: everyone goes. */
  unpark(): void {
    const commands = this.#release(this.#parked)
    this.#parked.clear()
    this.#usher.again(commands)
  }

  /** No node answers, and none will: everyone who waits for the cluster to be known is told. */
  rejectParked(error: RedisError): void {
    const commands = this.#release(this.#parked)
    this.#parked.clear()
    for (const command of commands) fail(command, notDone(command, error))
  }

  /** Rejects all. */
  rejectAll(error: RedisError): void {
    this.rejectParked(error)
    for (const [slot, { commands, timer }] of this.#lines) {
      clearTimeout(timer)
      this.#lines.delete(slot)
      for (const command of this.#release(commands)) fail(command, notDone(command, error))
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
    if (this.#parked.delete(command)) {
      this.#release([command])
      return
    }
    for (const [slot, { commands, timer }] of this.#lines) {
      if (!commands.delete(command)) continue
      this.#release([command])
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
