/**
 * One connection for all subscriptions of a client (of a cluster: of a node). It connects when the first topic is added.
 *
 *                       write                      confirmed
 *   unsubscribed ─── SUBSCRIBE ───▸ subscribing ─────────────▸ subscribed
 *      ▴    (wanted)                                                │  (not wanted)
 *      └────── confirmed ────── unsubscribing ◂── UNSUBSCRIBE ──────┘
 *
 * A topic has at most one command in flight. If `wanted` changes meanwhile, the next command is written after the confirmation,
 * so the server ends in the wanted state whatever the order of the calls. A lost connection sets all topics to `unsubscribed`,
 * and the wanted ones are subscribed again.
 */
import type { Reply } from '../commands/core/reply.js'
import { clearTimeout, jittered, nextTick, performance, setTimer } from '../commands/core/timers.js'
import { isRetryable } from '../connection/call/refusals.js'
import type { Backoff } from '../connection/link/backoff.js'
import { Link } from '../connection/link/link.js'
import type { LinkOwner } from '../connection/link/link-owner.js'
import type { Endpoint, Settings } from '../connection/options/options.js'
import type { Connection } from '../connection/socket/connection.js'
import { nonce } from '../connection/socket/nonce.js'
import { NoPermissionError, type RedisError } from '../errors/errors.js'
import { sinceEpoch } from './gap.js'
import { chunkOf, SubscribeCommand, type TopicState } from './subscribe-command.js'
import { CHANNEL, type Kind, keyOf, PATTERN, SHARD, type SubscriberConnection, type Topic } from './topic.js'

/** Where a subscriber connects to. A node of the client has all of these properties. */
export interface SubscriberDestination {
  readonly settings: Settings
  /** The backoff of the node, shared by all connections to it. */
  readonly backoff: Backoff
  readonly resolve: (attempt: number) => Endpoint | Promise<Endpoint>
}

export interface SubscriberOwner {
  /** Whether some subscription wants bytes: the reader then gives all text of messages as Buffers. */
  readonly wantsBytes: boolean
  /** Returns the slot of a shard channel. Only topics of the same slot go into one command. */
  slotOf?(topic: Topic): number
  onSubscribed(subscriber: SubscriberConnection, topic: Topic): void
  /** UNSUBSCRIBE is being written: no more messages of the topic are expected. */
  onUnsubscribing(subscriber: SubscriberConnection, topic: Topic): void
  onUnsubscribed(subscriber: SubscriberConnection, topic: Topic): void
  /** The connection of a confirmed topic was lost. Its last byte arrived at `from`, ms since the epoch. */
  onLost(subscriber: SubscriberConnection, topic: Topic, from: number, cause: RedisError): void
  /** The server unsubscribed a wanted topic by itself, because its slot has moved. */
  onServerUnsubscribed(subscriber: SubscriberConnection, topic: Topic): void
  /** The server rejected SUBSCRIBE. `retryable` says that it may succeed later: call `subscribe` again. */
  onSubscribeFailed(subscriber: SubscriberConnection, topic: Topic, error: RedisError, retryable: boolean): void
  /** The server rejected UNSUBSCRIBE. */
  onUnsubscribeFailed(subscriber: SubscriberConnection, topic: Topic, error: RedisError): void
  /** The connection was lost, or an attempt to connect failed. */
  onDown(subscriber: SubscriberConnection, error: RedisError, permanent: boolean, exhausted: boolean): void
}

/** The longest delay before UNSUBSCRIBE is repeated after BUSY, ms. */
const RETRY_DELAY = 150

export class Subscriber implements LinkOwner, SubscriberConnection {
  readonly #owner: SubscriberOwner
  #destination: SubscriberDestination
  #link: Link
  readonly #channels = new Map<string, TopicState>()
  readonly #patterns = new Map<string, TopicState>()
  readonly #shards = new Map<string, TopicState>()
  /** Topics for which the next flush may have to write a command. */
  readonly #changed = new Set<TopicState>()
  readonly #fences = new Map<string, SubscribeCommand>()
  #scheduled = false
  #wanted = 0
  #retry: NodeJS.Timeout | undefined
  #closed = false
  #referenced = true

  constructor(destination: SubscriberDestination, owner: SubscriberOwner) {
    this.#owner = owner
    this.#destination = destination
    this.#link = this.#newLink()
  }

  #newLink(): Link {
    const { backoff, resolve, settings } = this.#destination
    const link = new Link(settings, this, backoff, { eager: false, listening: true, resolve })
    if (!this.#referenced) link.unref()
    return link
  }

  get link(): Link {
    return this.#link
  }

  /** Number of wanted topics. */
  get size(): number {
    return this.#wanted
  }

  subscribe(topic: Topic): void {
    const states = this.#statesOf(topic.kind)
    let state = states.get(topic.key)
    if (state === undefined) {
      state = {
        topic,
        phase: 'unsubscribed',
        wanted: false,
        lastMessageAt: undefined,
        command: undefined,
        sendAlone: false,
      }
      states.set(topic.key, state)
    }
    if (!state.wanted) {
      state.wanted = true
      this.#wanted++
    }
    this.updateWantsBytes()
    this.#schedule(state)
  }

  /** Unsubscribes from `topic`. `onUnsubscribed` is called after the confirmation, or in the next tick if none is needed. */
  unsubscribe(topic: Topic): void {
    const state = this.#statesOf(topic.kind).get(topic.key)
    if (state === undefined || !state.wanted) return
    state.wanted = false
    this.#wanted--
    this.#schedule(state)
  }

  lastMessageAt(topic: Topic): number | undefined {
    return this.#statesOf(topic.kind).get(topic.key)?.lastMessageAt
  }

  updateWantsBytes(): void {
    const { connection } = this.#link
    if (connection !== undefined) connection.pushBytes = this.#owner.wantsBytes
  }

  #statesOf({ name }: Kind): Map<string, TopicState> {
    return name === 'channel' ? this.#channels : name === 'pattern' ? this.#patterns : this.#shards
  }

  #schedule(state: TopicState): void {
    this.#changed.add(state)
    if (this.#scheduled) return
    this.#scheduled = true
    nextTick(flush, this)
  }

  /** Writes the commands that bring the changed topics to their wanted state. */
  flush(): void {
    this.#scheduled = false
    const changed = [...this.#changed]
    this.#changed.clear()
    if (this.#closed) return
    const { connection } = this.#link
    const subscribing: TopicState[] = []
    const unsubscribing: TopicState[] = []
    for (const state of changed) {
      const { phase, topic, wanted } = state
      if (phase === 'unsubscribed') {
        if (wanted) subscribing.push(state)
        else this.#remove(state)
      } else if (phase === 'subscribed') {
        if (wanted) this.#owner.onSubscribed(this, topic)
        else unsubscribing.push(state)
      }
    }
    if (connection === undefined) {
      if (this.#wanted > 0) this.#link.connect()
      return
    }
    this.#writeAll(connection, unsubscribing, false)
    this.#writeAll(connection, subscribing, true)
    connection.commit()
  }

  #remove(state: TopicState): void {
    // A new state with the same name may be added before the next flush.
    this.#changed.delete(state)
    this.#statesOf(state.topic.kind).delete(state.topic.key)
    this.#owner.onUnsubscribed(this, state.topic)
  }

  #writeAll(connection: Connection, states: readonly TopicState[], subscribing: boolean): void {
    for (const kind of [CHANNEL, PATTERN, SHARD]) {
      const groups = new Map<unknown, TopicState[]>()
      for (const state of states) {
        if (state.topic.kind !== kind) continue
        const id = state.sendAlone ? state : kind === SHARD ? (this.#owner.slotOf?.(state.topic) ?? 0) : 0
        const group = groups.get(id)
        if (group === undefined) groups.set(id, [state])
        else group.push(state)
      }
      for (const group of groups.values()) {
        for (let i = 0; i < group.length; ) {
          const chunk = chunkOf(group, i)
          this.#write(connection, kind, chunk, subscribing)
          i += chunk.length
          if (!connection.hasRoom) connection.commit()
        }
      }
    }
  }

  #write(connection: Connection, kind: Kind, states: readonly TopicState[], subscribing: boolean): void {
    const command = this.#newCommand(connection, kind, states, subscribing)
    for (const state of states) {
      state.phase = subscribing ? 'subscribing' : 'unsubscribing'
      state.command = command
      if (!subscribing) this.#owner.onUnsubscribing(this, state.topic)
    }
    connection.push(command)
    if (kind === SHARD && !subscribing) this.#writeFence(connection, command)
  }

  #newCommand(
    connection: Connection,
    kind: Kind,
    states: readonly TopicState[],
    subscribing: boolean,
  ): SubscribeCommand {
    return new SubscribeCommand(kind, subscribing, states, connection, (command, error) =>
      this.#onCommandError(command, error),
    )
  }

  /**
   * A server may unsubscribe us from a shard channel by itself, just before it reads our SUNSUBSCRIBE, which it then rejects:
   * two answers to one command. So an UNSUBSCRIBE of a random name follows as a fence: every answer that arrives before the
   * fence is confirmed belongs to the SUNSUBSCRIBE.
   */
  #writeFence(connection: Connection, command: SubscribeCommand): void {
    const fence = this.#newCommand(connection, CHANNEL, [], false)
    const name = `respire:fence:${nonce()}`
    fence.args = [name]
    fence.left = 1
    fence.fenced = command
    command.fence = fence
    this.#fences.set(name, fence)
    connection.push(fence)
  }

  onPush(_link: object, kind: string, items: Reply[]): void {
    switch (kind) {
      case 'message':
        this.#channels.get(nameOf(items[0]))?.topic.deliver(items[1] as Reply)
        break
      case 'pmessage':
        this.#patterns.get(nameOf(items[0]))?.topic.deliverFrom(items[1] as Reply, items[2] as Reply)
        break
      case 'smessage':
        this.#deliverShardMessage(this.#shards.get(nameOf(items[0])), items[1] as Reply)
        break
      case 'subscribe':
        this.#onSubscribed(this.#channels.get(nameOf(items[0])))
        break
      case 'psubscribe':
        this.#onSubscribed(this.#patterns.get(nameOf(items[0])))
        break
      case 'ssubscribe':
        this.#onSubscribed(this.#shards.get(nameOf(items[0])))
        break
      case 'unsubscribe':
        if (!this.#onFenceConfirmed(nameOf(items[0]))) this.#onUnsubscribed(this.#channels.get(nameOf(items[0])))
        break
      case 'punsubscribe':
        this.#onUnsubscribed(this.#patterns.get(nameOf(items[0])))
        break
      case 'sunsubscribe':
        this.#onUnsubscribed(this.#shards.get(nameOf(items[0])))
        break
    }
  }

  #deliverShardMessage(state: TopicState | undefined, message: Reply): void {
    if (state === undefined) return
    state.lastMessageAt = this.#link.connection?.lastRead
    state.topic.deliver(message)
  }

  #onSubscribed(state: TopicState | undefined): void {
    if (state?.phase !== 'subscribing') return
    state.lastMessageAt = this.#link.connection?.lastRead
    state.phase = 'subscribed'
    state.sendAlone = false
    if (state.wanted) this.#owner.onSubscribed(this, state.topic)
    else this.#schedule(state)
    this.#countConfirmation(state)
  }

  #onUnsubscribed(state: TopicState | undefined): void {
    if (state?.phase === 'unsubscribing') {
      state.phase = 'unsubscribed'
      this.#countConfirmation(state)
      if (state.wanted) this.#schedule(state)
      else this.#remove(state)
    } else if (state?.phase === 'subscribed') {
      state.phase = 'unsubscribed'
      if (state.wanted) this.#owner.onServerUnsubscribed(this, state.topic)
      else this.#schedule(state)
    }
  }

  #countConfirmation(state: TopicState): void {
    const { command } = state
    state.command = undefined
    if (command === undefined) return
    command.left--
    if (command.left === 0 && command.fence === undefined) command.connection.answered(command)
  }

  /** Returns false if `name` is not the name of a fence. */
  #onFenceConfirmed(name: string): boolean {
    const fence = this.#fences.get(name)
    if (fence === undefined) return false
    this.#fences.delete(name)
    const command = fence.fenced
    if (command?.resolve !== undefined) {
      command.connection.answered(command)
      // Topics without an answer of their own: the server had unsubscribed them before.
      for (const state of command.topics) if (state.command === command) this.#onUnsubscribed(state)
    }
    fence.connection.answered(fence)
    return true
  }

  /** An error reply to `command`, which has left the queue. Commands of a lost connection are handled by `onDown`. */
  #onCommandError(command: SubscribeCommand, error: RedisError): void {
    if (command.connection.state === 'closed') return
    if (command.fenced !== undefined) {
      this.#fences.delete(command.args[0] as string)
      return
    }
    if (command.fence !== undefined && command.left === 0 && error instanceof NoPermissionError) {
      // The command itself was confirmed, so the server has rejected the fence.
      this.#fences.delete(command.fence.args[0] as string)
      command.connection.answered(command.fence)
      return
    }
    for (const state of command.topics) {
      if (state.command === command) this.#onTopicError(state, command, error)
    }
  }

  #onTopicError(state: TopicState, command: SubscribeCommand, error: RedisError): void {
    const { topic } = state
    state.command = undefined
    if (state.phase === 'subscribing') {
      state.phase = 'unsubscribed'
      if (!state.wanted) this.#remove(state)
      else if (command.topics.length > 1) {
        state.sendAlone = true
        this.#schedule(state)
      } else this.#owner.onSubscribeFailed(this, topic, error, isRetryable(command, error))
    } else if (topic.kind === SHARD) {
      // The slot has left this node, and with it the subscription.
      state.phase = 'unsubscribed'
      if (state.wanted) this.#schedule(state)
      else this.#remove(state)
    } else {
      state.phase = 'subscribed'
      if (state.wanted) this.#owner.onSubscribed(this, topic)
      else {
        this.#owner.onUnsubscribeFailed(this, topic, error)
        if (error.code === 'BUSY') this.#unsubscribeLater()
      }
    }
  }

  /** The server goes on sending the messages of topics that nobody wants: it is asked again when its script may be over. */
  #unsubscribeLater(): void {
    this.#retry ??= setTimer(jittered(RETRY_DELAY, 1 / 3), () => {
      this.#retry = undefined
      for (const states of [this.#channels, this.#patterns]) {
        for (const state of states.values()) if (!state.wanted && state.phase === 'subscribed') this.#schedule(state)
      }
    })?.unref()
  }

  onReady(): void {
    this.updateWantsBytes()
    for (const states of [this.#channels, this.#patterns, this.#shards]) {
      for (const state of states.values()) this.#changed.add(state)
    }
    this.flush()
  }

  onDown(link: object, error: RedisError, lastRead: number, permanent: boolean): void {
    if (link !== this.#link) return
    this.#lose(error, lastRead)
    this.#owner.onDown(this, error, permanent, this.#destination.backoff.exhausted)
    if (this.#wanted > 0 && !this.#closed) this.#link.connect()
  }

  #lose(error: RedisError, lastRead: number): void {
    const from = sinceEpoch(lastRead)
    this.#fences.clear()
    for (const states of [this.#channels, this.#patterns, this.#shards]) {
      for (const state of [...states.values()]) {
        const { phase } = state
        state.phase = 'unsubscribed'
        state.command = undefined
        if (!state.wanted) this.#remove(state)
        else if (phase === 'subscribed') this.#owner.onLost(this, state.topic, from, error)
      }
    }
  }

  /** Moves all topics to another server. Messages published in between are missed: the subscriptions emit a gap. */
  move(destination: SubscriberDestination, cause: RedisError): void {
    if (this.#closed) return
    const lastRead = this.#link.connection?.lastRead ?? performance.now()
    this.#link.destroy()
    this.#destination = destination
    this.#link = this.#newLink()
    this.#lose(cause, lastRead)
    if (this.#wanted > 0) this.#link.connect()
  }

  /** Closes the connection. The owner is not notified any more. */
  destroy(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#retry)
    this.#link.destroy()
  }

  ref(): void {
    this.#referenced = true
    this.#link.ref()
  }

  unref(): void {
    this.#referenced = false
    this.#link.unref()
  }
}

function flush(subscriber: Subscriber): void {
  subscriber.flush()
}

/** Returns the key of a name in a push; if the push has no name, a key that no topic has. */
function nameOf(name: Reply | undefined): string {
  return typeof name === 'string' ? name : Buffer.isBuffer(name) ? keyOf(name) : '\udfff'
}
