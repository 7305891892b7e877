/** Commands on streams: writing, ranges and trimming. */
import { bigInteger, type Call, type CommandSpec, command, FIRST, integer, wrongArity } from '../command.js'
import { Failure, NO_KEY, NULL_ARRAY, OK, type Reply, SYNTAX } from '../reply.js'
import { compareIds, type Entry, idText, MAX_ID, MIN_ID, Stream, type StreamId } from '../stream.js'
import { endOf, following, startOf, strictId } from '../stream-ids.js'
import { lower } from '../text.js'

export const STREAMS: readonly CommandSpec[] = [
  command('xadd', -5, 'write denyoom', FIRST, add),
  command('xlen', 2, 'read', FIRST, call => call.db.readTyped(call.key, 'stream')?.entries.length ?? 0),
  command('xrange', -4, 'read', FIRST, call => range(call, false)),
  command('xrevrange', -4, 'read', FIRST, call => range(call, true)),
  command('xdel', -3, 'write', FIRST, remove),
  command('xtrim', -4, 'write', FIRST, call => {
    const { db, key } = call
    const { trim } = trimOptions(call, 2, false)
    const stream = db.findTyped(key, 'stream')
    if (stream === undefined || trim === undefined) return 0
    const removed = trimmed(stream, trim)
    if (removed > 0) {
      db.event('x', 'xtrim', key)
      db.touch(key)
    }
    return removed
  }),
  command('xsetid', -3, 'write denyoom', FIRST, setId),
]

export function entryReply({ id, fields }: Entry): Reply {
  return [idText(id), fields]
}

interface Trim {
  readonly by: 'maxlen' | 'minid'
  readonly length: number
  readonly id: StreamId
  readonly approximate: boolean
  /** The maximum number of entries to trim; 0 for no limit. */
  readonly limit: number
}

/** Parses the options of XADD, up to the id, and of XTRIM. */
function trimOptions(
  call: Call,
  from: number,
  adds: boolean,
): { trim: Trim | undefined; at: number; creates: boolean } {
  const { args } = call
  let by: Trim['by'] | undefined
  let length = 0
  let id = MIN_ID
  let approximate = false
  let limit: number | undefined
  let creates = true
  let at = from
  for (; at < args.length; at++) {
    const word = lower(args[at]!)
    const more = args.length - 1 - at
    if (adds && word === '*') break
    if ((word === 'maxlen' || word === 'minid') && more > 0) {
      if (by !== undefined) {
        throw new Failure('ERR syntax error, MAXLEN and MINID options at the same time are not compatible')
      }
      by = word
      approximate = false
      const sign = args[at + 1]!
      if (more >= 2 && (sign === '~' || sign === '=')) {
        approximate = sign === '~'
        at++
      }
      const threshold = args[++at]!
      if (word === 'maxlen') {
        length = integer(threshold)
        if (length < 0) throw new Failure('ERR The MAXLEN argument must be >= 0.')
      } else id = strictId(threshold, 0n)
    } else if (word === 'limit' && more > 0) {
      limit = integer(args[++at]!)
      if (limit < 0) throw new Failure('ERR The LIMIT argument must be >= 0.')
    } else if (adds && word === 'nomkstream') creates = false
    else if (adds) break
    else throw SYNTAX
  }
  if (adds && at < args.length) idToAdd(args[at]!)
  if (limit && by === undefined) {
    throw new Failure('ERR syntax error, LIMIT cannot be used without specifying a trimming strategy')
  }
  if (!adds && by === undefined) throw new Failure('ERR syntax error, XTRIM must be called with either MAXLEN or MINID')
  if (limit !== undefined && !approximate) {
    throw new Failure('ERR syntax error, LIMIT cannot be used without the special ~ option')
  }
  const trim = by && { by, length, id, approximate, limit: limit ?? (approximate ? 10_000 : 0) }
  return { trim, at, creates }
}

/** Approximate trimming removes whole nodes of this many entries. */
const NODE = 100

function trimmed(stream: Stream, { by, length, id, approximate, limit }: Trim): number {
  const { entries } = stream
  const excess =
    by === 'maxlen' ? Math.max(0, entries.length - length) : entries.filter(each => compareIds(each.id, id) < 0).length
  let count = excess
  if (approximate) {
    count = 0
    while (count < entries.length) {
      const node = Math.min(NODE, entries.length - count)
      if (count + node > excess || (limit > 0 && count + node > limit)) break
      count += node
    }
  }
  entries.splice(0, count)
  return count
}

/** Parses the id of XADD. For `ms-*` the sequence number is undefined. */
function idToAdd(text: string): { ms: bigint; seq: bigint | undefined } | undefined {
  if (text === '*') return undefined
  const [, ms] = /^(.*)-\*$/s.exec(text) ?? []
  return ms === undefined ? strictId(text, 0n) : { ms: strictId(ms, 0n).ms, seq: undefined }
}

function add(call: Call): Reply {
  const { db, key, args } = call
  const { trim, at, creates } = trimOptions(call, 2, true)
  const idArgument = args[at]
  if (idArgument === undefined) return wrongArity('xadd')
  const given = idToAdd(idArgument)
  const fields = args.slice(at + 1)
  if (fields.length < 2 || fields.length % 2 !== 0) return wrongArity('xadd')
  if (given?.ms === 0n && given.seq === 0n) {
    return new Failure('ERR The ID specified in XADD must be greater than 0-0')
  }
  const existing = db.findTyped(key, 'stream')
  if (existing === undefined && !creates) return null
  const stream = existing ?? new Stream()
  if (existing === undefined) db.add(key, stream)
  if (compareIds(stream.last, MAX_ID) === 0) {
    return new Failure('ERR The stream has exhausted the last possible ID, unable to add more items')
  }
  const id = idFor(stream, given, BigInt(call.now))
  if (id === undefined || compareIds(id, stream.last) <= 0) {
    return new Failure('ERR The ID specified in XADD is equal or smaller than the target stream top item')
  }
  stream.entries.push({ id, fields })
  stream.last = id
  stream.added++
  db.touch(key)
  db.event('x', 'xadd', key)
  if (trim !== undefined && trimmed(stream, trim) > 0) db.event('x', 'xtrim', key)
  call.server.blocking.ready(db, key)
  return idText(id)
}

function idFor(
  { last }: Stream,
  given: { ms: bigint; seq: bigint | undefined } | undefined,
  now: bigint,
): StreamId | undefined {
  if (given === undefined) return now > last.ms ? { ms: now, seq: 0n } : following(last)
  const { ms, seq } = given
  if (seq !== undefined) return { ms, seq }
  if (ms !== last.ms) return { ms, seq: 0n }
  return last.seq === MAX_ID.seq ? undefined : { ms, seq: last.seq + 1n }
}

function range(call: Call, reversed: boolean): Reply {
  const { args, db, key } = call
  const [first, second] = reversed ? [args[3]!, args[2]!] : [args[2]!, args[3]!]
  const [start, end] = [startOf(first), endOf(second)]
  let count = Infinity
  for (let i = 4; i < args.length; i += 2) {
    if (lower(args[i]!) !== 'count' || i + 1 >= args.length) return SYNTAX
    count = Math.max(0, integer(args[i + 1]!))
  }
  const stream = db.readTyped(key, 'stream')
  if (stream === undefined) return []
  if (count === 0) return NULL_ARRAY
  const found = between(stream, start, end)
  if (reversed) found.reverse()
  return found.slice(0, count).map(entryReply)
}

export function between({ entries }: Stream, start: StreamId, end: StreamId): Entry[] {
  return entries.filter(({ id }) => compareIds(id, start) >= 0 && compareIds(id, end) <= 0)
}

function remove(call: Call): Reply {
  const { db, key, args } = call
  const stream = db.findTyped(key, 'stream')
  if (stream === undefined) return 0
  const ids = args.slice(2).map(text => strictId(text, 0n))
  let removed = 0
  for (const id of ids) {
    const at = stream.entries.findIndex(entry => compareIds(entry.id, id) === 0)
    if (at < 0) continue
    stream.entries.splice(at, 1)
    if (compareIds(id, stream.maxDeleted) > 0) stream.maxDeleted = id
    removed++
  }
  if (removed > 0) {
    db.touch(key)
    db.event('x', 'xdel', key)
  }
  return removed
}

function setId(call: Call): Reply {
  const { db, key, args } = call
  const id = strictId(args[2]!, 0n)
  let added: number | undefined
  let deleted: StreamId | undefined
  for (let i = 3; i < args.length; i += 2) {
    const word = lower(args[i]!)
    const value = args[i + 1]
    if (value === undefined) return SYNTAX
    if (word === 'entriesadded') {
      added = Number(bigInteger(value))
      if (added < 0) return new Failure('ERR entries_added must be positive')
    } else if (word === 'maxdeletedid') {
      deleted = strictId(value, 0n)
      if (compareIds(id, deleted) < 0) {
        return new Failure('ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id')
      }
    } else return SYNTAX
  }
  const stream = db.findTyped(key, 'stream')
  if (stream === undefined) return NO_KEY
  if (call.server.dialect.is72 && compareIds(id, stream.maxDeleted) < 0) {
    return new Failure('ERR The ID specified in XSETID is smaller than current max_deleted_entry_id')
  }
  const top = stream.entries.at(-1)?.id
  if (top !== undefined) {
    if (compareIds(id, top) < 0) {
      return new Failure('ERR The ID specified in XSETID is smaller than the target stream top item')
    }
    if (added !== undefined && added < stream.entries.length) {
      return new Failure('ERR The entries_added specified in XSETID is smaller than the target stream length')
    }
  }
  stream.last = id
  if (added !== undefined) stream.added = added
  if (deleted !== undefined && compareIds(deleted, MIN_ID) !== 0) stream.maxDeleted = deleted
  db.changed(key)
  db.event('x', 'xsetid', key)
  return OK
}
