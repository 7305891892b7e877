/** Parses the ids of stream entries. */
import type { Since } from './dialect.js'
import { Failure } from './reply.js'
import { compareIds, MAX_ID, MIN_ID, type Stream, type StreamId } from './stream.js'

export const INVALID_ID: Failure = new Failure('ERR Invalid stream ID specified as stream command argument')
const MAX = 2n ** 64n - 1n

function part(text: string): bigint {
  const [, digits] = /^\s*\+?(\d+)$/.exec(text) ?? []
  const value = digits === undefined ? MAX + 1n : BigInt(digits)
  if (value > MAX) throw INVALID_ID
  return value
}

/** Parses `ms-seq`, or `ms` with `seq` as the default. */
export function strictId(text: string, seq: bigint): StreamId {
  const dash = text.indexOf('-')
  if (dash < 0) return { ms: part(text), seq }
  return { ms: part(text.slice(0, dash)), seq: part(text.slice(dash + 1)) }
}

/** Like `strictId`, but also accepts `-` and `+`. */
export function looseId(text: string, seq: bigint): StreamId {
  if (text === '-') return MIN_ID
  if (text === '+') return MAX_ID
  return strictId(text, seq)
}

/** Parses the start of an interval; `(` excludes the id itself. */
export function startOf(text: string): StreamId {
  if (!text.startsWith('(') || text.length < 2) return looseId(text, 0n)
  const id = strictId(text.slice(1), 0n)
  if (compareIds(id, MAX_ID) === 0) throw new Failure('ERR invalid start ID for the interval')
  return following(id)
}

export function endOf(text: string): StreamId {
  if (!text.startsWith('(') || text.length < 2) return looseId(text, MAX)
  const id = strictId(text.slice(1), MAX)
  if (compareIds(id, MIN_ID) === 0) throw new Failure('ERR invalid end ID for the interval')
  return id.seq > 0n ? { ms: id.ms, seq: id.seq - 1n } : { ms: id.ms - 1n, seq: MAX }
}

export function following({ ms, seq }: StreamId): StreamId {
  return seq < MAX ? { ms, seq: seq + 1n } : { ms: ms + 1n, seq: 0n }
}

/** These servers count what a group has read in another way. */
export const NEWER_COUNTS: Since = { redis: [7, 4], valkey: [8, 0] }

/** Returns the number of entries ever added up to an id, or undefined if the server cannot know it. */
export function entriesUpTo(stream: Stream, id: StreamId, isNewer: boolean): number | undefined {
  const { added, entries, last, maxDeleted } = stream
  if (added === 0) return 0
  const fromLast = compareIds(id, last)
  if (entries.length === 0 && fromLast < 1) return added
  if (isNewer && compareIds(id, MIN_ID) !== 0 && compareIds(id, maxDeleted) < 0) return undefined
  if (fromLast === 0) return added
  if (fromLast > 0) return undefined
  const first = entries[0]?.id ?? MIN_ID
  if (compareIds(maxDeleted, MIN_ID) !== 0 && compareIds(maxDeleted, first) >= 0) return undefined
  const fromFirst = compareIds(id, first)
  if (fromFirst < 0) return added - entries.length
  return fromFirst === 0 ? added - entries.length + 1 : undefined
}

/** Returns true if an entry from `start` on was deleted. `isNewer`: entries before the first one count, too. */
export function hasTombstones({ entries, maxDeleted }: Stream, start: StreamId, isNewer = false): boolean {
  const [first] = entries
  if (first === undefined || compareIds(maxDeleted, MIN_ID) === 0) return false
  if (!isNewer && compareIds(first.id, maxDeleted) > 0) return false
  return compareIds(start, maxDeleted) <= 0
}
