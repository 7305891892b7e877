/**
 * Looks at the cluster: at most ten times a second, each look asking one node after the other until one tells. Who asks for a
 * look while one is under way gets one more; all who ask for it share it.
 */
import type { Argument } from '../commands/core/argument.js'
import { itemsOf } from '../commands/core/decoders.js'
import {
  clearInterval,
  clearTimeout,
  jittered,
  performance,
  setRepeatingTimer,
  setTimer,
} from '../commands/core/timers.js'
import { Backoff } from '../connection/link/backoff.js'
import type { ReconnectOptions } from '../connection/options/options.js'
import { textOf } from '../connection/socket/connect-errors.js'
import { isPermanent, isUnknownCommand } from '../connection/socket/handshake-errors.js'
import { NoPermissionError, RedisClusterException, RedisError, ResponseError } from '../errors/errors.js'
import type { ClusterNode } from './cluster-node.js'
import { isWhole, readShards, readSlots, type Teller, type Topology } from './topology.js'

export interface TopologySource {
  /** Whom to ask, in this order: those that are known, and then the seeds. */
  candidates(hint: ClusterNode | undefined): readonly ClusterNode[]
  tellerOf(node: ClusterNode): Teller
  adopt(topology: Topology): void
  /** No node told. `inVain`: none will until somebody changes something. */
  onRefreshFailed(error: RedisClusterException, inVain: boolean): void
  /**
   * Whether looks go on by themselves, since nobody says when the cluster is there, or a lost primary has a successor;
   * `soon` if it is about to have one.
   */
  readonly watched: 'no' | 'yes' | 'soon'
}

/** Between the begins of two looks, ms. */
const INTERVAL = 100
/** Between looks that go on by themselves, ms. */
const WATCH_INTERVAL = 250
/** What does not end soon is looked at less often: after so many looks, so many ms apart. */
const MOST_WATCHES = 100
const LONG_WATCH_INTERVAL = 2_000
/** How long an answer is waited for at first, ms; it doubles with each look in which no node told. */
const PATIENCE = 1_000
/** A node that has not connected after so many ms has the next one dialled beside it. */
const STAGGER = 250

interface Waiter {
  resolve(): void
  reject(error: RedisError): void
}

export class TopologyRefresh {
  readonly #source: TopologySource
  readonly #connectTimeout: number
  readonly #backoff: Backoff
  readonly #slow: NodeJS.Timeout | undefined
  #timer: NodeJS.Timeout | undefined
  #due = 0
  #running = false
  #wanted = false
  #stopped: RedisError | undefined
  #hint: ClusterNode | undefined
  #watches = 0
  #startedAt = Number.NEGATIVE_INFINITY
  /** Who asked for the look that comes next, and for the one that is under way. */
  #waiters: Waiter[] = []
  #served: readonly Waiter[] = []
  #begun = 0
  #ended = 0
  #trouble: RedisClusterException | undefined
  #inVain = false
  #referenced = true

  constructor(source: TopologySource, connectTimeout: number, reconnect: Required<ReconnectOptions>, interval: number) {
    this.#source = source
    this.#connectTimeout = connectTimeout
    // Each node is dialled under a backoff of its own: this one is for asking those that answer.
    this.#backoff = new Backoff({ ...reconnect, max: Math.min(reconnect.max, WATCH_INTERVAL) })
    this.#slow = setRepeatingTimer(interval, () => this.#begun > 0 && this.request())
  }

  /** Looks begun. */
  get begun(): number {
    return this.#begun
  }

  /** The number of the last look that told. */
  get ended(): number {
    return this.#ended
  }

  /** Why the last look told nothing. */
  get lastError(): RedisClusterException | undefined {
    return this.#trouble
  }

  /** No node will tell until somebody changes something. */
  get isPermanent(): boolean {
    return this.#inVain
  }

  /** Asks for a look that begins after now. `hint` is a node that probably knows the news. */
  request(hint?: ClusterNode): void {
    if (hint !== undefined) this.#hint = hint
    this.#wanted = true
    this.#schedule(0)
  }

  /** Resolves when a look that begins after now has told; rejects when it has not, or when there are no looks any more. */
  fresh(): Promise<void> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped)
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      this.request()
    })
  }

  stop(error: RedisError): void {
    this.#stopped = error
    clearTimeout(this.#timer)
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
    if (this.#timer !== undefined) {
      if (this.#due <= now + delay) return
      clearTimeout(this.#timer)
    }
    this.#due = now + delay
    this.#timer = setTimer(delay, () => {
      this.#timer = undefined
      this.#run().catch(() => {})
    })
    if (!this.#referenced) this.#timer?.unref()
  }

  ref(): void {
    this.#referenced = true
    this.#timer?.ref()
  }

  unref(): void {
    this.#referenced = false
    this.#timer?.unref()
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
      topology = await this.#look(hint, reasons)
    } finally {
      this.#running = false
      // Whatever comes of this look, the next one comes: without it nobody would find the cluster again.
      if (this.#stopped === undefined) this.#conclude(number, topology, reasons)
    }
  }

  #conclude(number: number, topology: Topology | undefined, reasons: readonly Reason[]): void {
    const waiters = this.#served
    this.#served = []
    try {
      if (topology !== undefined) {
        this.#backoff.succeeded()
        this.#trouble = undefined
        this.#inVain = false
        this.#ended = number
        for (const { resolve } of waiters) resolve()
        this.#source.adopt(topology)
      } else {
        this.#backoff.failed()
        const trouble = unknown(reasons)
        this.#trouble = trouble
        this.#inVain = this.#backoff.exhausted || reasons.every(isInVain)
        for (const { reject } of waiters) reject(trouble)
        this.#source.onRefreshFailed(trouble, this.#inVain)
      }
    } finally {
      if (this.#wanted) this.#schedule(0)
      else this.#watch()
    }
  }

  #watch(): void {
    const { watched } = this.#source
    this.#watches = watched === 'no' ? 0 : this.#watches + 1
    if (this.#watches > MOST_WATCHES) this.#schedule(LONG_WATCH_INTERVAL)
    else if (watched === 'soon') this.#schedule(INTERVAL)
    else if (watched === 'yes') this.#schedule(jittered(WATCH_INTERVAL, 0.5))
  }

  async #look(hint: ClusterNode | undefined, reasons: Reason[]): Promise<Topology | undefined> {
    const candidates = this.#source.candidates(hint)
    for (const node of candidates) {
      if (!node.isReady || this.#stopped !== undefined) continue
      const topology = await this.#tell(node, reasons)
      if (topology !== undefined) return topology
    }
    const others = candidates.filter(node => !reasons.some(reason => reason.node === node))
    return this.#dialAndTell(others, reasons)
  }

  /** Dials the nodes, each a little after the one before, and asks them one by one as they answer. */
  #dialAndTell(nodes: readonly ClusterNode[], reasons: Reason[]): Promise<Topology | undefined> {
    return new Promise(resolve => {
      let next = 0
      let open = 1
      let asked: Promise<unknown> = Promise.resolve()
      let told = false
      const settle = () => {
        if (--open === 0) resolve(undefined)
      }
      const dial = () => {
        const node = nodes[next++]
        if (node === undefined || told || this.#stopped !== undefined) {
          next = nodes.length
          settle()
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
              const topology = told ? undefined : await this.#tell(node, reasons)
              if (topology !== undefined) {
                told = true
                resolve(topology)
              }
              follow()
              settle()
            })
          },
          error => {
            reasons.push({ node, error })
            follow()
            settle()
          },
        )
        // One that is down dials by itself, when its backoff allows.
        if (node.link.state === 'down') follow()
      }
      dial()
    })
  }

  async #tell(node: ClusterNode, reasons: Reason[]): Promise<Topology | undefined> {
    const patience = Math.min(PATIENCE * 2 ** Math.min(this.#backoff.failures, 10), 60_000)
    try {
      const topology = await this.#ask(node, patience)
      node.silent = false
      return topology
    } catch (error) {
      node.silent = true
      const cause = error instanceof RedisError ? error : new RedisClusterException(textOf(error), { cause: error })
      reasons.push({ node, error: cause })
      return undefined
    }
  }

  async #ask(node: ClusterNode, patience: number): Promise<Topology> {
    const teller = this.#source.tellerOf(node)
    const shards = node.knowsShards ? await this.#shards(node, teller, patience) : undefined
    if (shards !== undefined && isWhole(shards)) return shards
    // Redis 8.0 tells SHARDS of a shard without its slots while a replica takes over; SLOTS has them at any time.
    try {
      return served(readSlots(await node.ask(['CLUSTER', 'SLOTS'], patience), teller, shards))
    } catch (error) {
      const isReply = error instanceof ResponseError || error instanceof RedisClusterException
      if (shards === undefined || !isReply) throw error
      return served(shards)
    }
  }

  /** Undefined if the node does not know, does not tell this user, or tells in a form that cannot be read. */
  async #shards(node: ClusterNode, teller: Teller, patience: number): Promise<Topology | undefined> {
    try {
      const words: readonly [string, ...Argument[]] = ['CLUSTER', 'SHARDS']
      const reply = await node.ask(words, patience)
      return itemsOf(reply) === undefined ? undefined : readShards(reply, teller)
    } catch (error) {
      if (!(error instanceof ResponseError) || isClusterOff(error)) throw error
      // BUSY and its kind pass: then it knows as well as before.
      if (isRefusedForGood(error)) node.knowsShards = false
      return undefined
    }
  }
}

/** A node that is in no cluster yet tells of one without slots: that is no look at the cluster. */
function served(topology: Topology): Topology {
  if (topology.shards.some(({ slots }) => slots.length > 0)) return topology
  throw new RedisClusterException('It knows of no node that serves slots.')
}

function isClusterOff(error: RedisError): boolean {
  return /cluster support disabled/i.test(error.message)
}

/** The node knows no such command, or does not let this user have it. */
function isRefusedForGood(error: RedisError): boolean {
  return error instanceof NoPermissionError || isUnknownCommand(error)
}

interface Reason {
  readonly node: ClusterNode
  readonly error: RedisError
}

/** No node told of the cluster: each with its reason. */
function unknown(reasons: readonly Reason[]): RedisClusterException {
  const why = reasons.map(({ error, node }) => `\n  ${node.name}: ${error.message}`).join('')
  const single = reasons.some(({ error }) => isClusterOff(error))
  const hint = single ? '\nnew Redis() is the client for a server that is in no cluster.' : ''
  const message = `No node of the cluster has told who serves which slots:${why || ' there is none to ask.'}${hint}`
  return new RedisClusterException(message, { outcome: 'not sent', cause: reasons[0]?.error })
}

/** Trying again cannot help: a wrong password, a bad certificate, cluster support that is off. */
function isInVain({ error, node }: Reason): boolean {
  return node.link.isInVain || isPermanent(error) || isClusterOff(error) || isRefusedForGood(error)
}
