/** What becomes of commands when their link has lost a connection, or ends: there may be very many, so it is found out in slices. */
import { CallDetails, type Command, State } from '../../commands/core/command.js'
import { ConnectionError, type RedisError } from '../../errors/errors.js'
import { cloneError, fail } from '../call/completion.js'
import type { Stranded } from '../call/stranded.js'
import { inSlices, inSpareSlices } from '../call/time-slices.js'
import { CommandParts } from './command-parts.js'
import type { CommandQueue } from './command-queue.js'

/** A command that was lost this often is not sent again: perhaps it is what the connection died of. */
const MOST_LOSSES = 3

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
export class ResendAfterLoss {
  readonly #queue: CommandQueue
  readonly #unsorted = new Set<Stranded>()
  /** What is about to be rejected. */
  readonly #lost = new Set<CommandParts>()

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
  settle(left: Stranded, error: RedisError, judge: Judge): void {
    const broken = new Set<unknown>()
    this.#unsorted.add(left)
    this.#sort(left, error, broken, judge)
    judge.begun?.()
    const kept = new CommandParts()
    let parts: ReturnType<CommandQueue['takeParts']> | undefined
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
        this.#queue.prepend(kept.take())
        this.#unsorted.delete(left)
        judge.sorted()
      },
    )
  }

  #sort(left: Stranded, error: RedisError, broken: Set<unknown>, judge: Judge): void {
    const again = new CommandParts()
    const lost = new CommandParts()
    const step = () => {
      const command = left.next()
      if (command === undefined) return false
      if (command.resolve === undefined) command.state &= ~State.inFlight
      else if (judge.mayRepeat() && isRepeatable(command)) {
        command.state &= ~State.inFlight
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
    inSlices(step, () => this.#queue.prepend(again.take()))
    const reject = () => {
      const command = lost.shift()
      if (command === undefined) return false
      command.state &= ~State.inFlight
      if (command.resolve !== undefined)
        fail(command, cloneError(error, { command: command.spec.name, outcome: 'unknown' }))
      return true
    }
    inSpareSlices(reject, () => {
      this.#lost.delete(lost)
      judge.done()
    })
  }
}

function isRepeatable({ details, state }: Command): boolean {
  return (state & (State.repeatable | State.ordered)) === State.repeatable && (details?.attempts ?? 0) + 1 < MOST_LOSSES
}

/** The first time it is sent again with the others; after that alone, so that it takes nobody with it. */
function noteLoss(command: Command): void {
  command.details ??= new CallDetails()
  command.details.attempts++
  if (command.details.attempts > 1) command.state |= State.alone
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
  fail(command, cloneError(error, { command: command.spec.name, outcome }))
}

/** The pipeline of a command that keeps its place in it. */
export function pipelineOf(command: Command | undefined): unknown {
  return command === undefined || (command.state & State.ordered) === 0 ? undefined : command.batch
}
