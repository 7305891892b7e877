import { type Checks, isMs, ownOptions } from '../commands/core/check-options.js'
import { blockTime, type Command } from '../commands/core/command.js'
import type { ReplyTypes } from '../commands/core/context.js'
import { PLAIN } from '../commands/core/reply-format.js'
import { addressOf, type Where } from '../connection/diagnostics.js'
import { Events, report } from '../connection/events.js'
import type { Link } from '../connection/link/link.js'
import type { LinkState } from '../connection/link/link-owner.js'
import { BlockingCommand } from '../connection/node/blocking-command.js'
import { Node } from '../connection/node/node.js'
import { checkTls, mergeOptions, type RedisOptions, type Settings, settle } from '../connection/options/options.js'
import { readOptions } from '../connection/options/url.js'
import type { PoolStats } from '../connection/pool/pool.js'
import { AskError, ConnectionError, type RedisError } from '../errors/errors.js'
import type { Gap } from '../pubsub/gap.js'
import { Registry } from '../pubsub/registry.js'
import { Subscriber } from '../pubsub/subscriber.js'
import { sendInOrder } from './batch.js'
import type { Engine, ViewOf } from './engine.js'
import { Monitor, type MonitorEntry } from './monitor.js'
import { type Step, stepping } from './scan.js'
import type { Session } from './session.js'
import { withSession } from './session-engine.js'
import { View } from './view.js'

/** The events of a client, with the arguments of their handlers. */
export interface RedisEvents {
  /** A socket is open; the handshake begins. */
  connect: []
  /** Commands flow. */
  ready: []
  /** The link is lost, or an attempt failed: the next one comes in `delay` ms. */
  reconnecting: [{ readonly attempt: number; readonly delay: number }]
  /** The client was closed: it does nothing any more. */
  close: []
  /** Subscriptions were away: messages of these channels may have been missed. */
  gap: [gap: Gap]
  /** Trouble that no call is told of. Without a listener the first one is a warning of the process. */
  error: [error: Error]
}

export interface RedisStats {
  /** Commands written and not answered. */
  readonly inflight: number
  /** Commands accepted and not written. */
  readonly queued: number
  /** What these take, in bytes, roughly. */
  readonly queuedBytes: number
  /** Connections that replaced a lost one. */
  readonly reconnects: number
  /** Lent connections: those of sessions and blocking commands. */
  readonly pool: PoolStats
}

export interface CloseOptions {
  /** How long to wait for what was accepted, ms (default 5000). */
  readonly timeout?: number
}

const CLOSE_CHECKS: Checks<CloseOptions> = { timeout: isMs }

/** The time that `close()` has. */
export function readTimeout(options: CloseOptions | undefined): number {
  return ownOptions(options, CLOSE_CHECKS, { of: 'close()' }).timeout ?? 5_000
}

const EVENTS: Readonly<Record<keyof RedisEvents, true>> = {
  connect: true,
  ready: true,
  reconnecting: true,
  close: true,
  gap: true,
  error: true,
}

/** MOVED and ASK come from a node of a cluster; on a server that is none they are the words of a script. */
function hintAtCluster({ connection }: Link, error: RedisError): false {
  if (error instanceof AskError && connection?.greeting?.mode !== 'standalone') {
    error.message += ' (this server is a node of a cluster: new RedisCluster() is the client that follows redirects)'
  }
  return false
}

/**
 * A client of one server. It connects at the first call, or with `connect()`; it needs no listener, and no call of it is
 * left unsettled.
 */
export class Redis extends View {
  readonly #options: RedisOptions
  readonly #node: Node
  readonly #events: Events<RedisEvents>
  readonly #engine: SingleEngine
  readonly #monitors = new Set<Monitor>()
  #closed = false

  /**
   * `new Redis()` is redis://127.0.0.1:6379. A bad URL, an unknown option or a bad value throws DataError, which names
   * the part and never the URL.
   */
  constructor(url: string | URL, options?: RedisOptions)
  // The last one: it is this one that the compiler tells of when none fits.
  constructor(options?: RedisOptions)
  constructor(target?: string | URL | RedisOptions, more?: RedisOptions) {
    const options = readOptions(target, more)
    const settings = settle(options)
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
    super(engine, PLAIN)
    this.#engine = engine
    this.#options = options
    this.#node = node
    this.#events = events
  }

  /** Resolves when commands flow; rejects with the error of the first attempt, and the client stays usable. */
  connect(): Promise<void> {
    return this.#node.connect()
  }

  /** The server: `host:port`, or the path of its socket. */
  get node(): string {
    return this.#node.name
  }

  /** `idle` before the first call, then what the link is doing. */
  get status(): LinkState {
    return this.#node.status
  }

  get stats(): RedisStats {
    const { inflight, queued, queuedBytes, reconnects } = this.#node.link
    return { inflight, queued, queuedBytes, reconnects, pool: this.#node.pool.stats }
  }

  /** The pool of lent connections, counted. */
  get pool(): PoolStats {
    return this.#node.pool.stats
  }

  /**
   * Every command that the server processes, on a connection of its own: `for await (const { args } of redis.monitor())`.
   * `break` ends it. It costs the server much. A lost connection makes the loop throw ConnectionError.
   * [MONITOR](https://redis.io/commands/monitor)
   */
  async *monitor(): AsyncGenerator<MonitorEntry, void, undefined> {
    const { name, settings, status } = this.#node
    if (status === 'closing' || status === 'closed') {
      throw new ConnectionError('The client is closed: MONITOR was not sent.', { node: name, outcome: 'not sent' })
    }
    const monitor = new Monitor(settings, ended => this.#monitors.delete(ended))
    this.#monitors.add(monitor)
    yield* monitor.entries()
  }

  /** Another client with the same options, and `overrides` over them, which cannot take TLS away. */
  duplicate(overrides?: RedisOptions): Redis {
    checkTls(this.#options, overrides, 'the client that is duplicated uses TLS: make a new one')
    return new Redis(mergeOptions(this.#options, overrides))
  }

  /** Takes no more calls, waits for those accepted, then closes. Harmless when repeated. */
  async close(options?: CloseOptions): Promise<void> {
    const timeout = readTimeout(options)
    for (const monitor of this.#monitors) monitor.close()
    this.#engine.subscriptions.close()
    await this.#node.close(timeout)
    this.#engine.subscriber.destroy()
    this.#tellClosed()
  }

  /**
   * Closes now, and rejects everything that is under way: at once, or in slices if it is very much, so that the event loop goes
   * on. `close` comes after that. Harmless when repeated.
   */
  destroy(): void {
    if (this.#node.status === 'closed') return
    for (const monitor of this.#monitors) monitor.close(new ConnectionError('The client was destroyed.'))
    this.#engine.subscriptions.close(new ConnectionError('The client was destroyed.', { node: this.#node.name }))
    this.#engine.subscriber.destroy()
    this.#node.destroy(() => this.#tellClosed())
  }

  /** Once, however many calls closed it. */
  #tellClosed(): void {
    if (this.#closed) return
    this.#closed = true
    this.#events.emit('close')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  on<K extends keyof RedisEvents>(name: K, handler: (...args: RedisEvents[K]) => void): this {
    this.#events.on(name, handler)
    return this
  }

  once<K extends keyof RedisEvents>(name: K, handler: (...args: RedisEvents[K]) => void): this {
    this.#events.once(name, handler)
    return this
  }

  off<K extends keyof RedisEvents>(name: K, handler: (...args: RedisEvents[K]) => void): this {
    this.#events.off(name, handler)
    return this
  }

  /** Lets the connection keep the process alive (the default). */
  ref(): this {
    this.#node.ref()
    this.#engine.subscriber.ref()
    return this
  }

  /** Lets the process end although the client is connected. */
  unref(): this {
    this.#node.unref()
    this.#engine.subscriber.unref()
    return this
  }
}

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
      onError: (error, heard) => report(events, error, heard),
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
