import type { CloseOptions } from '../client/redis.js'
import { Redis, readTimeout } from '../client/redis.js'
import { View } from '../client/view.js'
import { PLAIN } from '../commands/core/reply-format.js'
import { Events, report } from '../connection/events.js'
import type { LinkState } from '../connection/link/link-owner.js'
import type { PoolStats } from '../connection/pool/pool.js'
import { ConnectionError, DataError } from '../errors/errors.js'
import type { Gap } from '../pubsub/gap.js'
import { ClusterEngine } from './cluster-engine.js'
import { type RedisClusterOptions, readClusterOptions, type Seed } from './cluster-options.js'
import type { Redirect } from './redirects.js'
import { membersOf, type Topology } from './topology.js'

/** The events of a cluster's client, with the arguments of their handlers. */
export interface RedisClusterEvents {
  /** Who serves which slots is known: commands flow. */
  ready: []
  /** Nodes, roles or slots are not as they were. */
  topology: [topology: Topology]
  /** A command was sent on to another node. */
  redirect: [redirect: Redirect]
  /** The link to a node is lost, or an attempt failed: the next one comes in `delay` ms. */
  reconnecting: [{ readonly node: string; readonly attempt: number; readonly delay: number }]
  /** Messages of subscriptions may have been missed. */
  gap: [gap: Gap]
  /** The client was closed: it does nothing any more. */
  close: []
  /** Trouble that no call is told of. Without a listener the first one is a warning of the process. */
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
  /** Commands written and not answered. */
  readonly inflight: number
  /** Commands accepted and not written, those included that wait for the cluster. */
  readonly queued: number
  /** What these take, in bytes, roughly. */
  readonly queuedBytes: number
  /** Connections that replaced a lost one. */
  readonly reconnects: number
  /** Lent connections of all nodes: those of sessions and blocking commands. */
  readonly pool: PoolStats
  /** Nodes there are, as far as is known. */
  readonly nodes: number
  /** Commands that were sent on by MOVED and by ASK. */
  readonly moved: number
  readonly asked: number
  /** Looks at the cluster. */
  readonly refreshes: number
}

/** Which nodes of a cluster. */
export type NodeRole = 'primary' | 'replica' | 'all'

/**
 * A client of a cluster: the calls of `Redis`, each sent to the node that serves the slot of its keys. It follows slots that
 * move and primaries that fail, within the deadline of each call.
 */
export class RedisCluster extends View {
  readonly #seeds: Seed | readonly Seed[]
  readonly #options: RedisClusterOptions
  readonly #router: ClusterEngine
  readonly #events: Events<RedisClusterEvents>
  /** Of single nodes, by name and role. */
  readonly #clients: Map<string, Redis>
  readonly #redirects: Readonly<Record<Redirect['kind'], number>>
  #referenced = true
  /** Resolves when everything has settled after `destroy()`. */
  #ended: Promise<void> | undefined

  /**
   * `new RedisCluster(['redis://10.0.0.1:7000', { host: '10.0.0.2', port: 7000 }])`: one seed is enough, more are safer. TLS and
   * credentials in the URLs are those of all nodes. Bad seeds and options throw DataError; what no cluster has, a database
   * other than 0 or a unix socket, throws RedisClusterException.
   */
  constructor(seeds: Seed | readonly Seed[], options: RedisClusterOptions = {}) {
    const settings = readClusterOptions(seeds, options)
    const events = new Events<RedisClusterEvents>(EVENTS, error => report(events, error))
    const clients = new Map<string, Redis>()
    const redirects = { MOVED: 0, ASK: 0 }
    const router = new ClusterEngine(settings, {
      onReady: () => events.emit('ready'),
      onTopology: topology => {
        closeThoseThatLeft(clients, topology)
        events.emit('topology', topology)
      },
      onRedirect: redirect => {
        redirects[redirect.kind]++
        events.emit('redirect', redirect)
      },
      onReconnecting: ({ name }, attempt, delay) => events.emit('reconnecting', { node: name, attempt, delay }),
      onTrouble: error => report(events, error),
      onGap: gap => events.emit('gap', gap),
      onError: (error, heard) => report(events, error, heard),
    })
    super(router, PLAIN)
    this.#seeds = seeds
    this.#options = options
    this.#router = router
    this.#events = events
    this.#clients = clients
    this.#redirects = redirects
  }

  /**
   * Resolves when it is known who serves which slots and every primary has been dialled; rejects with RedisClusterException,
   * which lists each node with its reason, when no node told. The client stays usable.
   */
  async connect(): Promise<void> {
    const router = this.#router
    if (router.state !== 'open') throw router.gone('connect')
    if (router.topology === undefined) await router.refreshing.fresh()
    const nodes = this.#options.readFrom === undefined || this.#options.readFrom === 'primary' ? 'primary' : 'all'
    await Promise.allSettled(router.nodesOf(nodes).map(({ node }) => node.connect()))
  }

  /** `idle` before the first call; `ready` once it is known who serves which slots. */
  get status(): LinkState {
    return this.#router.status
  }

  /** The cluster as it was last seen; undefined until it was. */
  get topology(): Topology | undefined {
    return this.#router.topology
  }

  get stats(): RedisClusterStats {
    const { nodes, refreshing, waiting, waitingBytes } = this.#router
    return {
      inflight: nodes.inflight,
      queued: nodes.queued + waiting,
      queuedBytes: nodes.queuedBytes + waitingBytes,
      reconnects: nodes.reconnects,
      pool: nodes.pool,
      nodes: nodes.all.length,
      moved: this.#redirects.MOVED,
      asked: this.#redirects.ASK,
      refreshes: refreshing.begun,
    }
  }

  /** The pools of lent connections of all nodes, counted together. */
  get pool(): PoolStats {
    return this.#router.nodes.pool
  }

  /**
   * A client for each node as far as they are known now, for what concerns one node: `INFO`, `CONFIG`, `MONITOR`. Each dials at its
   * first call, says READONLY if it is a replica's, and is closed with this one, or when its node has left the cluster. Before
   * `connect()` there is none.
   */
  nodes(role: NodeRole = 'all'): Redis[] {
    if (!['primary', 'replica', 'all'].includes(role)) {
      throw new DataError("nodes() takes 'primary', 'replica' or 'all'.")
    }
    return this.#router.nodesOf(role).map(({ address, isReplica, name }) => {
      const key = `${name} ${isReplica}`
      let client = this.#clients.get(key)
      if (client === undefined || client.status === 'closing' || client.status === 'closed') {
        client = new Redis(this.#router.options.optionsOf(address, isReplica))
        client.on('error', error => report(this.#events, error))
        if (!this.#referenced) client.unref()
        this.#clients.set(key, client)
      }
      return client
    })
  }

  /** Another client with the same seeds and options, and `overrides` over them. */
  duplicate(overrides: RedisClusterOptions = {}): RedisCluster {
    if (typeof overrides !== 'object' || overrides === null) throw new DataError('The options must be an object.')
    return new RedisCluster(this.#seeds, { ...this.#options, ...overrides })
  }

  /** Takes no more calls, waits for those accepted, then closes. Harmless when repeated. */
  async close(options?: CloseOptions): Promise<void> {
    const timeout = readTimeout(options)
    this.#router.carriers.close()
    await Promise.all([
      this.#router.drain(timeout),
      ...[...this.#clients.values()].map(each => each.close({ timeout })),
    ])
    this.destroy()
    await this.#ended
  }

  /**
   * Rejects everything that is under way and closes, now; where there is very much, the rest is rejected in the turns that follow.
   * `close` comes after that. Harmless when repeated.
   */
  destroy(): void {
    if (this.#router.state === 'closed') return
    const { carriers } = this.#router
    carriers.close(new ConnectionError('The client was destroyed.'))
    carriers.destroy()
    for (const client of this.#clients.values()) client.destroy()
    this.#ended = new Promise(resolve => {
      this.#router.destroy(() => {
        this.#events.emit('close')
        resolve()
      })
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  on<K extends keyof RedisClusterEvents>(name: K, handler: (...args: RedisClusterEvents[K]) => void): this {
    this.#events.on(name, handler)
    return this
  }

  once<K extends keyof RedisClusterEvents>(name: K, handler: (...args: RedisClusterEvents[K]) => void): this {
    this.#events.once(name, handler)
    return this
  }

  off<K extends keyof RedisClusterEvents>(name: K, handler: (...args: RedisClusterEvents[K]) => void): this {
    this.#events.off(name, handler)
    return this
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
    const { carriers, nodes, refreshing } = this.#router
    return [nodes, carriers, refreshing, ...this.#clients.values()]
  }
}

/** A client of a node that has left would dial in vain for ever. */
function closeThoseThatLeft(clients: Map<string, Redis>, topology: Topology): void {
  const names = new Set(membersOf(topology).map(({ name }) => name))
  for (const [key, client] of clients) {
    if (names.has(key.slice(0, key.indexOf(' ')))) continue
    const forget = () => {
      if (clients.get(key) === client) clients.delete(key)
    }
    client.close().then(forget, forget)
  }
}
