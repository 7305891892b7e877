import { blockTime, type Command } from '../commands/core/command.js'
import type { ReplyTypes } from '../commands/core/context.js'
import { showState } from '../commands/core/inspect.js'
import { plainWith } from '../commands/core/reply-format.js'
import { clientClosed, clientDestroyed } from '../connection/call/call-errors.js'
import { addressOf, type Where } from '../connection/diagnostics.js'
import { Events, report } from '../connection/events.js'
import type { Link } from '../connection/link/link.js'
import type { LinkState } from '../connection/link/link-owner.js'
import { BlockingCommand } from '../connection/node/blocking-command.js'
import { Node } from '../connection/node/node.js'
import {
  checkTls,
  mergeOptions,
  type RedisOptions,
  type Settings,
  withDefaults,
} from '../connection/options/options.js'
import { readOptions } from '../connection/options/url.js'
import type { PoolStats } from '../connection/pool/pool.js'
import { AskError, type RedisError } from '../errors/errors.js'
import type { Gap } from '../pubsub/gap.js'
import { Registry } from '../pubsub/registry.js'
import { Subscriber } from '../pubsub/subscriber.js'
import { sendInOrder } from './batch.js'
import { type CloseOptions, readTimeout } from './close-options.js'
import type { Engine, ViewOf } from './engine.js'
import { EventedView } from './evented-view.js'
import { Monitor, type MonitorEntry } from './monitor.js'
import { type Step, stepping } from './scan.js'
import type { Session } from './session.js'
import { withSession } from './session-engine.js'

/** The events of a client, with the arguments of their handlers. */
export interface RedisEvents {
  /** A socket was opened; the handshake begins. */
  connect: []
  /** The connection is ready for commands. */
  ready: []
  /** The connection was lost, or an attempt to connect failed. The next attempt starts in `delay` ms. */
  reconnecting: [{ readonly attempt: number; readonly delay: number }]
  /** The client was closed. It is not usable any more. */
  close: []
  /** Subscriptions were interrupted: messages of these channels may have been missed. */
  gap: [gap: Gap]
  /** An error that rejects no call. Without a listener the first one is emitted as a warning of the process. */
  error: [error: Error]
}

export interface RedisStats {
  /** The number of commands that are sent and have no reply yet. */
  readonly inflight: number
  /** The number of commands that wait to be sent. */
  readonly queued: number
  /** The approximate size of these commands, in bytes. */
  readonly queuedBytes: number
  /** The number of connections that replaced a lost one. */
  readonly reconnects: number
  /** The pool of leased connections, for sessions and blocking commands. */
  readonly pool: PoolStats
}

const EVENTS: Readonly<Record<keyof RedisEvents, true>> = {
  connect: true,
  ready: true,
  reconnecting: true,
  close: true,
  gap: true,
  error: true,
}

/** Adds a hint to MOVED and ASK. Nodes of a cluster send them; on a standalone server only a script returns such errors. */
function hintAtCluster({ connection }: Link, error: RedisError): false {
  if (error instanceof AskError && connection?.greeting?.mode !== 'standalone') {
    error.message += ' (this server is a node of a cluster: use new RedisCluster(), which follows redirects)'
  }
  return false
}

/** A client of one server. It connects at the first call or with `connect()`. It needs no listeners, and every call settles. */
export class Redis extends EventedView<RedisEvents> {
  readonly #options: RedisOptions
  readonly #node: Node
  readonly #events: Events<RedisEvents>
  readonly #engine: SingleEngine
  readonly #monitors = new Set<Monitor>()
  #closed = false

  /**
   * Creates a client of the server at `url` (default redis://127.0.0.1:6379). It is not connected yet.
   *
   * @throws DataError if the URL or an option is wrong. The error never contains the URL.
   */
  constructor(url: string | URL, options?: RedisOptions)
  // The last overload: the compiler shows this one when none matches.
  constructor(options?: RedisOptions)
  constructor(target?: string | URL | RedisOptions, more?: RedisOptions) {
    const options = readOptions(target, more)
    const settings = withDefaults(options)
    const events = new Events<RedisEvents>(EVENTS, error => report(events, error))
    const node: Node = new Node(
      settings,
      {
        onConnect: () => events.emit('connect'),
        onReady: () => events.emit('ready'),
        onReconnecting: (_, attempt, delay) => events.emit('reconnecting', { attempt, delay }),
        onDown: (_, error) => report(events, error),
      },
      { handleErrorReply: (_, error) => hintAtCluster(node.link, error) },
    )
    const engine = new SingleEngine(node, events)
    super(engine, plainWith(settings.prefix), events)
    this.#engine = engine
    this.#options = options
    this.#node = node
    this.#events = events
  }

  /** Resolves when the client is connected. Rejects with the error of the first attempt; the client stays usable. */
  connect(): Promise<void> {
    return this.#node.connect()
  }

  /** The address of the server: `host:port`, or the path of its socket. */
  get node(): string {
    return this.#node.name
  }

  /** The state of the connection; `idle` before the first call. */
  get status(): LinkState {
    return this.#node.status
  }

  /** Counters of this moment. */
  get stats(): RedisStats {
    const { inflight, queued, queuedBytes, reconnects } = this.#node.link
    return { inflight, queued, queuedBytes, reconnects, pool: this.#node.pool.stats }
  }

  /** Counters of the pool of leased connections. */
  get pool(): PoolStats {
    return this.#node.pool.stats
  }

  /**
   * Returns every command that the server processes, for a loop: `for await (const { args } of redis.monitor())`. It uses a
   * connection of its own until the loop is left, and slows the server down. If the connection is lost, the loop throws
   * ConnectionError.
   * [MONITOR](https://redis.io/commands/monitor)
   */
  async *monitor(): AsyncGenerator<MonitorEntry, void, undefined> {
    const { name, settings, status } = this.#node
    if (status === 'closing' || status === 'closed') {
      throw clientClosed('MONITOR', name)
    }
    const monitor = new Monitor(settings, ended => this.#monitors.delete(ended))
    this.#monitors.add(monitor)
    yield* monitor.entries()
  }

  /** Returns a new client with the same options and `overrides`. Throws DataError if `overrides` would disable TLS. */
  duplicate(overrides?: RedisOptions): Redis {
    checkTls(this.#options, overrides, 'the client that is duplicated uses TLS: make a new one')
    return new Redis(mergeOptions(this.#options, overrides))
  }

  /** Resolves when the client is closed. New calls reject; pending calls are waited for. May be called again. */
  async close(options?: CloseOptions): Promise<void> {
    const timeout = readTimeout(options)
    for (const monitor of this.#monitors) monitor.close()
    this.#engine.subscriptions.close()
    await this.#node.close(timeout)
    this.#engine.subscriber.destroy()
    this.#emitClose()
  }

  /**
   * Closes the client and rejects all pending calls: at once or, if there are very many, in slices that do not block the event
   * loop. The event `close` is emitted after that. May be called again.
   */
  destroy(): void {
    if (this.#node.status === 'closed') return
    for (const monitor of this.#monitors) monitor.close(clientDestroyed())
    this.#engine.subscriptions.close(clientDestroyed(this.#node.name))
    this.#engine.subscriber.destroy()
    this.#node.destroy(() => this.#emitClose())
  }

  /** Emits `close` once, however many calls have closed the client. */
  #emitClose(): void {
    if (this.#closed) return
    this.#closed = true
    this.#events.emit('close')
  }

  /** Returns the client. Its connections keep the process alive (the default). */
  ref(): this {
    this.#node.ref()
    this.#engine.subscriber.ref()
    return this
  }

  /** Returns the client. Its connections do not keep the process alive any more. */
  unref(): this {
    this.#node.unref()
    this.#engine.subscriber.unref()
    return this
  }
}

showState(Redis, ({ node, status, stats }) => ({ node, status, ...stats }))

/** The engine of a client of one server. */
class SingleEngine implements Engine {
  readonly settings: Settings
  readonly where: Where
  readonly isSession = false
  readonly subscriptions: Registry
  readonly subscriber: Subscriber
  readonly #node: Node

  constructor(node: Node, events: Events<RedisEvents>) {
    const { settings } = node
    this.settings = settings
    this.where = { database: settings.db, ...addressOf(settings.endpoint) }
    this.#node = node
    this.subscriptions = new Registry({
      where: this.where,
      place: () => this.subscriber,
      onGap: gap => events.emit('gap', gap),
      onError: (error, handled) => report(events, error, handled),
    })
    this.subscriber = new Subscriber(node, this.subscriptions)
  }

  now(): number {
    return this.#node.link.now()
  }

  send(command: Command): void {
    if (command.spec.blocks === undefined || blockTime(command) === undefined) this.#node.link.send(command)
    else new BlockingCommand(this.#node, command)
  }

  sendAll(commands: readonly Command[]): void {
    sendInOrder(commands, command => this.#node.link.send(command))
  }

  later(command: Command, refusal: RedisError): void {
    this.#node.link.later(command, refusal)
  }

  scan<T>(step: (on: Engine, cursor: string) => Promise<Step<T>>): AsyncIterable<readonly T[]> {
    return stepping(cursor => step(this, cursor))
  }

  session<F extends ReplyTypes, T>(
    view: ViewOf,
    fn: (session: Session<F>) => Promise<T> | T,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return withSession(this.#node, this.where, view, fn, signal)
  }
}
