import type { Engine, ViewOf } from '../client/engine.js'
import type { Step } from '../client/scan.js'
import type { Session } from '../client/session.js'
import type { Argument } from '../commands/core/argument.js'
import { blockTime, type Command, State } from '../commands/core/command.js'
import type { ReplyTypes } from '../commands/core/context.js'
import { nextTick } from '../commands/core/timers.js'
import { clientClosed, clientWasClosed } from '../connection/call/call-errors.js'
import { fail } from '../connection/call/completion.js'
import { processTime } from '../connection/call/process-clock.js'
import type { Where } from '../connection/diagnostics.js'
import type { LinkState, RefusalHandler } from '../connection/link/link-owner.js'
import type { Settings } from '../connection/options/options.js'
import type { RedisClusterException, RedisError } from '../errors/errors.js'
import type { Registry } from '../pubsub/registry.js'
import { untilIdle } from './cluster-close.js'
import type { ClusterNode } from './cluster-node.js'
import type { ClusterSettings } from './cluster-options.js'
import { scanAll } from './cluster-scan.js'
import { holdClusterSession } from './cluster-session.js'
import { ClusterState, type ClusterStateOwner, type Redirect } from './cluster-state.js'
import { ClusterSubscribers, type ClusterSubscribersOwner } from './cluster-subscribers.js'
import { readerOf } from './read-from.js'
import { Redirects } from './redirects.js'
import { Router } from './router.js'
import { NOBODY, type Shard } from './slot-map.js'
import { slotOf } from './slots.js'
import type { Topology } from './topology.js'

/** What the engine reports to the client. */
export interface ClusterEngineOwner extends ClusterSubscribersOwner {
  /** The owners of the slots are known: commands are sent. */
  onReady(): void
  onTopology(topology: Topology): void
  onRedirect(redirect: Redirect): void
  onReconnecting(node: ClusterNode, attempt: number, delay: number): void
}

/** The longest time for the reply to PING before a node counts as far away, ms. */
const FAR = 1_000

/** The engine of a cluster: its parts, and its life from the first call to `close()`. See router.ts for a drawing. */
export class ClusterEngine implements Engine, ClusterStateOwner {
  readonly settings: Settings
  readonly where: Where
  readonly isSession = false
  readonly isCluster = true
  readonly state: ClusterState
  readonly router: Router
  readonly subscribers: ClusterSubscribers
  readonly #owner: ClusterEngineOwner
  readonly #fromPrimary: boolean
  /** The owner of each slot. All undefined while every command has to pass the router: see `#chooseTable`. */
  #table: readonly (Shard | undefined)[]
  #now = 0

  constructor(options: ClusterSettings, owner: ClusterEngineOwner) {
    this.#owner = owner
    this.#fromPrimary = options.readFrom === 'primary'
    this.state = new ClusterState(options, this)
    this.settings = this.state.settings
    this.where = this.state.where
    this.router = new Router(this.state)
    this.subscribers = new ClusterSubscribers(this.state, owner)
    this.#table = this.state.slots.table
  }

  get subscriptions(): Registry {
    return this.subscribers.registry
  }

  get status(): LinkState {
    const { lastError, phase, refreshing, topology } = this.state
    if (phase !== 'open') return phase
    if (topology === undefined && refreshing.begun === 0) return 'idle'
    if (lastError !== undefined) return 'down'
    return topology === undefined ? 'connecting' : 'ready'
  }

  // Calls

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
    // The short way of most commands. All others, and all rules, are the router's.
    if (spec.oneKey && spec.blocks === undefined) {
      const shard = this.#table[slotOf(command.args[spec.firstKey] as Argument)]
      if (shard !== undefined) {
        const reads = spec.readonly && !this.#fromPrimary
        const node = reads ? readerOf(shard, this.state.options.readFrom) : shard.primary
        node.link.send(command)
        return
      }
    }
    const { phase } = this.state
    if (phase === 'open' || (phase === 'closing' && (command.state & State.accepted) !== 0)) this.router.route(command)
    else fail(command, clientClosed(spec.name))
  }

  sendAll(commands: readonly Command[]): void {
    this.router.sendAll(commands, command => this.send(command))
  }

  later(command: Command, refusal: RedisError): void {
    this.router.later(command, refusal)
  }

  scan<T>(step: (on: Engine, cursor: string) => Promise<Step<T>>): AsyncIterable<readonly T[]> {
    return scanAll(this.state, step, () => this.state.phase === 'open')
  }

  session<F extends ReplyTypes, T>(
    view: ViewOf,
    fn: (session: Session<F>) => Promise<T> | T,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return holdClusterSession(this.state, this.router, view, fn, signal)
  }

  /** No command takes the short way while earlier ones wait for the topology, or when the client does not accept every call. */
  #chooseTable(): void {
    const isShort = this.state.phase === 'open' && !this.router.queues.isReleasing
    this.#table = isShort ? this.state.slots.table : NOBODY
  }

  // What the nodes report

  refusalsOf(node: ClusterNode): RefusalHandler {
    return new Redirects(node, this.state, this.router)
  }

  onReady(node: ClusterNode): void {
    const { state } = this
    if (state.options.readFrom === 'nearest') node.measure(FAR).catch(() => {})
    // If no node answered the last refresh, this one may.
    if (state.topology === undefined || state.lastError !== undefined) state.refresh(node)
  }

  onReconnecting(node: ClusterNode, attempt: number, delay: number): void {
    this.#owner.onReconnecting(node, attempt, delay)
  }

  onDown(node: ClusterNode, error: RedisError): void {
    if (this.state.phase === 'closed') return
    if (this.state.topology !== undefined) this.state.refresh()
    this.#owner.onError(error)
    node.latency = Number.POSITIVE_INFINITY
  }

  // What the state reports

  get polling(): 'off' | 'on' | 'fast' {
    const { polling, topology } = this.state
    if (polling !== 'off') return polling
    const isHolding = topology === undefined && this.router.queues.isHolding
    return isHolding || this.subscribers.isWaiting ? 'on' : 'off'
  }

  onTopology(topology: Topology): void {
    const { router, state } = this
    const { changed, isFirst, isNew, unreached } = state.adopt(topology)
    // Before the events: calls made by their listeners must not overtake the held commands.
    router.queues.releaseHeld(() => this.#chooseTable())
    this.#chooseTable()
    if (isFirst) this.#owner.onReady()
    if (isNew) this.#owner.onTopology(topology)
    for (const { link } of unreached) link.takeWaiting(commands => router.resend(commands))
    router.onTopology(changed)
    if (state.options.readFrom === 'nearest') for (const node of state.nodes.all) node.measure(FAR).catch(() => {})
    this.subscribers.onTopology()
  }

  onRefreshFailed(error: RedisClusterException, isPermanent: boolean): void {
    this.#owner.onError(error)
    this.router.queues.onUnknown(error, isPermanent)
    this.subscribers.registry.onUnplaced(error, isPermanent)
  }

  onRedirect(redirect: Redirect): void {
    this.#owner.onRedirect(redirect)
  }

  onSlotMoved(slot: number): void {
    this.router.onSlotMoved(slot)
    this.subscribers.onSlotMoved(slot)
  }

  // The end

  /** Accepts no more calls and gives up those that block. Resolves when all accepted calls have settled, or after `timeout` ms. */
  async drain(timeout: number): Promise<void> {
    const { router, state } = this
    if (state.phase === 'open') state.phase = 'closing'
    this.#chooseTable()
    router.queues.giveUp(command => (blockTime(command) === undefined ? undefined : clientClosed(command.spec.name)))
    state.nodes.endBlocking()
    await untilIdle(state.nodes, router, timeout)
  }

  /** Closes now. Calls back when everything has settled: before it returns, unless there is very much. */
  destroy(done: () => void): void {
    const { router, state } = this
    if (state.phase === 'closed') return
    state.phase = 'closed'
    this.#chooseTable()
    const error = clientWasClosed()
    state.refreshing.stop(error)
    router.queues.rejectAll(error)
    state.nodes.destroy(done)
  }
}

function endTurn(engine: ClusterEngine): void {
  engine.endTurn()
}
