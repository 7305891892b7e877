import { type CloseOptions, readTimeout } from '../client/close-options.js'
import { EventedView } from '../client/evented-view.js'
import { Redis } from '../client/redis.js'
import { showState } from '../commands/core/inspect.js'
import { plainWith } from '../commands/core/reply-format.js'
import { clientClosed, clientDestroyed } from '../connection/call/call-errors.js'
import { Events, report } from '../connection/events.js'
import type { LinkState } from '../connection/link/link-owner.js'
import type { PoolStats } from '../connection/pool/pool.js'
import { DataError } from '../errors/errors.js'
import type { Gap } from '../pubsub/gap.js'
import { ClusterEngine } from './cluster-engine.js'
import { type RedisClusterOptions, readClusterOptions, type Seed } from './cluster-options.js'
import type { Redirect } from './cluster-state.js'
import { membersOf, type Topology } from './topology.js'

/** The events of a cluster client, with the arguments of their handlers. */
export interface RedisClusterEvents {
  /** The owners of the slots are known: commands are sent. */
  ready: []
  /** Nodes, roles or slots have changed. */
  topology: [topology: Topology]
  /** A command was redirected to another node. */
  redirect: [redirect: Redirect]
  /** The connection to a node was lost, or an attempt to connect failed: the next attempt follows in `delay` ms. */
  reconnecting: [{ readonly node: string; readonly attempt: number; readonly delay: number }]
  /** Messages of subscriptions may have been missed. */
  gap: [gap: Gap]
  /** The client is closed, and every call has settled. */
  close: []
  /** An error that no call rejects with. Without a listener the first one is a warning of the process. */
  error: [error: Error]
}

const EVENTS: Readonly<Record<keyof RedisClusterEvents, true>> = {
  ready: true,
  topology: true,
  redirect: true,
  reconnecting: true,
  gap: true,
  close: true,
  error: true,
}

export interface RedisClusterStats {
  /** Commands written, whose reply is still to come. */
  readonly inflight: number
  /** Commands accepted and not yet written, including those that wait for the topology. */
  readonly queued: number
  /** Their approximate size in bytes. */
  readonly queuedBytes: number
  /** Connections that replaced lost ones. */
  readonly reconnects: number
  /** Leased connections of all nodes: those of sessions and blocking commands. */
  readonly pool: PoolStats
  /** Known nodes. */
  readonly nodes: number
  /** Commands that were redirected by MOVED and by ASK. */
  readonly moved: number
  readonly asked: number
  /** Refreshes of the topology. */
  readonly refreshes: number
}

/** Which nodes of a cluster. */
export type NodeRole = 'primary' | 'replica' | 'all'

/**
 * A client of a cluster. It has the methods of `Redis`, and sends each command to the node that serves the slot of its keys. It
 * follows slots that move and primaries that fail, within the deadline of each call.
 */
export class RedisCluster extends EventedView<RedisClusterEvents> {
  readonly #seeds: Seed | readonly Seed[]
  readonly #options: RedisClusterOptions
  readonly #engine: ClusterEngine
  readonly #events: Events<RedisClusterEvents>
  /** Clients of single nodes, by name and role. */
  readonly #clients: Map<string, Redis>
  readonly #redirects: Readonly<Record<Redirect['kind'], number>>
  #referenced = true
  /** Resolves when every call has settled after `destroy()`. */
  #ended: Promise<void> | undefined

  /**
   * `new RedisCluster(['redis://10.0.0.1:7000', { host: '10.0.0.2', port: 7000 }])`: one seed is enough, more are safer. TLS and
   * credentials in the URLs apply to all nodes. Invalid seeds and options throw DataError; a database other than 0 and a unix
   * socket, which no cluster has, throw RedisClusterException.
   */
  constructor(seeds: Seed | readonly Seed[], options: RedisClusterOptions = {}) {
    const settings = readClusterOptions(seeds, options)
    const events = new Events<RedisClusterEvents>(EVENTS, error => report(events, error))
    const clients = new Map<string, Redis>()
    const redirects = { MOVED: 0, ASK: 0 }
    const engine = new ClusterEngine(settings, {
      onReady: () => events.emit('ready'),
      onTopology: topology => {
        closeOfMissingNodes(clients, topology)
        events.emit('topology', topology)
      },
      onRedirect: redirect => {
        redirects[redirect.kind]++
        events.emit('redirect', redirect)
      },
      onReconnecting: ({ name }, attempt, delay) => events.emit('reconnecting', { node: name, attempt, delay }),
      onGap: gap => events.emit('gap', gap),
      onError: (error, handled) => report(events, error, handled),
    })
    super(engine, plainWith(settings.settings.prefix), events)
    this.#seeds = seeds
    this.#options = options
    this.#engine = engine
    this.#events = events
    this.#clients = clients
    this.#redirects = redirects
  }

  /**
   * Resolves when the topology is known and every primary is connected or has failed to connect. Rejects with
   * RedisClusterException, which lists each node with its reason, if no node replies with a topology. The client stays usable.
   */
  async connect(): Promise<void> {
    const { state } = this.#engine
    if (state.phase !== 'open') throw clientClosed()
    if (state.topology === undefined) await state.refreshing.fresh()
    const nodes = this.#options.readFrom === undefined || this.#options.readFrom === 'primary' ? 'primary' : 'all'
    await Promise.allSettled(state.nodesOf(nodes).map(({ server }) => server.connect()))
  }

  /** `idle` before the first call; `ready` when the topology is known. */
  get status(): LinkState {
    return this.#engine.status
  }

  /** The shards as a node last reported them; undefined until one has. */
  get topology(): Topology | undefined {
    return this.#engine.state.topology
  }

  get stats(): RedisClusterStats {
    const {
      router: { queues },
      state: { nodes, refreshing },
    } = this.#engine
    return {
      inflight: nodes.inflight,
      queued: nodes.queued + queues.length,
      queuedBytes: nodes.queuedBytes + queues.bytes,
      reconnects: nodes.reconnects,
      pool: nodes.pool,
      nodes: nodes.all.length,
      moved: this.#redirects.MOVED,
      asked: this.#redirects.ASK,
      refreshes: refreshing.begun,
    }
  }

  /** The sums over the pools of leased connections of all nodes. */
  get pool(): PoolStats {
    return this.#engine.state.nodes.pool
  }

  /**
   * Returns a client for each node that is known now, for commands that concern one node: `INFO`, `CONFIG`, `MONITOR`. Each client
   * connects at its first call, sends READONLY to a replica, and is closed together with this one, or when its node has left the
   * cluster. Before `connect()` the list is empty.
   */
  nodes(role: NodeRole = 'all'): Redis[] {
    if (!['primary', 'replica', 'all'].includes(role)) {
      throw new DataError("nodes() takes 'primary', 'replica' or 'all'.")
    }
    return this.#engine.state.nodesOf(role).map(({ address, isReplica, name }) => {
      const key = `${name} ${isReplica}`
      let client = this.#clients.get(key)
      if (client === undefined || client.status === 'closing' || client.status === 'closed') {
        client = new Redis(this.#engine.state.options.optionsOf(address, isReplica))
        client.on('error', error => report(this.#events, error))
        if (!this.#referenced) client.unref()
        this.#clients.set(key, client)
      }
      return client
    })
  }

  /** Returns another client with the same seeds and options, except for `overrides`. */
  duplicate(overrides: RedisClusterOptions = {}): RedisCluster {
    if (typeof overrides !== 'object' || overrides === null) throw new DataError('The options must be an object.')
    return new RedisCluster(this.#seeds, { ...this.#options, ...overrides })
  }

  /** Accepts no more calls, waits for the accepted ones, then closes. Harmless when repeated. */
  async close(options?: CloseOptions): Promise<void> {
    const timeout = readTimeout(options)
    this.#engine.subscribers.close()
    await Promise.all([
      this.#engine.drain(timeout),
      ...[...this.#clients.values()].map(each => each.close({ timeout })),
    ])
    this.destroy()
    await this.#ended
  }

  /**
   * Closes now, and rejects every call. Very many calls are rejected over several turns of the event loop; `close` is emitted after
   * that. Harmless when repeated.
   */
  destroy(): void {
    const { state, subscribers } = this.#engine
    if (state.phase === 'closed') return
    subscribers.close(clientDestroyed())
    subscribers.destroy()
    for (const client of this.#clients.values()) client.destroy()
    this.#ended = new Promise(resolve => {
      this.#engine.destroy(() => {
        this.#events.emit('close')
        resolve()
      })
    })
  }

  /** Lets the connections keep the process alive (the default). */
  ref(): this {
    this.#referenced = true
    for (const each of this.#connected()) each.ref()
    return this
  }

  /** Lets the process end although the client is connected. */
  unref(): this {
    this.#referenced = false
    for (const each of this.#connected()) each.unref()
    return this
  }

  #connected(): readonly { ref(): unknown; unref(): unknown }[] {
    const { state, subscribers } = this.#engine
    return [state.nodes, subscribers, state.refreshing, ...this.#clients.values()]
  }
}

showState(RedisCluster, ({ status, stats }) => ({ status, ...stats }))

/** The client of a node that has left the cluster would try to connect for ever. */
function closeOfMissingNodes(clients: Map<string, Redis>, topology: Topology): void {
  const names = new Set(membersOf(topology).map(({ name }) => name))
  for (const [key, client] of clients) {
    if (names.has(key.slice(0, key.indexOf(' ')))) continue
    const forget = () => {
      if (clients.get(key) === client) clients.delete(key)
    }
    client.close().then(forget, forget)
  }
}
