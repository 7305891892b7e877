/**
 * All subscriptions of a client, their topics, and the calls that wait for confirmations. They outlive connections: the
 * commands on the wire are the job of the subscribers.
 *
 *   Subscription ── SubscriptionState ──▸ TopicListener ──▸ Topic ──▸ Subscriber (a connection)
 *                                         a, b              a, shared by all subscriptions of the client
 */
import type { Key } from '../commands/core/argument.js'
import type { CallOptions } from '../commands/core/call-options.js'
import { measure } from '../commands/core/check-arguments.js'
import { Command } from '../commands/core/command.js'
import { applyPrefix } from '../commands/core/prefix.js'
import { jittered, performance, setTimer } from '../commands/core/timers.js'
import { clientClosed, clientWasClosed, cloneError } from '../connection/call/call-errors.js'
import { createPromise, fail } from '../connection/call/completion.js'
import { setDeadline } from '../connection/call/deadlines.js'
import { processTime } from '../connection/call/process-clock.js'
import { commandChannel, isObserved, traceCommand, type Where } from '../connection/diagnostics.js'
import type { ConnectionError, DataError, RedisError } from '../errors/errors.js'
import { type Gap, OpenGap, sinceEpoch } from './gap.js'
import { notPrepared, notSubscribed, slotMoved, subscriptionEnded } from './pubsub-errors.js'
import { SubscribeCall } from './subscribe-call.js'
import type { SubscriberOwner } from './subscriber.js'
import { type SubscriptionConfig, SubscriptionState, type SubscriptionStateOwner } from './subscription-state.js'
import type { Kind, SubscriberConnection, TopicListener } from './topic.js'
import { keyOf, Topic } from './topic.js'

/** The client of a registry: finds the subscriber for a topic. */
export interface RegistryOwner {
  readonly where: Where
  /** Returns the subscriber for `topic`, or undefined as long as there is none: the owner calls `reroute` later. */
  place(topic: Topic): SubscriberConnection | undefined
  /** Returns the slot of a shard channel (cluster). */
  slotOf?(topic: Topic): number
  /**
   * The server rejected a shard channel or, without an error, unsubscribed it. Returns true if the owner finds the node that
   * serves it now and then calls `reroute` (cluster).
   */
  relocate?(topic: Topic, error: RedisError | undefined): boolean
  /** Returns why there is no subscriber for `topic` (cluster). */
  placementError?(topic: Topic): RedisError | undefined
  /** A subscriber has lost its connection, or could not connect. */
  onDown?(): void
  onGap(gap: Gap): void
  /** An error that rejects no call. `handled` says whether a listener of the subscription received it. */
  onError(error: Error, handled: boolean): void
}

/** Longest delay before a topic is retried after a retryable error reply, ms; the shortest one is a third of it. */
const RETRY_DELAY = 150

export class Registry implements SubscriberOwner, SubscriptionStateOwner {
  readonly #owner: RegistryOwner
  readonly #topics = new Map<string, Topic>()
  readonly #subscriptions = new Set<SubscriptionState>()
  readonly #gap = new OpenGap<string>()
  readonly slotOf: (topic: Topic) => number
  /** Number of listeners that want bytes, and of topics whose names are not valid UTF-8. */
  #bytes = 0
  #closed: RedisError | undefined
  /** Aborts when the client accepts no more calls. */
  readonly closing: AbortController = new AbortController()

  constructor(owner: RegistryOwner) {
    this.#owner = owner
    this.slotOf = topic => owner.slotOf?.(topic) ?? 0
  }

  get wantsBytes(): boolean {
    return this.#bytes > 0
  }

  /** The topics that are subscribed to. */
  get topics(): readonly Topic[] {
    return [...this.#topics.values()].filter(({ wanted }) => wanted)
  }

  // Calls

  /** Returns a new subscription without topics. */
  create(config: SubscriptionConfig): SubscriptionState {
    const subscription = new SubscriptionState(this, config)
    this.#subscriptions.add(subscription)
    return subscription
  }

  /** Adds `names` to `subscription`. Resolves with `result` when the server has confirmed them. */
  subscribe<R>(
    subscription: SubscriptionState,
    names: readonly Key[],
    callOptions: CallOptions | undefined,
    result: R,
  ): Promise<R> {
    const { kind, prefix, timeout } = subscription.config
    const command = new Command(kind.subscribe, [...names], () => result)
    const promise = createPromise<R>(command)
    const error = this.#prepare(subscription, command, prefix)
    if (error !== undefined) {
      fail(command, error)
      this.#removeIfEmpty(subscription)
      return promise
    }
    const sent = command.args as readonly Key[]
    /** Entries that this call added. */
    const added: TopicListener[] = []
    /** Entries that earlier calls added, and whose topics are not confirmed yet. */
    const awaited: TopicListener[] = []
    const call = new SubscribeCall(command, failed => {
      for (const listener of awaited) {
        listener.topic.subscribeCalls.delete(call)
        listener.laterCalls.delete(call)
      }
      for (const listener of added) {
        listener.topic.subscribeCalls.delete(call)
        listener.call = undefined
        // After a failure the topic is not wanted any more, unless another call asked for it too.
        if (failed && !passToLaterCall(listener)) this.#remove(listener)
      }
      if (failed) this.#removeIfEmpty(subscription)
    })
    if (!call.attachSignal(callOptions?.signal)) {
      this.#removeIfEmpty(subscription)
      return promise
    }
    setDeadline(command, callOptions?.timeout ?? timeout, processTime())
    const start = () => {
      for (const [i, name] of names.entries()) {
        const topic = this.#topicOf(kind, sent[i] as Key)
        const known = subscription.listeners.get(topic.key)
        if (known !== undefined) {
          if (topic.confirmed) continue
          call.expect(topic)
          topic.subscribeCalls.add(call)
          known.laterCalls.set(call, added)
          awaited.push(known)
          continue
        }
        const shown = subscription.shown(name)
        const listener: TopicListener = { topic, subscription, shown, call, laterCalls: new Map() }
        subscription.listeners.set(topic.key, listener)
        added.push(listener)
        this.#add(listener, call)
      }
      call.resolveIfConfirmed()
    }
    try {
      if (isObserved(commandChannel)) traceCommand(command, this.#owner.where, start)
      else start()
    } catch (cause) {
      call.fail(notPrepared(kind.subscribe.name, cause))
    }
    return promise
  }

  /** Adds the prefix and measures the command. Returns an error if it cannot be sent. */
  #prepare(subscription: SubscriptionState, command: Command, prefix: string): RedisError | undefined {
    if (this.#closed !== undefined) return cloneError(this.#closed, { outcome: 'not sent', command: command.spec.name })
    if (subscription.ended) return subscriptionEnded()
    const size: number | DataError = (prefix === '' ? undefined : applyPrefix(command, prefix)) ?? measure(command)
    if (typeof size !== 'number') return size
    command.size = size
    return undefined
  }

  /** Removes `listeners`. Resolves when the server has confirmed that topics without other listeners are unsubscribed. */
  unsubscribe(subscription: SubscriptionState, listeners: readonly TopicListener[]): Promise<void> {
    const { kind, timeout } = subscription.config
    const command = new Command(kind.unsubscribe, [], () => undefined)
    const promise = createPromise<void>(command)
    const call = new SubscribeCall(command, () => {})
    setDeadline(command, timeout, processTime())
    for (const listener of listeners) {
      const { topic } = listener
      this.#remove(listener)
      if (topic.wanted || topic.subscriber === undefined || this.#closed !== undefined) continue
      call.expect(topic)
      topic.unsubscribeCalls.add(call)
    }
    this.#removeIfEmpty(subscription)
    call.resolveIfConfirmed()
    return promise
  }

  unsubscribeAll(subscription: SubscriptionState): void {
    for (const listener of [...subscription.listeners.values()]) this.#remove(listener)
    this.#removeIfEmpty(subscription)
  }

  onAbort(subscription: SubscriptionState, reason: unknown): void {
    for (const call of callsOf(subscription)) call.fail(reason)
    this.unsubscribeAll(subscription)
  }

  #removeIfEmpty(subscription: SubscriptionState): void {
    if (subscription.listeners.size > 0) return
    this.#subscriptions.delete(subscription)
    subscription.end()
  }

  // Topics and their listeners

  #topicOf(kind: Kind, name: Key): Topic {
    const key = keyOf(name)
    const id = `${kind.name} ${key}`
    let topic = this.#topics.get(id)
    if (topic === undefined) {
      // The caller may change its bytes after the call.
      topic = new Topic(kind, typeof name === 'string' ? name : Buffer.from(name), key)
      this.#topics.set(id, topic)
      if (topic.binary) this.#bytes++
    }
    return topic
  }

  #add(listener: TopicListener, call: SubscribeCall): void {
    const { topic } = listener
    if (listener.subscription.wantsBytes) this.#bytes++
    // The topic is wanted again, so pending unsubscribe calls are done.
    this.#confirmUnsubscribeCalls(topic)
    topic.subscribeCalls.add(call)
    if (topic.confirmed) topic.listeners = [...topic.listeners, listener]
    else {
      topic.pending = [...topic.pending, listener]
      call.expect(topic)
    }
    // Also if the topic is confirmed: an UNSUBSCRIBE may be scheduled.
    topic.subscriber ??= this.#owner.place(topic)
    this.#subscribeTopic(topic)
  }

  /** Subscribes to `topic`. Without a subscriber, calls that reach their deadline reject with the reason. */
  #subscribeTopic(topic: Topic): void {
    if (topic.subscriber !== undefined) topic.subscriber.subscribe(topic)
    else this.#setDeadlineError(topic, this.#owner.placementError?.(topic))
  }

  #setDeadlineError(topic: Topic, error: RedisError | undefined): void {
    if (error === undefined) return
    for (const call of topic.subscribeCalls) call.setDeadlineError(notSubscribed(topic, error))
  }

  #remove(listener: TopicListener): void {
    const { subscription, topic } = listener
    if (!subscription.remove(listener)) return
    topic.listeners = topic.listeners.filter(each => each !== listener)
    topic.pending = topic.pending.filter(each => each !== listener)
    // A call does not wait for a topic that its subscription has left meanwhile.
    for (const call of callsFor(listener)) call.confirm(topic)
    if (subscription.wantsBytes) this.#bytes--
    topic.subscriber?.updateWantsBytes()
    if (topic.wanted) return
    this.#emitGap(this.#gap.remove(topic))
    if (topic.subscriber === undefined) this.#discard(topic)
    else topic.subscriber.unsubscribe(topic)
  }

  #discard(topic: Topic): void {
    topic.subscriber = undefined
    topic.confirmed = false
    this.#confirmUnsubscribeCalls(topic)
    if (this.#topics.delete(`${topic.kind.name} ${topic.key}`) && topic.binary) this.#bytes--
  }

  #confirmUnsubscribeCalls(topic: Topic): void {
    for (const call of [...topic.unsubscribeCalls]) {
      topic.unsubscribeCalls.delete(call)
      call.confirm(topic)
    }
  }

  /** Moves `topic` to the subscriber that the owner returns now: its slot may have moved. */
  reroute(topic: Topic): void {
    if (!topic.wanted) return
    const before = topic.subscriber
    const now = this.#owner.place(topic)
    if (before !== now) {
      if (topic.confirmed) this.#lose(topic, lastMessageAt(before, topic), slotMoved(topic))
      topic.subscriber = now
      before?.unsubscribe(topic)
    }
    this.#subscribeTopic(topic)
  }

  // SubscriberOwner

  onSubscribed(subscriber: SubscriberConnection, topic: Topic): void {
    if (topic.subscriber !== subscriber || topic.confirmed) return
    topic.confirmed = true
    topic.listeners = [...topic.listeners, ...topic.pending]
    topic.pending = []
    for (const call of [...topic.subscribeCalls]) call.confirm(topic)
    const to = sinceEpoch(performance.now())
    for (const listener of topic.listeners) listener.subscription.onConfirmed(listener, to)
    this.#emitGap(this.#gap.confirm(topic, to))
  }

  onUnsubscribing(subscriber: SubscriberConnection, topic: Topic): void {
    if (topic.subscriber === subscriber) topic.confirmed = false
  }

  onUnsubscribed(subscriber: SubscriberConnection, topic: Topic): void {
    if (topic.subscriber === subscriber && !topic.wanted) this.#discard(topic)
  }

  onLost(subscriber: SubscriberConnection, topic: Topic, from: number, cause: RedisError): void {
    if (topic.subscriber === subscriber) this.#lose(topic, from, cause)
  }

  #lose(topic: Topic, from: number, cause: RedisError): void {
    topic.confirmed = false
    const remaining: TopicListener[] = []
    for (const listener of topic.listeners) {
      if (listener.call === undefined) {
        remaining.push(listener)
        listener.subscription.onLost(listener, from, cause)
      } else {
        // The call still waits for other topics, so nothing was promised to the caller yet: this is no gap.
        listener.call.expect(topic)
        topic.pending = [...topic.pending, listener]
      }
    }
    topic.listeners = remaining
    if (remaining.length > 0) this.#gap.add(topic, textOf(topic.name), from, cause)
  }

  onServerUnsubscribed(subscriber: SubscriberConnection, topic: Topic): void {
    if (topic.subscriber !== subscriber) return
    this.#lose(topic, lastMessageAt(subscriber, topic), slotMoved(topic))
    if (this.#owner.relocate?.(topic, undefined) !== true) subscriber.subscribe(topic)
  }

  onSubscribeFailed(subscriber: SubscriberConnection, topic: Topic, error: RedisError, retryable: boolean): void {
    if (topic.subscriber !== subscriber) return
    if (this.#owner.relocate?.(topic, error) === true) {
      for (const call of topic.subscribeCalls) call.setDeadlineError(error)
      return
    }
    if (retryable) {
      for (const call of topic.subscribeCalls) call.setDeadlineError(error)
      setTimer(jittered(RETRY_DELAY, 1 / 3), () => this.reroute(topic))?.unref()
      return
    }
    for (const call of [...topic.subscribeCalls]) call.fail(cloneError(error, { command: topic.kind.subscribe.name }))
    for (const listener of topic.listeners) listener.subscription.onRefused(error)
  }

  /**
   * The owner found no subscriber for the topics that have none. `permanent`: retrying does not help, so their calls reject.
   */
  onUnplaced(error: RedisError, permanent: boolean): void {
    for (const topic of this.topics) {
      if (topic.subscriber !== undefined) continue
      if (permanent) for (const call of [...topic.subscribeCalls]) call.fail(notSubscribed(topic, error))
      else this.#setDeadlineError(topic, error)
    }
  }

  onUnsubscribeFailed(_subscriber: SubscriberConnection, topic: Topic, error: RedisError): void {
    for (const call of [...topic.unsubscribeCalls]) {
      topic.unsubscribeCalls.delete(call)
      call.fail(cloneError(error, { command: topic.kind.unsubscribe.name }))
    }
  }

  onDown(subscriber: SubscriberConnection, error: RedisError, permanent: boolean, exhausted: boolean): void {
    this.onError(error, false)
    this.#owner.onDown?.()
    if (!permanent && !exhausted) return
    for (const topic of this.topics) {
      if (topic.subscriber !== subscriber) continue
      for (const call of [...topic.subscribeCalls])
        call.fail(cloneError(error, { command: topic.kind.subscribe.name, outcome: 'not sent' }))
      // A topic that was confirmed before waits for the next connection, unless the attempts are used up.
      if (exhausted) for (const listener of topic.listeners) listener.subscription.onRefused(error)
    }
  }

  // Events

  onError(error: Error, handled: boolean): void {
    this.#owner.onError(error, handled)
  }

  #emitGap(gap: Gap | undefined): void {
    // The subscriptions have ended with the client.
    if (gap !== undefined && this.#closed === undefined) this.#owner.onGap(gap)
  }

  // End

  /** Rejects new calls. Loops end after the queued messages or, with `error`, throw it at once. */
  close(error?: ConnectionError): void {
    const first = this.#closed === undefined
    this.#closed ??= clientClosed()
    if (!first && error === undefined) return
    const callError = error ?? clientWasClosed()
    for (const subscription of [...this.#subscriptions]) {
      for (const call of callsOf(subscription)) call.fail(cloneError(callError, { outcome: 'not sent' }))
      if (error === undefined) subscription.end()
      else {
        subscription.queue.clear()
        subscription.fail(cloneError(error, {}))
      }
    }
    for (const topic of this.#topics.values()) this.#confirmUnsubscribeCalls(topic)
    this.#subscriptions.clear()
    this.closing.abort()
  }
}

/**
 * Since when messages of `topic` may have been published on another node, ms since the epoch. No server reports the moment
 * when the slot moved, so the last message is the best bound.
 */
function lastMessageAt(subscriber: SubscriberConnection | undefined, topic: Topic): number {
  return sinceEpoch(subscriber?.lastMessageAt(topic) ?? performance.now())
}

function textOf(name: Key): string {
  return typeof name === 'string' ? name : Buffer.from(name).toString()
}

/** The calls that wait for the topic of `listener`. */
function callsFor({ call, laterCalls }: TopicListener): SubscribeCall[] {
  return call === undefined ? [...laterCalls.keys()] : [call, ...laterCalls.keys()]
}

/** Makes `listener` an entry of the next call that asked for its topic. Returns false if there is none. */
function passToLaterCall(listener: TopicListener): boolean {
  for (const [call, added] of listener.laterCalls) {
    listener.laterCalls.delete(call)
    listener.call = call
    added.push(listener)
    return true
  }
  return false
}

function callsOf(subscription: SubscriptionState): ReadonlySet<SubscribeCall> {
  return new Set([...subscription.listeners.values()].flatMap(callsFor))
}
