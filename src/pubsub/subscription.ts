import type { Key } from '../commands/core/argument.js'
import type { CallOptions } from '../commands/core/call-options.js'
import type { ReplyFormat } from '../commands/core/reply-format.js'
import type { Registry } from './registry.js'
import { type ChannelArguments, readArguments, readChannels, type SubscribeArguments } from './subscribe-arguments.js'
import type { SubscriptionEvents, SubscriptionState, Text, TopicListener } from './subscription-state.js'
import type { Kind } from './topic.js'
import { keyOf } from './topic.js'

/** A message, as a loop gets it. */
export interface Message<T extends Text = string> {
  readonly channel: T
  /** The pattern that let it through; only in subscriptions to patterns. */
  readonly pattern?: T
  readonly message: T
}

/** What all subscriptions have: one bounded queue with one reader, counters, events, an end. */
export class Subscription<T extends Text = string, M = Message<T>>
  implements AsyncIterable<M, undefined>, AsyncDisposable
{
  readonly #registry: Registry
  readonly #member: SubscriptionState

  constructor(registry: Registry, member: SubscriptionState) {
    this.#registry = registry
    this.#member = member
  }

  /** Messages that came. Each was read, is queued, or was dropped. */
  get received(): number {
    return this.#member.inbox.received
  }

  /** Messages that wait to be read. */
  get queued(): number {
    return this.#member.inbox.queued
  }

  /** Messages that found the queue full. */
  get dropped(): number {
    return this.#member.inbox.dropped
  }

  /** Whether it has ended: nothing more is queued. */
  get closed(): boolean {
    return this.#member.ended
  }

  /** What it listens to. */
  get channels(): readonly T[] {
    return [...this.#member.listeners.values()].map(({ shown }) => shown as T)
  }

  /** Listens to more, of the same kind; resolves when the server confirmed. PubSubError if it has ended. */
  async subscribe(...channels: ChannelArguments): Promise<void> {
    const names = readChannels('subscribe', channels)
    await this.#registry.subscribe(this.#member, names, undefined, undefined)
  }

  /**
   * Leaves `channels`, or all if none is named; resolves when the server confirmed that nobody here listens to them any more.
   * Without any left it ends: what is queued is still read.
   */
  async unsubscribe(...channels: ChannelArguments): Promise<void> {
    const { listeners, membership } = this.#member
    if (channels.length === 0) return this.#registry.unsubscribe(this.#member, [...listeners.values()])
    const leaving = new Set<TopicListener>()
    for (const name of readChannels('unsubscribe', channels)) {
      const listener = listeners.get(keyOf(prefixed(name, membership.prefix)))
      if (listener !== undefined) leaving.add(listener)
    }
    if (leaving.size > 0) await this.#registry.unsubscribe(this.#member, [...leaving])
  }

  /** The messages, for one loop: leaving it unsubscribes. PubSubError if there is another loop, or a handler. */
  [Symbol.asyncIterator](): AsyncIterableIterator<M, undefined> {
    return this.#member.inbox.iterate() as AsyncIterableIterator<M, undefined>
  }

  /** Unsubscribes from everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#member.onReturn()
  }

  on<K extends keyof SubscriptionEvents<T>>(name: K, handler: (...args: SubscriptionEvents<T>[K]) => void): this {
    this.#member.events.on(name, handler as () => void)
    return this
  }

  once<K extends keyof SubscriptionEvents<T>>(name: K, handler: (...args: SubscriptionEvents<T>[K]) => void): this {
    this.#member.events.once(name, handler as () => void)
    return this
  }

  off<K extends keyof SubscriptionEvents<T>>(name: K, handler: (...args: SubscriptionEvents<T>[K]) => void): this {
    this.#member.events.off(name, handler as () => void)
    return this
  }
}

function prefixed(name: Key, prefix: string): Key {
  if (prefix === '') return name
  return typeof name === 'string' ? prefix + name : Buffer.concat([Buffer.from(prefix), name])
}

/** subscribe(), psubscribe() and ssubscribe() of a view. */
export async function subscribe<T extends Text>(
  registry: Registry,
  method: string,
  kind: Kind,
  shape: ReplyFormat,
  callOptions: CallOptions | undefined,
  timeout: number,
  args: SubscribeArguments<T>,
): Promise<Subscription<T>> {
  const { handler, names, options } = readArguments(method, args)
  options.signal?.throwIfAborted()
  const member = registry.create({
    kind,
    bytes: shape.bytes,
    prefix: shape.prefix,
    timeout,
    options,
    reading: {
      item: (message, channel, pattern) =>
        pattern === undefined ? { channel, message } : { channel, pattern, message },
      handler:
        handler &&
        (item => {
          const { channel, message, pattern } = item as Message<T>
          return handler(message, channel, pattern)
        }),
    },
  })
  return registry.subscribe(member, names, callOptions, new Subscription<T>(registry, member))
}
