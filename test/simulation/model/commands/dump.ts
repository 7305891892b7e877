/** DUMP and RESTORE. The payload is the model's own: a version, the value as JSON, and a checksum. */
import { createHash } from 'node:crypto'
import { type Call, type CommandSpec, command, FIRST, integer } from '../command.js'
import { Failure, OK, type Reply, SYNTAX } from '../reply.js'
import { type Consumer, idText, Stream } from '../stream.js'
import { strictId } from '../stream-ids.js'
import { lower } from '../text.js'
import { SortedSet, type Value } from '../values.js'

export const DUMP: readonly CommandSpec[] = [
  command('dump', 2, 'read', FIRST, ({ db, key }) => {
    const value = db.read(key)
    return value === undefined ? null : packed(value)
  }),
  command('restore', -4, 'write denyoom', FIRST, restore),
]

type Packed = readonly [type: string, ...parts: readonly unknown[]]

function checksum(text: string): string {
  return createHash('sha1').update(text, 'latin1').digest('hex')
}

function packed(value: Value): string {
  const text = `model1 ${JSON.stringify(plain(value))}`
  return text + checksum(text)
}

function plain(value: Value): Packed {
  switch (value.type) {
    case 'string':
      return ['string', value.text]
    case 'list':
      return ['list', value.items]
    case 'hash':
      return ['hash', [...value.fields]]
    case 'set':
      return ['set', [...value.members]]
    case 'zset':
      return ['zset', value.ordered.map(([member, score]) => [member, String(score)])]
    default:
      return [
        'stream',
        value.entries.map(({ id, fields }) => [idText(id), fields]),
        [idText(value.last), idText(value.maxDeleted), value.added],
        [...value.groups.values()].map(({ name, last, read, pending, consumers }) => [
          name,
          idText(last),
          read ?? null,
          [...consumers.values()].map(({ name: consumer, seen }) => [consumer, seen]),
          [...pending].map(([id, each]) => [id, each.consumer.name, each.delivered, each.deliveries]),
        ]),
      ]
  }
}

type PackedGroup = [string, string, number | null, [string, number][], [string, string, number, number][]]

function unpacked(text: string): Value | undefined {
  const [json, sum] = [text.slice(0, -40), text.slice(-40)]
  if (!json.startsWith('model1 ') || checksum(json) !== sum) return undefined
  const [type, first, second, third] = JSON.parse(json.slice(7)) as [string, never, never, never]
  switch (type) {
    case 'string':
      return { type, text: first }
    case 'list':
      return { type, items: first }
    case 'hash':
      return { type, fields: new Map(first) }
    case 'set':
      return { type, members: new Set(first) }
    case 'zset': {
      const zset = new SortedSet()
      for (const [member, score] of first as [string, string][]) zset.set(member, Number(score))
      return zset
    }
    default:
      return streamOf(first, second, third)
  }
}

function streamOf(
  entries: [string, string[]][],
  [last, maxDeleted, added]: [string, string, number],
  groups: PackedGroup[],
): Stream {
  const stream = new Stream()
  const id = (text: string) => strictId(text, 0n)
  stream.entries = entries.map(([at, fields]) => ({ id: id(at), fields }))
  stream.last = id(last)
  stream.maxDeleted = id(maxDeleted)
  stream.added = added
  for (const [name, lastRead, read, consumers, pending] of groups) {
    const all = new Map(
      consumers.map(([consumer, seen]): [string, Consumer] => [consumer, { name: consumer, seen, pending: new Set() }]),
    )
    const owned = new Map(
      pending.map(([at, owner, delivered, deliveries]) => [at, { consumer: all.get(owner)!, delivered, deliveries }]),
    )
    for (const [at, { consumer }] of owned) consumer.pending.add(at)
    stream.groups.set(name, { name, last: id(lastRead), read: read ?? undefined, pending: owned, consumers: all })
  }
  return stream
}

function restore(call: Call): Reply {
  const { db, key, args } = call
  let [replaces, isAbsolute, hasIdle, hasFrequency] = [false, false, false, false]
  for (let i = 4; i < args.length; i++) {
    const word = lower(args[i]!)
    const more = args.length - i - 1
    if (word === 'replace') replaces = true
    else if (word === 'absttl') isAbsolute = true
    else if (word === 'idletime' && more > 0 && !hasFrequency) {
      hasIdle = true
      if (integer(args[++i]!) < 0) return new Failure('ERR Invalid IDLETIME value, must be >= 0')
    } else if (word === 'freq' && more > 0 && !hasIdle) {
      hasFrequency = true
      const frequency = integer(args[++i]!)
      if (frequency < 0 || frequency > 255) return new Failure('ERR Invalid FREQ value, must be >= 0 and <= 255')
    } else return SYNTAX
  }
  const isThere = db.find(key) !== undefined
  if (!replaces && isThere) return new Failure('BUSYKEY Target key name already exists.')
  const ttl = integer(args[2]!)
  if (ttl < 0) return new Failure('ERR Invalid TTL value, must be >= 0')
  const value = unpacked(args[3]!)
  if (value === undefined) return new Failure('ERR DUMP payload version or checksum are wrong')
  if (isThere) db.delete(key)
  const at = ttl === 0 || isAbsolute ? ttl : call.now + ttl
  if (at > 0 && at <= call.now) {
    if (isThere) {
      db.touch(key)
      db.event('g', 'del', key)
    }
    return OK
  }
  db.add(key, value)
  if (at > 0) db.setExpiry(key, at)
  db.touch(key)
  db.event('g', 'restore', key)
  return OK
}
