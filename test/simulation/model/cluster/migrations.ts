/** Migrations of slots from one primary of a cluster to another. */
import { copyOf } from '../values.js'
import type { ModelCluster } from './cluster.js'
import type { ClusterNode } from './cluster-node.js'
import { slotOf } from './slots.js'

interface Migration {
  readonly from: ClusterNode
  readonly to: ClusterNode
}

export class Migrations {
  readonly #cluster: ModelCluster

  constructor(cluster: ModelCluster) {
    this.#cluster = cluster
  }

  /** Begins the migration of a slot. Both nodes know it at once. Returns false if it cannot begin now. */
  start(slot: number, to: ClusterNode): boolean {
    const from = this.ownerOf(slot)
    if (from === undefined || from === to || !to.isPrimary || from.view.migrating.has(slot)) return false
    to.view.importing.set(slot, from.index)
    from.view.migrating.set(slot, to.index)
    return true
  }

  /** Returns the living node that owns a slot by the highest epoch. */
  ownerOf(slot: number): ClusterNode | undefined {
    const owners = this.#cluster.nodes.filter(
      ({ alive, index, isPrimary, view }) => alive && isPrimary && view.owners[slot] === index,
    )
    return owners.sort((a, b) => b.view.epochs[b.index]! - a.view.epochs[a.index]!)[0]
  }

  #of(slot: number): Migration | undefined {
    const from = this.ownerOf(slot)
    const to = from?.view.migrating.get(slot)
    return from === undefined || to === undefined ? undefined : { from, to: this.#cluster.nodes[to]! }
  }

  /** Moves up to `count` keys of a migrating slot. Returns their number. */
  moveKeys(slot: number, count: number): number {
    const migration = this.#of(slot)
    return migration === undefined ? 0 : move(migration, new Set([slot]), count)
  }

  /** Moves the remaining keys. Then the new owner announces itself with a higher epoch. Returns false if it cannot. */
  finish(slot: number): boolean {
    const migration = this.#of(slot)
    if (migration === undefined) return false
    const { from, to } = migration
    if (!to.alive || !to.connected || !to.isPrimary) return false
    move(migration, new Set([slot]))
    to.view.importing.delete(slot)
    this.#take(from, to, [slot])
    return true
  }

  #take(from: ClusterNode, to: ClusterNode, slots: readonly number[]): void {
    to.view.epochs[to.index] = this.#cluster.nextEpoch
    for (const slot of slots) to.view.own(slot, to.index)
    to.settle()
    this.#cluster.inform(from, to)
    this.#cluster.exchange(to)
  }

  /** Cancels the migrations whose target does not import the slot, as `redis-cli --cluster fix` does. */
  repair(): void {
    for (const { view } of this.#cluster.nodes) {
      for (const [slot, to] of view.migrating) {
        if (this.#cluster.nodes[to]?.view.importing.has(slot) !== true) view.migrating.delete(slot)
      }
    }
  }

  /** Cancels the migration on both nodes. Keys that have moved are moved back. */
  abort(slot: number): void {
    const migration = this.#of(slot)
    if (migration === undefined) return
    const { from, to } = migration
    from.view.migrating.delete(slot)
    to.view.importing.delete(slot)
    move({ from: to, to: from }, new Set([slot]))
    this.#cluster.exchange(to)
  }

  /** Moves slots with all their keys at one instant. */
  moveSlots(from: ClusterNode, to: ClusterNode, slots: readonly number[]): void {
    const moving = slots.filter(slot => from.view.owners[slot] === from.index && !from.view.migrating.has(slot))
    // The old owner replies ASK until it learns that the slots have another owner.
    for (const slot of moving) from.view.migrating.set(slot, to.index)
    move({ from, to }, new Set(moving))
    this.#take(from, to, moving)
  }

  /** The replica that was promoted continues the migrations of its primary. */
  inherit(primary: ClusterNode, replica: ClusterNode): void {
    for (const [slot, to] of primary.view.migrating) replica.view.migrating.set(slot, to)
    for (const [slot, from] of primary.view.importing) replica.view.importing.set(slot, from)
    for (const { view } of this.#cluster.nodes) {
      for (const [slot, to] of view.migrating) if (to === primary.index) view.migrating.set(slot, replica.index)
    }
  }
}

function move({ from, to }: Migration, slots: ReadonlySet<number>, count = Number.POSITIVE_INFINITY): number {
  const [source, target] = [from, to].map(({ server }) => server.databases[0]!)
  const keys = source!.keys().filter(key => slots.has(slotOf(key)))
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
