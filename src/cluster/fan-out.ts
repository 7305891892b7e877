/**
 * One command as several parts: one for each shard, for each node, or for the keys of each slot. The raw replies of the parts are
 * joined before the decoder of the command gets them.
 *
 *   MGET a b c  ─┬▸ slot of a, c: MGET a c ▸ [1, 3] ─┬▸ [1, 2, 3]
 *                └▸ slot of b:    MGET b   ▸ [2]    ─┘
 */

import type { Argument, Key } from '../commands/core/argument.js'
import { Command, type CommandOwner, keyIndexes, State } from '../commands/core/command.js'
import { type Decoder, unchanged } from '../commands/core/decoder.js'
import { itemsOf } from '../commands/core/decoders.js'
import { defineHidden } from '../commands/core/own-properties.js'
import type { Reply } from '../commands/core/reply.js'
import { unexpectedReply } from '../commands/core/reply-errors.js'
import { one } from '../commands/core/response-policies.js'
import { fail, succeed } from '../connection/call/completion.js'
import { InvalidResponse, type RedisError } from '../errors/errors.js'
import { cannotMerge } from './cluster-errors.js'
import type { ClusterNode } from './cluster-node.js'
import { NONE, slotOf } from './slots.js'

/** The outcome of one part of a command that failed. */
export interface PartOutcome {
  /** The keys of the part, if the command was split by them. */
  readonly keys?: readonly Key[]
  /** The node of the part, if the command went to every node. */
  readonly node?: string
  /** The raw reply. */
  readonly reply?: unknown
  readonly error?: RedisError
}

/** Where a part goes: to the owner of a slot, or to one node. A part that is not `needed` is skipped if its node is lost. */
export interface Destination {
  readonly slot: number
  readonly node: ClusterNode | undefined
  readonly needed: boolean
}

/**
 * The reply of a part as it came. A form that `decode` suspects is thrown here, and not where the replies are joined, because
 * only the connection that read the reply can be checked.
 */
function checkedBy(decode: Decoder): Decoder {
  return (reply, shape, args) => {
    try {
      decode(reply, shape, args)
    } catch (error) {
      if (error instanceof InvalidResponse) throw error
    }
    return reply
  }
}

function onSettled(value: unknown, part: Command): void {
  ;(part as Part).whole.onPartSettled(part as Part, value)
}

export class Part extends Command {
  readonly whole: FanOut
  readonly index: number
  readonly destination: Destination
  readonly #batch: unknown

  constructor(whole: FanOut, index: number, command: Command, args: readonly Argument[], destination: Destination) {
    super(command.spec, args as Argument[], whole.decode)
    this.whole = whole
    this.index = index
    this.destination = destination
    this.#batch = command.resolve
    this.shape = command.shape
    this.size = 16 + Math.ceil((command.size * (args.length + 1)) / (command.args.length + 1))
    this.deadline = command.deadline
    this.state = State.batched | (command.state & (State.repeatable | State.ordered))
    this.resolve = onSettled
  }

  override get batch(): unknown {
    return this.#batch
  }
}

export class FanOut implements CommandOwner {
  /** Of the parts. */
  readonly decode: Decoder
  readonly #command: Command
  readonly #join: (replies: readonly Reply[]) => Reply
  readonly #parts: Part[] = []
  readonly #replies: (Reply | undefined)[] = []
  readonly #errors: (RedisError | undefined)[] = []
  /** The keys of each part. */
  #keys: readonly (readonly Key[])[] | undefined
  #left = 0

  private constructor(command: Command, join: (replies: readonly Reply[]) => Reply) {
    this.#command = command
    this.#join = join
    // Without a policy the replies stand beside each other, and one of them may have another form than the whole.
    this.decode = command.spec.responsePolicy === undefined ? unchanged : checkedBy(command.decode)
    command.owner = this
  }

  /** Splits `command` into a part for each destination, and calls `send` with each. */
  static toAll(command: Command, destinations: readonly Destination[], send: (part: Part) => void): void {
    const whole = new FanOut(command, command.spec.responsePolicy ?? listed)
    for (const destination of destinations) whole.#add(command.args, destination)
    whole.#start(send)
  }

  /** Splits `command` into a part for each slot of its keys, and calls `send` with each. */
  static split(command: Command, send: (part: Part) => void): void {
    const { args, spec } = command
    const at = keyIndexes(command)
    const step = at.length > 1 ? (at[1] as number) - (at[0] as number) : 1
    const positions = new Map<number, number[]>()
    for (const [position, index] of at.entries()) {
      const slot = slotOf(args[index] as Argument)
      const same = positions.get(slot)
      if (same === undefined) positions.set(slot, [position])
      else same.push(position)
    }
    const groups = [...positions.values()]
    const whole = new FanOut(command, replies => inOrder(replies, groups) ?? (spec.responsePolicy ?? listed)(replies))
    const keyAt = (position: number) => at[position] as number
    whole.#keys = groups.map(group => group.map(position => args[keyAt(position)] as Key))
    const head = args.slice(0, at[0])
    const tail = args.slice(keyAt(at.length - 1) + step)
    for (const [slot, group] of positions) {
      const own = group.flatMap(position => args.slice(keyAt(position), keyAt(position) + step))
      whole.#add([...head, ...own, ...tail], { slot, node: undefined, needed: true })
    }
    whole.#start(send)
  }

  #add(args: readonly Argument[], destination: Destination): void {
    this.#parts.push(new Part(this, this.#parts.length, this.#command, args, destination))
  }

  #start(send: (part: Part) => void): void {
    this.#left = this.#parts.length
    if (this.#left === 0) this.#finish()
    for (const part of this.#parts) send(part)
  }

  onPartSettled(part: Part, value: unknown): void {
    const { index } = part
    if ((part.state & State.failed) !== 0) this.#errors[index] = value as RedisError
    else this.#replies[index] = value as Reply
    if (--this.#left === 0) this.#finish()
  }

  #finish(): void {
    const command = this.#command
    if (command.resolve === undefined) return
    const answered = this.#parts.some((_, i) => this.#errors[i] === undefined)
    const failure = this.#parts.findIndex((part, i) => this.#errors[i] !== undefined && part.destination.needed)
    if (failure < 0 || (answered && command.spec.responsePolicy === one)) this.#succeed()
    else this.#fail(this.#errors[failure] as RedisError)
  }

  #succeed(): void {
    const replies: Reply[] = []
    for (let i = 0; i < this.#parts.length; i++) {
      if (this.#errors[i] === undefined) replies.push(this.#replies[i] ?? null)
    }
    let joined: Reply
    try {
      joined = this.#join(replies)
    } catch (cause) {
      this.#fail(cannotMerge(this.#command, cause))
      return
    }
    succeed(this.#command, joined)
  }

  #fail(error: RedisError): void {
    const parts = this.#parts.map((part, i): PartOutcome => {
      const keys = this.#keys?.[i]
      const failed = this.#errors[i]
      return {
        ...(keys === undefined ? { node: failed?.node ?? part.destination.node?.name ?? '' } : { keys }),
        ...(failed === undefined ? { reply: this.#replies[i] ?? null } : { error: failed }),
      }
    })
    // Keys and replies are data: not enumerable, so that printing the error does not print them.
    defineHidden(error, 'parts', parts)
    fail(this.#command, error)
  }

  onDeadline(_command: Command, elapsed: number, round: number): boolean {
    let over = true
    for (const part of this.#parts) {
      if (part.resolve !== undefined && part.owner?.onDeadline(part, elapsed, round) === false) over = false
    }
    return over
  }

  onAbort(command: Command, reason: unknown): void {
    fail(command, reason)
    for (const part of this.#parts) if (part.resolve !== undefined) part.owner?.onAbort(part, reason)
  }

  onErrorReply(command: Command, error: RedisError): void {
    fail(command, error)
  }
}

/** A command without a response policy resolves with the list of the replies. */
function listed(replies: readonly Reply[]): Reply {
  return [...replies]
}

/** Joins replies with one item for each key, in the order of the keys. Undefined if the replies have another form. */
function inOrder(replies: readonly Reply[], groups: readonly (readonly number[])[]): Reply | undefined {
  const whole: Reply[] = []
  for (const [i, group] of groups.entries()) {
    const items = itemsOf(replies[i] ?? null)
    if (items === undefined) return undefined
    if (items.length !== group.length) throw unexpectedReply(replies[i] ?? null, `a list of ${group.length}`)
    for (const [j, position] of group.entries()) whole[position] = items[j] ?? null
  }
  return whole
}

/** A part for the owner of `slot`. */
export function toSlot(slot: number): Destination {
  return { slot, node: undefined, needed: true }
}

export function toNode(node: ClusterNode, needed: boolean): Destination {
  return { slot: NONE, node, needed }
}
