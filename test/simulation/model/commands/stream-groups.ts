/** Groups of streams: XGROUP, XACK, XPENDING, XCLAIM, XAUTOCLAIM. */
import { type Call, type CommandSpec, command, FIRST, integer, type Keys } from '../command.js'
import { Failure, NULL_ARRAY, OK, type Reply, SYNTAX } from '../reply.js'
import { type Consumer, compareIds, type Group, idText, MIN_ID, Stream, type StreamId } from '../stream.js'
import { endOf, looseId, startOf, strictId } from '../stream-ids.js'
import { lower } from '../text.js'

const SECOND: Keys = [2, 2, 1]

export const STREAM_GROUPS: readonly CommandSpec[] = [
  command('xgroup|create', -5, 'write denyoom', SECOND, create),
  command('xgroup|setid', -5, 'write', SECOND, setId),
  command('xgroup|destroy', 4, 'write', SECOND, call => {
    const { db, args, server } = call
    const [, , key, name] = args as [string, string, string, string]
    if (!streamOf(call, key).groups.delete(name)) return 0
    db.changed(key)
    db.event('x', 'xgroup-destroy', key)
    // Calls that are blocked on the group end with an error.
    server.blocking.ready(db, key)
    return 1
  }),
  command('xgroup|createconsumer', 5, 'write denyoom', SECOND, call => {
    const [, , key, name, consumer] = call.args as [string, string, string, string, string]
    const group = groupOf(streamOf(call, key), key, name)
    if (group.consumers.has(consumer)) return 0
    consumerOf(call, key, group, consumer)
    return 1
  }),
  command('xgroup|delconsumer', 5, 'write', SECOND, call => {
    const { db } = call
    const [, , key, name, consumerName] = call.args as [string, string, string, string, string]
    const group = groupOf(streamOf(call, key), key, name)
    const consumer = group.consumers.get(consumerName)
    if (consumer === undefined) return 0
    for (const id of consumer.pending) group.pending.delete(id)
    group.consumers.delete(consumerName)
    db.changed(key)
    db.event('x', 'xgroup-delconsumer', key)
    return consumer.pending.size
  }),
  command('xack', -4, 'write', FIRST, call => {
    const { db, key, args } = call
    const group = db.findTyped(key, 'stream')?.groups.get(args[2]!)
    if (group === undefined) return 0
    const ids = args.slice(3).map(text => idText(strictId(text, 0n)))
    const acknowledged = ids.filter(id => forget(group, id)).length
    db.changed(key)
    return acknowledged
  }),
  command('xpending', -3, 'read', FIRST, pending),
  command('xclaim', -6, 'write', FIRST, claim),
  command('xautoclaim', -6, 'write', FIRST, autoclaim),
]

function streamOf({ db }: Call, key: string): Stream {
  const stream = db.findTyped(key, 'stream')
  if (stream !== undefined) return stream
  throw new Failure(
    'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.',
  )
}

export function groupOf({ groups }: Stream, key: string, name: string): Group {
  const group = groups.get(name)
  if (group === undefined) throw new Failure(`NOGROUP No such consumer group '${name}' for key name '${key}'`)
  return group
}

/** Returns the consumer. It is created on its first use. */
export function consumerOf(call: Call, key: string, group: Group, name: string): Consumer {
  const existing = group.consumers.get(name)
  if (existing !== undefined) {
    existing.seen = call.now
    return existing
  }
  const consumer: Consumer = { name, seen: call.now, pending: new Set() }
  group.consumers.set(name, consumer)
  call.db.event('x', 'xgroup-createconsumer', key)
  call.db.changed(key)
  return consumer
}

function forget(group: Group, id: string): boolean {
  const found = group.pending.get(id)
  if (found === undefined) return false
  found.consumer.pending.delete(id)
  return group.pending.delete(id)
}

function groupOptions(call: Call, creates: boolean): { read: number | undefined; makes: boolean } {
  const { args } = call
  let read: number | undefined
  let makes = false
  for (let i = 5; i < args.length; i++) {
    const word = lower(args[i]!)
    if (word === 'mkstream' && creates) makes = true
    else if (word === 'entriesread' && i + 1 < args.length) {
      const value = integer(args[++i]!)
      if (value < -1) throw new Failure('ERR value for ENTRIESREAD must be positive or -1')
      read = value === -1 ? undefined : value
    } else {
      throw new Failure(`ERR unknown subcommand or wrong number of arguments for '${args[1]!}'. Try XGROUP HELP.`)
    }
  }
  return { read, makes }
}

function create(call: Call): Reply {
  const { db, args } = call
  const [, , key, name, idArgument] = args as [string, string, string, string, string]
  const { read, makes } = groupOptions(call, true)
  const existing = makes ? db.findTyped(key, 'stream') : streamOf(call, key)
  const id = idArgument === '$' ? (existing?.last ?? MIN_ID) : strictId(idArgument, 0n)
  const stream = existing ?? new Stream()
  if (existing === undefined) {
    db.add(key, stream)
    db.touch(key)
  }
  if (stream.groups.has(name)) return new Failure('BUSYGROUP Consumer Group name already exists')
  stream.groups.set(name, { name, last: id, read, pending: new Map(), consumers: new Map() })
  db.changed(key)
  db.event('x', 'xgroup-create', key)
  return OK
}

function setId(call: Call): Reply {
  const { db, args } = call
  const [, , key, name, idArgument] = args as [string, string, string, string, string]
  const { read } = groupOptions(call, false)
  const stream = streamOf(call, key)
  const group = groupOf(stream, key, name)
  group.last = idArgument === '$' ? stream.last : looseId(idArgument, 0n)
  group.read = read
  db.changed(key)
  db.event('x', 'xgroup-setid', key)
  return OK
}

function noSuch(key: string, name: string): Failure {
  return new Failure(`NOGROUP No such key '${key}' or consumer group '${name}'`)
}

function inOrder(ids: Iterable<string>): StreamId[] {
  return [...ids].map(text => strictId(text, 0n)).sort(compareIds)
}

function pending(call: Call): Reply {
  const { db, key, args, now } = call
  const name = args[2]!
  let idle = 0
  let at = 3
  if (args.length !== 3 && (args.length < 6 || args.length > 9)) return SYNTAX
  if (args.length > 3 && lower(args[3]!) === 'idle') {
    idle = integer(args[4]!)
    if (args.length < 8) return SYNTAX
    at = 5
  }
  const isSummary = args.length === 3
  const count = isSummary ? 0 : Math.max(0, integer(args[at + 2]!))
  const [start, end] = isSummary ? [MIN_ID, MIN_ID] : [startOf(args[at]!), endOf(args[at + 1]!)]
  const group = db.readTyped(key, 'stream')?.groups.get(name)
  if (group === undefined) return noSuch(key, name)
  if (isSummary) return summary(group)
  const consumer = args[at + 3]
  const owner = consumer === undefined ? undefined : group.consumers.get(consumer)
  if (consumer !== undefined && owner === undefined) return []
  return inOrder(owner?.pending ?? group.pending.keys())
    .filter(id => compareIds(id, start) >= 0 && compareIds(id, end) <= 0)
    .map(id => ({ id: idText(id), ...group.pending.get(idText(id))! }))
    .filter(({ delivered }) => now - delivered >= idle)
    .slice(0, count)
    .map(({ id, consumer: { name: owned }, delivered, deliveries }): Reply => [id, owned, now - delivered, deliveries])
}

function summary({ pending: all, consumers }: Group): Reply {
  const ids = inOrder(all.keys())
  if (ids.length === 0) return [0, null, null, NULL_ARRAY]
  const owners = [...consumers.values()]
    .filter(each => each.pending.size > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((each): Reply => [each.name, String(each.pending.size)])
  return [ids.length, idText(ids[0]!), idText(ids.at(-1)!), owners]
}

interface Claiming {
  minIdle: number
  justId: boolean
  delivered: number
  deliveries: number | undefined
  force: boolean
  last: StreamId | undefined
}

function minIdleOf(text: string, name: string): number {
  return Math.max(0, integer(text, new Failure(`ERR Invalid min-idle-time argument for ${name}`)))
}

function claim(call: Call): Reply {
  const { db, key, args, now } = call
  const [, , name, consumerName, idle] = args as [string, string, string, string, string]
  const stream = db.findTyped(key, 'stream')
  const group = stream?.groups.get(name)
  if (stream === undefined || group === undefined) return noSuch(key, name)
  const minIdle = minIdleOf(idle, 'XCLAIM')
  const ids: StreamId[] = []
  let at = 5
  for (; at < args.length; at++) {
    const id = idIn(args[at]!)
    if (id === undefined) break
    ids.push(id)
  }
  const options = claimOptions(call, at, minIdle)
  if (options.last !== undefined && compareIds(options.last, group.last) > 0) group.last = options.last
  let consumer = call.server.dialect.is72 ? consumerOf(call, key, group, consumerName) : undefined
  const claimed: Reply[] = []
  for (const id of ids) {
    const text = idText(id)
    const entry = stream.entries.find(each => compareIds(each.id, id) === 0)
    let found = group.pending.get(text)
    if (entry === undefined) {
      if (found !== undefined) forget(group, text)
      continue
    }
    if (found === undefined) {
      if (!options.force) continue
      consumer ??= consumerOf(call, key, group, consumerName)
      found = { consumer, delivered: now, deliveries: 1 }
      group.pending.set(text, found)
    } else if (minIdle > 0 && now - found.delivered < minIdle) continue
    consumer ??= consumerOf(call, key, group, consumerName)
    found.consumer.pending.delete(text)
    found.consumer = consumer
    consumer.pending.add(text)
    found.delivered = options.delivered
    if (options.deliveries !== undefined) found.deliveries = options.deliveries
    else if (!options.justId) found.deliveries++
    claimed.push(options.justId ? text : [text, entry.fields])
  }
  db.changed(key)
  return claimed
}

/** Parses an id; returns undefined for any other text, which is an option. */
function idIn(text: string): StreamId | undefined {
  try {
    return strictId(text, 0n)
  } catch {
    return undefined
  }
}

function claimOptions({ args, now }: Call, from: number, minIdle: number): Claiming {
  const options: Claiming = {
    minIdle,
    justId: false,
    delivered: now,
    deliveries: undefined,
    force: false,
    last: undefined,
  }
  for (let i = from; i < args.length; i++) {
    const word = lower(args[i]!)
    const more = args.length - i - 1
    if (word === 'force') options.force = true
    else if (word === 'justid') options.justId = true
    else if (word === 'idle' && more > 0) {
      options.delivered = now - integer(args[++i]!, new Failure('ERR Invalid IDLE option argument for XCLAIM'))
    } else if (word === 'time' && more > 0) {
      options.delivered = integer(args[++i]!, new Failure('ERR Invalid TIME option argument for XCLAIM'))
    } else if (word === 'retrycount' && more > 0) {
      options.deliveries = integer(args[++i]!, new Failure('ERR Invalid RETRYCOUNT option argument for XCLAIM'))
    } else if (word === 'lastid' && more > 0) options.last = strictId(args[++i]!, 0n)
    else throw new Failure(`ERR Unrecognized XCLAIM option '${args[i]!}'`)
  }
  if (options.delivered < 0 || options.delivered > now) options.delivered = now
  return options
}

function autoclaim(call: Call): Reply {
  const { db, key, args, now } = call
  const [, , name, consumerName, idle, from] = args as [string, string, string, string, string, string]
  const minIdle = minIdleOf(idle, 'XAUTOCLAIM')
  const start = startOf(from)
  let count = 100
  let justId = false
  for (let i = 6; i < args.length; i++) {
    const word = lower(args[i]!)
    if (word === 'count' && i + 1 < args.length) {
      const failure = new Failure('ERR COUNT must be > 0')
      count = integer(args[++i]!, failure)
      if (count < 1) return failure
    } else if (word === 'justid') justId = true
    else return SYNTAX
  }
  const stream = db.findTyped(key, 'stream')
  const group = stream?.groups.get(name)
  if (stream === undefined || group === undefined) return noSuch(key, name)
  let consumer = call.server.dialect.is72 ? consumerOf(call, key, group, consumerName) : undefined
  const ids = inOrder(group.pending.keys()).filter(id => compareIds(id, start) >= 0)
  const claimed: Reply[] = []
  const deleted: Reply[] = []
  let attempts = count * 10
  let at = 0
  for (; at < ids.length && attempts > 0 && count > 0; at++, attempts--) {
    const text = idText(ids[at]!)
    const found = group.pending.get(text)!
    const entry = stream.entries.find(each => compareIds(each.id, ids[at]!) === 0)
    if (entry === undefined) {
      forget(group, text)
      deleted.push(text)
      count--
      continue
    }
    if (minIdle > 0 && now - found.delivered < minIdle) continue
    consumer ??= consumerOf(call, key, group, consumerName)
    found.consumer.pending.delete(text)
    found.consumer = consumer
    consumer.pending.add(text)
    found.delivered = now
    if (!justId) found.deliveries++
    claimed.push(justId ? text : [text, entry.fields])
    count--
  }
  db.changed(key)
  const next = ids[at]
  return [next === undefined ? '0-0' : idText(next), claimed, deleted]
}
