import { Commands } from '../commands/commands.js'
import type { CallOptions } from '../commands/core/call-options.js'
import { type Checks, isAnything, ownOptions } from '../commands/core/check-options.js'
import { blockTime, type Command, State } from '../commands/core/command.js'
import type { Context, Plain, ReplyTypes } from '../commands/core/context.js'
import type { ReplyFormat } from '../commands/core/reply-format.js'
import { DataError, type RedisError, type ResponseError } from '../errors/errors.js'
import { sendBatch, traceBatch } from './batch.js'
import { isNew, prepare, ranBefore, reservedFault } from './run.js'
import type { Sender } from './sender.js'

/** The context of a pipeline: each call makes it longer by what the call will come to. */
export interface Piped<T extends unknown[], F extends ReplyTypes = Plain> extends Context {
  readonly text: F['text']
  readonly int: F['int']
  readonly outcome: Pipeline<[...T, this['reply']], F>
}

/** What `exec({ settle: true })` gives: for each command its reply, or the error that it came to. */
export type Settled<T extends unknown[]> = { [K in keyof T]: T[K] | ResponseError }

export interface ExecOptions {
  /** Resolves with each error in its place, instead of rejecting with the first one. */
  readonly settle?: boolean
}

export const EXEC_CHECKS: Checks<ExecOptions> = { settle: isAnything }

/** What the first failed command of a pipeline or transaction rejects with: its own error, and what became of all. */
export type BatchError = RedisError & {
  /** Position of the command, from 0. */
  readonly index: number
  /** Replies and errors of all, in order. */
  readonly results: readonly unknown[]
}

/**
 * Commands that are collected and sent together, in one write and in order; between them commands of others may run.
 *
 * It is built in a chain, or in a loop: `let p: Pipeline<(string | null)[]> = redis.pipeline(); for (…) p = p.get(key)`.
 */
export class Pipeline<out T extends unknown[], out F extends ReplyTypes = Plain> extends Commands<Piped<T, F>> {
  readonly #engine: Sender
  readonly #shape: ReplyFormat
  readonly #callOptions: CallOptions | undefined
  readonly #commands: Command[] = []
  #done = false

  constructor(engine: Sender, shape: ReplyFormat, callOptions: CallOptions | undefined) {
    super()
    this.#engine = engine
    this.#shape = shape
    this.#callOptions = callOptions
  }

  /** How many commands it holds. */
  get length(): number {
    return this.#commands.length
  }

  run<R>(command: Command): Pipeline<[...T, R], F> {
    if (this.#done) throw usedUp()
    this.#commands.push(command)
    return this as unknown as Pipeline<[...T, R], F>
  }

  /** Adds what `fn` adds for each of `items`: `pipeline.each(keys, (p, key) => p.get(key))`. */
  each<I, R>(
    items: Iterable<I>,
    fn: (pipeline: Pipeline<[], F>, item: I) => Pipeline<[R], F>,
  ): Pipeline<[...T, ...R[]], F> {
    checkEach(items, fn)
    for (const item of items) fn(this as unknown as Pipeline<[], F>, item)
    return this as unknown as Pipeline<[...T, ...R[]], F>
  }

  /**
   * Sends it, once, and resolves with the replies in order. If a command fails it rejects with that command's own error
   * (the first one's), which carries `index` and the `results` of all; with `settle` each error stands in its place.
   */
  exec(this: Pipeline<[], F>, options?: { settle?: boolean }): Promise<unknown[]>
  exec(options: { settle: true }): Promise<Settled<T>>
  exec(options?: { settle?: false }): Promise<T>
  async exec(options?: { settle?: boolean }): Promise<unknown[]> {
    const { settle } = ownOptions(options, EXEC_CHECKS, { of: 'exec()' })
    if (this.#done) throw usedUp()
    this.#done = true
    const commands = this.#commands
    if (commands.length === 0) return []
    const fault = faultOf(
      commands,
      this.#shape,
      command => reservedFault(command, this.#engine) ?? this.#blockingFault(command),
    )
    if (fault !== undefined) throw fault
    const callOptions = this.#callOptions
    const results = await traceBatch(this.#engine, 'PIPELINE', commands.length, () =>
      sendBatch(this.#engine, commands, {
        timeout: callOptions?.timeout ?? this.#engine.settings.commandTimeout,
        signal: callOptions?.signal,
        idempotent: callOptions?.idempotent === true,
      }),
    )
    return settle === true
      ? results
      : unlessFailed(results, index => ((commands[index]?.state ?? 0) & State.failed) !== 0)
  }

  #blockingFault(command: Command): DataError | undefined {
    if (this.#engine.isSession || blockTime(command) === undefined) return undefined
    const { name } = command.spec
    return new DataError(
      `${name} would hold up all callers of the connection: run it by itself, or in a pipeline of a session.`,
      {
        command: name,
      },
    )
  }
}

function usedUp(): DataError {
  return new DataError('This pipeline was executed: make another one.')
}

/** Prepares all; the first that cannot be sent is the fault of the whole, of which nothing is sent then. */
export function faultOf(
  commands: readonly Command[],
  shape: ReplyFormat,
  check: (command: Command) => DataError | undefined,
): RedisError | undefined {
  for (const [index, command] of commands.entries()) {
    const fault = isNew(command) ? (prepare(command, shape) ?? check(command)) : ranBefore(command)
    if (fault !== undefined) return Object.assign(fault, { index })
  }
  return undefined
}

/** Throws a DataError for what `each` cannot go through. */
export function checkEach(items: unknown, fn: unknown): void {
  const iterable =
    items !== undefined && items !== null && typeof (items as Iterable<unknown>)[Symbol.iterator] === 'function'
  if (iterable && typeof fn === 'function') return
  throw new DataError(
    'each() takes items to go through, and a function: each(keys, (pipeline, key) => pipeline.get(key)).',
  )
}

/** The results, unless one of them is the error of its command. */
export function unlessFailed(results: unknown[], failed: (index: number) => boolean): unknown[] {
  const index = results.findIndex((_, i) => failed(i))
  if (index < 0) return results
  const error = results[index]
  // The reason of a signal may be anything. The results hold the error itself: not enumerable, or printing it would go in circles.
  if (error instanceof Error && Object.isExtensible(error)) {
    Object.defineProperties(error, {
      index: { value: index, configurable: true },
      results: { value: results, configurable: true },
    })
  }
  throw error
}
