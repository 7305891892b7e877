/** The view that one node has of the cluster. Nodes send announcements to each other, and the higher epoch wins a slot. */
import { rangesOf, SLOTS } from './slots.js'

/** A node's announcement of itself. */
export interface Announcement {
  readonly node: number
  readonly epoch: number
  /** The primary of the node; -1 if the node is a primary itself. */
  readonly primary: number
  readonly slots: readonly (readonly [number, number])[]
}

export class View {
  /** The index of the owner of each slot, -1 for none. Changed by `own()` only. */
  readonly owners: Int16Array = new Int16Array(SLOTS).fill(-1)
  /** The epoch of each node. */
  readonly epochs: number[]
  readonly primaries: number[]
  readonly #failed: boolean[]
  /** Nodes that this node does not know yet or has forgotten. */
  readonly unknown: Set<number> = new Set()
  readonly migrating: Map<number, number> = new Map()
  readonly importing: Map<number, number> = new Map()
  readonly #self: number
  /** Cached, because every request needs it; undefined after a change. */
  #isCovered: boolean | undefined
  /** The cached slot ranges of each node. */
  readonly #ranges = new Map<number, [number, number][]>()

  constructor(self: number, nodes: number) {
    this.#self = self
    this.epochs = new Array<number>(nodes).fill(0)
    this.primaries = new Array<number>(nodes).fill(-1)
    this.#failed = new Array<boolean>(nodes).fill(false)
  }

  get isReplica(): boolean {
    return this.primaries[this.#self]! >= 0
  }

  get primary(): number {
    return this.primaries[this.#self]!
  }

  get epoch(): number {
    return Math.max(...this.epochs)
  }

  replicasOf(node: number): number[] {
    return this.primaries.flatMap((primary, each) => (primary === node && !this.unknown.has(each) ? [each] : []))
  }

  /** Returns this node's announcement of itself. */
  announcement(): Announcement {
    const node = this.#self
    return {
      node,
      epoch: this.epochs[node]!,
      primary: this.primaries[node]!,
      slots: this.isReplica ? [] : this.rangesOf(node),
    }
  }

  /** Applies the announcement of another node. Returns the slots that this node and its primary have lost by it. */
  learn({ node, epoch, primary, slots }: Announcement): { lost: number[]; hasTakenOver: boolean } {
    const lost: number[] = []
    let hasTakenOver = false
    this.epochs[node] = Math.max(epoch, this.epochs[node]!)
    if (primary !== this.primaries[node]) {
      this.primaries[node] = primary
      if (primary >= 0) this.#disown(node)
    }
    for (const [first, last] of slots) {
      for (let slot = first; slot <= last; slot++) {
        const owner = this.owners[slot]!
        if (owner === node || (owner >= 0 && this.epochs[owner]! >= epoch)) continue
        // The owner of a slot that this node is importing changes only when this node finishes the migration.
        if (this.importing.has(slot)) continue
        this.own(slot, node)
        hasTakenOver ||= owner >= 0 && owner === this.primary
        if (owner !== this.#self) continue
        this.migrating.delete(slot)
        lost.push(slot)
      }
    }
    return { lost, hasTakenOver }
  }

  #disown(node: number): void {
    for (let slot = 0; slot < SLOTS; slot++) if (this.owners[slot] === node) this.own(slot, -1)
  }

  /** Takes over the owners of all slots. */
  ownAll(owners: Int16Array): void {
    this.owners.set(owners)
    this.#isCovered = undefined
    this.#ranges.clear()
  }

  /** Makes `node` the owner of `slot`; -1: nobody owns it. */
  own(slot: number, node: number): void {
    if (this.owners[slot] === node) return
    this.owners[slot] = node
    this.#isCovered = undefined
    this.#ranges.clear()
  }

  hasFailed(node: number): boolean {
    return this.#failed[node] === true
  }

  flag(node: number, hasFailed: boolean): void {
    if (this.#failed[node] === hasFailed) return
    this.#failed[node] = hasFailed
    this.#isCovered = undefined
  }

  /** Returns the ranges of consecutive slots of a node. */
  rangesOf(node: number): readonly [number, number][] {
    const ranges = this.#ranges.get(node) ?? rangesOf(this.owners, node)
    this.#ranges.set(node, ranges)
    return ranges
  }

  /** Whether every slot has an owner that is not flagged as failed. */
  get isCovered(): boolean {
    this.#isCovered ??= this.#covers()
    return this.#isCovered
  }

  #covers(): boolean {
    for (let slot = 0; slot < SLOTS; slot++) {
      const owner = this.owners[slot]!
      if (owner < 0 || this.#failed[owner] === true) return false
    }
    return true
  }
}
