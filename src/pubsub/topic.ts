import {
  PSUBSCRIBE,
  PUNSUBSCRIBE,
  SSUBSCRIBE,
  SUBSCRIBE,
  SUNSUBSCRIBE,
  UNSUBSCRIBE,
} from '../commands/client-internal.js'
import type { Key } from '../commands/core/argument.js'
import type { Reply } from '../commands/core/reply.js'
import type { Spec } from '../commands/core/spec.js'
import type { Link } from '../connection/link/link.js'
import type { RedisError } from '../errors/errors.js'
import type { SubscribeCall } from './subscribe-call.js'

/** Text of a message or the name of a channel: bytes in a subscription of the bytes view. */
export type Text = string | Buffer

/** The part of a subscription that its topics and the registry use. */
export interface TopicSubscription {
  /** Whether the subscription gets text as Buffers. */
  readonly wantsBytes: boolean
  onMessage(message: Reply, channel: Text, pattern: Text | undefined): void
  onPatternMessage(channel: Reply, message: Reply, pattern: Text): void
  /** The topic was lost; the last byte before the loss arrived at `from`, ms since the epoch. */
  onLost(listener: TopicListener, from: number, cause: RedisError): void
  /** The topic was confirmed at `to`, ms since the epoch. */
  onConfirmed(listener: TopicListener, to: number): void
  /** The server refuses the topic for good. */
  onRefused(error: RedisError): void
  /** Removes `listener`. Returns false if it was removed before. */
  remove(listener: TopicListener): boolean
}

/** The entry of one subscription at one topic. */
export interface TopicListener {
  readonly topic: Topic
  readonly subscription: TopicSubscription
  /** The name of the topic as the subscription shows it: without the prefix. */
  readonly shown: Text
  /** The call that added this entry, as long as the call waits for confirmations. */
  call: SubscribeCall | undefined
  /**
   * Calls of the same subscription that asked for the topic later, when it was not confirmed yet; each with the list of the
   * entries that it added.
   */
  readonly laterCalls: Map<SubscribeCall, TopicListener[]>
}

/** The connection that subscribes to topics. */
export interface SubscriberConnection {
  readonly link: Link
  /** Subscribes to `topic` as soon as possible, and again after each loss. */
  subscribe(topic: Topic): void
  /** Unsubscribes from `topic`. The owner is notified when that is done. */
  unsubscribe(topic: Topic): void
  /** When the last message of a shard's `topic`, or its confirmation, arrived, on the clock of `performance.now()`. */
  lastMessageAt(topic: Topic): number | undefined
  /** The owner's `wantsBytes` may have changed. */
  updateWantsBytes(): void
}

/** A channel or pattern that is subscribed to. All subscriptions of a client share it. */
export class Topic {
  readonly kind: Kind
  /** The name as it is sent. */
  readonly name: Key
  /** The name as a map key: equal bytes have equal keys, whether they were given as text or as bytes. */
  readonly key: string
  /** The entries that get messages. The list is replaced, never changed, so a delivery can go on over the old list. */
  listeners: readonly TopicListener[] = []
  /** The entries that get messages after the next confirmation. */
  pending: readonly TopicListener[] = []
  /** Calls that wait until the topic is confirmed. */
  readonly subscribeCalls: Set<SubscribeCall> = new Set()
  /** Calls that wait until the topic is unsubscribed. */
  readonly unsubscribeCalls: Set<SubscribeCall> = new Set()
  /** The connection that subscribes to the topic. */
  subscriber: SubscriberConnection | undefined
  /** Whether the server has confirmed the topic on the current `subscriber`. */
  confirmed = false

  constructor(kind: Kind, name: Key, key: string) {
    this.kind = kind
    this.name = name
    this.key = key
  }

  get wanted(): boolean {
    return this.listeners.length > 0 || this.pending.length > 0
  }

  /** Whether the name is not valid UTF-8: messages can then be matched to the topic only as bytes. */
  get binary(): boolean {
    return this.key.startsWith(BINARY)
  }

  deliver(message: Reply): void {
    const { listeners } = this
    for (let i = 0; i < listeners.length; i++) {
      const listener = listeners[i]
      listener?.subscription.onMessage(message, listener.shown, undefined)
    }
  }

  /** Delivers a message that matched a pattern. */
  deliverFrom(channel: Reply, message: Reply): void {
    const { listeners } = this
    for (let i = 0; i < listeners.length; i++) {
      const listener = listeners[i]
      listener?.subscription.onPatternMessage(channel, message, listener.shown)
    }
  }
}

/** A lone surrogate: text that was decoded from bytes never begins with it. */
const BINARY = '\ud800'

/** Returns the key of a name: its text or, if its bytes are not valid UTF-8, a unique text for the bytes. */
export function keyOf(name: string | Uint8Array): string {
  // A lone surrogate is sent as U+FFFD.
  if (typeof name === 'string') return SURROGATE.test(name) ? Buffer.from(name).toString() : name
  const bytes = Buffer.isBuffer(name) ? name : Buffer.from(name.buffer, name.byteOffset, name.byteLength)
  const text = bytes.toString()
  if (!text.includes('\ufffd') || Buffer.from(text).equals(bytes)) return text
  return BINARY + bytes.toString('latin1')
}

const SURROGATE = /[\ud800-\udfff]/

/** The kind of a topic: a channel, a pattern of channels, or a shard channel of a cluster; with its two commands. */
export interface Kind {
  readonly name: 'channel' | 'pattern' | 'shard'
  readonly subscribe: Spec
  readonly unsubscribe: Spec
}

export const CHANNEL: Kind = { name: 'channel', subscribe: SUBSCRIBE, unsubscribe: UNSUBSCRIBE }
export const PATTERN: Kind = { name: 'pattern', subscribe: PSUBSCRIBE, unsubscribe: PUNSUBSCRIBE }
export const SHARD: Kind = { name: 'shard', subscribe: SSUBSCRIBE, unsubscribe: SUNSUBSCRIBE }
