/** What becomes of commands when their link has lost a connection, or ends: there may be very many, so it is found out in slices. */
import Denque from 'denque'
import { type Command, Keep, State } from '../commands/command.js'
import { ConnectionError, type RedisError } from '../errors/errors.js'
import type { CommandQueue } from './queue.js'
import { errorLike, fail } from './settle.js'
import { inSlices, inSpareSlices } from './slices.js'

/** A command that was lost this often is not sent again: perhaps it is what the connection died of. */
const MOST_LOSSES = 3

/** What a connection had in flight when it ended, oldest first. */
export class Left {
  readonly #commands: Denque<Command>
  readonly #error: RedisError
  #unit: unknown

  /** Our own commands die with the connection, for `error`. */
  constructor(commands: Denque<Command>, error: RedisError) {
    this.#commands = commands
    this.#error = error
    // Of a connection that never was ready, or that was never a caller's, there are no others.
    while (isOurs(commands.peekFront())) this.#take()
  }

  get length(): number {
    return this.#commands.length
  }

  /** The next command of a caller. Of a unit that was cut anywhere the whole is left, once. */
  next(): Command | undefined {
    for (let command = this.#take(); command !== undefined; command = this.#take()) {
      if ((command.state & State.bound) !== 0) continue
      if ((command.state & State.line) === 0) return command
      if (command.holder === this.#unit) continue
      this.#unit = command.holder
      return command.holder as unknown as Command
    }
    return undefined
  }

  #take(): Command | undefined {
    const command = this.#commands.shift()
    if (isOurs(command)) fail(command, this.#error)
    return command
  }
}

function isOurs(command: Command | undefined): command is Command {
  return command !== undefined && (command.state & State.bound) !== 0
}

/** How a link judges what the end of a connection leaves. */
export interface Judge {
  mayRepeat(): boolean
  /** What was in flight has been looked at, as far as that did not take too long. */
  begun?(): void
  /** Whether what waits is to be looked at too. `broken`: pipelines have lost a part of them. */
  isNeeded(broken: boolean): boolean
  /** Whether `command` waits on; if not, it was settled, or somebody else has it. `broken`: its pipeline has lost a part. */
  keeps(command: Command, broken: boolean): boolean
  /** What waits may be sent: everything is in its place. */
  sorted(): void
  /** All that was lost has been rejected. */
  done(): void
}

/**
 * Settles what ended connections leave, for one link. To sort a million commands takes a fraction of a second, to reject
 * them several: so they are sorted first, and calls that come meanwhile need not wait for the rest.
 */
export class Aftermath {
  readonly #queue: CommandQueue
  readonly #unsorted = new Set<Left>()
  /** What is about to be rejected. */
  readonly #lost = new Set<Denque<Command>>()

  constructor(queue: CommandQueue) {
    this.#queue = queue
  }

  /** Whether what waits may be sent. */
  get isSorted(): boolean {
    return this.#unsorted.size === 0
  }

  get isOver(): boolean {
    return this.isSorted && this.#lost.size === 0
  }

  /** Commands that were in flight, and have neither settled nor come back to the queue. */
  get inflight(): number {
    let inflight = 0
    for (const { length } of this.#unsorted) inflight += length
    for (const { length } of this.#lost) inflight += length
    return inflight
  }

  /**
   * What was in flight and may be sent again goes back to the queue, the rest is rejected as 'unknown'; what waits is
   * looked at too. Others that are sorted meanwhile follow when this one is.
   */
  settle(left: Left, error: RedisError, judge: Judge): void {
    const broken = new Set<unknown>()
    this.#unsorted.add(left)
    this.#sort(left, error, broken, judge)
    judge.begun?.()
    const kept = new Denque<Command>()
    let parts: Denque<Command>[] | undefined
    inSlices(
      () => {
        parts ??= judge.isNeeded(broken.size > 0) ? this.#queue.takeParts() : []
        const command = parts[0]?.shift()
        if (command === undefined) return parts.shift() !== undefined
        if (command.resolve === undefined) return true
        if (judge.keeps(command, broken.has(command.batch))) kept.push(command)
        else this.#queue.forget(command)
        return true
      },
      () => {
        this.#queue.prepend(kept)
        this.#unsorted.delete(left)
        judge.sorted()
      },
    )
  }

  #sort(left: Left, error: RedisError, broken: Set<unknown>, judge: Judge): void {
    const again = new Denque<Command>()
    const lost = new Denque<Command>()
    const step = () => {
      const command = left.next()
      if (command === undefined) return false
      if (command.resolve === undefined) command.state &= ~State.flying
      else if (judge.mayRepeat() && isRepeatable(command)) {
        command.state &= ~State.flying
        noteLoss(command)
        this.#queue.count(command)
        again.push(command)
      } else {
        if ((command.state & State.ordered) !== 0) broken.add(command.batch)
        // As long as it is not rejected its deadline and its signal find it in flight.
        lost.push(command)
      }
      return true
    }
    this.#lost.add(lost)
    inSlices(step, () => this.#queue.prepend(again))
    const reject = () => {
      const command = lost.shift()
      if (command === undefined) return false
      command.state &= ~State.flying
      if (command.resolve !== undefined)
        fail(command, errorLike(error, { command: command.spec.name, outcome: 'unknown' }))
      return true
    }
    inSpareSlices(reject, () => {
      this.#lost.delete(lost)
      judge.done()
    })
  }
}

function isRepeatable({ keep, state }: Command): boolean {
  return (state & (State.repeatable | State.ordered)) === State.repeatable && (keep?.attempts ?? 0) + 1 < MOST_LOSSES
}

/** The first time it is sent again with the others; after that alone, so that it takes nobody with it. */
function noteLoss(command: Command): void {
  command.keep ??= new Keep()
  command.keep.attempts++
  if (command.keep.attempts > 1) command.state |= State.alone
}

interface Droppable {
  readonly node: string
  readonly oldest: Command | undefined
  destroy(error: RedisError): void
}

/**
 * `command`, which has settled, may still be in flight. If it was sent alone, all others wait until it is answered, and nothing
 * else is lost with `connection`: it is dropped, and true returned.
 */
export function dropAlone(command: Command, connection: Droppable | undefined): boolean {
  if ((command.state & State.alone) === 0 || connection?.oldest !== command) return false
  const message = `${connection.node} has not answered ${command.spec.name} in its time, after two connections were lost with it.`
  connection.destroy(new ConnectionError(message, { node: connection.node }))
  return true
}

/** Rejects a command that waits to be sent, perhaps again. */
export function rejectWaiting(command: Command, error: RedisError): void {
  const outcome = (command.state & State.written) === 0 ? 'not sent' : 'unknown'
  fail(command, errorLike(error, { command: command.spec.name, outcome }))
}

/** The pipeline of a command that keeps its place in it. */
export function pipelineOf(command: Command | undefined): unknown {
  return command === undefined || (command.state & State.ordered) === 0 ? undefined : command.batch
}
