import { onAbort } from '../commands/core/abort-signals.js'
import type { Key } from '../commands/core/argument.js'
import type { Reply } from '../commands/core/reply.js'
import { handlerChannel } from '../connection/diagnostics.js'
import { Events } from '../connection/events.js'
import { asError } from '../connection/handler-errors.js'
import { type PubSubError, RedisError } from '../errors/errors.js'
import { type Gap, OpenGap } from './gap.js'
import { MessageQueue } from './message-queue.js'
import { messageTooLong } from './pubsub-errors.js'
import type { SubscribeOptions } from './subscribe-arguments.js'
import type { Kind, Text, TopicListener, TopicSubscription } from './topic.js'

/** The events of a subscription, with the arguments of their handlers. */
export interface SubscriptionEvents<T extends Text = string> {
  /** The connection was lost and all channels are confirmed again: messages in between may have been missed. */
  gap: [gap: Gap<T>]
  /** A handler threw or rejected; the queue was full with policy 'error'; or the server refused the subscription. */
  error: [error: Error]
  /** The subscription has ended: no more messages are queued. */
  close: []
}

const EVENTS: Readonly<Record<keyof SubscriptionEvents, true>> = { gap: true, error: true, close: true }

/** Turns messages into the items that the loop or the handler of a subscription gets. */
export interface MessageReader {
  /** Returns the item to queue, or undefined to skip the message. */
  item(message: Text, channel: Text, pattern: Text | undefined): unknown
  readonly handler: ((item: unknown) => unknown) | undefined
}

export interface SubscriptionConfig {
  readonly kind: Kind
  /** Text is given as Buffers. */
  readonly bytes: boolean
  /** Added to the names when they are sent, and removed when they are shown. */
  readonly prefix: string
  /** Deadline of the calls, ms. */
  readonly timeout: number
  readonly reader: MessageReader
  readonly options: SubscribeOptions
}

export interface SubscriptionStateOwner {
  unsubscribe(subscription: SubscriptionState, listeners: readonly TopicListener[]): Promise<void>
  /** Removes all topics of `subscription`. No call waits for the confirmations. */
  unsubscribeAll(subscription: SubscriptionState): void
  /** The signal of `subscription` was aborted. */
  onAbort(subscription: SubscriptionState, reason: unknown): void
  /** `handled` says whether the subscription has a listener of its own for 'error'. */
  onError(error: Error, handled: boolean): void
}

/** The inner side of a `Subscription`: its topics, its queue and its end. */
export class SubscriptionState implements TopicSubscription {
  readonly config: SubscriptionConfig
  readonly wantsBytes: boolean
  /** By the keys of the topics. */
  readonly listeners: Map<string, TopicListener> = new Map()
  readonly events: Events<SubscriptionEvents<Text>> = new Events(EVENTS, error => this.onFailure(error))
  readonly queue: MessageQueue<unknown>
  readonly #owner: SubscriptionStateOwner
  readonly #gap = new OpenGap<Text>()
  readonly #reader: MessageReader
  readonly #stopWatchingSignal: () => void
  #ended = false

  constructor(owner: SubscriptionStateOwner, config: SubscriptionConfig) {
    this.#owner = owner
    this.config = config
    this.wantsBytes = config.bytes
    this.#reader = config.reader
    this.queue = new MessageQueue(this, config.reader.handler, config.options)
    this.#stopWatchingSignal = onAbort(config.options.signal, reason => this.#onAbort(reason))
  }

  get ended(): boolean {
    return this.#ended
  }

  #onAbort(reason: unknown): void {
    this.queue.clear()
    this.fail(reason)
    this.#owner.onAbort(this, reason)
  }

  /** Returns `name` as the subscription shows it. */
  shown(name: Key): Text {
    if (this.wantsBytes) return Buffer.from(name)
    return typeof name === 'string' ? name : Buffer.from(name).toString()
  }

  // Messages

  onMessage(message: Reply, channel: Text, pattern: Text | undefined): void {
    const text = this.wantsBytes ? message : typeof message === 'string' ? message : this.#decode(message)
    if (typeof text !== 'string' && !Buffer.isBuffer(text)) {
      // The text is longer than a string can be.
      if (text instanceof RedisError) this.onFailure(text)
      return
    }
    // The message began to arrive before this subscription to bytes was made.
    if (this.wantsBytes && typeof text === 'string') return
    const item = this.#reader.item(text, channel, pattern)
    if (item !== undefined) this.queue.put(item)
  }

  onPatternMessage(channel: Reply, message: Reply, pattern: Text): void {
    const { prefix } = this.config
    const text = this.wantsBytes ? channel : this.#decode(channel)
    if (typeof text === 'string') {
      const bare = text.startsWith(prefix) ? text.slice(prefix.length) : text
      if (!this.wantsBytes) this.onMessage(message, bare, pattern)
      return
    }
    if (!Buffer.isBuffer(text)) return
    const length = Buffer.byteLength(prefix)
    const bare = length > 0 && text.subarray(0, length).equals(Buffer.from(prefix)) ? text.subarray(length) : text
    this.onMessage(message, bare, pattern)
  }

  #decode(reply: Reply): Reply {
    if (!Buffer.isBuffer(reply)) return reply
    try {
      return reply.toString()
    } catch (cause) {
      return messageTooLong(reply.length, cause)
    }
  }

  // Gaps

  onLost(listener: TopicListener, from: number, cause: RedisError): void {
    this.#gap.add(listener.topic, listener.shown, from, cause)
  }

  onConfirmed(listener: TopicListener, to: number): void {
    this.#emitGap(this.#gap.confirm(listener.topic, to))
  }

  remove({ topic }: TopicListener): boolean {
    if (!this.listeners.delete(topic.key)) return false
    this.#emitGap(this.#gap.remove(topic))
    return true
  }

  #emitGap(gap: Gap<Text> | undefined): void {
    if (gap !== undefined) this.events.emit('gap', gap)
  }

  // Errors

  onFailure(thrown: unknown): void {
    const error = asError(thrown)
    if (handlerChannel.hasSubscribers) handlerChannel.publish({ error })
    this.emitError(error)
  }

  /** Emits `error` here and on the client. */
  emitError(error: Error): void {
    const handled = this.events.has('error')
    if (handled) this.events.emit('error', error)
    this.#owner.onError(error, handled)
  }

  // End

  onFull(error: PubSubError | undefined): void {
    if (error === undefined) this.end()
    else {
      this.fail(error)
      if (this.#reader.handler !== undefined) this.emitError(error)
    }
    this.#owner.unsubscribeAll(this)
  }

  async onReturn(): Promise<void> {
    this.queue.clear()
    // The subscription ends here, with or without the server's confirmation.
    await this.#owner.unsubscribe(this, [...this.listeners.values()]).catch(() => {})
  }

  /** Ends the subscription. Queued messages are still read. */
  end(): void {
    if (this.#close()) {
      this.queue.end()
      this.events.emit('close')
    }
  }

  /** Ends the subscription: after the queued messages the loop throws `error`. */
  fail(error: unknown): void {
    if (this.#close()) {
      this.queue.fail(error)
      this.events.emit('close')
    }
  }

  onRefused(error: RedisError): void {
    if (this.#ended) return
    this.fail(error)
    this.emitError(error)
    this.#owner.unsubscribeAll(this)
  }

  #close(): boolean {
    if (this.#ended) return false
    this.#ended = true
    this.#stopWatchingSignal()
    return true
  }
}
