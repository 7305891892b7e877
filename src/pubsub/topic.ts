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

/** One subscription, as it hears one topic. */
export interface Listener {
  readonly topic: Topic
  readonly wantsBytes: boolean
  /** The call that made it, as long as that waits for confirmations. */
  call: SubscribeCall | undefined
  /** Calls that asked for the topic when it was there and not confirmed, each with the listeners that it added. */
  readonly followers: Map<SubscribeCall, Listener[]>
  take(message: Reply): void
  takeFrom(channel: Reply, message: Reply): void
  /** The topic was lost; the last byte before came at `from`, ms since the epoch. */
  lose(from: number, cause: RedisError): void
  regain(to: number): void
  /** The server does not let the subscription go on. */
  refuse(error: RedisError): void
  /** It hears no more; false if that was so before. */
  leave(): boolean
}

/** The connection that carries topics. */
export interface Carrier {
  readonly link: Link
  /** Subscribes to `topic` as soon as can be, and again after each loss. */
  carry(topic: Topic): void
  /** Unsubscribes from `topic`; its owner hears when that is done. */
  drop(topic: Topic): void
  /** When the last message of a shard's `topic` came, or its confirmation, on the clock of `performance.now()`. */
  heardAt(topic: Topic): number | undefined
  /** Bytes may be wanted from now on, or not any more. */
  refresh(): void
}

/** A channel or pattern that somebody wants. It is one for all that want it. */
export class Topic {
  readonly kind: Kind
  /** As it is sent. */
  readonly name: Key
  /** The same bytes always have the same key, given as text or as bytes. */
  readonly key: string
  /** Those that get its messages. The list is replaced, never changed: a delivery goes on over the old one. */
  listeners: readonly Listener[] = []
  /** Those that get them from the next confirmation on. */
  waiting: readonly Listener[] = []
  /** Calls that wait until it is confirmed, and calls that wait until it is left. */
  readonly joins: Set<SubscribeCall> = new Set()
  readonly leaves: Set<SubscribeCall> = new Set()
  /** The connection that carries it. */
  carrier: Carrier | undefined
  /** Whether the server has confirmed it on the connection that carries it now. */
  confirmed = false

  constructor(kind: Kind, name: Key, key: string) {
    this.kind = kind
    this.name = name
    this.key = key
  }

  get wanted(): boolean {
    return this.listeners.length > 0 || this.waiting.length > 0
  }

  /** Whether its name is no text, so that it can only be told apart as bytes. */
  get binary(): boolean {
    return this.key.startsWith(BINARY)
  }

  deliver(message: Reply): void {
    const { listeners } = this
    for (let i = 0; i < listeners.length; i++) listeners[i]?.take(message)
  }

  /** A message that a pattern let through. */
  deliverFrom(channel: Reply, message: Reply): void {
    const { listeners } = this
    for (let i = 0; i < listeners.length; i++) listeners[i]?.takeFrom(channel, message)
  }
}

/** A lone surrogate: no text that was read from bytes begins with it. */
const BINARY = '\ud800'

/** The key of a name: its text, or a text for bytes that are no UTF-8. */
export function keyOf(name: string | Uint8Array): string {
  // What a lone surrogate is sent as is U+FFFD.
  if (typeof name === 'string') return SURROGATE.test(name) ? Buffer.from(name).toString() : name
  const bytes = Buffer.isBuffer(name) ? name : Buffer.from(name.buffer, name.byteOffset, name.byteLength)
  const text = bytes.toString()
  if (!text.includes('\ufffd') || Buffer.from(text).equals(bytes)) return text
  return BINARY + bytes.toString('latin1')
}

const SURROGATE = /[\ud800-\udfff]/

/** What can be subscribed to: channels, patterns of channels, or the channels of a cluster's shard. */
export interface Kind {
  readonly name: 'channel' | 'pattern' | 'shard'
  readonly join: Spec
  readonly leave: Spec
}

export const CHANNEL: Kind = { name: 'channel', join: SUBSCRIBE, leave: UNSUBSCRIBE }
export const PATTERN: Kind = { name: 'pattern', join: PSUBSCRIBE, leave: PUNSUBSCRIBE }
export const SHARD: Kind = { name: 'shard', join: SSUBSCRIBE, leave: SUNSUBSCRIBE }
