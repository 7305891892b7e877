/** A way to look at a client: the form of its replies, a key prefix, and options for each call. */

import { Commands } from '../commands/commands.js'
import type { Argument, Key } from '../commands/core/argument.js'
import { addCallOptions, type CallOptions } from '../commands/core/call-options.js'
import { type Checks, isAbortSignal, isAnything, ownOptions } from '../commands/core/check-options.js'
import type { Command } from '../commands/core/command.js'
import type { Bigints, Bytes, Plain, Promised, ReplyTypes } from '../commands/core/context.js'
import type { Scored } from '../commands/core/decoders.js'
import { PLAIN, type ReplyFormat } from '../commands/core/reply-format.js'
import type { ScanOptions } from '../commands/core/scan-options.js'
import { isBytes } from '../commands/core/value-types.js'
import type { HscanOptions, ScannedEntries, ScannedFields } from '../commands/hashes.js'
import type { KeyScanOptions, ScannedKeys } from '../commands/keys.js'
import type { ScannedMembers } from '../commands/sets.js'
import type { ZscanOptions } from '../commands/sorted-sets.js'
import { DataError } from '../errors/errors.js'
import { Lock } from '../lock/lock.js'
import type { LockPrefix } from '../lock/lock-client.js'
import type { LockOptions } from '../lock/options.js'
import { type KeyspaceHandler, type KeyspaceOptions, type KeyspaceSubscription, keyspace } from '../pubsub/keyspace.js'
import type { Registry } from '../pubsub/registry.js'
import type { SubscribeArguments, SubscribeOptions } from '../pubsub/subscribe-arguments.js'
import { type Subscription, subscribe } from '../pubsub/subscription.js'
import { CHANNEL, type Kind, PATTERN, SHARD } from '../pubsub/topic.js'
import type { Engine } from './engine.js'
import { Pipeline } from './pipeline.js'
import { run } from './run.js'
import { Scan, stepping } from './scan.js'
import type { Session } from './session.js'
import { Transaction } from './transaction.js'
import { type RetryOptions, retryTransaction } from './transaction-retry.js'

export interface SessionOptions {
  /** Its abort rejects the session at once; the connection is put back clean, or destroyed. */
  readonly signal?: AbortSignal
}

const SESSION_CHECKS: Checks<SessionOptions> = { signal: isAbortSignal }
const TRANSACTION_CHECKS: Checks<RetryOptions & SessionOptions> = {
  ...SESSION_CHECKS,
  delay: isAnything,
  retries: isAnything,
}

export class View<F extends ReplyTypes = Plain> extends Commands<Promised<F>> {
  readonly #engine: Engine
  readonly #shape: ReplyFormat
  readonly #callOptions: CallOptions | undefined
  #bytes: View<Bytes<F>> | undefined
  #bigints: View<Bigints<F>> | undefined
  #unprefixed: View<F> | undefined

  constructor(engine: Engine, shape: ReplyFormat, callOptions?: CallOptions) {
    super()
    this.#engine = engine
    this.#shape = shape
    this.#callOptions = callOptions
  }

  /** The same client with text replies as Buffers. */
  get bytes(): View<Bytes<F>> {
    this.#bytes ??= new View<Bytes<F>>(this.#engine, { ...this.#shape, bytes: true }, this.#callOptions)
    return this.#bytes
  }

  /** The same client with integer replies as bigints. */
  get bigints(): View<Bigints<F>> {
    this.#bigints ??= new View<Bigints<F>>(this.#engine, { ...this.#shape, bigints: true }, this.#callOptions)
    return this.#bigints
  }

  /** The same client with options for each call: `redis.with({ timeout: 200 }).get('k')`. */
  with(options: CallOptions): View<F> {
    return new View<F>(this.#engine, this.#shape, addCallOptions(this.#callOptions, options))
  }

  /**
   * The same client with `prefix` before every key, pattern and channel, and taken from the keys in replies. A command
   * whose keys are not known is refused.
   */
  prefixed(prefix: string): View<F> {
    if (typeof prefix !== 'string' || prefix === '')
      throw new DataError('The prefix must be a string that is not empty.')
    return new View<F>(this.#engine, { ...this.#shape, prefix: this.#shape.prefix + prefix }, this.#callOptions)
  }

  run<R>(command: Command): Promise<R> {
    return run<R>(this.#engine, command, this.#shape, this.#callOptions)
  }

  /**
   * All keys, or those that `options` name: `for await (const key of redis.scan({ match: 'user:*' }))`; in a cluster those of
   * every primary. With a cursor it is one step, the command itself. @since 2.8 [SCAN](https://redis.io/commands/scan)
   */
  override scan(options?: KeyScanOptions): Scan<F['text']>
  override scan(cursor: Argument, options?: KeyScanOptions): Promise<ScannedKeys<F['text']>>
  override scan(first?: Argument | KeyScanOptions, second?: KeyScanOptions): unknown {
    if (isCursor(first)) return super.scan(first, second)
    return new Scan<F['text']>(() =>
      this.#engine.scan(async (engine, cursor) => {
        const found = await new View<F>(engine, this.#shape, this.#callOptions).scan(cursor, first)
        return { cursor: found.cursor, items: found.keys }
      }),
    )
  }

  /** All fields of a hash with their values; with a cursor one step. @since 2.8 [HSCAN](https://redis.io/commands/hscan) */
  override hscan(key: Key, options?: ScanOptions): Scan<ScannedEntries<F['text']>['entries'][number]>
  override hscan(
    key: Key,
    cursor: Argument,
    options?: HscanOptions & { readonly novalues?: false },
  ): Promise<ScannedEntries<F['text']>>
  override hscan(
    key: Key,
    cursor: Argument,
    options: HscanOptions & { readonly novalues: true },
  ): Promise<ScannedFields<F['text']>>
  override hscan(key: Key, second?: Argument | ScanOptions, third?: HscanOptions): unknown {
    if (isCursor(second)) return super.hscan(key, second, third ?? {})
    return new Scan(() =>
      stepping(async cursor => {
        const found = await super.hscan(key, cursor, { ...second, novalues: false })
        return { cursor: found.cursor, items: found.entries }
      }),
    )
  }

  /** All members of a set; with a cursor one step. @since 2.8 [SSCAN](https://redis.io/commands/sscan) */
  override sscan(key: Key, options?: ScanOptions): Scan<F['text']>
  override sscan(key: Key, cursor: Argument, options?: ScanOptions): Promise<ScannedMembers<F['text']>>
  override sscan(key: Key, second?: Argument | ScanOptions, third?: ScanOptions): unknown {
    if (isCursor(second)) return super.sscan(key, second, third)
    return new Scan(() =>
      stepping(async cursor => {
        const found = await super.sscan(key, cursor, second)
        return { cursor: found.cursor, items: found.members }
      }),
    )
  }

  /** All members of a sorted set with their scores; with a cursor one step. @since 2.8 [ZSCAN](https://redis.io/commands/zscan) */
  override zscan(key: Key, options?: ScanOptions): Scan<Scored<F['text']>>
  override zscan(
    key: Key,
    cursor: Argument,
    options?: ZscanOptions & { readonly noscores?: false },
  ): Promise<ScannedMembers<Scored<F['text']>>>
  override zscan(
    key: Key,
    cursor: Argument,
    options: ZscanOptions & { readonly noscores: true },
  ): Promise<ScannedMembers<F['text']>>
  override zscan(key: Key, second?: Argument | ScanOptions, third?: ZscanOptions): unknown {
    if (isCursor(second)) return super.zscan(key, second, third ?? {})
    return new Scan(() =>
      stepping(async cursor => {
        const found = await super.zscan(key, cursor, { ...second, noscores: false })
        return { cursor: found.cursor, items: found.members }
      }),
    )
  }

  /** Commands that are sent together, in order: `await redis.pipeline().get('a').incr('n').exec()`. */
  pipeline(): Pipeline<[], F>
  /** The same, for a loop whose commands all come to an `R`: `const p = redis.pipeline<string | null>()`. */
  pipeline<R>(): Pipeline<R[], F>
  pipeline(): Pipeline<[], F> {
    return new Pipeline<[], F>(this.#engine, this.#shape, this.#callOptions)
  }

  /** MULTI … EXEC: commands that run in one piece. */
  multi(): Transaction<[], F>
  /** The same, for a loop whose commands all come to an `R`. */
  multi<R>(): Transaction<R[], F>
  multi(): Transaction<[], F> {
    return new Transaction<[], F>(this.#engine, this.#shape, this.#callOptions)
  }

  /**
   * Lends a connection of the pool to `fn`, for as long as it runs: to watch, to block, to select a database, to wait for
   * replicas. Rejects with MaxConnectionsError if none comes back in time, with ChildDeadlockedError if all of them were held by
   * the sessions that this call was made in.
   */
  async session<T>(fn: (session: Session<F>) => Promise<T> | T, options?: SessionOptions): Promise<T> {
    const { signal } = ownOptions(options, SESSION_CHECKS, { of: 'session()' })
    const view = { shape: this.#shape, callOptions: this.#callOptions }
    return this.#engine.session<F, T>(view, fn, signal ?? this.#callOptions?.signal)
  }

  /**
   * Watches `keys`, runs `fn`, and runs it again when its `session.multi().exec()` met a change of them (WatchError).
   * Resolves with what `fn` returned. A lost connection whose transaction may have run is told, never repeated.
   */
  async transaction<T>(
    keys: Key | readonly Key[],
    fn: (session: Session<F>) => Promise<T> | T,
    options?: RetryOptions & SessionOptions,
  ): Promise<T> {
    if (typeof fn !== 'function') throw new DataError('transaction() takes keys and a function.')
    const given = ownOptions(options, TRANSACTION_CHECKS, { of: 'transaction()' })
    const { signal } = given
    return this.session(session => retryTransaction(session, keys, fn, given), signal === undefined ? {} : { signal })
  }

  /**
   * Listens to channels, given as an array or one by one; resolves when the server has confirmed. The messages go to the
   * handler, `(message, channel)`, or to the one `for await` over the subscription, whose loop unsubscribes when it is left.
   * It is resumed after every loss; what may have been missed is told as a `gap`.
   * [SUBSCRIBE](https://redis.io/commands/subscribe)
   */
  subscribe(...args: SubscribeArguments<F['text']>): Promise<Subscription<F['text']>> {
    return this.#listen(CHANNEL, 'subscribe', args)
  }

  /** Listens to all channels that match patterns; the handler gets the pattern too. [PSUBSCRIBE](https://redis.io/commands/psubscribe) */
  psubscribe(...args: SubscribeArguments<F['text']>): Promise<Subscription<F['text']>> {
    return this.#listen(PATTERN, 'psubscribe', args)
  }

  /** Listens to channels of a cluster's shards, for `spublish`. @since 7.0 [SSUBSCRIBE](https://redis.io/commands/ssubscribe) */
  ssubscribe(...args: SubscribeArguments<F['text']>): Promise<Subscription<F['text']>> {
    return this.#listen(SHARD, 'ssubscribe', args)
  }

  async #listen(kind: Kind, method: string, args: SubscribeArguments<F['text']>): Promise<Subscription<F['text']>> {
    const { commandTimeout } = this.#engine.settings
    return subscribe<F['text']>(this.#registry(), method, kind, this.#shape, this.#callOptions, commandTimeout, args)
  }

  #registry(): Registry {
    const { subscriptions } = this.#engine
    if (subscriptions === undefined)
      throw new DataError('A session has no subscriptions: subscribe on the client itself.')
    return subscriptions
  }

  /**
   * Listens to what happens to keys: `for await (const { event, key, db } of await redis.keyspace({ keys: 'user:*' }))`. The server
   * tells it only where `notify-keyspace-events` says so: what is missing there is added with `configure: true`, else it is a
   * PubSubError.
   */
  keyspace(
    wanted?: KeyspaceOptions,
    handler?: KeyspaceHandler<F['text']>,
    options?: SubscribeOptions,
  ): Promise<KeyspaceSubscription<F['text']>>
  keyspace(wanted?: KeyspaceOptions, options?: SubscribeOptions): Promise<KeyspaceSubscription<F['text']>>
  async keyspace(
    wanted: KeyspaceOptions = {},
    second?: KeyspaceHandler<F['text']> | SubscribeOptions,
    third?: SubscribeOptions,
  ): Promise<KeyspaceSubscription<F['text']>> {
    const { commandTimeout, db } = this.#engine.settings
    if (this.#engine.isCluster === true) {
      throw new DataError("Each node tells of its own keys: listen on every one of cluster.nodes('primary').")
    }
    const view = {
      registry: this.#registry(),
      shape: this.#shape,
      callOptions: this.#callOptions,
      timeout: commandTimeout,
      db,
      configuration: new View(this.#engine, PLAIN, this.#callOptions),
    }
    return typeof second === 'function'
      ? keyspace<F['text']>(view, wanted, second, third ?? {})
      : keyspace<F['text']>(view, wanted, undefined, second ?? third ?? {})
  }

  /**
   * A lock of this name, to be acquired: `await using lock = await redis.lock('job', { ttl: 10_000 }).acquire()`. Throws DataError
   * for a bad option.
   */
  lock(name: string, options: LockOptions): Lock {
    return new Lock(this, name, options)
  }

  /** What a lock needs to know of a prefix. */
  get '~prefix'(): LockPrefix | undefined {
    const { prefix } = this.#shape
    if (prefix === '') return undefined
    this.#unprefixed ??= new View<F>(this.#engine, { ...this.#shape, prefix: '' }, this.#callOptions)
    return { prefix, unprefixed: this.#unprefixed }
  }
}

function isCursor(value: unknown): value is Argument {
  return (typeof value !== 'object' && value !== undefined) || isBytes(value)
}
