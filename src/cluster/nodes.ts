import { inSlices } from '../connection/call/time-slices.js'
import { nameOf } from '../connection/options/options.js'
import { heldByThisTask } from '../connection/pool/deadlock.js'
import type { PoolStats } from '../connection/pool/pool.js'
import { wasReplaced } from './cluster-errors.js'
import { ClusterNode, type ClusterNodeOwner } from './cluster-node.js'
import type { ClusterSettings } from './cluster-options.js'
import type { Shard, SlotMap } from './slot-map.js'
import type { Address, Topology, TopologyNode, TopologySource } from './topology.js'

/** A node that has left the cluster is closed when its last command has settled, or after this time, ms. */
const LEAVE_LIMIT = 30_000

/** The changes by a new topology. */
export interface Changes {
  /** Slots whose primary changed. */
  readonly changed: readonly number[]
  /** Nodes that are not connected. Their waiting commands may belong to other nodes now. */
  readonly unreached: readonly ClusterNode[]
}

/** The nodes of the cluster by address, and the seeds while they are asked for the topology. */
export class Nodes {
  readonly #options: ClusterSettings
  readonly #owner: ClusterNodeOwner
  readonly #byName = new Map<string, ClusterNode>()
  readonly #leaving = new Set<ClusterNode>()
  #referenced = true

  constructor(options: ClusterSettings, owner: ClusterNodeOwner) {
    this.#options = options
    this.#owner = owner
  }

  get all(): readonly ClusterNode[] {
    return [...this.#byName.values()]
  }

  /** The node at `address`, made if it is new; it dials when it is used. */
  at(address: Address): ClusterNode {
    const name = nameOf(address)
    let node = this.#byName.get(name)
    if (node === undefined) {
      node = new ClusterNode(address, this.#options.settingsOf(address), this.#owner)
      if (!this.#referenced) node.server.unref()
      this.#byName.set(name, node)
    }
    return node
  }

  /** The nodes to ask for the topology: `hint`, the connected ones in random order, the seeds, and the others. */
  candidates(hint: ClusterNode | undefined): readonly ClusterNode[] {
    const known = shuffled(this.all)
    const seeds = this.#options.seeds.map(seed => this.at(seed))
    const ready = known.filter(node => node.isReady)
    const first = hint?.isReady && this.#byName.get(hint.name) === hint ? [hint] : []
    return [...new Set([...first, ...ready.filter(isSound), ...ready, ...seeds, ...known])]
  }

  sourceOf(node: ClusterNode): TopologySource {
    const { place, settings } = this.#options
    return { host: node.address.host, tls: settings.tls !== undefined, place }
  }

  /** Takes a new topology: adds the nodes that joined, and drains those that left. */
  adopt(topology: Topology, slots: SlotMap): Changes {
    const named = new Set<ClusterNode>()
    const take = (seen: TopologyNode, isReplica: boolean): ClusterNode => {
      const node = this.at({ host: seen.host, port: seen.port })
      node.id = seen.id
      node.isReplica = isReplica
      node.failed = seen.failed
      named.add(node)
      return node
    }
    const shards = topology.shards.map(({ primary, replicas, slots }) => {
      const shard: Shard = {
        primary: take(primary, false),
        replicas: replicas.map(replica => take(replica, true)),
        turn: Math.trunc(Math.random() * (replicas.length + 1)),
      }
      return { shard, slots }
    })
    const changed = slots.adopt(shards)
    const unreached: ClusterNode[] = []
    for (const node of this.all) {
      const hasLeft = !named.has(node)
      if (!node.isReady && (hasLeft || changed.length > 0)) unreached.push(node)
      if (hasLeft) this.#leave(node)
    }
    this.#dropFailed(slots)
    return { changed, unreached }
  }

  #leave(node: ClusterNode): void {
    this.#byName.delete(node.name)
    this.#leaving.add(node)
    node.leave(LEAVE_LIMIT, () => this.#leaving.delete(node))
  }

  /** A failed primary that was replaced will not answer the commands that it has in flight. */
  #dropFailed(slots: SlotMap): void {
    const failed = this.all.filter(node => node.failed)
    if (failed.length === 0) return
    const serving = new Set(slots.shards.map(({ shard }) => shard.primary))
    for (const node of failed) {
      if (serving.has(node)) continue
      const { connection } = node.link
      const error = wasReplaced(node.name)
      if (connection !== undefined && connection.inflight > 0) connection.destroy(error)
      node.pool.drop(error)
    }
  }

  /** All nodes, and those that are leaving. */
  #every(): ClusterNode[] {
    return [...this.#byName.values(), ...this.#leaving]
  }

  /** Whether no node has an accepted call, except in the sessions of the running task. */
  get isIdle(): boolean {
    return this.#every().every(({ link, pool }) => {
      const { lent, waiting } = pool.stats
      return link.queued + link.inflight + waiting === 0 && lent <= heldByThisTask(pool)()
    })
  }

  /** The number of leased connections that the running task and its ancestors hold. */
  get ownLeases(): number {
    return sum(this.#every(), ({ pool }) => heldByThisTask(pool)())
  }

  /** Gives up the blocking commands on leased connections, now and from now on; all others may finish. */
  endBlocking(): void {
    for (const { pool } of this.#every()) pool.drain(() => {})
  }

  /** Resolves when each shared connection has been idle once; new commands may have come since. */
  async whenIdle(): Promise<void> {
    await Promise.all(this.#every().map(({ link }) => new Promise<void>(resolve => link.whenIdle(resolve))))
  }

  get inflight(): number {
    return sum(this.#every(), ({ link }) => link.inflight)
  }

  get queued(): number {
    return sum(this.#every(), ({ link }) => link.queued)
  }

  get queuedBytes(): number {
    return sum(this.#every(), ({ link }) => link.queuedBytes)
  }

  get reconnects(): number {
    return sum(this.#every(), ({ link }) => link.reconnects)
  }

  /** The sums over the pools of all nodes. */
  get pool(): PoolStats {
    const pools = this.#every().map(({ pool }) => pool.stats)
    return {
      size: sum(pools, ({ size }) => size),
      idle: sum(pools, ({ idle }) => idle),
      lent: sum(pools, ({ lent }) => lent),
      waiting: sum(pools, ({ waiting }) => waiting),
    }
  }

  /** Calls back when every command of every node has settled, and the slices that were started before are done. */
  destroy(done: () => void): void {
    let left = 1
    const ended = () => {
      if (--left === 0) inSlices(() => false, done)
    }
    for (const { server } of this.#every()) {
      left++
      server.destroy(ended)
    }
    ended()
    this.#byName.clear()
    this.#leaving.clear()
  }

  ref(): void {
    this.#referenced = true
    for (const { server } of this.#every()) server.ref()
  }

  unref(): void {
    this.#referenced = false
    for (const { server } of this.#every()) server.unref()
  }
}

function isSound({ failed, silent }: ClusterNode): boolean {
  return !failed && !silent
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}

function shuffled<T>(items: readonly T[]): T[] {
  const mixed = [...items]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.trunc(Math.random() * (i + 1))
    ;[mixed[i], mixed[j]] = [mixed[j] as T, mixed[i] as T]
  }
  return mixed
}
