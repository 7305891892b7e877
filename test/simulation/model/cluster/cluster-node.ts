/** A node of the model's cluster: a server with its view of the cluster. It redirects requests that belong to other nodes. */
import type { ModelConnection } from '../connection.js'
import type { Step } from '../replication-log.js'
import { Failure } from '../reply.js'
import { type ModelOptions, ModelServer, type Wanted } from '../server.js'
import { slotOf } from './slots.js'
import { View } from './view.js'

export interface Address {
  readonly host: string
  readonly port: number
}

export class ClusterNode {
  readonly index: number
  readonly id: string
  address: Address
  readonly server: ModelServer
  readonly view: View
  /** Whether the process is running. */
  alive = true
  /** Whether the cluster bus reaches the node. */
  connected = true
  /** True if the node has been cut off for so long that it rejects everything. */
  isolated = false
  /** Addresses that this node reports in place of the true ones, by node. */
  readonly shown: Map<number, Address> = new Map()
  /** Steps of the primary that this replica has not applied yet. */
  backlog: Step[] = []

  constructor(index: number, nodes: number, id: string, address: Address, options: ModelOptions) {
    this.index = index
    this.id = id
    this.address = address
    this.view = new View(index, nodes)
    this.server = new ModelServer({ ...options, label: `node ${index}`, databases: 1, address })
    this.server.redirect = (connection, wanted) => this.#redirect(connection, wanted)
  }

  get isPrimary(): boolean {
    return !this.view.isReplica
  }

  get isDown(): boolean {
    return this.isolated || !this.view.isCovered
  }

  /** Returns the reply that redirects or rejects a request, or undefined if this node may run it. */
  #redirect(connection: ModelConnection, { keys, writes, isPubSub, isQueued }: Wanted): Failure | undefined {
    const [first] = keys
    if (first === undefined) return undefined
    const slot = slotOf(first)
    if (keys.some(key => slotOf(key) !== slot))
      return new Failure("CROSSSLOT Keys in request don't hash to the same slot")
    const { view, index } = this
    const owner = view.owners[slot]!
    if (owner < 0) return new Failure('CLUSTERDOWN Hash slot not served')
    // cluster-allow-pubsubshard-when-down is on by default.
    if (this.isDown && !isPubSub) return new Failure('CLUSTERDOWN The cluster is down')
    const moving = this.#movingView(connection)
    const target = owner === moving?.self ? moving.view.migrating.get(slot) : undefined
    const imports = moving?.view.importing.has(slot) === true
    // Valkey 9 looks for the keys of a transaction at EXEC only.
    const isLate = isQueued && this.server.dialect.has({ valkey: [9, 0] })
    const missing =
      isPubSub || isLate || (target === undefined && !imports)
        ? 0
        : keys.filter(key => this.server.databases[0]!.find(key) === undefined).length
    if (target !== undefined && missing > 0) {
      return missing < keys.length ? TRY_AGAIN : new Failure(`ASK ${slot} ${this.#addressOf(target)}`)
    }
    if (imports && connection.asking) return keys.some(key => key !== first) && missing > 0 ? TRY_AGAIN : undefined
    if (owner === index) return undefined
    if (view.primary === owner && !writes && (connection.readsReplica || isPubSub)) return undefined
    return new Failure(`MOVED ${slot} ${this.#addressOf(owner)}`)
  }

  /** Called when the subscription of a connection to a shard channel ends because its slot has moved. Set by the cluster. */
  onExpelled: (connection: number, channel: string) => void = () => {}

  /** Returns the view with the moves of slots that this node takes part in: its own, or on a replica of Valkey that of its primary. */
  #movingView({ readsReplica }: ModelConnection): { self: number; view: View } | undefined {
    const { view, index } = this
    if (!view.isReplica) return { self: index, view }
    return readsReplica ? this.#viewOfPrimary() : undefined
  }

  #viewOfPrimary(): { self: number; view: View } | undefined {
    const { dialect, cluster } = this.server
    const primary = dialect.has({ valkey: [8, 0] }) ? cluster?.nodes[this.view.primary] : undefined
    return primary && { self: primary.index, view: primary.view }
  }

  /** The moves of slots that CLUSTER NODES lists for this node. */
  get movesShown(): Pick<View, 'migrating' | 'importing'> {
    return (this.view.isReplica ? this.#viewOfPrimary()?.view : undefined) ?? this.view
  }

  /** Returns the address of a node as this node reports it. Set by the cluster. */
  addressOf: (node: number) => Address = () => ({ host: '', port: 0 })

  #addressOf(node: number): string {
    const { host, port } = this.addressOf(node)
    return `${host}:${port}`
  }

  /** Must be called when the view has changed: ends blocked calls and shard subscriptions that no longer belong to this node. */
  settle(): void {
    const { server, view, index } = this
    server.blocking.endWhere(({ keys }) => {
      const [key] = keys
      if (key === undefined) return undefined
      const slot = slotOf(key)
      const owner = view.owners[slot]!
      if (this.isDown) return new Failure('CLUSTERDOWN The cluster is down')
      if (owner === index || view.importing.has(slot) || owner === view.primary) return undefined
      if (owner < 0) return new Failure('CLUSTERDOWN Hash slot not served')
      return new Failure(`MOVED ${slot} ${this.#addressOf(owner)}`)
    })
    const served = view.isReplica ? view.primary : index
    for (const [channel, those] of [...server.pubsub.shards]) {
      const slot = slotOf(channel)
      if (view.owners[slot] === served) continue
      for (const connection of [...those]) {
        server.pubsub.remove('shards', channel, connection)
        connection.push(['sunsubscribe', channel, connection.shards.size])
        this.onExpelled(connection.id, channel)
      }
    }
    server.pumpResumed()
  }

  /** Drops the keys of slots that now belong to other nodes. */
  dropSlots(slots: ReadonlySet<number>): string[] {
    const db = this.server.databases[0]!
    const dropped = db.keys().filter(key => slots.has(slotOf(key)))
    for (const key of dropped) {
      db.delete(key)
      db.touch(key)
    }
    this.server.endStep(0)
    return dropped
  }
}

const TRY_AGAIN = new Failure('TRYAGAIN Multiple keys request during rehashing of slot')
