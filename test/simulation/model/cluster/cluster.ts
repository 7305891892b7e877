/**
 * A cluster of model servers. What happens to it comes from outside, by its methods; what follows by itself (replication,
 * announcements, the suspicion that a node has failed, elections) is due at `wakeAt` and done by `wake()`.
 */

import type { Step } from '../replication-log.js'
import type { ModelOptions, ModelRecord } from '../server.js'
import { copyOf } from '../values.js'
import { type Address, ClusterNode } from './cluster-node.js'
import { SLOTS, slotOf } from './slots.js'

export interface ModelClusterOptions extends Omit<ModelOptions, 'history' | 'label' | 'address' | 'databases'> {
  readonly primaries: number
  readonly replicasEach: number
  /** Of node so and so; primaries first, then their replicas in the same order. */
  readonly address?: (node: number) => Address
  readonly history?: (record: ModelRecord) => void
  /** How long until a replica applies what its primary did, ms. */
  readonly replicationDelay?: () => number
  /** How long until a node learns what another one announces, ms. */
  readonly gossipDelay?: () => number
  /** How long a node is silent before it counts as failed, ms. */
  readonly nodeTimeout?: number
  /** A failover has lost writes to these keys that were acknowledged. */
  readonly onLost?: (keys: ReadonlySet<string>) => void
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

  constructor(options: ModelClusterOptions) {
    this.#options = options
    const { primaries, replicasEach, random, address: addressOf, ...rest } = options
    const count = primaries * (1 + replicasEach)
    const address = addressOf ?? ((node: number) => ({ host: '127.0.0.1', port: 7000 + node }))
    const id = () => Array.from({ length: 40 }, () => Math.floor(random() * 16).toString(16)).join('')
    this.nodes = Array.from(
      { length: count },
      (_, i) => new ClusterNode(i, count, id(), address(i), { random, ...rest }),
    )
    for (const node of this.nodes) this.#prepare(node, primaries)
  }

  #prepare(node: ClusterNode, primaries: number): void {
    const { view, server, index } = node
    for (let slot = 0; slot < SLOTS; slot++) view.owners[slot] = Math.floor((slot * primaries) / SLOTS)
    for (const each of this.nodes) {
      view.epochs[each.index] = each.index < primaries ? each.index + 1 : 0
      view.primaries[each.index] = each.index < primaries ? -1 : each.index % primaries
    }
    node.addressOf = other => this.nodes[other]!.address
    server.cluster = { node, nodes: this.nodes }
    server.log.onStep = step => this.#replicate(node, step)
    server.acknowledged = offset =>
      this.#replicas(node).filter(each => each.server.log.offset >= offset && each.connected).length
    server.replicas = () => this.#replicas(node).map(each => ({ ...each.address, offset: each.server.log.offset }))
    if (index >= primaries) this.#follow(node, index % primaries)
  }

  // ---- time

  get wakeAt(): number {
    const servers = this.nodes.filter(({ alive }) => alive).map(({ server }) => server.wakeAt)
    return Math.min(this.#due[0]?.at ?? Infinity, ...servers)
  }

  /** Does what is due by now. */
  wake(): void {
    const now = this.#options.now()
    for (let next = this.#due[0]; next !== undefined && next.at <= now; next = this.#due[0]) {
      this.#due.shift()
      next.run()
    }
    for (const { alive, server } of this.nodes) if (alive && server.wakeAt <= now) server.wake()
  }

  #after(delay: number, run: () => void): void {
    this.#due.push({ at: this.#options.now() + delay, number: this.#numbers++, run })
    this.#due.sort((a, b) => a.at - b.at || a.number - b.number)
  }

  get #timeout(): number {
    return this.#options.nodeTimeout ?? 1_000
  }

  // ---- replication

  /** Nodes that take the data of this one, by what they themselves believe. */
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

  /** Steps come in order: a late one brings all before it. Those cut off from the primary get nothing. */
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

  /** It becomes a replica, and takes all data of its primary. */
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

  /** What the one has that the other does not: it is gone once it follows the other. */
  #reportLost(node: ClusterNode, source: ClusterNode): void {
    const [ours, theirs] = [node, source].map(({ server }) => server.databases[0]!)
    const served = ours!.keys().filter(key => source.view.owners[slotOf(key)] === source.index)
    const lost = served.filter(key => JSON.stringify(ours!.raw(key)) !== JSON.stringify(theirs!.raw(key)))
    if (lost.length > 0) this.#options.onLost?.(new Set(lost))
  }

  // ---- gossip

  /** The others learn what a node believes of itself, each in its time. */
  announce(node: ClusterNode): void {
    const announcement = node.view.announcement()
    for (const other of this.nodes) {
      if (other === node) continue
      this.#after(this.#options.gossipDelay?.() ?? 0, () => {
        if (!other.alive || !other.connected || !node.connected) return
        this.#learn(other, announcement)
      })
    }
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
      // Its primary has lost everything to this one, or has become its replica: it follows the new owner.
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

  // ---- what happens to it

  /** Its process ends. After a while the others take it for failed, and a replica takes its place. */
  kill(node: ClusterNode): void {
    node.alive = false
    node.server.kill(() => true)
    this.#after(this.#timeout, () => {
      if (!node.alive) this.#fail(node)
    })
  }

  /** It comes back with what it believed. */
  restart(node: ClusterNode, keepsData = true): void {
    node.alive = true
    node.isolated = false
    node.server.restart(keepsData)
    this.#rejoin(node)
  }

  /** The bus does not reach it any more; clients do. */
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

  /** The others tell it what is, and it tells them. */
  #rejoin(node: ClusterNode): void {
    for (const other of this.nodes) {
      if (other.alive && other.connected) other.view.failed[node.index] = false
      if (other !== node && other.alive && other.connected) {
        const announcement = other.view.announcement()
        this.#after(this.#options.gossipDelay?.() ?? 0, () => {
          if (node.alive && node.connected) this.#learn(node, announcement)
        })
      }
    }
    this.announce(node)
    this.#after(0, () => {
      if (node.view.isReplica) this.#follow(node, node.view.primary)
      // What was under way to its replicas when it was lost never came.
      for (const replica of this.#replicas(node)) if (this.#isLinked(node, replica)) this.#follow(replica, node.index)
    })
    this.#everyoneSettles()
  }

  #fail(node: ClusterNode): void {
    for (const other of this.nodes) {
      if (other !== node && other.alive && other.connected) other.view.failed[node.index] = true
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

  /** The replica that has most comes first. */
  #candidates(primary: ClusterNode): ClusterNode[] {
    const able = this.nodes.filter(({ alive, connected, view }) => alive && connected && view.primary === primary.index)
    return able.sort((a, b) => b.server.log.offset - a.server.log.offset || a.index - b.index)
  }

  /** A replica takes the slots of its primary, with a higher epoch. What it has not applied yet is lost. */
  #promote(replica: ClusterNode, primary: ClusterNode): void {
    const { view, server, index } = replica
    const lost = new Set(
      replica.backlog.flatMap(({ effects }) => effects.flatMap(effect => (effect.what === 'key' ? [effect.key] : []))),
    )
    if (lost.size > 0) this.#options.onLost?.(lost)
    replica.backlog = []
    view.epochs[index] = view.epoch + 1
    view.primaries[index] = -1
    for (let slot = 0; slot < SLOTS; slot++) if (view.owners[slot] === primary.index) view.owners[slot] = index
    server.promote()
    this.announce(replica)
    replica.settle()
  }

  /** CLUSTER FAILOVER: the primary waits until the replica has everything, and nothing is lost. */
  failover(replica: ClusterNode): void {
    const primary = this.nodes[replica.view.primary]
    if (primary === undefined || !replica.alive) return
    while (replica.backlog[0] !== undefined) replica.server.apply(replica.backlog.shift()!)
    this.#promote(replica, primary)
    if (primary.alive && primary.connected) this.#learn(primary, replica.view.announcement())
  }

  // ---- slots under way

  /** A slot begins to move; both ends know it at once. */
  startMigration(slot: number, to: ClusterNode): boolean {
    const from = this.nodes.find(({ view, index, isPrimary }) => isPrimary && view.owners[slot] === index)
    if (from === undefined || from === to || !to.isPrimary || from.view.migrating.has(slot)) return false
    to.view.importing.set(slot, from.index)
    from.view.migrating.set(slot, to.index)
    return true
  }

  /** Moves up to so many keys of a slot that is under way. */
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

  /** The rest of the keys moves, and the new owner announces itself, with a higher epoch. */
  finishMigration(slot: number): boolean {
    const from = this.#sourceOf(slot)
    if (from === undefined) return false
    const to = this.nodes[from.view.migrating.get(slot)!]!
    if (!to.alive || !to.connected) return false
    this.moveKeys(slot, Infinity)
    to.view.importing.delete(slot)
    to.view.epochs[to.index] = Math.max(...this.nodes.map(({ view }) => view.epoch)) + 1
    to.view.owners[slot] = to.index
    to.settle()
    this.announce(to)
    return true
  }

  /** Both ends forget that the slot was under way; keys that have moved come back. */
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
