import type { CallOptions } from '../commands/core/call-options.js'
import { ownOptions } from '../commands/core/check-options.js'
import type { Context, Plain, ReplyTypes } from '../commands/core/context.js'
import type { ReplyFormat } from '../commands/core/reply-format.js'
import { MultiExec } from '../connection/call/multi-exec.js'
import type { Watch } from '../connection/call/watch.js'
import { RedisError } from '../errors/errors.js'
import { traceBatch } from './batch.js'
import { addEach, addWhen, Collected, CommandList } from './command-list.js'
import { EXEC_CHECKS, type Settled, unlessFailed } from './pipeline.js'
import { launch, reservedError } from './run.js'
import type { Sender } from './sender.js'

/** The context of a transaction: each call appends the type of its reply. */
export interface Queued<T extends unknown[], F extends ReplyTypes = Plain> extends Context {
  readonly text: F['text']
  readonly int: F['int']
  readonly outcome: Transaction<[...T, this['reply']], F>
}

const USED_UP = 'This transaction was executed or discarded before: create a new one.'

/**
 * A transaction (MULTI … EXEC): commands that the server runs without commands of other clients in between. They are collected
 * and then sent together. [Transactions](https://redis.io/docs/latest/develop/using-commands/transactions/)
 */
export class Transaction<out T extends unknown[], out F extends ReplyTypes = Plain> extends Collected<Queued<T, F>> {
  readonly #list: CommandList
  /** Returns the watched keys of the session; undefined outside of a session. */
  readonly #watch: (() => Watch | undefined) | undefined

  constructor(
    engine: Sender,
    shape: ReplyFormat,
    callOptions: CallOptions | undefined,
    watch?: () => Watch | undefined,
  ) {
    const list = new CommandList(engine, shape, callOptions, USED_UP)
    super(list)
    this.#list = list
    this.#watch = watch
  }

  /** Calls `fn` for each of `items` to add a command. Returns the transaction. */
  each<I, R>(
    items: Iterable<I>,
    fn: (transaction: Transaction<[], F>, item: I) => Transaction<[R], F>,
  ): Transaction<[...T, ...R[]], F> {
    return addEach(this, items, fn)
  }

  /** Calls `fn` to add commands if `condition` is true: `transaction.when(ttl > 0, it => it.expire('k', ttl))`. Returns the transaction. */
  when<R extends unknown[]>(
    condition: boolean,
    fn: (transaction: Transaction<[], F>) => Transaction<R, F>,
  ): Transaction<T | [...T, ...R], F> {
    return addWhen(this, condition, fn)
  }

  /** Drops the collected commands. Nothing is sent. */
  discard(): void {
    this.#list.discard()
  }

  /**
   * Resolves with the replies in order. A transaction can be executed once. Either all commands run or none does, unless the
   * outcome is unknown.
   *
   * - The server rejects a command before EXEC: ExecAbortError, with that error as its `cause`. No command has run.
   * - A watched key has changed, or the connection was lost while keys were watched: WatchError. No command has run.
   * - A command fails while it runs: its error, with its `index` and the `results` of all. The other commands have run. With
   *   `settle` it resolves, and the errors are among the results.
   * - The connection was lost: ConnectionError with the outcome `'unknown'`. The transaction is not sent again.
   */
  exec(this: Transaction<[], F>, options?: { settle?: boolean }): Promise<unknown[]>
  exec(options: { settle: true }): Promise<Settled<T>>
  exec(options?: { settle?: false }): Promise<T>
  async exec(options?: { settle?: boolean }): Promise<unknown[]> {
    const { settle } = ownOptions(options, EXEC_CHECKS, { of: 'exec()' })
    const commands = this.#list.take()
    // An empty transaction still finds out whether the watched keys have changed.
    if (commands.length === 0 && this.#watch === undefined) return []
    const watch = this.#watch?.()
    if (watch?.fault !== undefined) {
      watch.end()
      throw watch.fault
    }
    this.#list.prepare(command => reservedError(command, this.#list.engine))
    const results = await traceBatch(this.#list.engine, 'MULTI', commands.length, () =>
      this.#send(new MultiExec(commands)),
    )
    return settle === true ? results : unlessFailed(results, index => results[index] instanceof RedisError)
  }

  #send(transaction: MultiExec): Promise<unknown[]> {
    transaction.shape = this.#list.shape
    return launch<unknown[]>(this.#list.engine, transaction, this.#list.callOptions, started =>
      this.#list.engine.send(started),
    )
  }
}
