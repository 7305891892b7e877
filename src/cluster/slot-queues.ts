import { CallDetails, type Command, type CommandOwner, State } from '../commands/core/command.js'
import { backoffDelay, clearTimeout, setTimer } from '../commands/core/timers.js'
import { cloneError, fail } from '../connection/call/completion.js'
import { inSlices } from '../connection/call/time-slices.js'
import { notSent, timedOut } from '../connection/call/timeout-errors.js'
import { pipelineOf } from '../connection/link/resend.js'
import type { Settings } from '../connection/options/options.js'
import type { RedisError } from '../errors/errors.js'
import { WaitingCommands } from './waiting-commands.js'

/** Commands that are sent at a time. */
const HANDFUL = 64
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
 * Commands that wait for the same: a slot, the cluster, the connection of a session. They are sent in their order. It holds
 * them itself, so that one whose time is up leaves without being looked for.
 */
export class SlotQueue implements CommandOwner {
  readonly #rooms: SlotQueues
  readonly #onEmpty: (() => void) | undefined
  readonly #commands = new WaitingCommands()
  /** Wakes it. */
  timer: NodeJS.Timeout | undefined

  /** `onEmpty` is called when the last command has left by itself. */
  constructor(rooms: SlotQueues, onEmpty?: () => void) {
    this.#rooms = rooms
    this.#onEmpty = onEmpty
  }

  get length(): number {
    return this.#commands.size
  }

  /** Takes `command` in at the end, unless a bound of the rooms is reached: then it is rejected. `why` it has to wait. */
  enter(command: Command, why: RedisError | undefined): boolean {
    if (!this.#rooms.admit(this, command, why)) return false
    command.owner = this
    this.#commands.add(command)
    return true
  }

  /** Takes all out, in order: each is sent, or settled, next. */
  takeAll(): Command[] {
    const commands = [...this.#commands]
    this.#commands.clear()
    clearTimeout(this.timer)
    this.timer = undefined
    this.#rooms.release(this, commands)
    return commands
  }

  /** Takes them out one by one, in order, as long as somebody asks for the next. */
  *each(): Generator<Command> {
    for (const command of this.#commands) {
      this.#leave(command)
      yield command
    }
  }

  /** Takes them out a handful at a time, in order; commands of one pipeline that stand in a row stay together. */
  *handfuls(): Generator<readonly Command[]> {
    let handful: Command[] = []
    for (const command of this.#commands) {
      const last = handful.length < HANDFUL ? undefined : handful.at(-1)
      if (last !== undefined && (pipelineOf(last) === undefined || pipelineOf(last) !== pipelineOf(command))) {
        yield this.#takeOut(handful)
        handful = []
        // It may have settled meanwhile.
        if (!this.#commands.has(command)) continue
      }
      handful.push(command)
    }
    if (handful.length > 0) yield this.#takeOut(handful)
  }

  #takeOut(commands: readonly Command[]): readonly Command[] {
    for (const command of commands) this.#commands.delete(command)
    this.#rooms.release(this, commands)
    return commands
  }

  /** All that wait, as long as they do. */
  commands(): IterableIterator<Command> {
    return this.#commands.values()
  }

  #leave(command: Command): void {
    if (!this.#commands.delete(command)) return
    this.#rooms.release(this, [command])
    if (this.#commands.size > 0) return
    clearTimeout(this.timer)
    this.timer = undefined
    this.#onEmpty?.()
  }

  onDeadline(command: Command, elapsed: number): boolean {
    this.#leave(command)
    fail(command, this.#rooms.tooLate(this, command, elapsed))
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
 * Where commands wait that no node can take now: refused in a way that passes, accepted before the cluster is known, or for the
 * connection of a session. Each slot has a line of its own, so that what waits for one slot is sent in its order, and nobody
 * waits longer because another slot is not served. One bound holds for all lines together.
 */
export class SlotQueues {
  readonly #usher: Usher
  readonly #bounds: Settings['queue']
  #length = 0
  #bytes = 0
  readonly #slots = new Map<number, SlotQueue>()
  /** Lines that are being sent, by their slot. */
  readonly #flushing = new Map<number, SlotQueue>()
  #releasing = false
  readonly #parked: SlotQueue
  /** All that have commands. */
  readonly #lines = new Set<SlotQueue>()
  /** Pipelines of which one command was not taken in, and why: those after it do not overtake it. */
  readonly #broken = new WeakMap<object, RedisError>()

  constructor(usher: Usher, bounds: Settings['queue']) {
    this.#usher = usher
    this.#bounds = bounds
    this.#parked = new SlotQueue(this)
  }

  /** Commands that wait, in whatever line. */
  get length(): number {
    return this.#length
  }

  /** What all of them take, in bytes, roughly. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether commands of `slot` wait. */
  has(slot: number): boolean {
    return this.#slots.has(slot) || this.#flushing.has(slot)
  }

  /** Takes a command that is sent again when its slot may be served: after 25 ms, and longer each time, up to half a second. */
  add(command: Command, slot: number, refusal: RedisError): void {
    command.details ??= new CallDetails()
    const { details } = command
    details.refusal = refusal
    const line = this.#slots.get(slot) ?? this.#lineOf(slot)
    if (!line.enter(command, refusal)) return
    if (line.timer === undefined) {
      const delay = backoffDelay(details.waits, FIRST_DELAY, LONGEST_DELAY, 0.5)
      line.timer = setTimer(delay, () => this.flush(slot))
      this.#slots.set(slot, line)
    }
    details.waits++
  }

  #lineOf(slot: number): SlotQueue {
    const line: SlotQueue = new SlotQueue(this, () => {
      if (this.#slots.get(slot) === line) this.#slots.delete(slot)
    })
    return line
  }

  /** The owner of `slot` is another one now: its line is sent from now on, and `sent` called after the last. */
  flush(slot: number, sent?: () => void): void {
    const line = this.#slots.get(slot)
    if (line === undefined && sent === undefined) return
    if (line === undefined) {
      // After a line of this slot that is being sent.
      inSlices(() => false, sent)
      return
    }
    this.#slots.delete(slot)
    this.#flushing.set(slot, line)
    clearTimeout(line.timer)
    line.timer = undefined
    this.#sendAll(line, () => {
      if (this.#flushing.get(slot) === line) this.#flushing.delete(slot)
      sent?.()
    })
  }

  /** Sends what is in `line`, and what enters it meanwhile, in order and in slices. */
  #sendAll(line: SlotQueue, done: () => void): void {
    let handfuls = line.handfuls()
    inSlices(() => {
      const { value } = handfuls.next()
      if (value instanceof Object) this.#usher.again(value)
      else handfuls = line.handfuls()
      return value instanceof Object || line.length > 0
    }, done)
  }

  /** Takes a command until the cluster is known. */
  holdUntilKnown(command: Command): void {
    const { trouble } = this.#usher
    if (this.#bounds.offline || trouble === undefined || this.#releasing) this.#parked.enter(command, trouble)
    else fail(command, notDone(command, trouble))
  }

  /** Counts `command` in; false if that would pass a bound, and it was rejected. `why` it has to wait. */
  admit(line: SlotQueue, command: Command, why: RedisError | undefined): boolean {
    const error = this.#refusalOf(command, why)
    if (error !== undefined) {
      fail(command, error)
      return false
    }
    this.#lines.add(line)
    this.#length++
    this.#bytes += command.size
    return true
  }

  #refusalOf(command: Command, why: RedisError | undefined): RedisError | undefined {
    const { maxBytes, maxCommands } = this.#bounds
    const isOne = this.#length >= maxCommands
    const pipeline = (command.state & State.ordered) === 0 ? undefined : (command.batch as object)
    const before = pipeline === undefined ? undefined : this.#broken.get(pipeline)
    if (before !== undefined) return cloneError(before, { command: command.spec.name, outcome: 'not sent' })
    if (!isOne && this.#bytes + command.size <= maxBytes) return undefined
    const bound = isOne ? `queue.maxCommands (${maxCommands})` : `queue.maxBytes (${maxBytes})`
    const message = `Too much waits for the cluster: ${bound} would be passed`
    const error = notSent(command, message, { node: 'the cluster', lastError: why })
    if (pipeline !== undefined) this.#broken.set(pipeline, error)
    return error
  }

  /** Takes commands of `line` out of the books. */
  release(line: SlotQueue, commands: readonly Command[]): void {
    this.#length -= commands.length
    for (const { size } of commands) this.#bytes -= size
    if (line.length === 0) this.#lines.delete(line)
  }

  /** Whether somebody waits for the cluster to be known. */
  get isParking(): boolean {
    return this.#parked.length > 0
  }

  /** Whether those that waited for the cluster are being sent: what comes meanwhile is parked behind them. */
  get isReleasing(): boolean {
    return this.#releasing
  }

  /** The cluster is known: those that waited for it are sent from now on, and `sent` called after the last, if there are any. */
  releaseHeld(sent: () => void): void {
    if (this.#releasing || this.#parked.length === 0) return
    this.#releasing = true
    this.#sendAll(this.#parked, () => {
      this.#releasing = false
      sent()
    })
  }

  /**
   * No node has told of the cluster. `forGood`: none will until somebody changes something, so that whoever waits for it is
   * rejected; so he is when he asked not to wait for a cluster that cannot be reached.
   */
  onUnknown(error: RedisError, forGood: boolean): void {
    if (this.#releasing || (!forGood && this.#bounds.offline)) return
    rejectEach(this.#parked.each(), error)
  }

  /** Rejects those of which `gives` an error, in slices. */
  giveUp(gives: (command: Command) => RedisError | undefined): void {
    for (const line of [...this.#lines]) {
      const commands = line.commands()
      inSlices(() => {
        const { value } = commands.next()
        const error = value === undefined ? undefined : gives(value)
        if (error !== undefined) line.onErrorReply(value, error)
        return value !== undefined
      })
    }
  }

  /** Rejects all, the commands of sessions too, in slices; then `done` is called. */
  rejectAll(error: RedisError, done: () => void = () => {}): void {
    this.#slots.clear()
    for (const line of [...this.#lines]) rejectEach(line.each(), error)
    inSlices(() => false, done)
  }

  /** What a command of `line` whose time is up rejects with. */
  tooLate(line: SlotQueue, command: Command, elapsed: number): RedisError {
    const { trouble } = this.#usher
    if (line === this.#parked && trouble !== undefined) return notDone(command, trouble)
    const queued = this.#length
    return timedOut(command, { node: 'the cluster', phase: 'connecting', elapsed, queued, inflight: 0, trouble })
  }
}

function notDone(command: Command, error: RedisError): RedisError {
  const outcome = (command.state & State.written) === 0 ? 'not sent' : 'unknown'
  return cloneError(error, { command: command.spec.name, outcome, cause: error.cause })
}

/** In slices, after those that were begun before. */
function rejectEach(commands: Generator<Command>, error: RedisError): void {
  inSlices(() => {
    const { value } = commands.next()
    if (value instanceof Object) fail(value, notDone(value, error))
    return value instanceof Object
  })
}
