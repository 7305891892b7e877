import type { ClusterNode } from './cluster-node.js'
import { SLOTS } from './slots.js'

/** A primary and its replicas. */
export interface Shard {
  readonly primary: ClusterNode
  readonly replicas: readonly ClusterNode[]
  /** Whose turn it was among those that share reads. */
  turn: number
}

/** A table of slots that nobody serves. */
export const NOBODY: readonly undefined[] = new Array<undefined>(SLOTS).fill(undefined)

/** Which shard serves which slot. */
export class SlotMap {
  /** By slot; undefined where nobody serves it. */
  readonly table: (Shard | undefined)[] = new Array<Shard | undefined>(SLOTS).fill(undefined)
  #shards: readonly { readonly shard: Shard; readonly slot: number }[] | undefined

  primaryOf(slot: number): ClusterNode | undefined {
    return this.table[slot]?.primary
  }

  /** Every shard that serves slots, with one of them. */
  get shards(): readonly { readonly shard: Shard; readonly slot: number }[] {
    if (this.#shards === undefined) {
      const found = new Map<ClusterNode, { shard: Shard; slot: number }>()
      for (const [slot, shard] of this.table.entries()) {
        if (shard !== undefined && !found.has(shard.primary)) found.set(shard.primary, { shard, slot })
      }
      this.#shards = [...found.values()]
    }
    return this.#shards
  }

  /** A node said that `slot` is at `node` now. */
  move(slot: number, node: ClusterNode): void {
    const before = this.table[slot]
    if (before?.primary === node) return
    const known = this.shards.find(({ shard }) => shard.primary === node)
    // A replica that took its primary's place.
    const replicas = before?.replicas.includes(node) ? before.replicas.filter(each => each !== node) : []
    this.table[slot] = known?.shard ?? { primary: node, replicas, turn: 0 }
    this.#shards = undefined
  }

  /** Takes a new view; returns the slots that have another primary than before. */
  adopt(
    shards: readonly { readonly shard: Shard; readonly slots: readonly (readonly [number, number])[] }[],
  ): number[] {
    const before = this.table.slice()
    this.table.fill(undefined)
    for (const { shard, slots } of shards) {
      // Where two claim a slot, the first is as good as the second: the one that is wrong says MOVED.
      for (const [first, last] of slots) for (let slot = first; slot <= last; slot++) this.table[slot] ??= shard
    }
    this.#shards = undefined
    const changed: number[] = []
    for (let slot = 0; slot < SLOTS; slot++) {
      if (before[slot]?.primary !== this.table[slot]?.primary) changed.push(slot)
    }
    return changed
  }
}
