/**
 * A cluster of model servers. Its methods cause changes from outside. The consequences (replication, announcements, failure
 * detection, elections) are due at `wakeAt`, and `wake()` runs them.
 */

import type { Step } from '../replication-log.js'
import type { ModelOptions, ModelRecord } from '../server.js'
import { copyOf } from '../values.js'
import { type Address, ClusterNode } from './cluster-node.js'
import { SLOTS, slotOf } from './slots.js'

export interface ModelClusterOptions extends Omit<ModelOptions, 'history' | 'label' | 'address' | 'databases'> {
  readonly primaries: number
  /** The number of replicas of each primary, unless `replicas` lists them. */
  readonly replicasEach?: number
  /** The primary of each replica. */
  readonly replicas?: readonly number[]
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
}

interface Due {
  readonly at: number
  readonly number: number
  readonly run: () => void
}

export class ModelCluster {
  readonly nodes: readonly ClusterNode[]
  readonly #options: ModelClusterOptions
  #due: Due[] = []
  #numbers = 0
  /** The time at which the last message of each link of the bus arrives. */
  readonly #arrivals = new Map<string, number>()

  constructor(options: ModelClusterOptions) {
    this.#options = options
    const { primaries, replicasEach = 0, random, address: addressOf, ...rest } = options
    const replicas =
      options.replicas ?? Array.from({ length: primaries * replicasEach }, (_, replica) => replica % primaries)
    const count = primaries + replicas.length
    const address = addressOf ?? ((node: number) => ({ host: '127.0.0.1', port: 7000 + node }))
    const id = () => Array.from({ length: 40 }, () => Math.floor(random() * 16).toString(16)).join('')
    this.nodes = Array.from(
      { length: count },
      (_, i) => new ClusterNode(i, count, id(), address(i), { random, ...rest }),
    )
    const ownerOf = options.ownerOf ?? ((slot: number) => Math.floor((slot * primaries) / SLOTS))
    const owners = Int16Array.from({ length: SLOTS }, (_, slot) => ownerOf(slot))
    for (const node of this.nodes) this.#prepare(node, primaries, replicas, owners)
  }

  #prepare(node: ClusterNode, primaries: number, replicas: readonly number[], owners: Int16Array): void {
    const { view, server, index } = node
    view.ownAll(owners)
    for (const each of this.nodes) {
      view.epochs[each.index] = each.index < primaries ? each.index + 1 : 0
      view.primaries[each.index] = replicas[each.index - primaries] ?? -1
    }
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
    if (index >= primaries) this.#follow(node, view.primary)
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

  /** Makes the node a replica, and replaces its data by the data of its primary. */
  #follow(node: ClusterNode, primary: number): void {
    const source = this.nodes[primary]!
    node.view.primaries[node.index] = primary
    node.backlog = []
    node.server.demote(source.address.host, source.address.port, source.alive)
    if (!source.alive) return
    this.#reportLost(node, source)
    node.server.databases[0]!.load(source.server.databases[0]!)
    node.server.log.offset = source.server.log.offset
  }

  /** Reports the keys whose values the node loses when it becomes a replica of `source`. */
  #reportLost(node: ClusterNode, source: ClusterNode): void {
    const [ours, theirs] = [node, source].map(({ server }) => server.databases[0]!)
    const served = ours!.keys().filter(key => source.view.owners[slotOf(key)] === source.index)
    const lost = served.filter(key => JSON.stringify(ours!.raw(key)) !== JSON.stringify(theirs!.raw(key)))
    if (lost.length > 0) this.#options.onLost?.(new Set(lost))
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

  #learn(node: ClusterNode, announcement: ReturnType<ClusterNode['view']['announcement']>): void {
    const { view } = node
    view.unknown.delete(announcement.node)
    const had = view.owners.includes(node.index)
    const lost = view.learn(announcement)
    if (lost.length > 0) {
      if (had && !view.owners.includes(node.index)) {
        this.#follow(node, announcement.node)
        this.announce(node)
      } else {
        const dropped = node.dropSlots(new Set(lost))
        if (dropped.length > 0) this.#options.onLost?.(new Set(dropped))
      }
    } else if (view.isReplica && !this.#ownsAny(node, view.primary) && announcement.slots.length > 0) {
      // The primary of this replica has lost all its slots, or has become a replica: follow the new owner.
      const next = view.primaries[view.primary]!
      if (next >= 0 && next !== node.index) {
        this.#follow(node, next)
        this.announce(node)
      }
    }
    node.settle()
  }

  #ownsAny({ view }: ClusterNode, owner: number): boolean {
    return view.owners.includes(owner)
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

  /** Starts the process of a node again, with the view that it had before. */
  restart(node: ClusterNode, keepsData = true): void {
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
    for (const other of this.nodes) {
      if (other.alive && other.connected) other.view.flag(node.index, false)
      if (other !== node && other.alive && other.connected) {
        const announcement = other.view.announcement()
        this.#send(other, node, () => this.#learn(node, announcement))
      }
    }
    this.announce(node)
    this.#after(0, () => {
      if (node.view.isReplica) this.#follow(node, node.view.primary)
      // Steps in transit to its replicas were lost with the node, so each replica needs a full synchronisation.
      for (const replica of this.#replicas(node)) if (this.#isLinked(node, replica)) this.#follow(replica, node.index)
    })
    this.#everyoneSettles()
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
    const lost = new Set(
      replica.backlog.flatMap(({ effects }) => effects.flatMap(effect => (effect.what === 'key' ? [effect.key] : []))),
    )
    if (lost.size > 0) this.#options.onLost?.(lost)
    replica.backlog = []
    view.epochs[index] = view.epoch + 1
    view.primaries[index] = -1
    for (let slot = 0; slot < SLOTS; slot++) if (view.owners[slot] === primary.index) view.own(slot, index)
    server.promote()
    this.announce(replica)
    replica.settle()
  }

  /** CLUSTER FAILOVER: the replica applies all steps before it takes over, so nothing is lost. */
  failover(replica: ClusterNode): void {
    const primary = this.nodes[replica.view.primary]
    if (primary === undefined || !replica.alive) return
    while (replica.backlog[0] !== undefined) replica.server.apply(replica.backlog.shift()!)
    this.#promote(replica, primary)
    if (primary.alive && primary.connected) this.#learn(primary, replica.view.announcement())
  }

  // ---- migrations of slots

  /** Begins the migration of a slot. Both nodes know it at once. */
  startMigration(slot: number, to: ClusterNode): boolean {
    const from = this.nodes.find(({ view, index, isPrimary }) => isPrimary && view.owners[slot] === index)
    if (from === undefined || from === to || !to.isPrimary || from.view.migrating.has(slot)) return false
    to.view.importing.set(slot, from.index)
    from.view.migrating.set(slot, to.index)
    return true
  }

  /** Moves up to `count` keys of a migrating slot. */
  moveKeys(slot: number, count: number): number {
    const from = this.#sourceOf(slot)
    if (from === undefined) return 0
    const to = this.nodes[from.view.migrating.get(slot)!]!
    const [source, target] = [from, to].map(({ server }) => server.databases[0]!)
    const keys = source!.keys().filter(key => slotOf(key) === slot)
    for (const key of keys.slice(0, count)) {
      const [value, expiry] = [source!.find(key), source!.expiryOf(key)]
      if (value === undefined) continue
      target!.put(key, copyOf(value))
      if (expiry !== undefined) target!.setExpiry(key, expiry)
      source!.delete(key)
      source!.touch(key)
      source!.event('g', 'del', key)
    }
    for (const { server } of [from, to]) server.finishStep(100)
    return Math.min(count, keys.length)
  }

  #sourceOf(slot: number): ClusterNode | undefined {
    return this.nodes.find(({ view, alive }) => alive && view.migrating.has(slot))
  }

  /** Moves the remaining keys. Then the new owner announces itself with a higher epoch. */
  finishMigration(slot: number): boolean {
    const from = this.#sourceOf(slot)
    if (from === undefined) return false
    const to = this.nodes[from.view.migrating.get(slot)!]!
    if (!to.alive || !to.connected) return false
    this.moveKeys(slot, Infinity)
    to.view.importing.delete(slot)
    to.view.epochs[to.index] = Math.max(...this.nodes.map(({ view }) => view.epoch)) + 1
    to.view.own(slot, to.index)
    to.settle()
    this.announce(to)
    return true
  }

  /** Cancels the migration on both nodes. Keys that have moved are moved back. */
  abortMigration(slot: number): void {
    const from = this.#sourceOf(slot)
    if (from === undefined) return
    const to = this.nodes[from.view.migrating.get(slot)!]!
    from.view.migrating.delete(slot)
    to.view.importing.delete(slot)
    to.view.migrating.set(slot, from.index)
    this.moveKeys(slot, Infinity)
    to.view.migrating.delete(slot)
  }
}
