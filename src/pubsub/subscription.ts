import type { Key } from '../commands/core/argument.js'
import type { CallOptions } from '../commands/core/call-options.js'
import { showState } from '../commands/core/inspect.js'
import type { ReplyFormat } from '../commands/core/reply-format.js'
import type { Registry } from './registry.js'
import { type ChannelArguments, readArguments, readChannels, type SubscribeArguments } from './subscribe-arguments.js'
import type { SubscriptionEvents, SubscriptionState } from './subscription-state.js'
import type { Kind, Text, TopicListener } from './topic.js'
import { keyOf } from './topic.js'

/** A message, as the loop of a subscription gets it. */
export interface Message<T extends Text = string> {
  readonly channel: T
  /** The pattern that matched the channel; only in subscriptions to patterns. */
  readonly pattern?: T
  readonly message: T
}

/**
 * A subscription to channels or patterns. Its messages are read by one handler or by one `for await` loop; until then they
 * are kept in a bounded queue. It is subscribed again after each loss of the connection, and emits `gap` then.
 */
export class Subscription<T extends Text = string, M = Message<T>>
  implements AsyncIterable<M, undefined>, AsyncDisposable
{
  readonly #registry: Registry
  readonly #state: SubscriptionState

  constructor(registry: Registry, state: SubscriptionState) {
    this.#registry = registry
    this.#state = state
  }

  /** Number of messages that arrived. Each of them was read, is queued, or was dropped. */
  get received(): number {
    return this.#state.queue.received
  }

  /** Number of messages that are queued: not read yet. */
  get queued(): number {
    return this.#state.queue.queued
  }

  /** Number of messages that were dropped because the queue was full. */
  get dropped(): number {
    return this.#state.queue.dropped
  }

  /** Whether the subscription has ended: no more messages are queued. */
  get closed(): boolean {
    return this.#state.ended
  }

  /** The channels or patterns of this subscription. */
  get channels(): readonly T[] {
    return [...this.#state.listeners.values()].map(({ shown }) => shown as T)
  }

  /**
   * Resolves when the server has confirmed the additional `channels`. They are of the same kind as the first ones: channels,
   * patterns or shard channels.
   *
   * @throws PubSubError if the subscription has ended
   */
  async subscribe(...channels: ChannelArguments): Promise<void> {
    const names = readChannels('subscribe', channels)
    await this.#registry.subscribe(this.#state, names, undefined, undefined)
  }

  /**
   * Resolves when the server has confirmed that this client is unsubscribed from `channels`, or from all channels if none
   * are given. Channels that another subscription of the client uses need no confirmation. A subscription without channels
   * ends; its queued messages are still read.
   */
  async unsubscribe(...channels: ChannelArguments): Promise<void> {
    const { config, listeners } = this.#state
    if (channels.length === 0) return this.#registry.unsubscribe(this.#state, [...listeners.values()])
    const leaving = new Set<TopicListener>()
    for (const name of readChannels('unsubscribe', channels)) {
      const listener = listeners.get(keyOf(prefixed(name, config.prefix)))
      if (listener !== undefined) leaving.add(listener)
    }
    if (leaving.size > 0) await this.#registry.unsubscribe(this.#state, [...leaving])
  }

  /**
   * Returns the messages, for one `for await` loop. Leaving the loop unsubscribes.
   *
   * @throws PubSubError if the subscription has a handler, or had a loop before
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<M, undefined> {
    return this.#state.queue.iterate() as AsyncIterableIterator<M, undefined>
  }

  /** Resolves when the subscription has ended: it drops the queued messages and unsubscribes from all channels. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#state.onReturn()
  }

  /** Returns the subscription. `handler` is called each time that the event is emitted. */
  on<K extends keyof SubscriptionEvents<T>>(name: K, handler: (...args: SubscriptionEvents<T>[K]) => void): this {
    this.#state.events.on(name, handler as () => void)
    return this
  }

  /** Returns the subscription. `handler` is called the next time that the event is emitted. */
  once<K extends keyof SubscriptionEvents<T>>(name: K, handler: (...args: SubscriptionEvents<T>[K]) => void): this {
    this.#state.events.once(name, handler as () => void)
    return this
  }

  /** Returns the subscription. `handler` is not called any more. */
  off<K extends keyof SubscriptionEvents<T>>(name: K, handler: (...args: SubscriptionEvents<T>[K]) => void): this {
    this.#state.events.off(name, handler as () => void)
    return this
  }
}

showState<Subscription>(Subscription, ({ channels, received, queued, dropped, closed }) => ({
  channels: channels.length,
  received,
  queued,
  dropped,
  closed,
}))

function prefixed(name: Key, prefix: string): Key {
  if (prefix === '') return name
  return typeof name === 'string' ? prefix + name : Buffer.concat([Buffer.from(prefix), name])
}

/** Implements subscribe(), psubscribe() and ssubscribe() of a view. */
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
  const state = registry.create({
    kind,
    bytes: shape.bytes,
    prefix: shape.prefix,
    timeout,
    options,
    reader: {
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
  return registry.subscribe(state, names, callOptions, new Subscription<T>(registry, state))
}
