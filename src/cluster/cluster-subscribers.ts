/**
 * The connections of a cluster's subscriptions. Channels and patterns are on one node, whichever it is, since nodes pass their
 * messages on to each other; the channels of shards are each on the node that serves their slot.
 */
import { queueMicrotask } from '../commands/core/timers.js'
import type { Where } from '../connection/diagnostics.js'
import { ClusterError, ConnectionError, MovedError, type RedisError } from '../errors/errors.js'
import type { Gap } from '../pubsub/gap.js'
import { Registry, type RegistryOwner } from '../pubsub/registry.js'
import type { SubscriberDestination } from '../pubsub/subscriber.js'
import { Subscriber } from '../pubsub/subscriber.js'
import type { Topic } from '../pubsub/topic.js'
import { SHARD } from '../pubsub/topic.js'
import { notCovered } from './cluster-errors.js'
import type { ClusterNode } from './cluster-node.js'
import type { Router } from './router.js'
import { slotOf } from './slots.js'

/** Redirects that a topic follows between two looks at the cluster. */
const MOST = 16

/** What carriers tell the client of the cluster. */
export interface ClusterSubscribersOwner {
  onGap(gap: Gap): void
  onError(error: Error, heard: boolean): void
}

export class ClusterSubscribers implements RegistryOwner {
  readonly registry: Registry
  readonly where: Where
  readonly #router: Router
  readonly #owner: ClusterSubscribersOwner
  /** Of channels and patterns, and the node that it is on. */
  #common: { readonly subscriber: Subscriber; node: ClusterNode } | undefined
  readonly #ofShards = new Map<ClusterNode, Subscriber>()
  /** Redirects that a topic has followed since the last look at the cluster. */
  readonly #hops = new Map<Topic, number>()
  #referenced = true

  constructor(router: Router, owner: ClusterSubscribersOwner) {
    this.where = router.where
    this.#router = router
    this.#owner = owner
    this.registry = new Registry(this)
  }

  /** Whether somebody waits for a node to be found. */
  get isWaiting(): boolean {
    return this.registry.topics.some(({ subscriber }) => subscriber === undefined || subscriber.link.state === 'down')
  }

  // What the registry asks

  slotOf(topic: Topic): number {
    return slotOf(topic.name)
  }

  place(topic: Topic): Subscriber | undefined {
    // A listener of an event may have closed the client while others are still being told.
    if (this.#router.state === 'closed') return undefined
    if (this.#router.topology === undefined) {
      this.#router.refresh()
      return undefined
    }
    return topic.kind === SHARD ? this.#shardOf(topic) : this.#anyNode()
  }

  #shardOf(topic: Topic): Subscriber | undefined {
    const node = this.#router.primaryOf(this.slotOf(topic))
    if (node === undefined) {
      this.#router.refresh()
      return undefined
    }
    let subscriber = this.#ofShards.get(node)
    if (subscriber === undefined) {
      subscriber = this.#open(node.node)
      this.#ofShards.set(node, subscriber)
    }
    return subscriber
  }

  #anyNode(): Subscriber | undefined {
    if (this.#common === undefined) {
      const node = this.#pick(undefined)
      if (node === undefined) return undefined
      this.#common = { subscriber: this.#open(node.node), node }
    }
    return this.#common.subscriber
  }

  #open(destination: SubscriberDestination): Subscriber {
    const subscriber = new Subscriber(destination, this.registry)
    if (!this.#referenced) subscriber.unref()
    return subscriber
  }

  /** A node at random, one that is connected if there is one. */
  #pick(except: ClusterNode | undefined): ClusterNode | undefined {
    const nodes = this.#router.nodes.all.filter(node => node !== except && !node.failed)
    const ready = nodes.filter(node => node.isReady)
    const among = ready.length > 0 ? ready : nodes
    return among[Math.trunc(Math.random() * among.length)]
  }

  handleErrorReply(topic: Topic, error: RedisError | undefined): boolean {
    if (topic.kind !== SHARD) return false
    if (error === undefined) {
      // Its slot has moved, and where to is not said.
      this.#router.refresh()
      return true
    }
    if (!(error instanceof MovedError) || error.slot !== this.slotOf(topic)) return false
    const from = this.#nodeOf(topic)
    const hops = (this.#hops.get(topic) ?? 0) + 1
    this.#hops.set(topic, hops)
    // What goes in circles waits for the next look at the cluster.
    if (from === undefined || hops > MOST || this.#router.follow(from, error) instanceof ClusterError) {
      this.#router.refresh()
      return true
    }
    // Behind this look at the refusal: the registry is in the middle of it.
    queueMicrotask(() => this.registry.reroute(topic))
    return true
  }

  #nodeOf(topic: Topic): ClusterNode | undefined {
    for (const [node, subscriber] of this.#ofShards) if (subscriber === topic.subscriber) return node
    return undefined
  }

  placementError(topic: Topic): RedisError | undefined {
    const { topology, trouble } = this.#router
    if (trouble !== undefined || topology === undefined || topic.kind !== SHARD) return trouble
    return notCovered(this.slotOf(topic))
  }

  onGap(gap: Gap): void {
    this.#owner.onGap(gap)
  }

  onError(error: Error, handled: boolean): void {
    this.#owner.onError(error, handled)
  }

  onDown(): void {
    this.#router.refresh()
    queueMicrotask(() => this.#leaveDead())
  }

  // What the router tells

  /** A look at the cluster has told: topics go to where they belong by now. */
  adopt(): void {
    this.#hops.clear()
    this.#leaveGone()
    this.#leaveDead()
    for (const topic of this.registry.topics) {
      if (topic.kind === SHARD || topic.subscriber === undefined) this.registry.reroute(topic)
    }
    for (const [node, subscriber] of this.#ofShards) {
      if (subscriber.size > 0 || this.#router.nodes.all.includes(node)) continue
      subscriber.destroy()
      this.#ofShards.delete(node)
    }
  }

  /** `slot` is somewhere else now. */
  moved(slot: number): void {
    for (const topic of this.registry.topics) {
      if (topic.kind === SHARD && this.slotOf(topic) === slot) this.registry.reroute(topic)
    }
  }

  /** A node that is not of the cluster any more hears nothing of it, nor does one that the cluster holds for dead. */
  #leaveGone(): void {
    const node = this.#common?.node
    if (node === undefined) return
    if (!this.#router.nodes.all.includes(node)) this.#moveCommon(gone(node))
    else if (node.failed) this.#moveCommon(dead(node))
  }

  /** Channels and patterns are as well carried by any other node. */
  #leaveDead(): void {
    const common = this.#common
    if (common === undefined || common.subscriber.link.state !== 'down') return
    this.#moveCommon(common.subscriber.link.lastError ?? gone(common.node))
  }

  #moveCommon(cause: RedisError): void {
    const common = this.#common
    const node = this.#pick(common?.node)
    if (common === undefined || node === undefined) return
    common.node = node
    common.subscriber.move(node.node, cause)
  }

  // Ends

  /** Loops end behind what is queued, or throw `error`. */
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

function dead({ name }: ClusterNode): ConnectionError {
  return new ConnectionError(`The cluster holds ${name} for dead.`, { node: name })
}

function gone({ name }: ClusterNode): ConnectionError {
  return new ConnectionError(`${name} has left the cluster.`, { node: name })
}
