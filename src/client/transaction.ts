import { Commands } from '../commands/commands.js'
import type { CallOptions } from '../commands/core/call-options.js'
import { ownOptions } from '../commands/core/check-options.js'
import type { Command } from '../commands/core/command.js'
import type { Context, Plain, ReplyTypes } from '../commands/core/context.js'
import type { ReplyFormat } from '../commands/core/reply-format.js'
import { MultiExec } from '../connection/call/multi-exec.js'
import type { Watch } from '../connection/call/watch.js'
import { DataError, RedisError } from '../errors/errors.js'
import { traceBatch } from './batch.js'
import { checkEach, EXEC_CHECKS, faultOf, type Settled, unlessFailed } from './pipeline.js'
import { launch, reservedFault } from './run.js'
import type { Sender } from './sender.js'

/** The context of a transaction: each call makes it longer by what the call will come to. */
export interface Queued<T extends unknown[], F extends ReplyTypes = Plain> extends Context {
  readonly text: F['text']
  readonly int: F['int']
  readonly outcome: Transaction<[...T, this['reply']], F>
}

/**
 * MULTI … EXEC: commands that run in one piece, with nothing of others between them. They are collected here and written
 * in one piece too. [Transactions](https://redis.io/docs/latest/develop/using-commands/transactions/)
 */
export class Transaction<out T extends unknown[], out F extends ReplyTypes = Plain> extends Commands<Queued<T, F>> {
  readonly #engine: Sender
  readonly #shape: ReplyFormat
  readonly #callOptions: CallOptions | undefined
  /** What the session watches; undefined outside of one. */
  readonly #watch: (() => Watch | undefined) | undefined
  readonly #commands: Command[] = []
  #done = false

  constructor(
    engine: Sender,
    shape: ReplyFormat,
    callOptions: CallOptions | undefined,
    watch?: () => Watch | undefined,
  ) {
    super()
    this.#engine = engine
    this.#shape = shape
    this.#callOptions = callOptions
    this.#watch = watch
  }

  /** How many commands it holds. */
  get length(): number {
    return this.#commands.length
  }

  run<R>(command: Command): Transaction<[...T, R], F> {
    if (this.#done) throw usedUp()
    this.#commands.push(command)
    return this as unknown as Transaction<[...T, R], F>
  }

  /** Adds what `fn` adds for each of `items`. */
  each<I, R>(
    items: Iterable<I>,
    fn: (transaction: Transaction<[], F>, item: I) => Transaction<[R], F>,
  ): Transaction<[...T, ...R[]], F> {
    checkEach(items, fn)
    for (const item of items) fn(this as unknown as Transaction<[], F>, item)
    return this as unknown as Transaction<[...T, ...R[]], F>
  }

  /** Forgets the commands; nothing was sent. */
  discard(): void {
    this.#done = true
    this.#commands.length = 0
  }

  /**
   * Sends it, once, and resolves with the replies in order. All commands ran, or none did, unless the outcome is unknown.
   *
   * - a refusal while queueing: ExecAbortError, whose `cause` is that refusal; none ran
   * - a watched key changed, or the link was lost while watching: WatchError; none ran
   * - a command failed while it ran: its own error with `index` and `results`; the others ran. With `settle` each error
   *   stands in its place.
   * - the link was lost: ConnectionError with the outcome `'unknown'`; it is not sent again
   */
  exec(this: Transaction<[], F>, options?: { settle?: boolean }): Promise<unknown[]>
  exec(options: { settle: true }): Promise<Settled<T>>
  exec(options?: { settle?: false }): Promise<T>
  async exec(options?: { settle?: boolean }): Promise<unknown[]> {
    const { settle } = ownOptions(options, EXEC_CHECKS, { of: 'exec()' })
    if (this.#done) throw usedUp()
    this.#done = true
    const commands = this.#commands
    // An empty one still tells whether the watched keys changed.
    if (commands.length === 0 && this.#watch === undefined) return []
    const watch = this.#watch?.()
    if (watch?.fault !== undefined) {
      watch.end()
      throw watch.fault
    }
    const fault = faultOf(commands, this.#shape, command => reservedFault(command, this.#engine))
    if (fault !== undefined) throw fault
    const results = await traceBatch(this.#engine, 'MULTI', commands.length, () => this.#send(new MultiExec(commands)))
    return settle === true ? results : unlessFailed(results, index => results[index] instanceof RedisError)
  }

  #send(unit: MultiExec): Promise<unknown[]> {
    unit.shape = this.#shape
    return launch<unknown[]>(this.#engine, unit, this.#callOptions, started => this.#engine.send(started))
  }
}

function usedUp(): DataError {
  return new DataError('This transaction was executed or discarded: make another one.')
}
