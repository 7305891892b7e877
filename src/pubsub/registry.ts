/**
 * What is wanted, and by whom: the topics of a client with their listeners, and the calls that wait for them. Handlers and
 * queues live here, whatever becomes of connections; what is on the wire is the subscribers' affair.
 *
 *   Subscription ── Member ──▸ Listener ──▸ Topic ──▸ Carrier (a connection)
 *                              a, b           a, one for all that want it
 */
import type { Key } from '../commands/core/argument.js'
import type { CallOptions } from '../commands/core/call-options.js'
import { measure } from '../commands/core/check-arguments.js'
import { Command } from '../commands/core/command.js'
import { applyPrefix } from '../commands/core/prefix.js'
import { detached, performance, setTimeout } from '../commands/core/timers.js'
import { cloneError, createPromise, fail } from '../connection/call/completion.js'
import { setDeadline } from '../connection/call/deadlines.js'
import { processTime } from '../connection/call/process-clock.js'
import { commandChannel, isObserved, traceCommand, type Where } from '../connection/diagnostics.js'
import { ConnectionError, type DataError, PubSubError, RedisError } from '../errors/errors.js'
import { type Gap, Outage, sinceEpoch } from './gap.js'
import { SubscribeCall } from './subscribe-call.js'
import type { SubscriberOwner } from './subscriber.js'
import {
  type SubscriptionConfig,
  SubscriptionState,
  type SubscriptionStateOwner,
  TopicListener,
} from './subscription-state.js'
import type { Kind } from './topic.js'
import { type Carrier, keyOf, type Listener, Topic } from './topic.js'

/** What a registry asks of its client, and tells it. */
export interface RegistryOwner {
  readonly where: Where
  /** The subscriber that carries `topic`; undefined as long as nobody can: `reroute` tells when. */
  place(topic: Topic): Carrier | undefined
  /** The slot of a shard channel (cluster). */
  slotOf?(topic: Topic): number
  /**
   * A shard channel was refused, or taken from us (no error): true if the client finds out where it is now, and calls
   * `reroute` then (cluster).
   */
  takesRefusal?(topic: Topic, error: RedisError | undefined): boolean
  /** Why nobody can carry `topic` (cluster). */
  troubleOf?(topic: Topic): RedisError | undefined
  /** A subscriber has lost its connection, or an attempt failed. */
  onDown?(): void
  onGap(gap: Gap): void
  /** Trouble that no call is told of. `heard` says that a listener of the subscription was told. */
  onError(error: Error, heard: boolean): void
}

/** How long until a topic that was refused for now is tried again, ms. */
const AGAIN = 100

export class Registry implements SubscriberOwner, SubscriptionStateOwner {
  readonly #owner: RegistryOwner
  readonly #topics = new Map<string, Topic>()
  readonly #members = new Set<SubscriptionState>()
  readonly #outage = new Outage<string>()
  readonly slotOf: (topic: Topic) => number
  /** Listeners that want bytes, and topics whose names are no text. */
  #bytes = 0
  #closed: RedisError | undefined

  constructor(owner: RegistryOwner) {
    this.#owner = owner
    this.slotOf = topic => owner.slotOf?.(topic) ?? 0
  }

  get wantsBytes(): boolean {
    return this.#bytes > 0
  }

  /** Topics that somebody wants. */
  get topics(): readonly Topic[] {
    return [...this.#topics.values()].filter(({ wanted }) => wanted)
  }

  // Calls

  /** A new member: what listens to no topic yet. */
  create(membership: SubscriptionConfig): SubscriptionState {
    const member = new SubscriptionState(this, membership)
    this.#members.add(member)
    return member
  }

  /** Has `member` listen to `names` too; resolves with `result` once the server has confirmed them. */
  subscribe<R>(
    member: SubscriptionState,
    names: readonly Key[],
    callOptions: CallOptions | undefined,
    result: R,
  ): Promise<R> {
    const { kind, prefix, timeout } = member.membership
    const command = new Command(kind.join, [...names], () => result)
    const promise = createPromise<R>(command)
    const fault = this.#fault(member, command, prefix)
    if (fault !== undefined) {
      fail(command, fault)
      this.#removeIfEmpty(member)
      return promise
    }
    const sent = command.args as readonly Key[]
    const listeners: Listener[] = []
    /** Those that were there, whose topics are not confirmed. */
    const followed: Listener[] = []
    const call = new SubscribeCall(command, failed => {
      for (const listener of followed) {
        listener.topic.joins.delete(call)
        listener.followers.delete(call)
      }
      for (const listener of listeners) {
        listener.topic.joins.delete(call)
        listener.call = undefined
        // What it added is not wanted any more, unless another call asked for it too.
        if (failed && !inherit(listener)) this.#remove(listener)
      }
      if (failed) this.#removeIfEmpty(member)
    })
    if (!call.heed(callOptions?.signal)) {
      this.#removeIfEmpty(member)
      return promise
    }
    setDeadline(command, callOptions?.timeout ?? timeout, processTime())
    const start = () => {
      for (const [i, name] of names.entries()) {
        const topic = this.#topicOf(kind, sent[i] as Key)
        const known = member.listeners.get(topic.key)
        if (known !== undefined) {
          if (topic.confirmed) continue
          call.expect(topic)
          topic.joins.add(call)
          known.followers.set(call, listeners)
          followed.push(known)
          continue
        }
        const listener = new TopicListener(member, topic, member.shown(name))
        member.listeners.set(topic.key, listener)
        listeners.push(listener)
        this.#add(listener, call)
      }
      call.confirm(undefined)
    }
    try {
      if (isObserved(commandChannel)) traceCommand(command, this.#owner.where, start)
      else start()
    } catch (error) {
      // A name that is longer than a text can be, for one.
      call.fail(new RedisError(`${kind.join.name} could not be made ready.`, { cause: error, outcome: 'not sent' }))
    }
    return promise
  }

  #fault(member: SubscriptionState, command: Command, prefix: string): RedisError | undefined {
    if (this.#closed !== undefined) return cloneError(this.#closed, { outcome: 'not sent', command: command.spec.name })
    if (member.ended) return new PubSubError('This subscription has ended: subscribe again to get another one.')
    const size: number | DataError = (prefix === '' ? undefined : applyPrefix(command, prefix)) ?? measure(command)
    if (typeof size !== 'number') return size
    command.size = size
    return undefined
  }

  /** Resolves when the server has confirmed that those topics that nobody else wants are left. */
  unsubscribe(member: SubscriptionState, listeners: readonly TopicListener[]): Promise<void> {
    const { kind, timeout } = member.membership
    const command = new Command(kind.leave, [], () => undefined)
    const promise = createPromise<void>(command)
    const call = new SubscribeCall(command, () => {})
    setDeadline(command, timeout, processTime())
    for (const listener of listeners) {
      const { topic } = listener
      this.#remove(listener)
      if (topic.wanted || topic.carrier === undefined || this.#closed !== undefined) continue
      call.expect(topic)
      topic.leaves.add(call)
    }
    this.#removeIfEmpty(member)
    call.confirm(undefined)
    return promise
  }

  /** Takes `member` from everything, without a call that waits for it. */
  leaveAll(member: SubscriptionState): void {
    for (const listener of [...member.listeners.values()]) this.#remove(listener)
    this.#removeIfEmpty(member)
  }

  /** The signal of `member` was aborted. */
  abandon(member: SubscriptionState, reason: unknown): void {
    for (const call of callsOf(member)) call.fail(reason)
    this.leaveAll(member)
  }

  #removeIfEmpty(member: SubscriptionState): void {
    if (member.listeners.size > 0) return
    this.#members.delete(member)
    member.end()
  }

  // Topics and their listeners

  #topicOf(kind: Kind, name: Key): Topic {
    const key = keyOf(name)
    const id = `${kind.name} ${key}`
    let topic = this.#topics.get(id)
    if (topic === undefined) {
      // Bytes of the caller may change once the call is over.
      topic = new Topic(kind, typeof name === 'string' ? name : Buffer.from(name), key)
      this.#topics.set(id, topic)
      if (topic.binary) this.#bytes++
    }
    return topic
  }

  #add(listener: Listener, call: SubscribeCall): void {
    const { topic } = listener
    if (listener.wantsBytes) this.#bytes++
    // Who waited for its end need not: it goes on.
    this.#settleLeaves(topic)
    listener.call = call
    topic.joins.add(call)
    if (topic.confirmed) topic.listeners = [...topic.listeners, listener]
    else {
      topic.waiting = [...topic.waiting, listener]
      call.expect(topic)
    }
    // Also if it is confirmed: it may have been about to be left.
    topic.carrier ??= this.#owner.place(topic)
    this.#carry(topic)
  }

  /** Has its carrier subscribe to it; without one, who waits for it is told why if that lasts. */
  #carry(topic: Topic): void {
    if (topic.carrier !== undefined) topic.carrier.carry(topic)
    else this.#hold(topic, this.#owner.troubleOf?.(topic))
  }

  /** The deadline of who waits for `topic` ends with `trouble`, unless that passes. */
  #hold(topic: Topic, trouble: RedisError | undefined): void {
    if (trouble === undefined) return
    for (const call of topic.joins) call.hold(notJoined(topic, trouble))
  }

  #remove(listener: Listener): void {
    const { topic } = listener
    if (!listener.leave()) return
    topic.listeners = topic.listeners.filter(each => each !== listener)
    topic.waiting = topic.waiting.filter(each => each !== listener)
    // Who waits for what he has left meanwhile need not.
    for (const call of callsFor(listener)) call.confirm(topic)
    if (listener.wantsBytes) this.#bytes--
    topic.carrier?.refresh()
    if (topic.wanted) return
    this.#tell(this.#outage.forget(topic))
    if (topic.carrier === undefined) this.#discard(topic)
    else topic.carrier.drop(topic)
  }

  #discard(topic: Topic): void {
    topic.carrier = undefined
    topic.confirmed = false
    this.#settleLeaves(topic)
    if (this.#topics.delete(`${topic.kind.name} ${topic.key}`) && topic.binary) this.#bytes--
  }

  #settleLeaves(topic: Topic): void {
    for (const call of [...topic.leaves]) {
      topic.leaves.delete(call)
      call.confirm(topic)
    }
  }

  /** Asks again who carries `topic`, and moves it if it is another one: its slot may have moved. */
  reroute(topic: Topic): void {
    if (!topic.wanted) return
    const before = topic.carrier
    const now = this.#owner.place(topic)
    if (before !== now) {
      if (topic.confirmed) this.#lose(topic, heardAt(before, topic), moved(topic))
      topic.carrier = now
      before?.drop(topic)
    }
    this.#carry(topic)
  }

  // What subscribers tell

  onJoined(carrier: Carrier, topic: Topic): void {
    if (topic.carrier !== carrier || topic.confirmed) return
    topic.confirmed = true
    topic.listeners = [...topic.listeners, ...topic.waiting]
    topic.waiting = []
    for (const call of [...topic.joins]) call.confirm(topic)
    const to = sinceEpoch(performance.now())
    for (const listener of topic.listeners) listener.regain(to)
    this.#tell(this.#outage.regain(topic, to))
  }

  onLeaving(carrier: Carrier, topic: Topic): void {
    if (topic.carrier === carrier) topic.confirmed = false
  }

  onLeft(carrier: Carrier, topic: Topic): void {
    if (topic.carrier === carrier && !topic.wanted) this.#discard(topic)
  }

  onLost(carrier: Carrier, topic: Topic, from: number, cause: RedisError): void {
    if (topic.carrier === carrier) this.#lose(topic, from, cause)
  }

  #lose(topic: Topic, from: number, cause: RedisError): void {
    topic.confirmed = false
    const stay: Listener[] = []
    for (const listener of topic.listeners) {
      if (listener.call === undefined) {
        stay.push(listener)
        listener.lose(from, cause)
      } else {
        // Its call waits for others: nothing was promised yet.
        listener.call.expect(topic)
        topic.waiting = [...topic.waiting, listener]
      }
    }
    topic.listeners = stay
    if (stay.length > 0) this.#outage.lose(topic, textOf(topic.name), from, cause)
  }

  onServerUnsubscribed(carrier: Carrier, topic: Topic): void {
    if (topic.carrier !== carrier) return
    this.#lose(topic, heardAt(carrier, topic), moved(topic))
    if (this.#owner.takesRefusal?.(topic, undefined) !== true) carrier.carry(topic)
  }

  onRefused(carrier: Carrier, topic: Topic, error: RedisError, passing: boolean): void {
    if (topic.carrier !== carrier) return
    if (this.#owner.takesRefusal?.(topic, error) === true) {
      for (const call of topic.joins) call.hold(error)
      return
    }
    if (passing) {
      for (const call of topic.joins) call.hold(error)
      detached(() => setTimeout(() => this.reroute(topic), AGAIN * (0.5 + Math.random())).unref())
      return
    }
    for (const call of [...topic.joins]) call.fail(cloneError(error, { command: topic.kind.join.name }))
    for (const listener of topic.listeners) listener.refuse(error)
  }

  /** Nobody was found who could carry what nobody carries; `inVain`: nobody will be until somebody changes something. */
  onUnplaced(error: RedisError, inVain: boolean): void {
    for (const topic of this.topics) {
      if (topic.carrier !== undefined) continue
      if (inVain) for (const call of [...topic.joins]) call.fail(notJoined(topic, error))
      else this.#hold(topic, error)
    }
  }

  onUnsubscribeFailed(_carrier: Carrier, topic: Topic, error: RedisError): void {
    for (const call of [...topic.leaves]) {
      topic.leaves.delete(call)
      call.fail(cloneError(error, { command: topic.kind.leave.name }))
    }
  }

  onDown(carrier: Carrier, error: RedisError, permanent: boolean, exhausted: boolean): void {
    this.report(error, false)
    this.#owner.onDown?.()
    if (!permanent && !exhausted) return
    for (const topic of this.topics) {
      if (topic.carrier !== carrier) continue
      for (const call of [...topic.joins])
        call.fail(cloneError(error, { command: topic.kind.join.name, outcome: 'not sent' }))
      // What was live once waits on, unless the attempts are used up.
      if (exhausted) for (const listener of topic.listeners) listener.refuse(error)
    }
  }

  // Events

  report(error: Error, heard: boolean): void {
    this.#owner.onError(error, heard)
  }

  #tell(gap: Gap | undefined): void {
    if (gap !== undefined) this.#owner.onGap(gap)
  }

  // Ends

  /** No call is taken any more; loops end behind what is queued, or throw `error` at once. */
  close(error?: ConnectionError): void {
    const first = this.#closed === undefined
    this.#closed ??= new ConnectionError('The client is closed.')
    if (!first && error === undefined) return
    const gone = error ?? new ConnectionError('The client was closed.', { outcome: 'not sent' })
    for (const member of [...this.#members]) {
      for (const call of callsOf(member)) call.fail(cloneError(gone, { outcome: 'not sent' }))
      if (error === undefined) member.end()
      else {
        member.inbox.clear()
        member.fail(cloneError(error, {}))
      }
    }
    for (const topic of this.#topics.values()) this.#settleLeaves(topic)
    this.#members.clear()
  }
}

/** Since when messages of `topic` may go elsewhere, ms since the epoch: nobody tells when exactly its slot moved. */
function heardAt(carrier: Carrier | undefined, topic: Topic): number {
  return sinceEpoch(carrier?.heardAt(topic) ?? performance.now())
}

function textOf(name: Key): string {
  return typeof name === 'string' ? name : Buffer.from(name).toString()
}

/** The calls that wait for what `listener` listens to. */
function callsFor({ call, followers }: Listener): SubscribeCall[] {
  return call === undefined ? [...followers.keys()] : [call, ...followers.keys()]
}

/** Makes `listener` one that a follower of it added; false if it has none. */
function inherit(listener: Listener): boolean {
  for (const [call, added] of listener.followers) {
    listener.followers.delete(call)
    listener.call = call
    added.push(listener)
    return true
  }
  return false
}

function callsOf(member: SubscriptionState): ReadonlySet<SubscribeCall> {
  return new Set([...member.listeners.values()].flatMap(callsFor))
}

/** What a call rejects with for whose topic there is nobody to carry it. */
function notJoined(topic: Topic, error: RedisError): RedisError {
  return cloneError(error, { command: topic.kind.join.name, outcome: 'not sent', cause: error.cause })
}

function moved(topic: Topic): RedisError {
  return new RedisError(`The ${topic.kind.name} was taken from this connection by the server: its slot has moved.`)
}
