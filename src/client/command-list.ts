import { Commands } from '../commands/commands.js'
import type { CallOptions } from '../commands/core/call-options.js'
import type { Command } from '../commands/core/command.js'
import type { Context, Outcome } from '../commands/core/context.js'
import { showState } from '../commands/core/inspect.js'
import type { ReplyFormat } from '../commands/core/reply-format.js'
import { DataError, type RedisError } from '../errors/errors.js'
import { isNew, prepare, ranBefore } from './run.js'
import type { Sender } from './sender.js'

/** The collected commands of a pipeline or a transaction, and the view that it was made by. They can be taken once. */
export class CommandList {
  readonly engine: Sender
  readonly shape: ReplyFormat
  readonly callOptions: CallOptions | undefined
  readonly #usedUp: string
  readonly #commands: Command[] = []
  #done = false

  /** `usedUp` is the text of the error for a second use. */
  constructor(engine: Sender, shape: ReplyFormat, callOptions: CallOptions | undefined, usedUp: string) {
    this.engine = engine
    this.shape = shape
    this.callOptions = callOptions
    this.#usedUp = usedUp
  }

  get length(): number {
    return this.#commands.length
  }

  add(command: Command): void {
    if (this.#done) throw new DataError(this.#usedUp)
    this.#commands.push(command)
  }

  /** Returns the commands, for the one execution. */
  take(): Command[] {
    if (this.#done) throw new DataError(this.#usedUp)
    this.#done = true
    return this.#commands
  }

  discard(): void {
    this.#done = true
    this.#commands.length = 0
  }

  /** Prepares all commands. Throws the error of the first one that cannot be sent: then none of them is sent. */
  prepare(check: (command: Command) => DataError | undefined): void {
    for (const [index, command] of this.#commands.entries()) {
      const fault: RedisError | undefined = isNew(command)
        ? (prepare(command, this.shape) ?? check(command))
        : ranBefore(command)
      if (fault !== undefined) throw Object.assign(fault, { index })
    }
  }
}

/** The base of a pipeline and of a transaction: its commands are collected in a list. */
export abstract class Collected<C extends Context> extends Commands<C> {
  readonly #list: CommandList

  constructor(list: CommandList) {
    super()
    this.#list = list
  }

  /** The number of collected commands. */
  get length(): number {
    return this.#list.length
  }

  /** Adds `command`. Returns this pipeline or transaction. */
  run<R>(command: Command): Outcome<C, R> {
    this.#list.add(command)
    return this as unknown as Outcome<C, R>
  }
}

type Adder = (list: never, item: never) => unknown

/** Calls `fn` with `list` for each of `items`. Returns `list`. Throws DataError if these arguments are wrong. */
export function addEach<Longer>(list: unknown, items: Iterable<unknown>, fn: Adder): Longer {
  const isIterable = items !== undefined && items !== null && typeof items[Symbol.iterator] === 'function'
  if (!isIterable || typeof fn !== 'function') {
    throw new DataError('each() needs an iterable and a function: each(keys, (pipeline, key) => pipeline.get(key)).')
  }
  for (const item of items) fn(list as never, item as never)
  return list as Longer
}

/** Calls `fn` with `list` if `condition` is true. Returns `list`. Throws DataError if these arguments are wrong. */
export function addWhen<Longer>(list: unknown, condition: boolean, fn: (list: never) => unknown): Longer {
  if (typeof condition !== 'boolean' || typeof fn !== 'function') {
    throw new DataError(
      "when() needs true or false and a function: when(ttl > 0, pipeline => pipeline.expire('k', ttl)).",
    )
  }
  if (condition) fn(list as never)
  return list as Longer
}

showState<Collected<Context>>(Collected, ({ length }) => ({ length }))
