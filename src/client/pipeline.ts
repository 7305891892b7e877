import type { CallOptions } from '../commands/core/call-options.js'
import { type Checks, isAnything, ownOptions } from '../commands/core/check-options.js'
import { blockTime, type Command, State } from '../commands/core/command.js'
import type { Context, Plain, ReplyTypes } from '../commands/core/context.js'
import { defineHidden } from '../commands/core/own-properties.js'
import type { ReplyFormat } from '../commands/core/reply-format.js'
import { DataError, type RedisError, type ResponseError } from '../errors/errors.js'
import { sendBatch, traceBatch } from './batch.js'
import { addEach, addWhen, Collected, CommandList } from './command-list.js'
import { reservedError } from './run.js'
import type { Sender } from './sender.js'

/** The context of a pipeline: each call appends the type of its reply. */
export interface Piped<T extends unknown[], F extends ReplyTypes = Plain> extends Context {
  readonly text: F['text']
  readonly int: F['int']
  readonly outcome: Pipeline<[...T, this['reply']], F>
}

/** The results of `exec({ settle: true })`: for each command its reply or its error. */
export type Settled<T extends unknown[]> = { [K in keyof T]: T[K] | ResponseError }

export interface ExecOptions {
  /** Whether `exec` resolves with the errors among the results. If false (default), it rejects with the first error. */
  readonly settle?: boolean | undefined
}

export const EXEC_CHECKS: Checks<ExecOptions> = { settle: isAnything }

/** The error of a pipeline or transaction: the error of its first failed command, with the results of all commands. */
export type BatchError = RedisError & {
  /** The position of the failed command, from 0. */
  readonly index: number
  /** The replies and errors of all commands, in order. */
  readonly results: readonly unknown[]
}

const USED_UP = 'This pipeline was executed before: create a new one.'

/**
 * Commands that are collected and then sent together, in order and in one write. The server may run commands of other clients
 * in between.
 *
 * Build a pipeline in a chain, or in a loop: `let p: Pipeline<(string | null)[]> = redis.pipeline(); for (…) p = p.get(key)`.
 */
export class Pipeline<out T extends unknown[], out F extends ReplyTypes = Plain> extends Collected<Piped<T, F>> {
  readonly #list: CommandList

  constructor(engine: Sender, shape: ReplyFormat, callOptions: CallOptions | undefined) {
    const list = new CommandList(engine, shape, callOptions, USED_UP)
    super(list)
    this.#list = list
  }

  /** Calls `fn` for each of `items` to add a command: `pipeline.each(keys, (p, key) => p.get(key))`. Returns the pipeline. */
  each<I, R>(items: Iterable<I>, fn: (p: Pipeline<[], F>, item: I) => Pipeline<[R], F>): Pipeline<[...T, ...R[]], F> {
    return addEach(this, items, fn)
  }

  /** Calls `fn` to add commands if `condition` is true: `pipeline.when(ttl > 0, it => it.expire('k', ttl))`. Returns the pipeline. */
  when<R extends unknown[]>(
    condition: boolean,
    fn: (p: Pipeline<[], F>) => Pipeline<R, F>,
  ): Pipeline<T | [...T, ...R], F> {
    return addWhen(this, condition, fn)
  }

  /**
   * Resolves with the replies in order. A pipeline can be executed once. If commands fail, it rejects with the error of the first
   * one, which has the `index` of that command and the `results` of all. With `settle` it resolves, and the errors are among
   * the results.
   */
  exec(this: Pipeline<[], F>, options?: { settle?: boolean }): Promise<unknown[]>
  exec(options: { settle: true }): Promise<Settled<T>>
  exec(options?: { settle?: false }): Promise<T>
  async exec(options?: { settle?: boolean }): Promise<unknown[]> {
    const { settle } = ownOptions(options, EXEC_CHECKS, { of: 'exec()' })
    const commands = this.#list.take()
    if (commands.length === 0) return []
    this.#list.prepare(command => reservedError(command, this.#list.engine) ?? this.#blockingError(command))
    const callOptions = this.#list.callOptions
    const results = await traceBatch(this.#list.engine, 'PIPELINE', commands.length, () =>
      sendBatch(this.#list.engine, commands, {
        timeout: callOptions?.timeout ?? this.#list.engine.settings.commandTimeout,
        signal: callOptions?.signal,
        idempotent: callOptions?.idempotent === true,
      }),
    )
    return settle === true
      ? results
      : unlessFailed(results, index => ((commands[index]?.state ?? 0) & State.failed) !== 0)
  }

  #blockingError(command: Command): DataError | undefined {
    if (this.#list.engine.isSession || blockTime(command) === undefined) return undefined
    const { name } = command.spec
    return new DataError(
      `${name} would block the connection that all callers share: call it outside of the pipeline, or use a pipeline of a session.`,
      {
        command: name,
      },
    )
  }
}

/** Returns the results. Throws the first error among them. */
export function unlessFailed(results: unknown[], failed: (index: number) => boolean): unknown[] {
  const index = results.findIndex((_, i) => failed(i))
  if (index < 0) return results
  const error = results[index]
  // The reason of a signal may be any value. The results contain the error itself, so they must not be enumerable: printing would loop.
  if (error instanceof Error && Object.isExtensible(error)) {
    defineHidden(error, 'index', index)
    defineHidden(error, 'results', results)
  }
  throw error
}
