/**
 * Refreshes the topology, at most ten times a second. Asks one node after another until one answers. A refresh that is requested
 * while one is running follows it; all requests made meanwhile share it.
 */
import type { Argument } from '../commands/core/argument.js'
import { itemsOf } from '../commands/core/decoders.js'
import { ReferencedTimer } from '../commands/core/referenced-timer.js'
import {
  clearInterval,
  clearTimeout,
  jittered,
  performance,
  setRepeatingTimer,
  setTimer,
} from '../commands/core/timers.js'
import { Backoff } from '../connection/link/backoff.js'
import type { Settings } from '../connection/options/options.js'
import { isPermanent, isUnknownCommand } from '../connection/socket/handshake-errors.js'
import { NoPermissionError, RedisClusterException, RedisError, ResponseError } from '../errors/errors.js'
import { noSlots, type TopologyFailure, topologyUnknown, unreadableTopology } from './cluster-errors.js'
import type { ClusterNode } from './cluster-node.js'
import type { Nodes } from './nodes.js'
import { isWhole, readShards, readSlots, type Topology, type TopologySource } from './topology.js'

/** What a refresh reports, and how it continues. */
export interface TopologyRefreshOwner {
  onTopology(topology: Topology): void
  /** No node answered. `isPermanent`: none will answer until somebody changes something. */
  onRefreshFailed(error: RedisClusterException, isPermanent: boolean): void
  /**
   * Whether refreshes are repeated without a request, because nothing else shows when the cluster can be reached again or a lost
   * primary has a successor; `fast` while a successor is being elected.
   */
  readonly polling: 'off' | 'on' | 'fast'
}

/** Least time between the beginnings of two refreshes, ms. */
const INTERVAL = 100
/** Time between repeated refreshes, ms. */
const POLL_INTERVAL = 250
/** After this many repetitions the time between them is longer, ms. */
const MOST_POLLS = 100
const LONG_POLL_INTERVAL = 2_000
/** Time for a reply at first, ms; it doubles with each refresh that fails. */
const PATIENCE = 1_000
/** If a node has not connected after this time, the next one is dialled too, ms. */
const STAGGER = 250

interface Waiter {
  resolve(): void
  reject(error: RedisError): void
}

export class TopologyRefresh {
  readonly #nodes: Nodes
  readonly #owner: TopologyRefreshOwner
  readonly #connectTimeout: number
  readonly #backoff: Backoff
  readonly #slow: NodeJS.Timeout | undefined
  readonly #timer = new ReferencedTimer()
  #due = 0
  #running = false
  #wanted = false
  #stopped: RedisError | undefined
  #hint: ClusterNode | undefined
  #polls = 0
  #startedAt = Number.NEGATIVE_INFINITY
  /** The requests for the next refresh, and for the running one. */
  #waiters: Waiter[] = []
  #served: readonly Waiter[] = []
  #begun = 0
  #ended = 0
  #lastError: RedisClusterException | undefined
  #isPermanent = false

  constructor(nodes: Nodes, owner: TopologyRefreshOwner, { connectTimeout, reconnect }: Settings, interval: number) {
    this.#nodes = nodes
    this.#owner = owner
    this.#connectTimeout = connectTimeout
    // Each node is dialled under its own backoff. This one is for questions to connected nodes.
    this.#backoff = new Backoff({ ...reconnect, max: Math.min(reconnect.max, POLL_INTERVAL) })
    this.#slow = setRepeatingTimer(interval, () => this.#begun > 0 && this.request())
  }

  /** The number of refreshes begun. */
  get begun(): number {
    return this.#begun
  }

  /** The number of the last refresh that succeeded. */
  get ended(): number {
    return this.#ended
  }

  /** Why the last refresh failed; undefined if it did not. */
  get lastError(): RedisClusterException | undefined {
    return this.#lastError
  }

  /** No refresh can succeed until somebody changes something. */
  get isPermanent(): boolean {
    return this.#isPermanent
  }

  /** Requests a refresh that begins after now. `hint` is a node that probably knows the change. */
  request(hint?: ClusterNode): void {
    if (hint !== undefined) this.#hint = hint
    this.#wanted = true
    this.#schedule(0)
  }

  /** Resolves when a refresh that begins after now has succeeded. Rejects if it fails, or if refreshes were stopped. */
  fresh(): Promise<void> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped)
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      this.request()
    })
  }

  stop(error: RedisError): void {
    this.#stopped = error
    this.#timer.cancel()
    clearInterval(this.#slow)
    for (const { reject } of [...this.#served, ...this.#waiters.splice(0)]) reject(error)
    this.#served = []
  }

  #schedule(least: number): void {
    if (this.#stopped !== undefined || this.#running) return
    const now = performance.now()
    const delay = Math.max(
      0,
      least,
      this.#startedAt + INTERVAL - now,
      this.#hint === undefined ? this.#backoff.wait() : 0,
    )
    if (this.#timer.isSet && this.#due <= now + delay) return
    this.#due = now + delay
    this.#timer.set(delay, () => {
      this.#run().catch(() => {})
    })
  }

  ref(): void {
    this.#timer.ref()
  }

  unref(): void {
    this.#timer.unref()
  }

  async #run(): Promise<void> {
    this.#running = true
    this.#wanted = false
    this.#startedAt = performance.now()
    const number = ++this.#begun
    this.#served = this.#waiters.splice(0)
    const hint = this.#hint
    this.#hint = undefined
    const reasons: Reason[] = []
    let topology: Topology | undefined
    try {
      topology = await this.#refresh(hint, reasons)
    } finally {
      this.#running = false
      // Schedules the next refresh even if this one threw: without it the cluster would never be found again.
      if (this.#stopped === undefined) this.#conclude(number, topology, reasons)
    }
  }

  #conclude(number: number, topology: Topology | undefined, reasons: readonly Reason[]): void {
    const waiters = this.#served
    this.#served = []
    try {
      if (topology !== undefined) {
        this.#backoff.succeeded()
        this.#lastError = undefined
        this.#isPermanent = false
        this.#ended = number
        for (const { resolve } of waiters) resolve()
        this.#owner.onTopology(topology)
      } else {
        this.#backoff.failed()
        const error = topologyUnknown(
          reasons,
          reasons.some(({ error }) => isClusterOff(error)),
        )
        this.#lastError = error
        this.#isPermanent = this.#backoff.exhausted || reasons.every(isPermanentReason)
        for (const { reject } of waiters) reject(error)
        this.#owner.onRefreshFailed(error, this.#isPermanent)
      }
    } finally {
      if (this.#wanted) this.#schedule(0)
      else this.#poll()
    }
  }

  #poll(): void {
    const { polling } = this.#owner
    this.#polls = polling === 'off' ? 0 : this.#polls + 1
    if (this.#polls > MOST_POLLS) this.#schedule(LONG_POLL_INTERVAL)
    else if (polling === 'fast') this.#schedule(INTERVAL)
    else if (polling === 'on') this.#schedule(jittered(POLL_INTERVAL, 0.5))
  }

  async #refresh(hint: ClusterNode | undefined, reasons: Reason[]): Promise<Topology | undefined> {
    const candidates = this.#nodes.candidates(hint)
    for (const node of candidates) {
      if (!node.isReady || this.#stopped !== undefined) continue
      const topology = await this.#askInTime(node, reasons)
      if (topology !== undefined) return topology
    }
    const others = candidates.filter(node => !reasons.some(reason => reason.node === node))
    return this.#dialAndAsk(others, reasons)
  }

  /** Dials the nodes, each a little after the one before, and asks them one by one as they connect. */
  #dialAndAsk(nodes: readonly ClusterNode[], reasons: Reason[]): Promise<Topology | undefined> {
    return new Promise(resolve => {
      let next = 0
      let open = 1
      let asked: Promise<unknown> = Promise.resolve()
      let isDone = false
      const done = () => {
        if (--open === 0) resolve(undefined)
      }
      const dial = () => {
        const node = nodes[next++]
        if (node === undefined || isDone || this.#stopped !== undefined) {
          next = nodes.length
          done()
          return
        }
        open++
        let following = false
        const follow = () => {
          if (following) return
          following = true
          clearTimeout(timer)
          dial()
        }
        const timer = setTimer(STAGGER, follow)
        node.connect(this.#connectTimeout || Number.POSITIVE_INFINITY).then(
          () => {
            asked = asked.then(async () => {
              const topology = isDone ? undefined : await this.#askInTime(node, reasons)
              if (topology !== undefined) {
                isDone = true
                resolve(topology)
              }
              follow()
              done()
            })
          },
          error => {
            reasons.push({ node, error })
            follow()
            done()
          },
        )
        // A node that is down reconnects under its own backoff: do not wait for it.
        if (node.link.state === 'down') follow()
      }
      dial()
    })
  }

  async #askInTime(node: ClusterNode, reasons: Reason[]): Promise<Topology | undefined> {
    const patience = Math.min(PATIENCE * 2 ** Math.min(this.#backoff.failures, 10), 60_000)
    try {
      const topology = await this.#ask(node, patience)
      node.silent = false
      return topology
    } catch (error) {
      node.silent = true
      reasons.push({ node, error: error instanceof RedisError ? error : unreadableTopology(error) })
      return undefined
    }
  }

  async #ask(node: ClusterNode, patience: number): Promise<Topology> {
    const source = this.#nodes.sourceOf(node)
    const shards = node.knowsShards ? await this.#shards(node, source, patience) : undefined
    if (shards !== undefined && isWhole(shards)) return shards
    // While a replica takes over, SHARDS of Redis 8.0 lists its shard without slots. SLOTS always has them.
    try {
      return served(readSlots(await node.ask(['CLUSTER', 'SLOTS'], patience), source, shards))
    } catch (error) {
      const isReply = error instanceof ResponseError || error instanceof RedisClusterException
      if (shards === undefined || !isReply) throw error
      return served(shards)
    }
  }

  /** Undefined if the node has no such command, denies it to this user, or replies in a form that cannot be read. */
  async #shards(node: ClusterNode, source: TopologySource, patience: number): Promise<Topology | undefined> {
    try {
      const words: readonly [string, ...Argument[]] = ['CLUSTER', 'SHARDS']
      const reply = await node.ask(words, patience)
      return itemsOf(reply) === undefined ? undefined : readShards(reply, source)
    } catch (error) {
      if (!(error instanceof ResponseError) || isClusterOff(error)) throw error
      // BUSY and the like pass: the node still has the command.
      if (isUnavailable(error)) node.knowsShards = false
      return undefined
    }
  }
}

/** A node that has not yet joined a cluster replies with a topology without slots, which is not an answer. */
function served(topology: Topology): Topology {
  if (topology.shards.some(({ slots }) => slots.length > 0)) return topology
  throw noSlots()
}

function isClusterOff(error: RedisError): boolean {
  return /cluster support disabled/i.test(error.message)
}

/** The node has no such command, or denies it to this user. */
function isUnavailable(error: RedisError): boolean {
  return error instanceof NoPermissionError || isUnknownCommand(error)
}

interface Reason extends TopologyFailure {
  readonly node: ClusterNode
}

/** A further refresh cannot help: a wrong password, a bad certificate, cluster support that is off. */
function isPermanentReason({ error, node }: Reason): boolean {
  return node.link.isPermanent || isPermanent(error) || isClusterOff(error) || isUnavailable(error)
}
