import { addressOf, type Where } from '../connection/diagnostics.js'
import type { Settings } from '../connection/options/options.js'
import { type AskError, type ClusterError, MovedError, type RedisError } from '../errors/errors.js'
import { isHost } from '../errors/from-reply.js'
import { notCovered, undialled } from './cluster-errors.js'
import type { ClusterNode, ClusterNodeOwner } from './cluster-node.js'
import type { ClusterSettings } from './cluster-options.js'
import { type Changes, Nodes } from './nodes.js'
import { SlotMap } from './slot-map.js'
import { type Address, signatureOf, type Topology } from './topology.js'
import { TopologyRefresh, type TopologyRefreshOwner } from './topology-refresh.js'

/** A redirect that was followed. */
export interface Redirect {
  readonly kind: 'MOVED' | 'ASK'
  readonly slot: number
  /** `host:port` of the node that replied with the redirect, and of the node that it names. */
  readonly from: string
  readonly to: string
}

export interface ClusterStateOwner extends ClusterNodeOwner, TopologyRefreshOwner {
  onRedirect(redirect: Redirect): void
  /** MOVED: `slot` has another primary from now on. */
  onSlotMoved(slot: number): void
}

/** What the client knows about its cluster: the nodes, the owner of each slot, and the last topology; and the refresh of all these. */
export class ClusterState {
  readonly options: ClusterSettings
  readonly settings: Settings
  readonly where: Where
  readonly nodes: Nodes
  readonly slots: SlotMap = new SlotMap()
  readonly refreshing: TopologyRefresh
  /** Of the client: `closing` waits for the calls accepted before. */
  phase: 'open' | 'closing' | 'closed' = 'open'
  readonly #owner: ClusterStateOwner
  #topology: Topology | undefined
  #signature = ''

  constructor(options: ClusterSettings, owner: ClusterStateOwner) {
    const { settings } = options
    this.options = options
    this.settings = settings
    this.where = { database: 0, ...addressOf(settings.endpoint) }
    this.#owner = owner
    this.nodes = new Nodes(options, owner)
    this.refreshing = new TopologyRefresh(this.nodes, owner, settings, options.refreshInterval)
  }

  /** The last topology; undefined until there is one. */
  get topology(): Topology | undefined {
    return this.#topology
  }

  /** Why the last refresh failed; undefined if it did not. */
  get lastError(): RedisError | undefined {
    return this.refreshing.lastError
  }

  /** Requests a refresh of the topology. `hint` is a node that probably knows the change. */
  refresh(hint?: ClusterNode): void {
    this.refreshing.request(hint)
  }

  /** Takes a new topology. */
  adopt(topology: Topology): Changes & { readonly isFirst: boolean; readonly isNew: boolean } {
    const changes = this.nodes.adopt(topology, this.slots)
    const isFirst = this.#topology === undefined
    const signature = signatureOf(topology)
    const isNew = signature !== this.#signature
    this.#topology = topology
    this.#signature = signature
    return { ...changes, isFirst, isNew }
  }

  /** How urgently a failed primary, or a failed refresh, needs further refreshes; see TopologyRefreshOwner. */
  get polling(): 'off' | 'on' | 'fast' {
    if (this.#topology === undefined) return 'off'
    const primaries = this.slots.shards.map(({ shard }) => shard.primary)
    // A primary is flagged as failed: its replicas are voting for its successor.
    if (primaries.some(({ failed }) => failed)) return 'fast'
    const isLost = this.lastError !== undefined || primaries.some(({ link }) => link.state === 'down')
    return isLost ? 'on' : 'off'
  }

  /** The nodes of the cluster, primaries first. */
  nodesOf(role: 'primary' | 'replica' | 'all'): readonly ClusterNode[] {
    const shards = this.#topology?.shards ?? []
    const primaries = role === 'replica' ? [] : shards.map(({ primary }) => primary)
    const replicas = role === 'primary' ? [] : shards.flatMap(({ replicas }) => replicas)
    return [...primaries, ...replicas].map(({ host, port }) => this.nodes.at({ host, port }))
  }

  /** A random primary other than `except`, a connected one if there is any. */
  anyPrimary(except?: ClusterNode): ClusterNode | undefined {
    const primaries = this.slots.shards.map(({ shard }) => shard.primary).filter(node => node !== except)
    const ready = primaries.filter(node => node.isReady)
    const alive = ready.length > 0 ? ready : primaries.filter(({ failed, link }) => !failed && link.state !== 'down')
    const among = alive.length > 0 ? alive : primaries
    return among[Math.trunc(Math.random() * among.length)]
  }

  /**
   * Resolves with the owner of `slot`, as soon as it is known. Rejects if the slot has no owner after a refresh, if no refresh
   * can succeed, or if a refresh fails and the result is no longer wanted.
   */
  async ownerOf(slot: number, isWanted: () => boolean): Promise<ClusterNode> {
    for (let isFresh = false; ; ) {
      const owner = this.slots.primaryOf(slot)
      if (owner !== undefined && this.#topology !== undefined) return owner
      if (isFresh) throw notCovered(slot)
      try {
        await this.refreshing.fresh()
        isFresh = true
      } catch (error) {
        if (this.refreshing.isPermanent || this.phase === 'closed' || !isWanted()) throw error
      }
    }
  }

  /**
   * The node that `from` named in `redirect`; after MOVED it owns the slot. `later` if its address is unknown before the next
   * refresh, an error if it must not be dialled.
   */
  follow(from: ClusterNode, redirect: AskError): ClusterNode | 'later' | ClusterError {
    const { port, slot } = redirect
    const host = redirect.host === '' ? from.address.host : redirect.host
    if (!isHost(host)) {
      // `?`: the cluster does not know the name of that node. A refresh finds its address.
      this.refresh()
      return 'later'
    }
    let address: Address | undefined
    try {
      address = this.options.place({ host, port })
    } catch (cause) {
      // The caller is the reader of a connection, which an exception would end.
      return undialled(from.name, 'for which addressMap or allowRedirect failed', cause)
    }
    if (address === undefined) return undialled(from.name, 'that allowRedirect does not let through', redirect)
    const target = this.nodes.at(address)
    const kind = redirect instanceof MovedError ? 'MOVED' : 'ASK'
    this.#owner.onRedirect({ kind, slot, from: from.name, to: target.name })
    if (kind === 'MOVED') {
      this.slots.move(slot, target)
      this.#owner.onSlotMoved(slot)
      this.refresh(target)
    }
    return target
  }
}
