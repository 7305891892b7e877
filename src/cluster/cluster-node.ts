import type { Argument } from '../commands/core/argument.js'
import { Command } from '../commands/core/command.js'
import type { Reply } from '../commands/core/reply.js'
import { specOf } from '../commands/core/spec.js'
import { performance, setTimer } from '../commands/core/timers.js'
import { processTime } from '../connection/call/process-clock.js'
import { TimeLimit } from '../connection/call/time-limit.js'
import type { Link } from '../connection/link/link.js'
import { Node } from '../connection/node/node.js'
import { nameOf, type Settings } from '../connection/options/options.js'
import { ConnectionError, type RedisError, TimeoutError } from '../errors/errors.js'
import type { Address } from './topology.js'

/** What a node of a cluster tells who owns it. */
export interface ClusterNodeOwner {
  onReady(node: ClusterNode): void
  onReconnecting(node: ClusterNode, attempt: number, delay: number): void
  /** An attempt failed, or the shared connection was lost. */
  onDown(node: ClusterNode, error: RedisError): void
  handleErrorReply(node: ClusterNode, command: Command, error: RedisError): boolean
  handleStranded(node: ClusterNode, command: Command, error: RedisError): boolean
}

/** How much a measured round trip counts against those before it. */
const WEIGHT = 0.3

const asItCame = (reply: Reply): Reply => reply

/** One node of a cluster, as far as its client knows it. It dials when it is used. */
export class ClusterNode {
  readonly address: Address
  readonly name: string
  readonly node: Node
  readonly link: Link
  /** The cluster's name for it; empty until it was heard. */
  id = ''
  isReplica = false
  /** The cluster holds it for dead. */
  failed = false
  /** It did not tell of the cluster when it was asked last. */
  silent = false
  /** CLUSTER SHARDS is known to it, or not yet tried. */
  knowsShards = true
  /** Smoothed round trip of PING, ms; Infinity until one came back. */
  latency: number = Number.POSITIVE_INFINITY

  constructor(address: Address, settings: Settings, owner: ClusterNodeOwner) {
    this.address = address
    this.name = nameOf(address)
    this.node = new Node(settings, {
      onReady: () => owner.onReady(this),
      onReconnecting: (_, attempt, delay) => owner.onReconnecting(this, attempt, delay),
      onDown: (_, error) => owner.onDown(this, error),
      handleErrorReply: (_, command, error) => owner.handleErrorReply(this, command, error),
      handleStranded: (_, command, error) => owner.handleStranded(this, command, error),
    })
    this.link = this.node.link
  }

  get isReady(): boolean {
    return this.link.state === 'ready'
  }

  /** Rejects with the error of the first attempt, or after `patience` ms. */
  connect(patience: number): Promise<void> {
    return within(this.node.connect(), patience, `${this.name} has not answered`)
  }

  /** Asks something of the cluster's own, ahead of what waits; the reply as it came. */
  ask(words: readonly [string, ...Argument[]], patience: number): Promise<Reply> {
    const { connection } = this.link
    if (connection === undefined) {
      const cause = this.link.lastError
      return Promise.reject(
        cause ?? new ConnectionError(`There is no connection to ${this.name}.`, { node: this.name }),
      )
    }
    const spec = specOf(words)
    const asked = connection.ask(new Command(spec, words.slice(spec.words), asItCame)) as Promise<Reply>
    return within(asked, patience, `${this.name} has not answered ${spec.name}`)
  }

  /** Measures how far away it is. */
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

  /** Closes when what it has in flight has settled and what it lent has come back, or when `limit` ms have passed. */
  leave(limit: number, done: () => void): void {
    const end = processTime() + limit
    const look = () => {
      const { inflight, queued } = this.link
      if (processTime() < end && inflight + queued + this.node.pool.stats.lent > 0) {
        setTimer(50, look)?.unref()
        return
      }
      this.node.destroy()
      done()
    }
    look()
  }
}

/** What `promise` comes to; rejects with a TimeoutError if it takes longer than `ms`. */
function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new TimeoutError(`${what} within ${ms} ms.`, { code: 'ETIMEDOUT', elapsed: ms }))
    // Unreferenced: what keeps the process alive for it is the socket.
    const limit = new TimeLimit(ms, late).unref()
    promise.then(resolve, reject).finally(() => limit.cancel())
  })
}
