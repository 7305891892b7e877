/**
 * The connection of subscriptions, and what is on it: one for all subscriptions of a client, dialled when the first comes.
 *
 *            carry                 write               confirmed
 *   ─ out ─────────▸ (wanted) ─ SUBSCRIBE ─▸ joining ─────────────▸ in
 *      ▴                                                            │ drop
 *      └── confirmed ── leaving ◂─ UNSUBSCRIBE ── (unwanted) ◂──────┘
 *
 * A topic has at most one line on its way. What was decided meanwhile is looked at when it is confirmed, so the wire comes
 * to what is wanted in whatever order calls came; a lost connection puts all back to `out`, and writes the wanted again.
 */
import type { Reply } from '../commands/core/reply.js'
import { nextTick, performance } from '../commands/core/timers.js'
import { isRetryable } from '../connection/call/refusals.js'
import type { Backoff } from '../connection/link/backoff.js'
import { Link } from '../connection/link/link.js'
import type { LinkOwner } from '../connection/link/link-owner.js'
import type { Endpoint, Settings } from '../connection/options/options.js'
import type { Connection } from '../connection/socket/connection.js'
import { nonce } from '../connection/socket/nonce.js'
import { NoPermissionError, type RedisError } from '../errors/errors.js'
import { sinceEpoch } from './gap.js'
import { type CarriedTopic, LINE, LINE_LENGTH, SubscribeCommand } from './subscribe-command.js'
import { type Carrier, CHANNEL, type Kind, keyOf, PATTERN, SHARD, type Topic } from './topic.js'

/** Where a subscriber connects to. A node of the client has all of it. */
export interface SubscriberDestination {
  readonly settings: Settings
  /** That of the node: all that dial it share one. */
  readonly backoff: Backoff
  readonly resolve: (attempt: number) => Endpoint | Promise<Endpoint>
}

/** What a subscriber tells who owns it. */
export interface SubscriberOwner {
  /** Whether some subscription wants bytes: then all text of messages comes as Buffers. */
  readonly wantsBytes: boolean
  /** The slot of a shard channel: those of one line share it. Without it they go together. */
  slotOf?(topic: Topic): number
  onJoined(subscriber: Carrier, topic: Topic): void
  /** Its messages end: it is about to be left. */
  onLeaving(subscriber: Carrier, topic: Topic): void
  onLeft(subscriber: Carrier, topic: Topic): void
  /** It was confirmed and is no more. `from` is when the last byte came before, ms since the epoch. */
  onLost(subscriber: Carrier, topic: Topic, from: number, cause: RedisError): void
  /** The server took it from us: its slot has moved. */
  onServerUnsubscribed(subscriber: Carrier, topic: Topic): void
  /** The server does not let us join it; `passing` says that waiting helps. `carry` tries again. */
  onRefused(subscriber: Carrier, topic: Topic, error: RedisError, passing: boolean): void
  /** The server does not let us leave it. */
  onUnsubscribeFailed(subscriber: Carrier, topic: Topic, error: RedisError): void
  /** The connection was lost, or an attempt failed. */
  onDown(subscriber: Carrier, error: RedisError, permanent: boolean, exhausted: boolean): void
}

export class Subscriber implements LinkOwner, Carrier {
  readonly #owner: SubscriberOwner
  #destination: SubscriberDestination
  #link: Link
  readonly #channels = new Map<string, CarriedTopic>()
  readonly #patterns = new Map<string, CarriedTopic>()
  readonly #shards = new Map<string, CarriedTopic>()
  /** To be looked at in the next tick. */
  readonly #changed = new Set<CarriedTopic>()
  readonly #fences = new Map<string, SubscribeCommand>()
  #scheduled = false
  #wanted = 0
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

  /** Topics that it carries. */
  get size(): number {
    return this.#wanted
  }

  /** Subscribes to `topic` as soon as can be, and again after each loss. */
  carry(topic: Topic): void {
    const topics = this.#of(topic.kind)
    let carried = topics.get(topic.key)
    if (carried === undefined) {
      carried = { topic, state: 'out', wanted: false, heardAt: undefined, line: undefined, alone: false }
      topics.set(topic.key, carried)
    }
    if (!carried.wanted) {
      carried.wanted = true
      this.#wanted++
    }
    this.refresh()
    this.#look(carried)
  }

  /** Unsubscribes from `topic`. `onLeft` tells when that is done; at once if the server knows nothing of it. */
  drop(topic: Topic): void {
    const carried = this.#of(topic.kind).get(topic.key)
    if (carried === undefined || !carried.wanted) return
    carried.wanted = false
    this.#wanted--
    this.#look(carried)
  }

  heardAt(topic: Topic): number | undefined {
    return this.#of(topic.kind).get(topic.key)?.heardAt
  }

  /** Bytes may be wanted from now on, or not any more. */
  refresh(): void {
    const { connection } = this.#link
    if (connection !== undefined) connection.pushBytes = this.#owner.wantsBytes
  }

  #of({ name }: Kind): Map<string, CarriedTopic> {
    return name === 'channel' ? this.#channels : name === 'pattern' ? this.#patterns : this.#shards
  }

  #look(carried: CarriedTopic): void {
    this.#changed.add(carried)
    if (this.#scheduled) return
    this.#scheduled = true
    nextTick(flush, this)
  }

  /** Writes what leads from what is to what is wanted. */
  flush(): void {
    this.#scheduled = false
    const changed = [...this.#changed]
    this.#changed.clear()
    if (this.#closed) return
    const { connection } = this.#link
    const joining: CarriedTopic[] = []
    const leaving: CarriedTopic[] = []
    for (const carried of changed) {
      const { state, topic, wanted } = carried
      if (state === 'out') {
        if (wanted) joining.push(carried)
        else this.#forget(carried)
      } else if (state === 'in') {
        if (wanted) this.#owner.onJoined(this, topic)
        else leaving.push(carried)
      }
    }
    if (connection === undefined) {
      if (this.#wanted > 0) this.#link.connect()
      return
    }
    this.#write(connection, leaving, false)
    this.#write(connection, joining, true)
    connection.commit()
  }

  #forget(carried: CarriedTopic): void {
    // At the next flush its name may be that of another one.
    this.#changed.delete(carried)
    this.#of(carried.topic.kind).delete(carried.topic.key)
    this.#owner.onLeft(this, carried.topic)
  }

  #write(connection: Connection, all: readonly CarriedTopic[], joining: boolean): void {
    for (const kind of [CHANNEL, PATTERN, SHARD]) {
      const groups = new Map<unknown, CarriedTopic[]>()
      for (const carried of all) {
        if (carried.topic.kind !== kind) continue
        const group = carried.alone ? carried : kind === SHARD ? (this.#owner.slotOf?.(carried.topic) ?? 0) : 0
        const members = groups.get(group)
        if (members === undefined) groups.set(group, [carried])
        else members.push(carried)
      }
      for (const group of groups.values()) {
        for (let i = 0; i < group.length; ) {
          const line = lineOf(group, i)
          this.#writeLine(connection, kind, line, joining)
          i += line.length
          if (!connection.hasRoom) connection.commit()
        }
      }
    }
  }

  #writeLine(connection: Connection, kind: Kind, group: readonly CarriedTopic[], joining: boolean): void {
    const line = new SubscribeCommand(kind, joining, group, connection, (failed, error) =>
      this.#lineFailed(failed, error),
    )
    for (const carried of group) {
      carried.state = joining ? 'joining' : 'leaving'
      carried.line = line
      if (!joining) this.#owner.onLeaving(this, carried.topic)
    }
    connection.push(line)
    if (kind === SHARD && !joining) this.#writeFence(connection, line)
  }

  /**
   * The server may unsubscribe us from a shard's channel by itself, just before it reads our own SUNSUBSCRIBE, which it then
   * refuses: two answers to one line. Whatever comes before the fence is confirmed belongs to the line.
   */
  #writeFence(connection: Connection, line: SubscribeCommand): void {
    const fence = new SubscribeCommand(CHANNEL, false, [], connection, (failed, error) =>
      this.#lineFailed(failed, error),
    )
    const name = `respire:fence:${nonce()}`
    fence.args = [name]
    fence.left = 1
    fence.fenced = line
    line.fence = fence
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
        this.#deliverOfShard(this.#shards.get(nameOf(items[0])), items[1] as Reply)
        break
      case 'subscribe':
        this.#joined(this.#channels.get(nameOf(items[0])))
        break
      case 'psubscribe':
        this.#joined(this.#patterns.get(nameOf(items[0])))
        break
      case 'ssubscribe':
        this.#joined(this.#shards.get(nameOf(items[0])))
        break
      case 'unsubscribe':
        if (!this.#fenceConfirmed(nameOf(items[0]))) this.#left(this.#channels.get(nameOf(items[0])))
        break
      case 'punsubscribe':
        this.#left(this.#patterns.get(nameOf(items[0])))
        break
      case 'sunsubscribe':
        this.#left(this.#shards.get(nameOf(items[0])))
        break
    }
  }

  #deliverOfShard(carried: CarriedTopic | undefined, message: Reply): void {
    if (carried === undefined) return
    carried.heardAt = this.#link.connection?.lastRead
    carried.topic.deliver(message)
  }

  #joined(carried: CarriedTopic | undefined): void {
    if (carried?.state !== 'joining') return
    carried.heardAt = this.#link.connection?.lastRead
    carried.state = 'in'
    carried.alone = false
    if (carried.wanted) this.#owner.onJoined(this, carried.topic)
    else this.#look(carried)
    this.#confirmed(carried)
  }

  #left(carried: CarriedTopic | undefined): void {
    if (carried?.state === 'leaving') {
      carried.state = 'out'
      this.#confirmed(carried)
      if (carried.wanted) this.#look(carried)
      else this.#forget(carried)
    } else if (carried?.state === 'in') {
      carried.state = 'out'
      if (carried.wanted) this.#owner.onServerUnsubscribed(this, carried.topic)
      else this.#look(carried)
    }
  }

  #confirmed(carried: CarriedTopic): void {
    const { line } = carried
    carried.line = undefined
    if (line === undefined) return
    line.left--
    if (line.left === 0 && line.fence === undefined) line.connection.answered(line)
  }

  #fenceConfirmed(name: string): boolean {
    const fence = this.#fences.get(name)
    if (fence === undefined) return false
    this.#fences.delete(name)
    const line = fence.fenced
    if (line?.resolve !== undefined) {
      line.connection.answered(line)
      // It had no answer at all: nothing says that we are still subscribed.
      for (const carried of line.carried) if (carried.line === line) this.#left(carried)
    }
    fence.connection.answered(fence)
    return true
  }

  /** An error reply to `line`, which has left the queue. Those of a lost connection are settled by `onDown`. */
  #lineFailed(line: SubscribeCommand, error: RedisError): void {
    if (line.connection.state === 'closed') return
    if (line.fenced !== undefined) {
      this.#fences.delete(line.args[0] as string)
      return
    }
    if (line.fence !== undefined && line.left === 0 && error instanceof NoPermissionError) {
      // It was confirmed, so what the server refuses is the fence.
      this.#fences.delete(line.fence.args[0] as string)
      line.connection.answered(line.fence)
      return
    }
    for (const carried of line.carried) {
      if (carried.line === line) this.#carriedFailed(carried, line, error)
    }
  }

  #carriedFailed(carried: CarriedTopic, line: SubscribeCommand, error: RedisError): void {
    const { topic } = carried
    carried.line = undefined
    if (carried.state === 'joining') {
      carried.state = 'out'
      if (!carried.wanted) this.#forget(carried)
      else if (line.carried.length > 1) {
        carried.alone = true
        this.#look(carried)
      } else this.#owner.onRefused(this, topic, error, isRetryable(line, error))
    } else if (topic.kind === SHARD) {
      // Its slot is not there any more, and so are not we.
      carried.state = 'out'
      if (carried.wanted) this.#look(carried)
      else this.#forget(carried)
    } else {
      carried.state = 'in'
      if (carried.wanted) this.#owner.onJoined(this, topic)
      else this.#owner.onUnsubscribeFailed(this, topic, error)
    }
  }

  onConnect(): void {}

  onReconnecting(): void {}

  onReady(): void {
    this.refresh()
    for (const topics of [this.#channels, this.#patterns, this.#shards]) {
      for (const carried of topics.values()) this.#changed.add(carried)
    }
    this.flush()
  }

  onDown(link: object, error: RedisError, lastRead: number, permanent: boolean): void {
    if (link !== this.#link) return
    this.#lost(error, lastRead)
    this.#owner.onDown(this, error, permanent, this.#destination.backoff.exhausted)
    if (this.#wanted > 0 && !this.#closed) this.#link.connect()
  }

  #lost(error: RedisError, lastRead: number): void {
    const from = sinceEpoch(lastRead)
    this.#fences.clear()
    for (const topics of [this.#channels, this.#patterns, this.#shards]) {
      for (const carried of [...topics.values()]) {
        const { state } = carried
        carried.state = 'out'
        carried.line = undefined
        if (!carried.wanted) this.#forget(carried)
        else if (state === 'in') this.#owner.onLost(this, carried.topic, from, error)
      }
    }
  }

  /** Goes on at another server, with all that it carries. What is missed between is a gap. */
  move(destination: SubscriberDestination, cause: RedisError): void {
    if (this.#closed) return
    const lastRead = this.#link.connection?.lastRead ?? performance.now()
    this.#link.destroy()
    this.#destination = destination
    this.#link = this.#newLink()
    this.#lost(cause, lastRead)
    if (this.#wanted > 0) this.#link.connect()
  }

  /** Closes the connection. Nothing is told any more. */
  destroy(): void {
    if (this.#closed) return
    this.#closed = true
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

/** What of `group` goes in one line, from its `start` on. */
function lineOf(group: readonly CarriedTopic[], start: number): readonly CarriedTopic[] {
  let end = start
  for (let length = 0; end < group.length && end < start + LINE; end++) {
    length += group[end]?.topic.name.length ?? 0
    if (length > LINE_LENGTH && end > start) break
  }
  return group.slice(start, end)
}

/** The key of a name in a message; that of no topic if it has none. */
function nameOf(name: Reply | undefined): string {
  return typeof name === 'string' ? name : Buffer.isBuffer(name) ? keyOf(name) : '\udfff'
}
