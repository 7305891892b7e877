/** Subscriptions to channels, patterns and shard channels, and keyspace events. */
import type { ModelConnection } from './connection.js'
import type { EventClass } from './database.js'
import { matches } from './text.js'

export type Kind = 'channels' | 'patterns' | 'shards'

export class PubSub {
  /** The subscribers of each topic, in the order in which they subscribed. */
  readonly channels: Map<string, Set<ModelConnection>> = new Map()
  readonly patterns: Map<string, Set<ModelConnection>> = new Map()
  readonly shards: Map<string, Set<ModelConnection>> = new Map()
  /** The flags of `notify-keyspace-events`; `n` enables events for new keys. */
  events = ''

  add(kind: Kind, topic: string, connection: ModelConnection): void {
    if (connection[kind].has(topic)) return
    connection[kind].add(topic)
    const those = this[kind].get(topic) ?? new Set()
    this[kind].set(topic, those.add(connection))
  }

  remove(kind: Kind, topic: string, connection: ModelConnection): boolean {
    if (!connection[kind].delete(topic)) return false
    const those = this[kind].get(topic)
    those?.delete(connection)
    if (those?.size === 0) this[kind].delete(topic)
    return true
  }

  removeAll(connection: ModelConnection): void {
    for (const kind of ['channels', 'patterns', 'shards'] as const) {
      for (const topic of [...connection[kind]]) this.remove(kind, topic, connection)
    }
  }

  /** Returns the number of receivers. */
  publish(channel: string, message: string): number {
    let receivers = 0
    for (const each of this.channels.get(channel) ?? []) {
      each.push(['message', channel, message])
      receivers++
    }
    for (const [pattern, those] of this.patterns) {
      if (!matches(pattern, channel)) continue
      for (const each of those) {
        each.push(['pmessage', pattern, channel, message])
        receivers++
      }
    }
    return receivers
  }

  publishToShard(channel: string, message: string): number {
    const those = this.shards.get(channel)
    for (const each of those ?? []) each.push(['smessage', channel, message])
    return those?.size ?? 0
  }

  event(db: number, kind: EventClass, name: string, key: string): void {
    const { events } = this
    if (events === '' || !(events.includes(kind) || (events.includes('A') && !'mn'.includes(kind)))) return
    if (events.includes('K')) this.publish(`__keyspace@${db}__:${key}`, name)
    if (events.includes('E')) this.publish(`__keyevent@${db}__:${name}`, key)
  }
}

/** Returns the flags in the order in which the server shows them, or undefined if one is unknown. */
export function eventFlags(text: string): string | undefined {
  const all = 'g$lshzxetd'
  let flags = ''
  for (const flag of text) {
    if (flag === 'A') flags += all
    else if (`${all}KEmn`.includes(flag)) flags += flag
    else return undefined
  }
  const has = (flag: string) => flags.includes(flag)
  // The server does not show `n` together with `A`.
  const classes = [...all].every(has) ? 'A' : [...all, 'n'].filter(has).join('')
  return classes + [...'KEm'].filter(has).join('')
}
