/** A view of a client: its reply format, its key prefix, and its options for each call. */
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
  /** Rejects the session at once when it aborts. The connection is reset and released, or closed. */
  readonly signal?: AbortSignal | undefined
}

const SESSION_CHECKS: Checks<SessionOptions> = { signal: isAbortSignal }
const TRANSACTION_CHECKS: Checks<RetryOptions & SessionOptions> = {
  ...SESSION_CHECKS,
  delay: isAnything,
  retries: isAnything,
}

/** The commands of a client with a reply format, a key prefix and call options. All views of a client share its connection. */
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

  /** Returns the same client with options for each call: `redis.with({ timeout: 200 }).get('k')`. */
  with(options: CallOptions): View<F> {
    return new View<F>(this.#engine, this.#shape, addCallOptions(this.#callOptions, options))
  }

  /**
   * Returns the same client with a prefix. `prefix` is added to every key, pattern and channel that is sent, and removed from the
   * keys in replies. A command whose key positions are unknown rejects with DataError.
   */
  prefixed(prefix: string): View<F> {
    if (typeof prefix !== 'string' || prefix === '')
      throw new DataError('The prefix must be a string that is not empty.')
    return new View<F>(this.#engine, { ...this.#shape, prefix: this.#shape.prefix + prefix }, this.#callOptions)
  }

  /** Resolves with the decoded reply to `command`. A Command can be run once. */
  run<R>(command: Command): Promise<R> {
    return run<R>(this.#engine, command, this.#shape, this.#callOptions)
  }

  /**
   * Returns the keys that match `options`, for a loop: `for await (const key of redis.scan({ match: 'user:*' }))`. A cluster scans
   * every primary. With a cursor it resolves with the reply to one SCAN. @since 2.8 [SCAN](https://redis.io/commands/scan)
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

  /**
   * Returns the fields of a hash with their values, for a loop. With a cursor it resolves with the reply to one HSCAN. @since 2.8
   * [HSCAN](https://redis.io/commands/hscan)
   */
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

  /**
   * Returns the members of a set, for a loop. With a cursor it resolves with the reply to one SSCAN. @since 2.8
   * [SSCAN](https://redis.io/commands/sscan)
   */
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

  /**
   * Returns the members of a sorted set with their scores, for a loop. With a cursor it resolves with the reply to one ZSCAN.
   * @since 2.8 [ZSCAN](https://redis.io/commands/zscan)
   */
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

  /** Returns an empty pipeline: commands that are sent together, in order: `await redis.pipeline().get('a').incr('n').exec()`. */
  pipeline(): Pipeline<[], F>
  /** Returns an empty pipeline for a loop whose replies are all of type `R`: `const p = redis.pipeline<string | null>()`. */
  pipeline<R>(): Pipeline<R[], F>
  pipeline(): Pipeline<[], F> {
    return new Pipeline<[], F>(this.#engine, this.#shape, this.#callOptions)
  }

  /** Returns an empty transaction (MULTI … EXEC): commands that the server runs without commands of others in between. */
  multi(): Transaction<[], F>
  /** Returns an empty transaction for a loop whose replies are all of type `R`. */
  multi<R>(): Transaction<R[], F>
  multi(): Transaction<[], F> {
    return new Transaction<[], F>(this.#engine, this.#shape, this.#callOptions)
  }

  /**
   * Resolves with the result of `fn`. A connection of the pool is leased to `fn` while it runs: to watch keys, to block, to select
   * a database, to wait for replicas.
   *
   * @throws MaxConnectionsError if no connection becomes free in time
   * @throws ChildDeadlockedError if all connections are leased by sessions that this call was made in
   */
  async session<T>(fn: (session: Session<F>) => Promise<T> | T, options?: SessionOptions): Promise<T> {
    const { signal } = ownOptions(options, SESSION_CHECKS, { of: 'session()' })
    const view = { shape: this.#shape, callOptions: this.#callOptions }
    return this.#engine.session<F, T>(view, fn, signal ?? this.#callOptions?.signal)
  }

  /**
   * Resolves with the result of `fn`. Watches `keys` and runs `fn`, and repeats both when its `session.multi().exec()` rejects
   * with WatchError because a key has changed. After a lost connection the transaction may have run: then it rejects, and does
   * not repeat.
   */
  async transaction<T>(
    keys: Key | readonly Key[],
    fn: (session: Session<F>) => Promise<T> | T,
    options?: RetryOptions & SessionOptions,
  ): Promise<T> {
    if (typeof fn !== 'function')
      throw new DataError('transaction() needs keys and a function: transaction(keys, session => …).')
    const given = ownOptions(options, TRANSACTION_CHECKS, { of: 'transaction()' })
    const { signal } = given
    return this.session(session => retryTransaction(session, keys, fn, given), signal === undefined ? {} : { signal })
  }

  /**
   * Resolves with a subscription to channels, given as an array or one by one, when the server has confirmed it. The messages go
   * to the handler, `(message, channel)`, or to one `for await` loop over the subscription; leaving the loop unsubscribes. After
   * a lost connection it is subscribed again, and emits `gap` for messages that may have been missed.
   * [SUBSCRIBE](https://redis.io/commands/subscribe)
   */
  subscribe(...args: SubscribeArguments<F['text']>): Promise<Subscription<F['text']>> {
    return this.#subscribe(CHANNEL, 'subscribe', args)
  }

  /**
   * Resolves with a subscription to all channels that match patterns. The handler gets the pattern too, as the third argument.
   * [PSUBSCRIBE](https://redis.io/commands/psubscribe)
   */
  psubscribe(...args: SubscribeArguments<F['text']>): Promise<Subscription<F['text']>> {
    return this.#subscribe(PATTERN, 'psubscribe', args)
  }

  /**
   * Resolves with a subscription to shard channels, to which `spublish` publishes. @since 7.0
   * [SSUBSCRIBE](https://redis.io/commands/ssubscribe)
   */
  ssubscribe(...args: SubscribeArguments<F['text']>): Promise<Subscription<F['text']>> {
    return this.#subscribe(SHARD, 'ssubscribe', args)
  }

  async #subscribe(kind: Kind, method: string, args: SubscribeArguments<F['text']>): Promise<Subscription<F['text']>> {
    const { commandTimeout } = this.#engine.settings
    return subscribe<F['text']>(this.#registry(), method, kind, this.#shape, this.#callOptions, commandTimeout, args)
  }

  #registry(): Registry {
    const { subscriptions } = this.#engine
    if (subscriptions === undefined) throw new DataError('A session cannot subscribe: call subscribe() of the client.')
    return subscriptions
  }

  /**
   * Resolves with a subscription to keyspace notifications:
   * `for await (const { event, key, db } of await redis.keyspace({ keys: 'user:*' }))`. The server must publish them: missing flags
   * of `notify-keyspace-events` are added with `configure: true`, otherwise they are a PubSubError.
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
      throw new DataError(
        "Each node of a cluster publishes the events of its own keys: call keyspace() of each of cluster.nodes('primary').",
      )
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
   * Returns a lock that is not acquired yet: `await using lock = await redis.lock('job', { ttl: 10_000 }).acquire()`. Throws
   * DataError for a bad option.
   */
  lock(name: string, options: LockOptions): Lock {
    return new Lock(this, name, options)
  }

  /** The prefix of this view and the view without it, for a lock; undefined without a prefix. */
  get '~prefix'(): LockPrefix | undefined {
    const { prefix } = this.#shape
    if (prefix === '') return undefined
    this.#unprefixed ??= new View<F>(this.#engine, { ...this.#shape, prefix: '' }, this.#callOptions)
    return { prefix, unprefixed: this.#unprefixed }
  }

  /** A signal that aborts when the client accepts no more calls, for a lock that waits between two tries. */
  get '~closing'(): AbortSignal | undefined {
    return this.#engine.subscriptions?.closing.signal
  }
}

function isCursor(value: unknown): value is Argument {
  return (typeof value !== 'object' && value !== undefined) || isBytes(value)
}
