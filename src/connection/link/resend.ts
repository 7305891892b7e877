/** Resends or rejects the commands of a lost connection or a closed link. There may be very many, so it works in slices. */
import { CallDetails, type Command, State } from '../../commands/core/command.js'
import type { RedisError } from '../../errors/errors.js'
import { cloneError, unansweredError } from '../call/call-errors.js'
import { fail } from '../call/completion.js'
import type { Stranded } from '../call/stranded.js'
import { inSlices, inSpareSlices } from '../call/time-slices.js'
import { CommandParts } from './command-parts.js'
import type { CommandQueue } from './command-queue.js'
import { noReplyAlone } from './link-errors.js'

/** A command that was lost this often is not resent: it may be the reason why the connections were lost. */
const MOST_LOSSES = 3

/** The decisions of a link about the commands of a connection that was closed. */
export interface ResendRules {
  mayResend(): boolean
  /** The commands in flight have been sorted, or at least the first slice of them. */
  begun?(): void
  /** Whether the waiting commands must be checked too. `isCut`: a pipeline has lost some of its commands. */
  isNeeded(isCut: boolean): boolean
  /** Whether `command` keeps waiting; if not, it was settled or taken over. `isCut`: its pipeline has lost some of its commands. */
  keeps(command: Command, isCut: boolean): boolean
  /** All commands are in their places, so that waiting commands may be sent. */
  sorted(): void
  /** All lost commands have been rejected. */
  done(): void
}

/**
 * Resends or rejects the commands of closed connections, for one link. Sorting a million commands takes a fraction of a second,
 * and rejecting them takes several. So they are sorted first, and new calls need not wait for the rest.
 */
export class ResendAfterLoss {
  readonly #queue: CommandQueue
  readonly #unsorted = new Set<Stranded>()
  /** Commands that are about to be rejected. */
  readonly #lost = new Set<CommandParts>()

  constructor(queue: CommandQueue) {
    this.#queue = queue
  }

  /** Whether waiting commands may be sent. */
  get isSorted(): boolean {
    return this.#unsorted.size === 0
  }

  get isOver(): boolean {
    return this.isSorted && this.#lost.size === 0
  }

  /** The count of commands that were in flight, and have neither settled nor returned to the queue. */
  get inflight(): number {
    let inflight = 0
    for (const { length } of this.#unsorted) inflight += length
    for (const { length } of this.#lost) inflight += length
    return inflight
  }

  /**
   * Moves the commands in flight that may be resent back to the queue, and rejects the others as 'unknown'. Then it checks the
   * waiting commands. Connections that are closed meanwhile follow after this one.
   */
  begin(left: Stranded, error: RedisError, rules: ResendRules): void {
    const cutPipelines = new Set<unknown>()
    this.#unsorted.add(left)
    this.#sort(left, error, cutPipelines, rules)
    rules.begun?.()
    const kept = new CommandParts()
    let waiting: CommandParts | undefined
    inSlices(
      () => {
        waiting ??= new CommandParts(rules.isNeeded(cutPipelines.size > 0) ? this.#queue.takeParts() : [])
        const command = waiting.shift()
        if (command === undefined) return false
        if (command.resolve === undefined) return true
        if (rules.keeps(command, cutPipelines.has(command.batch))) kept.push(command)
        else this.#queue.forget(command)
        return true
      },
      () => {
        this.#queue.prepend(kept.take())
        this.#unsorted.delete(left)
        rules.sorted()
      },
    )
  }

  #sort(left: Stranded, error: RedisError, cutPipelines: Set<unknown>, rules: ResendRules): void {
    const again = new CommandParts()
    const lost = new CommandParts()
    const step = () => {
      const command = left.next()
      if (command === undefined) return false
      if (command.resolve === undefined) command.state &= ~State.inFlight
      else if (rules.mayResend() && isRepeatable(command)) {
        command.state &= ~State.inFlight
        noteLoss(command)
        this.#queue.count(command)
        again.push(command)
      } else {
        if ((command.state & State.ordered) !== 0) cutPipelines.add(command.batch)
        // It stays in flight until it is rejected, for its deadline and its signal.
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
      rules.done()
    })
  }
}

function isRepeatable({ details, state }: Command): boolean {
  return (state & (State.repeatable | State.ordered)) === State.repeatable && (details?.attempts ?? 0) + 1 < MOST_LOSSES
}

/** After the first loss a command is resent with the others; after the second alone, so that no other command is lost with it. */
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
 * Closes `connection` and returns true if `command`, which has settled, was sent alone and is still in flight: all other commands
 * wait for its reply, and none is lost with the connection.
 */
export function dropAlone(command: Command, connection: Droppable | undefined): boolean {
  if ((command.state & State.alone) === 0 || connection?.oldest !== command) return false
  connection.destroy(noReplyAlone(connection.node, command))
  return true
}

/** Rejects a command that waits to be sent or resent. */
export function rejectWaiting(command: Command, error: RedisError): void {
  fail(command, unansweredError(command, error))
}
