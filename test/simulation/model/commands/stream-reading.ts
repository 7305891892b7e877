/** XREAD and XREADGROUP, also in their blocking forms. */
import { type Call, type CommandSpec, command, integer } from '../command.js'
import { Failure, MapReply, NOTHING, NULL_ARRAY, type Reply, SYNTAX } from '../reply.js'
import { type Consumer, compareIds, type Group, idText, MAX_ID, type Stream, type StreamId } from '../stream.js'
import { entriesUpTo, following, hasTombstones, NEWER_COUNTS, strictId } from '../stream-ids.js'
import { lower } from '../text.js'
import { consumerOf } from './stream-groups.js'
import { between, entryReply } from './streams.js'

const keysOf = (args: readonly string[]): readonly string[] => {
  for (let i = 1; i < args.length; i++) {
    const word = lower(args[i]!)
    if (word === 'block' || word === 'count') i++
    else if (word === 'group') i += 2
    else if (word === 'streams') {
      const rest = args.slice(i + 1)
      return rest.length % 2 === 0 ? rest.slice(0, rest.length / 2) : []
    } else if (word !== 'noack') return []
  }
  return []
}

export const STREAM_READING: readonly CommandSpec[] = [
  command('xread', -4, 'read blocking', keysOf, call => read(call, false)),
  command('xreadgroup', -7, 'write blocking', keysOf, call => read(call, true)),
]

interface Reading {
  count: number
  /** The end of the wait, ms; undefined if the call does not block. */
  deadline: number | undefined
  group: string | undefined
  consumer: string
  acknowledges: boolean
}

function read(call: Call, inGroup: boolean): Reply {
  const { db, args, server } = call
  const { options, keys, ids } = parse(call, inGroup)
  // The position in each stream: the entries after it are returned; undefined for `>`.
  const places = keys.map((key, i): StreamId | undefined => placeOf(call, key, ids[i]!, options))
  const readAll = (): Reply | undefined => {
    const found = keys.flatMap((key, i) => entriesOfKey(call, key, places[i], options))
    return found.length > 0 ? shaped(call, found) : undefined
  }
  const found = readAll()
  if (found !== undefined) return found
  if (options.deadline === undefined || call.atOnce) return NULL_ARRAY
  // Since 7.2 the server runs the whole command again, with the ids that it had at first.
  const again = (): Reply | undefined => {
    for (const [i, each] of keys.entries()) placeOf(call, each, ids[i]!, options)
    return readAll()
  }
  const isWhole = call.server.dialect.is72
  const deletedKey = new Failure('UNBLOCKED the stream key no longer exists')
  const noGroup = new Failure('NOGROUP the consumer group this client was blocked on no longer exists')
  server.blocking.block(call.connection, {
    db,
    keys,
    type: 'stream',
    deadline: options.deadline,
    serve: key => {
      if (isWhole) return again()
      const stream = db.findTyped(key, 'stream')!
      if (options.group !== undefined && !stream.groups.has(options.group)) return noGroup
      const place = places[keys.indexOf(key)]
      // An entry that is trimmed at once also ends the wait, with an empty list.
      const hasNew = compareIds(stream.last, place ?? stream.groups.get(options.group ?? '')?.last ?? MAX_ID) > 0
      const reply = entriesFor(call, key, stream, place, options) ?? (hasNew ? [] : undefined)
      return reply === undefined ? undefined : shaped(call, [[key, reply]])
    },
    timedOut: () => NULL_ARRAY,
    ...(inGroup ? { deleted: isWhole ? again : () => deletedKey } : {}),
    args,
  })
  return NOTHING
}

function entriesOfKey(
  call: Call,
  key: string,
  place: StreamId | undefined,
  options: Reading,
): [key: string, entries: Reply][] {
  const stream = call.db.readTyped(key, 'stream')
  if (stream === undefined) return []
  if (options.group !== undefined && call.server.dialect.is72) {
    consumerOf(call, key, stream.groups.get(options.group)!, options.consumer)
  }
  const entries = entriesFor(call, key, stream, place, options)
  return entries === undefined ? [] : [[key, entries]]
}

function shaped({ connection }: Call, found: [string, Reply][]): Reply {
  return connection.protocol === 3 ? new MapReply(found) : found
}

function parse(call: Call, inGroup: boolean): { options: Reading; keys: string[]; ids: string[] } {
  const { args, now } = call
  const options: Reading = { count: 0, deadline: undefined, group: undefined, consumer: '', acknowledges: true }
  for (let i = 1; i < args.length; i++) {
    const word = lower(args[i]!)
    const more = args.length - i - 1
    if (word === 'block' && more > 0) {
      const ms = integer(args[++i]!, new Failure('ERR timeout is not an integer or out of range'))
      if (ms < 0) throw new Failure('ERR timeout is negative')
      options.deadline = ms === 0 ? Infinity : now + ms
    } else if (word === 'count' && more > 0) options.count = Math.max(0, integer(args[++i]!))
    else if (word === 'streams' && more > 0) {
      const rest = args.slice(i + 1)
      if (rest.length % 2 !== 0) {
        throw new Failure(`ERR Unbalanced ${unbalanced(call, inGroup)} must be specified.`)
      }
      if (inGroup && options.group === undefined) throw new Failure('ERR Missing GROUP option for XREADGROUP')
      return { options, keys: rest.slice(0, rest.length / 2), ids: rest.slice(rest.length / 2) }
    } else if (word === 'group' && more >= 2) {
      if (!inGroup) {
        throw new Failure('ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.')
      }
      options.group = args[++i]!
      options.consumer = args[++i]!
    } else if (word === 'noack') {
      if (!inGroup) {
        throw new Failure('ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.')
      }
      options.acknowledges = false
    } else throw SYNTAX
  }
  throw SYNTAX
}

function unbalanced({ server }: Call, inGroup: boolean): string {
  if (!server.dialect.is72) return "XREAD list of streams: for each stream key an ID or '$'"
  if (inGroup) return "'xreadgroup' list of streams: for each stream key an ID or '>'"
  const isLater = server.dialect.has({ redis: [7, 4] })
  return `'xread' list of streams: for each stream key an ID${isLater ? ", '+'," : ''} or '$'`
}

function placeOf({ db }: Call, key: string, id: string, { group }: Reading): StreamId | undefined {
  const stream = db.readTyped(key, 'stream')
  if (group !== undefined) {
    if (stream?.groups.has(group) !== true) {
      throw new Failure(`NOGROUP No such key '${key}' or consumer group '${group}' in XREADGROUP with GROUP option`)
    }
  }
  if (id === '$') {
    if (group !== undefined) {
      throw new Failure(
        'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.',
      )
    }
    return stream?.last ?? { ms: 0n, seq: 0n }
  }
  if (id === '>') {
    if (group === undefined) {
      throw new Failure(
        'ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.',
      )
    }
    return undefined
  }
  return strictId(id, 0n)
}

/** Returns the entries, or undefined if there are none. The history of a consumer is returned even if it is empty. */
function entriesFor(
  call: Call,
  key: string,
  stream: Stream,
  place: StreamId | undefined,
  options: Reading,
): Reply | undefined {
  const most = options.count === 0 ? Infinity : options.count
  if (options.group === undefined) {
    if (compareIds(place!, MAX_ID) >= 0) return undefined
    const found = between(stream, following(place!), MAX_ID).slice(0, most)
    return found.length === 0 ? undefined : found.map(entryReply)
  }
  const group = stream.groups.get(options.group)!
  if (place !== undefined) return history(call, key, stream, group, place, most, options)
  const found = between(stream, following(group.last), MAX_ID).slice(0, most)
  if (found.length === 0) return undefined
  const consumer = consumerOf(call, key, group, options.consumer)
  const isNewer = call.server.dialect.has(NEWER_COUNTS)
  for (const { id } of found) {
    advance(stream, group, id, isNewer)
    if (options.acknowledges) deliver(group, consumer, idText(id), call.now)
  }
  call.db.changed(key)
  return found.map(entryReply)
}

function advance(stream: Stream, group: Group, id: StreamId, isNewer: boolean): void {
  const isWhole = isNewer
    ? compareIds(group.last, stream.entries[0]!.id) >= 0 && !hasTombstones(stream, group.last, true)
    : !hasTombstones(stream, id)
  if (group.read !== undefined && isWhole) group.read++
  else if (stream.added > 0) group.read = entriesUpTo(stream, id, isNewer)
  group.last = id
}

function deliver(group: Group, consumer: Consumer, id: string, now: number): void {
  group.pending.get(id)?.consumer.pending.delete(id)
  group.pending.set(id, { consumer, delivered: now, deliveries: 1 })
  consumer.pending.add(id)
}

function history(
  call: Call,
  key: string,
  stream: Stream,
  group: Group,
  place: StreamId,
  most: number,
  { consumer: name }: Reading,
): Reply {
  const consumer = consumerOf(call, key, group, name)
  const ids = [...consumer.pending]
    .map(text => strictId(text, 0n))
    .filter(id => compareIds(id, place) > 0)
    .sort(compareIds)
    .slice(0, most)
  return ids.map((id): Reply => {
    const entry = stream.entries.find(each => compareIds(each.id, id) === 0)
    if (entry === undefined) return [idText(id), NULL_ARRAY]
    const pending = group.pending.get(idText(id))!
    pending.delivered = call.now
    pending.deliveries++
    return entryReply(entry)
  })
}
