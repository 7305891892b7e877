import { onAbort } from '../commands/core/abort-signals.js'
import type { Key } from '../commands/core/argument.js'
import type { Reply } from '../commands/core/reply.js'
import { handlerChannel } from '../connection/diagnostics.js'
import { asError, Events } from '../connection/events.js'
import { type PubSubError, RedisError } from '../errors/errors.js'
import { type Gap, Outage } from './gap.js'
import { MessageQueue } from './message-queue.js'
import type { SubscribeOptions } from './subscribe-arguments.js'
import type { SubscribeCall } from './subscribe-call.js'
import type { Kind, Listener, Topic } from './topic.js'

/** Text in the form of a view. */
export type Text = string | Buffer

/** The events of a subscription, with the arguments of their handlers. */
export interface SubscriptionEvents<T extends Text = string> {
  /** The connection was lost and all channels are confirmed again: messages between may have been missed. */
  gap: [gap: Gap<T>]
  /** A handler threw or rejected; the queue was full with policy 'error'; the server refused to go on. */
  error: [error: Error]
  /** It has ended: nothing more is queued. */
  close: []
}

const EVENTS: Readonly<Record<keyof SubscriptionEvents, true>> = { gap: true, error: true, close: true }

/** How the messages of a subscription become what its reader gets. */
export interface MessageReader {
  /** What is queued; undefined passes the message over. */
  item(message: Text, channel: Text, pattern: Text | undefined): unknown
  readonly handler: ((item: unknown) => unknown) | undefined
}

/** What a subscription is made from. */
export interface SubscriptionConfig {
  readonly kind: Kind
  /** Text comes as Buffers. */
  readonly bytes: boolean
  /** Put before the names when they are sent, and taken from them when they are shown. */
  readonly prefix: string
  /** Deadline of its calls, ms. */
  readonly timeout: number
  readonly reading: MessageReader
  readonly options: SubscribeOptions
}

/** What a member asks of who admitted it. */
export interface SubscriptionStateOwner {
  unsubscribe(member: SubscriptionState, listeners: readonly TopicListener[]): Promise<void>
  /** Takes it from everything, without a call that waits for it. */
  leaveAll(member: SubscriptionState): void
  /** Its signal was aborted. */
  abandon(member: SubscriptionState, reason: unknown): void
  /** Trouble of a subscription. `heard` says that a listener of its own was told. */
  report(error: Error, heard: boolean): void
}

/** A topic as one member hears it. */
export class TopicListener implements Listener {
  readonly topic: Topic
  /** The name as the member gave it, without the prefix. */
  readonly shown: Text
  call: SubscribeCall | undefined
  readonly followers: Map<SubscribeCall, Listener[]> = new Map()
  readonly #member: SubscriptionState

  constructor(member: SubscriptionState, topic: Topic, shown: Text) {
    this.#member = member
    this.topic = topic
    this.shown = shown
  }

  get wantsBytes(): boolean {
    return this.#member.membership.bytes
  }

  take(message: Reply): void {
    this.#member.take(message, this.shown, undefined)
  }

  takeFrom(channel: Reply, message: Reply): void {
    this.#member.takeFrom(channel, message, this.shown)
  }

  lose(from: number, cause: RedisError): void {
    this.#member.lose(this, from, cause)
  }

  regain(to: number): void {
    this.#member.regain(this, to)
  }

  refuse(error: RedisError): void {
    this.#member.refused(error)
  }

  leave(): boolean {
    return this.#member.forget(this)
  }
}

/** A subscription as the registry knows it: what it listens to, and where the messages go. */
export class SubscriptionState {
  readonly membership: SubscriptionConfig
  /** By the keys of their topics. */
  readonly listeners: Map<string, TopicListener> = new Map()
  readonly events: Events<SubscriptionEvents<Text>> = new Events(EVENTS, error => this.onFailure(error))
  readonly inbox: MessageQueue<unknown>
  readonly #owner: SubscriptionStateOwner
  readonly #outage = new Outage<Text>()
  readonly #bytes: boolean
  readonly #reading: MessageReader
  /** Its signal is watched for its whole life. */
  readonly #forgetSignal: () => void
  #ended = false

  constructor(owner: SubscriptionStateOwner, membership: SubscriptionConfig) {
    this.#owner = owner
    this.membership = membership
    this.#bytes = membership.bytes
    this.#reading = membership.reading
    this.inbox = new MessageQueue(this, membership.reading.handler, membership.options)
    this.#forgetSignal = onAbort(membership.options.signal, reason => this.#aborted(reason))
  }

  get ended(): boolean {
    return this.#ended
  }

  #aborted(reason: unknown): void {
    this.inbox.clear()
    this.fail(reason)
    this.#owner.abandon(this, reason)
  }

  /** `name` as it is shown to the reader. */
  shown(name: Key): Text {
    if (this.#bytes) return Buffer.from(name)
    return typeof name === 'string' ? name : Buffer.from(name).toString()
  }

  // Messages

  take(message: Reply, channel: Text, pattern: Text | undefined): void {
    const text = this.#bytes ? message : typeof message === 'string' ? message : this.#decoded(message)
    if (typeof text !== 'string' && !Buffer.isBuffer(text)) {
      // The text is longer than a string can be.
      if (text instanceof RedisError) this.onFailure(text)
      return
    }
    // It began to arrive before the first subscription to bytes did.
    if (this.#bytes && typeof text === 'string') return
    const item = this.#reading.item(text, channel, pattern)
    if (item !== undefined) this.inbox.put(item)
  }

  takeFrom(channel: Reply, message: Reply, pattern: Text): void {
    const { prefix } = this.membership
    const text = this.#bytes ? channel : this.#decoded(channel)
    if (typeof text === 'string') {
      if (!this.#bytes) this.take(message, text.startsWith(prefix) ? text.slice(prefix.length) : text, pattern)
      return
    }
    if (!Buffer.isBuffer(text)) return
    const length = Buffer.byteLength(prefix)
    const bare = length > 0 && text.subarray(0, length).equals(Buffer.from(prefix)) ? text.subarray(length) : text
    this.take(message, bare, pattern)
  }

  #decoded(reply: Reply): Reply {
    if (!Buffer.isBuffer(reply)) return reply
    try {
      return reply.toString()
    } catch (cause) {
      return new RedisError(`A message of ${reply.length} bytes is longer than a string can be: subscribe to bytes.`, {
        cause,
      })
    }
  }

  // Gaps

  lose(listener: TopicListener, from: number, cause: RedisError): void {
    this.#outage.lose(listener.topic, listener.shown, from, cause)
  }

  regain(listener: TopicListener, to: number): void {
    this.#tell(this.#outage.regain(listener.topic, to))
  }

  /** It hears no more of a topic; false if it did not. */
  forget({ topic }: TopicListener): boolean {
    if (!this.listeners.delete(topic.key)) return false
    this.#tell(this.#outage.forget(topic))
    return true
  }

  #tell(gap: Gap<Text> | undefined): void {
    if (gap !== undefined) this.events.emit('gap', gap)
  }

  // Trouble

  onFailure(thrown: unknown): void {
    const error = asError(thrown)
    if (handlerChannel.hasSubscribers) handlerChannel.publish({ error })
    this.onTrouble(error)
  }

  /** Tells the listeners of `error`, here and at the client. */
  onTrouble(error: Error): void {
    const heard = this.events.has('error')
    if (heard) this.events.emit('error', error)
    this.#owner.report(error, heard)
  }

  // Ends

  onFull(error: PubSubError | undefined): void {
    if (error === undefined) this.end()
    else {
      this.fail(error)
      if (this.#reading.handler !== undefined) this.onTrouble(error)
    }
    this.#owner.leaveAll(this)
  }

  async onReturn(): Promise<void> {
    this.inbox.clear()
    // It is over here, whatever becomes of the server's confirmation.
    await this.#owner.unsubscribe(this, [...this.listeners.values()]).catch(() => {})
  }

  /** What is queued is still read. */
  end(): void {
    if (this.#close()) {
      this.inbox.end()
      this.events.emit('close')
    }
  }

  /** The loop throws `error`, behind what is queued. */
  fail(error: unknown): void {
    if (this.#close()) {
      this.inbox.fail(error)
      this.events.emit('close')
    }
  }

  /** The server does not let it go on. */
  refused(error: RedisError): void {
    if (this.#ended) return
    this.fail(error)
    this.onTrouble(error)
    this.#owner.leaveAll(this)
  }

  #close(): boolean {
    if (this.#ended) return false
    this.#ended = true
    this.#forgetSignal()
    return true
  }
}
