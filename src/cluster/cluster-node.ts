import type { Argument } from '../commands/core/argument.js'
import { Command } from '../commands/core/command.js'
import { unchanged } from '../commands/core/decoder.js'
import type { Reply } from '../commands/core/reply.js'
import { specOf } from '../commands/core/spec.js'
import { performance, setTimer } from '../commands/core/timers.js'
import { processTime } from '../connection/call/process-clock.js'
import { TimeLimit } from '../connection/call/time-limit.js'
import type { Link } from '../connection/link/link.js'
import type { RefusalHandler } from '../connection/link/link-owner.js'
import { Node } from '../connection/node/node.js'
import { nameOf, type Settings } from '../connection/options/options.js'
import type { Pool } from '../connection/pool/pool.js'
import type { RedisError } from '../errors/errors.js'
import { nodeTimedOut, notConnected } from './cluster-errors.js'
import type { Address } from './topology.js'

/** What a node of a cluster reports to its owner. */
export interface ClusterNodeOwner {
  /** Handles the error replies of `node`, and the commands that a loss of it leaves unsettled. */
  refusalsOf(node: ClusterNode): RefusalHandler
  onReady(node: ClusterNode): void
  onReconnecting(node: ClusterNode, attempt: number, delay: number): void
  /** An attempt failed, or the shared connection was lost. */
  onDown(node: ClusterNode, error: RedisError): void
}

/** The weight of a new round trip in the smoothed latency. */
const WEIGHT = 0.3

/** One node of a cluster, as its client knows it. It connects when it is used. */
export class ClusterNode {
  readonly address: Address
  readonly name: string
  /** Its connections. */
  readonly server: Node
  readonly refusals: RefusalHandler
  readonly link: Link
  readonly pool: Pool
  /** Its id in the cluster; empty until it is known. */
  id = ''
  isReplica = false
  /** The cluster flags it as failed. */
  failed = false
  /** It did not return the topology when it was last asked. */
  silent = false
  /** It knows CLUSTER SHARDS, or was not yet asked for it. */
  knowsShards = true
  /** Smoothed round trip of PING, ms; Infinity until the first reply. */
  latency: number = Number.POSITIVE_INFINITY

  constructor(address: Address, settings: Settings, owner: ClusterNodeOwner) {
    this.address = address
    this.name = nameOf(address)
    this.refusals = owner.refusalsOf(this)
    const events = {
      onReady: () => owner.onReady(this),
      onReconnecting: (_: Node, attempt: number, delay: number) => owner.onReconnecting(this, attempt, delay),
      onDown: (_: Node, error: RedisError) => owner.onDown(this, error),
    }
    this.server = new Node(settings, events, this.refusals)
    this.link = this.server.link
    this.pool = this.server.pool
  }

  get isReady(): boolean {
    return this.link.state === 'ready'
  }

  /** Rejects with the error of the first attempt, or after `patience` ms. */
  connect(patience: number): Promise<void> {
    return within(this.server.connect(), patience, `${this.name} has not answered`)
  }

  /** Sends a command of the client's own before all that wait. Resolves with the raw reply. */
  ask(words: readonly [string, ...Argument[]], patience: number): Promise<Reply> {
    const { connection } = this.link
    if (connection === undefined) {
      return Promise.reject(this.link.lastError ?? notConnected(this.name))
    }
    const spec = specOf(words)
    const asked = connection.ask(new Command(spec, words.slice(spec.words), unchanged)) as Promise<Reply>
    return within(asked, patience, `${this.name} has not answered ${spec.name}`)
  }

  /** Measures its latency. */
  async measure(patience: number): Promise<void> {
    if (!this.isReady) {
      this.latency = Number.POSITIVE_INFINITY
      return
    }
    const begin = performance.now()
    try {
      await this.ask(['PING'], patience)
      const took = performance.now() - begin
      this.latency = this.latency === Number.POSITIVE_INFINITY ? took : this.latency + (took - this.latency) * WEIGHT
    } catch {
      this.latency = Number.POSITIVE_INFINITY
    }
  }

  /** Closes when its commands have settled and its leased connections were released, or after `limit` ms. */
  leave(limit: number, done: () => void): void {
    const end = processTime() + limit
    const check = () => {
      const { inflight, queued } = this.link
      if (processTime() < end && inflight + queued + this.pool.stats.lent > 0) {
        setTimer(50, check)?.unref()
        return
      }
      this.server.destroy()
      done()
    }
    check()
  }
}

/** Settles as `promise` does; rejects with a TimeoutError if that takes longer than `ms`. */
function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(nodeTimedOut(what, ms))
    // Unreferenced: the socket keeps the process alive.
    const limit = new TimeLimit(ms, late).unref()
    promise.then(resolve, reject).finally(() => limit.cancel())
  })
}
