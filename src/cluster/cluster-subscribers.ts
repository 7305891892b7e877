/**
 * The connections of a cluster's subscriptions. Channels and patterns are all on one node, any node, because nodes forward their
 * messages to each other. Each shard channel is on the node that serves its slot.
 */
import { queueMicrotask } from '../commands/core/timers.js'
import type { Where } from '../connection/diagnostics.js'
import { ClusterError, type ConnectionError, MovedError, type RedisError } from '../errors/errors.js'
import type { Gap } from '../pubsub/gap.js'
import { Registry, type RegistryOwner } from '../pubsub/registry.js'
import type { SubscriberDestination } from '../pubsub/subscriber.js'
import { Subscriber } from '../pubsub/subscriber.js'
import type { Topic } from '../pubsub/topic.js'
import { SHARD } from '../pubsub/topic.js'
import { hasFailed, hasLeft, notCovered } from './cluster-errors.js'
import type { ClusterNode } from './cluster-node.js'
import type { ClusterState } from './cluster-state.js'
import { slotOf } from './slots.js'

/** Redirects that a topic follows between two refreshes. */
const MOST = 16

/** What the subscribers report to the client. */
export interface ClusterSubscribersOwner {
  onGap(gap: Gap): void
  /** `handled`: a listener of the subscription received it. */
  onError(error: Error, handled?: boolean): void
}

export class ClusterSubscribers implements RegistryOwner {
  readonly registry: Registry
  readonly where: Where
  readonly #state: ClusterState
  readonly #owner: ClusterSubscribersOwner
  /** The subscriber of channels and patterns, and its node. */
  #common: { readonly subscriber: Subscriber; node: ClusterNode } | undefined
  readonly #ofShards = new Map<ClusterNode, Subscriber>()
  /** The number of redirects that a topic has followed since the last refresh. */
  readonly #hops = new Map<Topic, number>()
  #referenced = true

  constructor(state: ClusterState, owner: ClusterSubscribersOwner) {
    this.where = state.where
    this.#state = state
    this.#owner = owner
    this.registry = new Registry(this)
  }

  /** Whether a topic waits for a node. */
  get isWaiting(): boolean {
    return this.registry.topics.some(({ subscriber }) => subscriber === undefined || subscriber.link.state === 'down')
  }

  // What the registry asks

  slotOf(topic: Topic): number {
    return slotOf(topic.name)
  }

  place(topic: Topic): Subscriber | undefined {
    // A listener of an event may have closed the client before the next listener is called.
    if (this.#state.phase === 'closed') return undefined
    if (this.#state.topology === undefined) {
      this.#state.refresh()
      return undefined
    }
    return topic.kind === SHARD ? this.#shardOf(topic) : this.#anyNode()
  }

  #shardOf(topic: Topic): Subscriber | undefined {
    const node = this.#state.slots.primaryOf(this.slotOf(topic))
    if (node === undefined) {
      this.#state.refresh()
      return undefined
    }
    let subscriber = this.#ofShards.get(node)
    if (subscriber === undefined) {
      subscriber = this.#open(node.server)
      this.#ofShards.set(node, subscriber)
    }
    return subscriber
  }

  #anyNode(): Subscriber | undefined {
    if (this.#common === undefined) {
      const node = this.#pick(undefined)
      if (node === undefined) return undefined
      this.#common = { subscriber: this.#open(node.server), node }
    }
    return this.#common.subscriber
  }

  #open(destination: SubscriberDestination): Subscriber {
    const subscriber = new Subscriber(destination, this.registry)
    if (!this.#referenced) subscriber.unref()
    return subscriber
  }

  /** A random node, a connected one if there is any. */
  #pick(except: ClusterNode | undefined): ClusterNode | undefined {
    const nodes = this.#state.nodes.all.filter(node => node !== except && !node.failed)
    const ready = nodes.filter(node => node.isReady)
    const among = ready.length > 0 ? ready : nodes
    return among[Math.trunc(Math.random() * among.length)]
  }

  relocate(topic: Topic, error: RedisError | undefined): boolean {
    if (topic.kind !== SHARD) return false
    if (error === undefined) {
      // The slot has moved, to an unknown node.
      this.#state.refresh()
      return true
    }
    if (!(error instanceof MovedError) || error.slot !== this.slotOf(topic)) return false
    const from = this.#nodeOf(topic)
    const hops = (this.#hops.get(topic) ?? 0) + 1
    this.#hops.set(topic, hops)
    // A topic that is redirected in circles waits for the next refresh.
    if (from === undefined || hops > MOST || this.#state.follow(from, error) instanceof ClusterError) {
      this.#state.refresh()
      return true
    }
    // Later: the registry is still handling the error reply.
    queueMicrotask(() => this.registry.reroute(topic))
    return true
  }

  #nodeOf(topic: Topic): ClusterNode | undefined {
    for (const [node, subscriber] of this.#ofShards) if (subscriber === topic.subscriber) return node
    return undefined
  }

  placementError(topic: Topic): RedisError | undefined {
    const { lastError, topology } = this.#state
    if (lastError !== undefined || topology === undefined || topic.kind !== SHARD) return lastError
    return notCovered(this.slotOf(topic))
  }

  onGap(gap: Gap): void {
    this.#owner.onGap(gap)
  }

  onError(error: Error, handled: boolean): void {
    this.#owner.onError(error, handled)
  }

  onDown(): void {
    this.#state.refresh()
    queueMicrotask(() => this.#leaveLost())
  }

  // What the engine reports

  /** There is a new topology: topics move to the nodes that serve them now. */
  onTopology(): void {
    this.#hops.clear()
    this.#leaveUnfit()
    this.#leaveLost()
    for (const topic of this.registry.topics) {
      if (topic.kind === SHARD || topic.subscriber === undefined) this.registry.reroute(topic)
    }
    for (const [node, subscriber] of this.#ofShards) {
      if (subscriber.size > 0 || this.#state.nodes.all.includes(node)) continue
      subscriber.destroy()
      this.#ofShards.delete(node)
    }
  }

  /** Another node serves `slot` now. */
  onSlotMoved(slot: number): void {
    for (const topic of this.registry.topics) {
      if (topic.kind === SHARD && this.slotOf(topic) === slot) this.registry.reroute(topic)
    }
  }

  /** Moves channels and patterns off a node that left the cluster or is flagged as failed: it receives no messages any more. */
  #leaveUnfit(): void {
    const node = this.#common?.node
    if (node === undefined) return
    if (!this.#state.nodes.all.includes(node)) this.#moveCommon(hasLeft(node.name))
    else if (node.failed) this.#moveCommon(hasFailed(node.name))
  }

  /** Moves channels and patterns off a node that cannot be reached: any other node has them too. */
  #leaveLost(): void {
    const common = this.#common
    if (common === undefined || common.subscriber.link.state !== 'down') return
    this.#moveCommon(common.subscriber.link.lastError ?? hasLeft(common.node.name))
  }

  #moveCommon(cause: RedisError): void {
    const common = this.#common
    const node = this.#pick(common?.node)
    if (common === undefined || node === undefined) return
    common.node = node
    common.subscriber.move(node.server, cause)
  }

  // The end

  /** Loops over messages end after the queued ones, or throw `error`. */
  close(error?: ConnectionError): void {
    this.registry.close(error)
  }

  destroy(): void {
    this.#common?.subscriber.destroy()
    for (const subscriber of this.#ofShards.values()) subscriber.destroy()
  }

  ref(): void {
    this.#referenced = true
    for (const subscriber of this.#all()) subscriber.ref()
  }

  unref(): void {
    this.#referenced = false
    for (const subscriber of this.#all()) subscriber.unref()
  }

  #all(): Subscriber[] {
    return [...(this.#common === undefined ? [] : [this.#common.subscriber]), ...this.#ofShards.values()]
  }
}
