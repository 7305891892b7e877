/**
 * The way of commands in a cluster: each goes to the node that serves the slot of its keys.
 *
 *   send ──▸ slot ──▸ shard ──▸ link of its primary, or of who answers reads
 *     │                           │ refused, or lost
 *     │ not known yet             ▾
 *     └──▸ waiting rooms ◂── redirects ──▸ link of another node
 */

import { sendInOrder } from '../client/batch.js'
import type { Sender } from '../client/sender.js'
import type { Argument } from '../commands/core/argument.js'
import { blockTime, type Command, State } from '../commands/core/command.js'
import { nextTick } from '../commands/core/timers.js'
import { fail } from '../connection/call/completion.js'
import { MultiExec } from '../connection/call/multi-exec.js'
import { processTime } from '../connection/call/process-clock.js'
import { addressOf, type Where } from '../connection/diagnostics.js'
import type { LinkState } from '../connection/link/link-owner.js'
import { BlockingCommand } from '../connection/node/blocking-command.js'
import type { Settings } from '../connection/options/options.js'
import type { RefusalHandler } from '../connection/pool/leased-connection.js'
import {
  type AskError,
  type ClusterError,
  ConnectionError,
  type RedisClusterException,
  type RedisError,
} from '../errors/errors.js'
import { untilIdle } from './cluster-close.js'
import { crossSlot, keysUnknown, notCovered } from './cluster-errors.js'
import type { ClusterNode, ClusterNodeOwner } from './cluster-node.js'
import type { ClusterSettings } from './cluster-options.js'
import { type Destination, FanOut, Part, toNode, toSlot } from './fan-out.js'
import { Nodes } from './nodes.js'
import { readerOf } from './read-from.js'
import { type Redirect, Redirects, type Ways } from './redirects.js'
import { NOBODY, type Shard, SlotMap } from './slot-map.js'
import { SlotQueue, SlotQueues, type Usher } from './slot-queues.js'
import { NONE, SEVERAL, slotOf, slotOfCircumstances, slotOfKeys, slotOfUnit } from './slots.js'
import { type Address, signatureOf, type Teller, type Topology } from './topology.js'
import { TopologyRefresh, type TopologySource } from './topology-refresh.js'

/** What a router tells the client of the cluster. */
export interface RouterOwner {
  /** Who serves which slots is known: commands flow. */
  onReady(): void
  onTopology(topology: Topology): void
  onRedirect(redirect: Redirect): void
  onReconnecting(node: ClusterNode, attempt: number, delay: number): void
  /** A node, or all of them, cannot be reached. */
  onTrouble(error: RedisError): void
}

/** How long PING may take before a node counts as far away, ms. */
const FAR = 1_000

export class Router implements Sender, ClusterNodeOwner, TopologySource, Ways, Usher {
  readonly settings: Settings
  readonly where: Where
  readonly isSession = false
  readonly options: ClusterSettings
  readonly nodes: Nodes
  readonly slots: SlotMap = new SlotMap()
  /** Sessions that run. */
  readonly sessions: Set<object> = new Set<object>()
  readonly refreshing: TopologyRefresh
  readonly #owner: RouterOwner
  /** Who serves which slot; nobody as long as there are commands that must not be overtaken. */
  #table: readonly (Shard | undefined)[]
  readonly #rooms: SlotQueues
  readonly #redirects: Redirects
  readonly #fromPrimary: boolean
  #topology: Topology | undefined
  #signature = ''
  #state: 'open' | 'closing' | 'closed' = 'open'
  /** Slots that nobody serves, and how many looks had begun when a command met that. */
  readonly #uncovered = new Map<number, number>()
  #now = 0

  constructor(options: ClusterSettings, owner: RouterOwner) {
    this.options = options
    this.settings = options.settings
    this.where = { database: 0, ...addressOf(options.settings.endpoint) }
    this.#owner = owner
    this.nodes = new Nodes(options, this)
    this.#table = this.slots.table
    this.#fromPrimary = options.readFrom === 'primary'
    this.#rooms = new SlotQueues(this, this.settings.queue)
    this.#redirects = new Redirects(this, this.#rooms)
    const { connectTimeout, reconnect } = this.settings
    this.refreshing = new TopologyRefresh(this, connectTimeout, reconnect, options.refreshInterval)
  }

  /** The cluster as it was last seen; undefined until it was. */
  get topology(): Topology | undefined {
    return this.#topology
  }

  get status(): LinkState {
    if (this.#state !== 'open') return this.#state
    if (this.#topology !== undefined) return this.refreshing.lastError === undefined ? 'ready' : 'down'
    if (this.refreshing.begun === 0) return 'idle'
    return this.refreshing.lastError === undefined ? 'connecting' : 'down'
  }

  get state(): 'open' | 'closing' | 'closed' {
    return this.#state
  }

  /** Commands that wait for the cluster rather than for a connection. */
  get waiting(): number {
    return this.#rooms.length
  }

  /** What these take, in bytes, roughly. */
  get waitingBytes(): number {
    return this.#rooms.bytes
  }

  /** A line for what waits for the connection of a session. */
  makeLine(): SlotQueue {
    return new SlotQueue(this.#rooms)
  }

  // Commands

  /** The clock is read once for all calls of a turn. */
  now(): number {
    if (this.#now === 0) {
      this.#now = processTime()
      nextTick(endTurn, this)
    }
    return this.#now
  }

  endTurn(): void {
    this.#now = 0
  }

  send(command: Command): void {
    const { spec } = command
    if (this.#state !== 'open' && (this.#state === 'closed' || (command.state & State.accepted) === 0)) {
      fail(command, this.gone(command.spec.name))
      return
    }
    if (spec.oneKey && spec.blocks === undefined) {
      const shard = this.#table[slotOf(command.args[spec.firstKey] as Argument)]
      if (shard !== undefined) {
        const reads = spec.readonly && !this.#fromPrimary
        const node = reads ? readerOf(shard, this.options.readFrom) : shard.primary
        node.link.send(command)
        return
      }
    }
    this.route(command)
  }

  sendAll(commands: readonly Command[], send: (command: Command) => void = each => this.send(each)): void {
    // Links flush at the end of the turn: those for one node go in one write, in their order.
    const placeOf = (command: Command) => this.primaryOf(this.slotOf(command))
    sendInOrder(commands, send, placeOf)
  }

  later(command: Command, refusal: RedisError): void {
    this.#rooms.add(command, this.slotOf(command), refusal)
  }

  again(commands: readonly Command[]): void {
    this.sendAll(commands, command => {
      if (command.resolve === undefined) return
      // What belongs to one connection goes nowhere else.
      if ((command.state & State.pinned) === 0) this.#forward(command)
      else fail(command, new ConnectionError('The node is lost.', { outcome: 'not sent' }))
    })
  }

  route(command: Command): void {
    const isKnown = this.#topology !== undefined
    if (this.#state === 'closed' || (isKnown && !this.#rooms.isReleasing)) this.#forward(command)
    else {
      this.#rooms.holdUntilKnown(command)
      if (!isKnown) this.refresh()
    }
  }

  /** To its node, once the cluster is known. */
  #forward(command: Command): void {
    if (this.#state === 'closed') fail(command, this.gone(command.spec.name))
    else if (command instanceof Part && command.destination.node !== undefined) {
      this.sendTo(command.destination.node, command)
    } else this.#routeBySlot(command, this.slotOf(command))
  }

  #routeBySlot(command: Command, slot: number): void {
    const { spec } = command
    if (slot === NONE) this.#routeKeyless(command)
    else if (slot === SEVERAL) {
      if (spec.requestPolicy === 'multi_shard') FanOut.split(command, part => this.#forward(part))
      else fail(command, crossSlot(command))
    } else {
      const shard = this.slots.table[slot]
      if (shard === undefined) this.#missOwner(command, slot)
      else if (spec.readonly && !this.#fromPrimary && blockTime(command) === undefined) {
        this.sendTo(readerOf(shard, this.options.readFrom), command)
      } else this.sendTo(shard.primary, command)
    }
  }

  #routeKeyless(command: Command): void {
    const { spec } = command
    if (!spec.known) fail(command, keysUnknown(command))
    else if (spec.requestPolicy === 'all_shards' || spec.requestPolicy === 'all_nodes') {
      FanOut.toAll(command, this.#destinations(spec.requestPolicy), part => this.#forward(part))
    } else {
      const primary = this.#anyPrimary()
      if (primary === undefined) this.#missOwner(command, NONE)
      else this.sendTo(primary, command)
    }
  }

  #destinations(policy: 'all_shards' | 'all_nodes'): Destination[] {
    const { shards } = this.slots
    const primaries = new Set(shards.map(({ shard }) => shard.primary))
    const destinations = shards.map(({ slot }) => toSlot(slot))
    if (policy === 'all_nodes') {
      for (const node of this.nodesOf('all')) if (!primaries.has(node)) destinations.push(toNode(node, false))
    }
    return destinations
  }

  #anyPrimary(except?: ClusterNode): ClusterNode | undefined {
    const primaries = this.slots.shards.map(({ shard }) => shard.primary).filter(node => node !== except)
    const ready = primaries.filter(node => node.isReady)
    const alive = ready.length > 0 ? ready : primaries.filter(({ failed, link }) => !failed && link.state !== 'down')
    const among = alive.length > 0 ? alive : primaries
    return among[Math.trunc(Math.random() * among.length)]
  }

  /** Nobody serves the slot, as far as is known: a fresh look decides. */
  #missOwner(command: Command, slot: number): void {
    const met = this.#uncovered.get(slot)
    const error = notCovered(slot)
    if (met !== undefined && this.refreshing.ended > met) {
      fail(command, error)
      return
    }
    if (met === undefined) this.#uncovered.set(slot, this.refreshing.begun)
    this.#rooms.add(command, slot, error)
    this.refresh()
  }

  // Ways

  slotOf(command: Command): number {
    if (command instanceof Part) return command.destination.slot
    const slot = command instanceof MultiExec ? slotOfUnit(command) : slotOfKeys(command)
    return slot === NONE ? slotOfCircumstances(command) : slot
  }

  primaryOf(slot: number): ClusterNode | undefined {
    return this.slots.primaryOf(slot)
  }

  anyOther(except: ClusterNode): ClusterNode | undefined {
    const other = this.#anyPrimary(except)
    return other === undefined || other.link.state === 'down' ? undefined : other
  }

  place(announced: Address): Address | undefined {
    return this.options.place(announced)
  }

  nodeAt(address: Address): ClusterNode {
    return this.nodes.at(address)
  }

  move(slot: number, node: ClusterNode): void {
    this.slots.move(slot, node)
    this.#uncovered.delete(slot)
  }

  sendTo(node: ClusterNode, command: Command): void {
    if (blockTime(command) === undefined || command instanceof Part) node.link.send(command)
    else if (this.#state !== 'open') fail(command, this.gone(command.spec.name))
    else new BlockingCommand(node.node, command, this.borrowerFrom(node))
  }

  /** Who takes what a lent connection of `node` cannot do. */
  borrowerFrom(node: ClusterNode): RefusalHandler {
    return {
      handleErrorReply: (command, error) => this.handleErrorReply(node, command, error),
      handleStranded: (command, error) => this.handleStranded(node, command, error),
    }
  }

  /** Nodes of the cluster, primaries first. */
  nodesOf(role: 'primary' | 'replica' | 'all'): readonly ClusterNode[] {
    const shards = this.#topology?.shards ?? []
    const primaries = role === 'replica' ? [] : shards.map(({ primary }) => primary)
    const replicas = role === 'primary' ? [] : shards.flatMap(({ replicas }) => replicas)
    return [...primaries, ...replicas].map(({ host, port }) => this.nodes.at({ host, port }))
  }

  /**
   * Who serves `slot`: waits until that is known, for as long as it `isWanted`. Rejects when no node tells and none will, or
   * when nobody serves it.
   */
  async ownerOf(slot: number, isWanted: () => boolean): Promise<ClusterNode> {
    for (let looked = false; ; ) {
      const owner = this.#topology === undefined ? undefined : this.slots.primaryOf(slot)
      if (owner !== undefined) return owner
      if (looked) throw notCovered(slot)
      try {
        await this.refreshing.fresh()
        looked = true
      } catch (error) {
        if (this.refreshing.isPermanent || this.#state === 'closed' || !isWanted()) throw error
      }
    }
  }

  /** What `node` told by redirecting `command`; see Redirects. */
  learn(node: ClusterNode, command: Command, redirect: AskError): ClusterNode | 'later' | 'over' {
    return this.#redirects.learn(node, command, redirect)
  }

  /** The node that `node` named by redirecting something; see Redirects. */
  follow(node: ClusterNode, redirect: AskError): ClusterNode | 'later' | ClusterError {
    return this.#redirects.follow(node, redirect)
  }

  refresh(hint?: ClusterNode): void {
    this.refreshing.request(hint)
  }

  onRedirect(redirect: Redirect): void {
    this.#owner.onRedirect(redirect)
  }

  // What nodes tell

  handleErrorReply(node: ClusterNode, command: Command, error: RedisError): boolean {
    return this.#state !== 'closed' && this.#redirects.takesRefusal(node, command, error)
  }

  handleStranded(node: ClusterNode, command: Command, error: RedisError): boolean {
    return this.#state !== 'closed' && this.#redirects.takesLeft(node, command, error)
  }

  onReady(node: ClusterNode): void {
    if (this.options.readFrom === 'nearest') node.measure(FAR).catch(() => {})
    // While nobody told of the cluster, one that can be reached may.
    if (this.#topology === undefined || this.refreshing.lastError !== undefined) this.refresh(node)
  }

  onReconnecting(node: ClusterNode, attempt: number, delay: number): void {
    this.#owner.onReconnecting(node, attempt, delay)
  }

  onDown(node: ClusterNode, error: RedisError): void {
    if (this.#state === 'closed') return
    if (this.#topology !== undefined) this.refresh()
    this.#owner.onTrouble(error)
    node.latency = Number.POSITIVE_INFINITY
  }

  // What looks at the cluster tell, and ask

  candidates(hint: ClusterNode | undefined): readonly ClusterNode[] {
    return this.nodes.candidates(hint)
  }

  tellerOf(node: ClusterNode): Teller {
    return this.nodes.tellerOf(node)
  }

  get watched(): 'no' | 'yes' | 'soon' {
    if (this.#topology === undefined) return this.#rooms.isParking ? 'yes' : 'no'
    const primaries = this.slots.shards.map(({ shard }) => shard.primary)
    // Once the cluster holds a primary for dead, its replicas are at the vote.
    if (primaries.some(({ failed }) => failed)) return 'soon'
    const lost = this.refreshing.lastError !== undefined || primaries.some(({ link }) => link.state === 'down')
    return lost ? 'yes' : 'no'
  }

  get trouble(): RedisError | undefined {
    return this.refreshing.lastError
  }

  adopt(topology: Topology): void {
    if (this.#state === 'closed') return
    const { changed, unreached } = this.nodes.adopt(topology, this.slots)
    const first = this.#topology === undefined
    const signature = signatureOf(topology)
    this.#topology = topology
    if (first) this.#owner.onReady()
    if (signature !== this.#signature) {
      this.#signature = signature
      this.#owner.onTopology(topology)
    }
    for (const { link } of unreached) link.takeWaiting(commands => this.again(commands))
    this.#rooms.releaseHeld(() => {
      this.#table = this.slots.table
    })
    if (this.#rooms.isReleasing) this.#table = NOBODY
    for (const slot of changed) this.#rooms.flush(slot)
    this.#settleUncovered()
    if (this.options.readFrom === 'nearest') for (const node of this.nodes.all) node.measure(FAR).catch(() => {})
  }

  /** Those that met an uncovered slot before this look are rejected, to the last of them; those of slots that are covered by now went on. */
  #settleUncovered(): void {
    for (const [slot, met] of this.#uncovered) {
      if (this.refreshing.ended <= met) continue
      this.#rooms.flush(slot, () => this.#uncovered.delete(slot))
    }
  }

  onRefreshFailed(error: RedisClusterException, inVain: boolean): void {
    this.#owner.onTrouble(error)
    this.#rooms.onUnknown(error, inVain)
  }

  gone(what: string): ConnectionError {
    return new ConnectionError(`The client is closed: ${what} was not sent.`, { outcome: 'not sent' })
  }

  /** Takes no more calls, and gives up those that block; resolves when all that was accepted has ended, or after `timeout` ms. */
  async drain(timeout: number): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing'
    this.#rooms.giveUp(command => (blockTime(command) === undefined ? undefined : this.gone(command.spec.name)))
    this.nodes.endBlocking()
    await untilIdle(this, timeout)
  }

  /** Calls back when everything has settled: before it returns, unless there is very much. */
  destroy(done: () => void): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    const error = new ConnectionError('The client was closed.', { outcome: 'not sent' })
    this.refreshing.stop(error)
    this.#rooms.rejectAll(error)
    this.nodes.destroy(done)
  }
}

function endTurn(router: Router): void {
  router.endTurn()
}
