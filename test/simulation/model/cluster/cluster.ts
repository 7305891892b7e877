/**
 * A cluster of model servers. Its methods cause changes from outside. The consequences (replication, announcements, failure
 * detection, elections) are due at `wakeAt`, and `wake()` runs them.
 */

import type { Step } from '../replication-log.js'
import type { ModelOptions, ModelRecord } from '../server.js'
import { isSame } from '../values.js'
import { type Address, ClusterNode } from './cluster-node.js'
import { Migrations } from './migrations.js'
import { SLOTS, slotOf } from './slots.js'
import type { Announcement } from './view.js'

export interface ModelClusterOptions extends Omit<ModelOptions, 'history' | 'label' | 'address' | 'databases'> {
  readonly primaries: number
  /** The number of replicas of each primary, unless `replicas` lists them. */
  readonly replicasEach?: number
  /** The primary of each replica. */
  readonly replicas?: readonly number[]
  /** The number of nodes that join later, by `join()`. They come after all others. */
  readonly spares?: number
  /** Returns the owner of a slot. The default gives each primary one range. */
  readonly ownerOf?: (slot: number) => number
  /** Returns the address that a node announces. Primaries come first, then the replicas. */
  readonly address?: (node: number) => Address
  readonly history?: (record: ModelRecord) => void
  /** The delay until a replica applies a step of its primary, ms. */
  readonly replicationDelay?: () => number
  /** The delay until a node receives an announcement, ms. */
  readonly gossipDelay?: () => number
  /** The time of silence after which a node counts as failed, ms. */
  readonly nodeTimeout?: number
  /** Schedules an event of the cluster. Without it, events wait for `wake()`. */
  readonly later?: (delay: number, run: () => void) => void
  /** Called when a failover has lost acknowledged writes to these keys. */
  readonly onLost?: (keys: ReadonlySet<string>) => void
  /** Called when a message of a channel has reached the subscribers of a node. */
  readonly onPublished?: (node: ClusterNode, channel: string, message: string) => void
  /** Called when a node ends the subscription of a connection to a shard channel, because it does not serve the slot any more. */
  readonly onExpelled?: (node: ClusterNode, connection: number, channel: string) => void
}

interface Due {
  readonly at: number
  readonly number: number
  readonly run: () => void
}

export class ModelCluster {
  readonly nodes: readonly ClusterNode[]
  readonly migrations: Migrations = new Migrations(this)
  readonly #options: ModelClusterOptions
  #due: Due[] = []
  #numbers = 0
  /** The time at which the last message of each link of the bus arrives. */
  readonly #arrivals = new Map<string, number>()
  readonly #forgotten = new Set<number>()

  constructor(options: ModelClusterOptions) {
    this.#options = options
    const { primaries, replicasEach = 0, random, address: addressOf, ...rest } = options
    const replicas =
      options.replicas ?? Array.from({ length: primaries * replicasEach }, (_, replica) => replica % primaries)
    const members = primaries + replicas.length
    const count = members + (options.spares ?? 0)
    const address = addressOf ?? ((node: number) => ({ host: '127.0.0.1', port: 7000 + node }))
    const id = () => Array.from({ length: 40 }, () => Math.floor(random() * 16).toString(16)).join('')
    this.nodes = Array.from(
      { length: count },
      (_, i) => new ClusterNode(i, count, id(), address(i), { random, ...rest }),
    )
    const ownerOf = options.ownerOf ?? ((slot: number) => Math.floor((slot * primaries) / SLOTS))
    const owners = Int16Array.from({ length: SLOTS }, (_, slot) => ownerOf(slot))
    for (const node of this.nodes) this.#prepare(node, primaries, replicas)
    for (const node of this.nodes.slice(0, members)) {
      node.view.ownAll(owners)
      if (node.view.isReplica) this.#follow(node, node.view.primary)
      for (let spare = members; spare < count; spare++) node.view.unknown.add(spare)
    }
    for (const spare of this.nodes.slice(members)) {
      spare.alive = false
      for (const { index } of this.nodes) if (index !== spare.index) spare.view.unknown.add(index)
    }
  }

  #prepare(node: ClusterNode, primaries: number, replicas: readonly number[]): void {
    const { view, server } = node
    for (const each of this.nodes) {
      view.epochs[each.index] = each.index < primaries ? each.index + 1 : 0
      view.primaries[each.index] = replicas[each.index - primaries] ?? -1
    }
    node.onExpelled = (connection, channel) => this.#options.onExpelled?.(node, connection, channel)
    node.addressOf = other => node.shown.get(other) ?? this.nodes[other]!.address
    server.cluster = {
      node,
      nodes: this.nodes,
      broadcast: (kind, channel, message) => this.#broadcast(node, kind, channel, message),
    }
    server.log.onStep = step => this.#replicate(node, step)
    server.acknowledged = offset =>
      this.#replicas(node).filter(each => each.server.log.offset >= offset && each.connected).length
    server.replicas = () => this.#replicas(node).map(each => ({ ...each.address, offset: each.server.log.offset }))
  }

  // ---- time

  get wakeAt(): number {
    const servers = this.nodes.filter(({ alive }) => alive).map(({ server }) => server.wakeAt)
    return Math.min(this.#due[0]?.at ?? Infinity, ...servers)
  }

  /** Runs the events that are due now. */
  wake(): void {
    const now = this.#options.now()
    for (let next = this.#due[0]; next !== undefined && next.at <= now; next = this.#due[0]) {
      this.#due.shift()
      next.run()
    }
    for (const { alive, server } of this.nodes) if (alive && server.wakeAt <= now) server.wake()
  }

  #after(delay: number, run: () => void): void {
    if (this.#options.later !== undefined) {
      this.#options.later(delay, run)
      return
    }
    this.#due.push({ at: this.#options.now() + delay, number: this.#numbers++, run })
    this.#due.sort((a, b) => a.at - b.at || a.number - b.number)
  }

  get #timeout(): number {
    return this.#options.nodeTimeout ?? 1_000
  }

  // ---- replication

  /** Returns the nodes that are replicas of this one in their own view. */
  #replicas(primary: ClusterNode): ClusterNode[] {
    return this.nodes.filter(({ alive, view }) => alive && view.primary === primary.index)
  }

  #replicate(primary: ClusterNode, step: Step): void {
    if (primary.view.isReplica) return
    for (const replica of this.#replicas(primary)) {
      replica.backlog.push(step)
      this.#after(this.#options.replicationDelay?.() ?? 0, () => this.#applyFirst(primary, replica, step))
    }
  }

  /** Applies all steps up to this one, in order. A replica without a link to the primary receives nothing. */
  #applyFirst(primary: ClusterNode, replica: ClusterNode, step: Step): void {
    if (!this.#isLinked(primary, replica)) return
    while (replica.backlog[0] !== undefined && replica.backlog[0].offset <= step.offset) {
      replica.server.apply(replica.backlog.shift()!)
    }
    primary.server.retryWaits()
  }

  #isLinked(primary: ClusterNode, replica: ClusterNode): boolean {
    const live = [primary, replica].every(({ alive, connected }) => alive && connected)
    return live && replica.view.primary === primary.index
  }

  /** Makes the node a replica, and replaces its data by the data of its primary, if that can be reached. */
  #follow(node: ClusterNode, primary: number): void {
    const source = this.nodes[primary]!
    const { server, view } = node
    view.primaries[node.index] = primary
    view.migrating.clear()
    view.importing.clear()
    node.backlog = []
    const isUp = source.alive && source.connected && node.connected
    server.demote(source.address.host, source.address.port, isUp)
    if (!isUp) return
    this.#reportLost(node, source)
    server.databases[0]!.load(source.server.databases[0]!)
    server.log.offset = source.server.log.offset
  }

  /** Reports the keys that `loser` served and whose values are others at `winner`, which serves them from now on. */
  #reportLost(loser: ClusterNode, winner: ClusterNode): void {
    const [theirs, ours] = [loser, winner].map(({ server }) => server.databases[0]!)
    const keys = new Set([...theirs!.keys(), ...ours!.keys()])
    const lost = [...keys].filter(
      key =>
        winner.view.owners[slotOf(key)] === winner.index &&
        !(isSame(theirs!.raw(key), ours!.raw(key)) && theirs!.expiryOf(key) === ours!.expiryOf(key)),
    )
    this.lose(lost)
  }

  lose(keys: readonly string[]): void {
    if (keys.length > 0) this.#options.onLost?.(new Set(keys))
  }

  // ---- the cluster bus

  /** Sends a message of the bus. Messages from one node to another arrive in order, unless a link is down then. */
  #send(from: ClusterNode, to: ClusterNode, arrived: () => void): void {
    const link = `${from.index} ${to.index}`
    const now = this.#options.now()
    const at = Math.max(now + (this.#options.gossipDelay?.() ?? 0), this.#arrivals.get(link) ?? now)
    this.#arrivals.set(link, at)
    this.#after(at - now, () => {
      if (from.connected && to.alive && to.connected) arrived()
    })
  }

  /** Sends the announcement of a node to all others. */
  announce(node: ClusterNode): void {
    const announcement = node.view.announcement()
    for (const other of this.nodes) if (other !== node) this.#send(node, other, () => this.#learn(other, announcement))
  }

  /** Has all other nodes announce themselves to this one, and this one to them. */
  exchange(node: ClusterNode): void {
    for (const other of this.nodes) {
      if (other === node || !other.alive || !other.connected) continue
      const announcement = other.view.announcement()
      this.#send(other, node, () => this.#learn(node, announcement))
    }
    this.announce(node)
  }

  /** Has all nodes announce themselves to each other, as they do from time to time. */
  gossip(): void {
    for (const node of this.nodes) if (node.alive && node.connected) this.announce(node)
  }

  /** CLUSTER SETSLOT: an administrator passes the announcement of another node to a node, after a while. */
  inform(node: ClusterNode, other: ClusterNode): void {
    const announcement = other.view.announcement()
    this.#after(this.#options.gossipDelay?.() ?? 0, () => {
      if (node.alive) this.#learn(node, announcement)
    })
  }

  /** Delays all messages of the bus to this node for `ms`. */
  hush(node: ClusterNode, ms: number): void {
    const at = this.#options.now() + ms
    for (const { index } of this.nodes) {
      const link = `${index} ${node.index}`
      this.#arrivals.set(link, Math.max(at, this.#arrivals.get(link) ?? at))
    }
  }

  /** PUBLISH reaches all nodes, SPUBLISH the nodes of the shard. */
  #broadcast(node: ClusterNode, kind: 'channels' | 'shards', channel: string, message: string): void {
    const shardOf = ({ index }: ClusterNode) => (node.view.primaries[index]! < 0 ? index : node.view.primaries[index]!)
    for (const other of this.nodes) {
      if (other === node || node.view.unknown.has(other.index)) continue
      if (kind === 'shards' && shardOf(other) !== shardOf(node)) continue
      this.#send(node, other, () => {
        if (kind === 'channels') other.server.pubsub.publish(channel, message)
        else other.server.pubsub.publishToShard(channel, message)
        this.#options.onPublished?.(other, channel, message)
        other.server.flush()
      })
    }
    this.#options.onPublished?.(node, channel, message)
  }

  #learn(node: ClusterNode, announcement: Announcement): void {
    const { view } = node
    if (this.#forgotten.has(announcement.node)) return
    view.unknown.delete(announcement.node)
    const had = view.owners.includes(node.index)
    const { lost, hasTakenOver } = view.learn(announcement)
    if (lost.length > 0) {
      if (had && !view.owners.includes(node.index)) {
        this.#follow(node, announcement.node)
        this.announce(node)
      } else this.lose(node.dropSlots(new Set(lost)))
    } else if (view.isReplica && announcement.slots.length > 0 && !view.owners.includes(view.primary)) {
      // The primary of this replica has lost all its slots, or has become a replica: follow the new owner.
      const next = hasTakenOver ? announcement.node : view.primaries[view.primary]!
      if (next >= 0 && next !== node.index) {
        this.#follow(node, next)
        this.announce(node)
      }
    }
    node.settle()
  }

  #everyoneSettles(): void {
    for (const node of this.nodes) if (node.alive) node.settle()
  }

  // ---- changes from outside

  /** Ends the process of a node. After a while the others flag it as failed, and a replica takes over. */
  kill(node: ClusterNode): void {
    node.alive = false
    node.server.kill(() => true)
    this.#after(this.#timeout, () => {
      if (!node.alive) this.#fail(node)
    })
  }

  /** Starts the process of a node again, with the view that it had before. Without its data, its replicas lose theirs too. */
  restart(node: ClusterNode, keepsData = true): void {
    if (!keepsData && node.isPrimary) this.lose(node.server.databases[0]!.keys())
    node.alive = true
    node.isolated = false
    node.server.restart(keepsData)
    this.#rejoin(node)
  }

  /** Cuts a node off from the cluster bus. Clients still reach it. */
  cutOff(node: ClusterNode): void {
    node.connected = false
    this.#after(this.#timeout, () => {
      if (node.connected) return
      node.isolated = true
      node.settle()
      this.#fail(node)
    })
  }

  heal(node: ClusterNode): void {
    node.connected = true
    node.isolated = false
    this.#rejoin(node)
  }

  /** Exchanges announcements between a node that is back and all others. */
  #rejoin(node: ClusterNode): void {
    for (const other of this.nodes) if (other.alive && other.connected) other.view.flag(node.index, false)
    this.exchange(node)
    this.#after(0, () => {
      if (node.view.isReplica) this.#follow(node, node.view.primary)
      // Steps in transit to its replicas were lost with the node, so each replica needs a full synchronisation.
      for (const replica of this.#replicas(node)) if (this.#isLinked(node, replica)) this.#follow(replica, node.index)
    })
    this.#everyoneSettles()
  }

  /** CLUSTER MEET: a spare node, whose process is started, joins as a primary without slots. */
  join(node: ClusterNode): void {
    node.alive = true
    this.#forgotten.delete(node.index)
    this.#rejoin(node)
  }

  /** CLUSTER FORGET on all nodes: the node, which must not have slots, leaves and ends. */
  leave(node: ClusterNode): void {
    node.alive = false
    node.server.kill(() => true)
    this.#forgotten.add(node.index)
    for (const { index, view } of this.nodes) if (index !== node.index) view.unknown.add(node.index)
  }

  #fail(node: ClusterNode): void {
    for (const other of this.nodes) {
      if (other !== node && other.alive && other.connected) other.view.flag(node.index, true)
    }
    this.#everyoneSettles()
    const [candidate] = this.#candidates(node)
    if (candidate === undefined || !node.isPrimary) return
    this.#after(this.#timeout / 2, () => {
      if (candidate.alive && candidate.view.primary === node.index && (!node.alive || !node.connected)) {
        this.#promote(candidate, node)
      }
    })
  }

  /** Returns the replicas that can take over, the one with the highest offset first. */
  #candidates(primary: ClusterNode): ClusterNode[] {
    const able = this.nodes.filter(({ alive, connected, view }) => alive && connected && view.primary === primary.index)
    return able.sort((a, b) => b.server.log.offset - a.server.log.offset || a.index - b.index)
  }

  /** Gives the slots of a primary to its replica, with a higher epoch. Steps that the replica has not applied are lost. */
  #promote(replica: ClusterNode, primary: ClusterNode): void {
    const { view, server, index } = replica
    replica.backlog = []
    view.epochs[index] = this.nextEpoch
    view.primaries[index] = -1
    for (let slot = 0; slot < SLOTS; slot++) if (view.owners[slot] === primary.index) view.own(slot, index)
    this.#reportLost(primary, replica)
    this.migrations.inherit(primary, replica)
    server.promote()
    this.announce(replica)
    replica.settle()
  }

  get nextEpoch(): number {
    return Math.max(...this.nodes.map(({ view }) => view.epoch)) + 1
  }

  /** CLUSTER FAILOVER: the replica applies all steps before it takes over, so nothing is lost. */
  failover(replica: ClusterNode): boolean {
    const primary = this.nodes[replica.view.primary]
    if (primary === undefined || !this.#isLinked(primary, replica)) return false
    while (replica.backlog[0] !== undefined) replica.server.apply(replica.backlog.shift()!)
    this.#promote(replica, primary)
    this.#learn(primary, replica.view.announcement())
    return true
  }
}
