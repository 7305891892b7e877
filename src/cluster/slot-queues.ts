import { CallDetails, type Command, type CommandOwner } from '../commands/core/command.js'
import { backoffDelay, clearTimeout, setTimer } from '../commands/core/timers.js'
import { notSent, timedOut, unansweredError } from '../connection/call/call-errors.js'
import { fail } from '../connection/call/completion.js'
import { inSlices } from '../connection/call/time-slices.js'
import { isFull, pipelineOf } from '../connection/link/handfuls.js'
import { exceededLimit } from '../connection/link/queue-limits.js'
import type { Settings } from '../connection/options/options.js'
import type { RedisError } from '../errors/errors.js'
import { WaitingCommands } from './waiting-commands.js'

const FIRST_DELAY = 25
const LONGEST_DELAY = 500

/**
 * Commands that wait for the same thing: a slot, the topology, or the connection of a session. They are sent in their order. The
 * queue is their owner, so that a command whose time is up leaves without a search.
 */
export class SlotQueue implements CommandOwner {
  readonly #queues: SlotQueues
  readonly #onEmpty: (() => void) | undefined
  readonly #commands = new WaitingCommands()
  /** Sends the queue when it fires. */
  timer: NodeJS.Timeout | undefined

  /** `onEmpty` is called when the last command has settled here. */
  constructor(queues: SlotQueues, onEmpty?: () => void) {
    this.#queues = queues
    this.#onEmpty = onEmpty
  }

  get length(): number {
    return this.#commands.size
  }

  /** Appends `command`. False if that would exceed a limit of the queues: the command was rejected. `cause`: why it waits. */
  enter(command: Command, cause: RedisError | undefined): boolean {
    if (!this.#queues.admit(this, command, cause)) return false
    command.owner = this
    this.#commands.add(command)
    return true
  }

  /** Removes and returns all commands, in order. The caller sends or settles them. */
  takeAll(): Command[] {
    const commands = [...this.#commands]
    this.#commands.clear()
    clearTimeout(this.timer)
    this.timer = undefined
    this.#queues.release(this, commands)
    return commands
  }

  /** Removes the commands one by one, in order, each when the next one is requested. */
  *each(): Generator<Command> {
    for (const command of this.#commands) {
      this.#leave(command)
      yield command
    }
  }

  /** Removes the commands a handful at a time, in order. Neighbours of one pipeline stay together. */
  *handfuls(): Generator<readonly Command[]> {
    let handful: Command[] = []
    for (const command of this.#commands) {
      if (isFull(handful, command)) {
        yield this.#takeOut(handful)
        handful = []
        // It may have settled while the handful was sent.
        if (!this.#commands.has(command)) continue
      }
      handful.push(command)
    }
    if (handful.length > 0) yield this.#takeOut(handful)
  }

  #takeOut(commands: readonly Command[]): readonly Command[] {
    for (const command of commands) this.#commands.delete(command)
    this.#queues.release(this, commands)
    return commands
  }

  /** The waiting commands; one that leaves during the iteration is skipped. */
  commands(): IterableIterator<Command> {
    return this.#commands.values()
  }

  #leave(command: Command): void {
    if (!this.#commands.delete(command)) return
    this.#queues.release(this, [command])
    if (this.#commands.size > 0) return
    clearTimeout(this.timer)
    this.timer = undefined
    this.#onEmpty?.()
  }

  onDeadline(command: Command, elapsed: number): boolean {
    this.#leave(command)
    fail(command, this.#queues.tooLate(this, command, elapsed))
    return true
  }

  onAbort(command: Command, reason: unknown): void {
    this.#leave(command)
    fail(command, reason)
  }

  onErrorReply(command: Command, error: RedisError): void {
    this.#leave(command)
    fail(command, error)
  }
}

/**
 * The queues of commands that no node can take now: the server refused them for a while, the topology is unknown, or their
 * session has no connection. Each slot has its own queue: its commands keep their order, and do not wait longer because
 * another slot is not served. One limit holds for all queues together.
 */
export class SlotQueues {
  readonly #limits: Settings['queue']
  readonly #refreshing: { readonly lastError: RedisError | undefined }
  readonly #resend: (commands: readonly Command[]) => void
  #length = 0
  #bytes = 0
  readonly #slots = new Map<number, SlotQueue>()
  /** The queues that are being sent, by slot. */
  readonly #flushing = new Map<number, SlotQueue>()
  /** Commands that came before the topology was known. */
  readonly #held: SlotQueue
  #releasing = false
  /** The queues that are not empty. */
  readonly #queues = new Set<SlotQueue>()
  /** Pipelines of which a command was rejected by a limit, with its error: the later commands of each are rejected too. */
  readonly #broken = new WeakMap<object, RedisError>()

  /** `resend` sends commands, in this order; `refreshing` knows why the topology is unknown. */
  constructor(
    limits: Settings['queue'],
    refreshing: { readonly lastError: RedisError | undefined },
    resend: (commands: readonly Command[]) => void,
  ) {
    this.#limits = limits
    this.#refreshing = refreshing
    this.#resend = resend
    this.#held = new SlotQueue(this)
  }

  /** The number of waiting commands, in all queues. */
  get length(): number {
    return this.#length
  }

  /** Their approximate size in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether commands of `slot` wait. */
  has(slot: number): boolean {
    return this.#slots.has(slot) || this.#flushing.has(slot)
  }

  /** Takes a command that is sent again when its slot may be served: after 25 ms, then after longer and longer, up to half a second. */
  add(command: Command, slot: number, refusal: RedisError): void {
    command.details ??= new CallDetails()
    const { details } = command
    details.refusal = refusal
    const queue = this.#slots.get(slot) ?? this.#makeQueue(slot)
    if (!queue.enter(command, refusal)) return
    if (queue.timer === undefined) {
      const delay = backoffDelay(details.waits, FIRST_DELAY, LONGEST_DELAY, 0.5)
      queue.timer = setTimer(delay, () => this.flush(slot))
      this.#slots.set(slot, queue)
    }
    details.waits++
  }

  #makeQueue(slot: number): SlotQueue {
    const queue: SlotQueue = new SlotQueue(this, () => {
      if (this.#slots.get(slot) === queue) this.#slots.delete(slot)
    })
    return queue
  }

  /** Starts to send the queue of `slot`, in slices. `sent` is called after its last command. */
  flush(slot: number, sent?: () => void): void {
    const queue = this.#slots.get(slot)
    if (queue === undefined && sent === undefined) return
    if (queue === undefined) {
      // Slices run one after another: this one after the queue of the slot that may be under way.
      inSlices(() => false, sent)
      return
    }
    this.#slots.delete(slot)
    this.#flushing.set(slot, queue)
    clearTimeout(queue.timer)
    queue.timer = undefined
    this.#sendAll(queue, () => {
      if (this.#flushing.get(slot) === queue) this.#flushing.delete(slot)
      sent?.()
    })
  }

  /** Sends the commands of `queue`, and those that enter it meanwhile, in order and in slices. */
  #sendAll(queue: SlotQueue, done: () => void): void {
    let handfuls = queue.handfuls()
    inSlices(() => {
      const { value } = handfuls.next()
      if (value instanceof Object) this.#resend(value)
      else handfuls = queue.handfuls()
      return value instanceof Object || queue.length > 0
    }, done)
  }

  /** Takes a command until the topology is known. */
  holdUntilKnown(command: Command): void {
    const { lastError } = this.#refreshing
    if (this.#limits.offline || lastError === undefined || this.#releasing) this.#held.enter(command, lastError)
    else fail(command, notDone(command, lastError))
  }

  /** Counts `command` in. False if that would exceed a limit: the command was rejected. `cause`: why it waits. */
  admit(queue: SlotQueue, command: Command, cause: RedisError | undefined): boolean {
    const error = this.#limitErrorOf(command, cause)
    if (error !== undefined) {
      fail(command, error)
      return false
    }
    this.#queues.add(queue)
    this.#length++
    this.#bytes += command.size
    return true
  }

  #limitErrorOf(command: Command, cause: RedisError | undefined): RedisError | undefined {
    const pipeline = pipelineOf(command)
    const before = pipeline === undefined ? undefined : this.#broken.get(pipeline)
    if (before !== undefined) return unansweredError(command, before)
    const limit = exceededLimit(this.#length, this.#bytes + command.size, this.#limits)
    if (limit === undefined) return undefined
    const message = `Too many commands wait for the cluster: this one would exceed ${limit}`
    const error = notSent(command, message, { node: 'the cluster', lastError: cause })
    if (pipeline !== undefined) this.#broken.set(pipeline, error)
    return error
  }

  /** Counts commands of `queue` out. */
  release(queue: SlotQueue, commands: readonly Command[]): void {
    this.#length -= commands.length
    for (const { size } of commands) this.#bytes -= size
    if (queue.length === 0) this.#queues.delete(queue)
  }

  /** Whether commands wait for the topology. */
  get isHolding(): boolean {
    return this.#held.length > 0
  }

  /** Whether the held commands are being sent. New commands have to wait after them. */
  get isReleasing(): boolean {
    return this.#releasing
  }

  /** The topology is known: starts to send the held commands, in slices. `sent` is called after the last one, if there are any. */
  releaseHeld(sent: () => void): void {
    if (this.#releasing || this.#held.length === 0) return
    this.#releasing = true
    this.#sendAll(this.#held, () => {
      this.#releasing = false
      sent()
    })
  }

  /**
   * A refresh failed while the topology was unknown. Rejects the held commands if no refresh can succeed before somebody changes
   * something (`isPermanent`), or if the user does not want commands to wait (`queue.offline: false`).
   */
  onUnknown(error: RedisError, isPermanent: boolean): void {
    if (this.#releasing || (!isPermanent && this.#limits.offline)) return
    rejectEach(this.#held.each(), error)
  }

  /** Rejects each command with the error that `errorOf` returns for it, if it returns one, in slices. */
  giveUp(errorOf: (command: Command) => RedisError | undefined): void {
    for (const queue of [...this.#queues]) {
      const commands = queue.commands()
      inSlices(() => {
        const { value } = commands.next()
        const error = value === undefined ? undefined : errorOf(value)
        if (error !== undefined) queue.onErrorReply(value, error)
        return value !== undefined
      })
    }
  }

  /** Rejects all commands, those of sessions too, in slices; then calls `done`. */
  rejectAll(error: RedisError, done: () => void = () => {}): void {
    this.#slots.clear()
    for (const queue of [...this.#queues]) rejectEach(queue.each(), error)
    inSlices(() => false, done)
  }

  /** The error of a command of `queue` whose deadline has passed. */
  tooLate(queue: SlotQueue, command: Command, elapsed: number): RedisError {
    const { lastError } = this.#refreshing
    if (queue === this.#held && lastError !== undefined) return notDone(command, lastError)
    const queued = this.#length
    return timedOut(command, {
      node: 'the cluster',
      phase: 'connecting',
      elapsed,
      queued,
      inflight: 0,
      lastError,
    })
  }
}

function notDone(command: Command, error: RedisError): RedisError {
  return unansweredError(command, error, error.cause)
}

/** Rejects them in slices, after the slices that were started before. */
function rejectEach(commands: Generator<Command>, error: RedisError): void {
  inSlices(() => {
    const { value } = commands.next()
    if (value instanceof Object) fail(value, notDone(value, error))
    return value instanceof Object
  })
}
