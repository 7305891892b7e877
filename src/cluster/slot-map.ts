import type { ClusterNode } from './cluster-node.js'
import { SLOTS } from './slots.js'

/** A primary and its replicas. */
export interface Shard {
  readonly primary: ClusterNode
  readonly replicas: readonly ClusterNode[]
  /** The index of the node that answered the last shared read. */
  turn: number
}

/** A table without any owner. */
export const NOBODY: readonly undefined[] = new Array<undefined>(SLOTS).fill(undefined)

/** Which shard serves which slot. */
export class SlotMap {
  /** By slot; undefined where a slot has no owner. */
  readonly table: (Shard | undefined)[] = new Array<Shard | undefined>(SLOTS).fill(undefined)
  /** The table before an `adopt()`. It is kept, because a new one at every refresh would be 128 KiB of garbage. */
  readonly #before: (Shard | undefined)[] = new Array<Shard | undefined>(SLOTS).fill(undefined)
  #shards: readonly { readonly shard: Shard; readonly slot: number }[] | undefined

  primaryOf(slot: number): ClusterNode | undefined {
    return this.table[slot]?.primary
  }

  /** Every shard that serves slots, each with one of its slots. */
  get shards(): readonly { readonly shard: Shard; readonly slot: number }[] {
    if (this.#shards === undefined) {
      const found = new Map<ClusterNode, { shard: Shard; slot: number }>()
      for (let slot = 0; slot < SLOTS; slot++) {
        const shard = this.table[slot]
        if (shard !== undefined && !found.has(shard.primary)) found.set(shard.primary, { shard, slot })
      }
      this.#shards = [...found.values()]
    }
    return this.#shards
  }

  /** A MOVED says that `node` serves `slot` now. */
  move(slot: number, node: ClusterNode): void {
    const before = this.table[slot]
    if (before?.primary === node) return
    const known = this.shards.find(({ shard }) => shard.primary === node)
    // It may be a replica that took the place of its primary.
    const replicas = before?.replicas.includes(node) ? before.replicas.filter(each => each !== node) : []
    this.table[slot] = known?.shard ?? { primary: node, replicas, turn: 0 }
    this.#shards = undefined
  }

  /** Takes the shards of a new topology. Returns the slots whose primary changed. */
  adopt(
    shards: readonly { readonly shard: Shard; readonly slots: readonly (readonly [number, number])[] }[],
  ): number[] {
    const { table } = this
    const before = this.#before
    for (let slot = 0; slot < SLOTS; slot++) before[slot] = table[slot]
    table.fill(undefined)
    for (const { shard, slots } of shards) {
      // Two shards may claim a slot. Either is a good guess: the wrong one replies with MOVED.
      for (const [first, last] of slots) for (let slot = first; slot <= last; slot++) table[slot] ??= shard
    }
    this.#shards = undefined
    const changed: number[] = []
    let [old, now] = [before[0], table[0]]
    let isChanged = old?.primary !== now?.primary
    for (let slot = 0; slot < SLOTS; slot++) {
      // Neighbours most often belong to the same shard.
      if (before[slot] !== old || table[slot] !== now) {
        old = before[slot]
        now = table[slot]
        isChanged = old?.primary !== now?.primary
      }
      if (isChanged) changed.push(slot)
    }
    before.fill(undefined)
    return changed
  }
}
