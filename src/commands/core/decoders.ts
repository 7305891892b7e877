/**
 * The decoders that groups share: each makes one noun of a raw reply, the same under RESP2 and RESP3.
 *
 * A decoder gets what the reader read: text as strings, or as Buffers if the shape says so; maps as MapReply (RESP3) or
 * flat arrays (RESP2); doubles as numbers (RESP3) or text (RESP2). Text is text, whether the server sends it as a status or
 * as a bulk string. Any other form than the decoder's own is no guess but an `InvalidResponse`, see `unexpected`. Null is
 * such a form too: where a command can reply with it, the decoder says so (`orNull`).
 */
import { DataError } from '../../errors/errors.js'
import type { Decoder } from './decoder.js'
import { isLossy, MapReply, type Reply, SetReply, sameNames } from './reply.js'
import type { ReplyFormat } from './reply-format.js'
import { unexpectedReply } from './unexpected-reply.js'

/** Text: a string, or a Buffer in `bytes` views. */
export function text(reply: Reply, shape: ReplyFormat): unknown {
  if (typeof reply === 'string') return shape.bytes ? Buffer.from(reply) : reply
  return Buffer.isBuffer(reply) ? reply : unexpectedReply(reply, 'text')
}

/** As `orNull(text)`, without its second call: what GET and its kin reply. */
export function textOrNull(reply: Reply, shape: ReplyFormat): unknown {
  return reply === null ? null : text(reply, shape)
}

/** What `decode` makes of it, or null. */
export function orNull(decode: Decoder): Decoder {
  return (reply, shape) => (reply === null ? null : decode(reply, shape))
}

/** As `orNull`, for lists: other servers reply with an empty list where the server of the command replies with null. */
export function orNothing(decode: Decoder): Decoder {
  return (reply, shape) => (reply === null || itemsOf(reply)?.length === 0 ? null : decode(reply, shape))
}

/** Text that is a word of the server's, not data: a string in every view. */
export function word(reply: Reply): unknown {
  if (typeof reply === 'string') return reply
  return Buffer.isBuffer(reply) ? reply.toString() : unexpectedReply(reply, 'text')
}

/** What the server put there: words as strings, anything else as it is. */
export function scalar(reply: Reply): unknown {
  return Buffer.isBuffer(reply) ? reply.toString() : reply
}

/** Bytes that no string can hold: a Buffer in every view. */
export function blob(reply: Reply): unknown {
  if (typeof reply === 'string') return Buffer.from(reply)
  return Buffer.isBuffer(reply) ? reply : unexpectedReply(reply, 'bytes')
}

/** OK and nothing else. */
export function ok(reply: Reply): unknown {
  return reply === 'OK' || word(reply) === 'OK' ? 'OK' : unexpectedReply(reply, 'OK')
}

/** OK, or null for what was not done. */
export const okOrNull: Decoder = orNull(ok)

/** A key or channel: text from which a view's prefix is taken. */
export function key(reply: Reply, shape: ReplyFormat): unknown {
  if (shape.prefix === '') return text(reply, shape)
  if (typeof reply === 'string') {
    const bare = reply.startsWith(shape.prefix) ? reply.slice(shape.prefix.length) : reply
    return shape.bytes ? Buffer.from(bare) : bare
  }
  if (!Buffer.isBuffer(reply)) return unexpectedReply(reply, 'text')
  const prefix = Buffer.from(shape.prefix)
  return reply.subarray(0, prefix.length).equals(prefix) ? reply.subarray(prefix.length) : reply
}

/** An integer: a number, never rounded, or a bigint in `bigints` views. */
export function int(reply: Reply, shape: ReplyFormat): unknown {
  if (typeof reply === 'number' && Number.isInteger(reply)) return shape.bigints ? BigInt(reply) : reply
  if (typeof reply !== 'bigint') return unexpectedReply(reply, 'an integer')
  if (shape.bigints) return reply
  throw tooLong(reply, 'the bigints view returns it as a bigint')
}

export const intOrNull: Decoder = orNull(int)

function tooLong(value: bigint, instead: string): DataError {
  return new DataError(`The reply ${value} is outside the range in which a number is exact; ${instead}.`, { value })
}

/** A small integer that is one in every view: a count of milliseconds, a database, a port. Some come as text. */
export function count(reply: Reply): unknown {
  if (typeof reply === 'number') return reply
  if (typeof reply === 'bigint') return Number(reply)
  const number = typeof reply === 'string' || Buffer.isBuffer(reply) ? parseDouble(reply.toString()) : Number.NaN
  return Number.isNaN(number) ? unexpectedReply(reply, 'an integer') : number
}

/** A double: `inf`, `-inf` and `nan` are Infinity, -Infinity and NaN. Where the server computes in doubles none is rounded. */
export function double(reply: Reply): unknown {
  if (typeof reply === 'number') return reply
  if (typeof reply === 'bigint') return exactly(reply)
  if (typeof reply !== 'string' && !Buffer.isBuffer(reply)) return unexpectedReply(reply, 'a double')
  const digits = reply.toString()
  const number = parseDouble(digits)
  return Number.isNaN(number) && !NAN.test(digits) ? unexpectedReply(reply, 'a double') : number
}

/**
 * A double from a server that computes with more digits than a double has: the nearest one. A whole number that this would
 * change is refused, as any integer is.
 */
export function longDouble(reply: Reply): unknown {
  const number = double(reply)
  if (typeof number !== 'number' || Number.isSafeInteger(number) || typeof reply === 'number') return number
  const digits = String(reply)
  // Servers that compute in doubles pad the digits that they have with zeros, as JavaScript does.
  return WHOLE.test(digits) && String(number) !== digits ? exactly(BigInt(digits)) : number
}

const NAN = /^-?nan$/i
const WHOLE = /^-?\d+$/

function exactly(integer: bigint): number {
  const number = Number(integer)
  if (BigInt(number) === integer) return number
  throw tooLong(integer, 'redis.call() returns it as it came')
}

/** NaN for what is no number. */
function parseDouble(digits: string): number {
  switch (digits) {
    case 'inf':
    case '+inf':
      return Number.POSITIVE_INFINITY
    case '-inf':
      return Number.NEGATIVE_INFINITY
    default:
      return digits.trim() === '' ? Number.NaN : Number(digits)
  }
}

/** True for 1, `true` and OK, false for 0 and `false`. */
export function bool(reply: Reply): unknown {
  if (reply === 1 || reply === true) return true
  if (reply === 0 || reply === false) return false
  return typeof reply === 'number' || typeof reply === 'boolean' || word(reply) !== 'OK'
    ? unexpectedReply(reply, 'a truth value')
    : true
}

/** A list of what `item` decodes; a set counts as a list. */
export function list(item: Decoder): Decoder {
  return (reply, shape) => itemsOf(reply)?.map(each => item(each, shape)) ?? unexpectedReply(reply, 'a list')
}

/** A list of text: the commonest, so it costs little in a plain view. */
export function texts(reply: Reply, shape: ReplyFormat): unknown {
  const items = itemsOf(reply)
  if (items === undefined) return unexpectedReply(reply, 'a list')
  if (shape.bytes) return items.map(each => text(each, shape))
  // By index: an iterator costs as much as the rest of the reading.
  for (let i = 0; i < items.length; i++) {
    if (typeof items[i] !== 'string') text(items[i] ?? null, shape)
  }
  return items
}

/** A list of text and nulls. */
export function textsOrNulls(reply: Reply, shape: ReplyFormat): unknown {
  const items = itemsOf(reply)
  if (items === undefined) return unexpectedReply(reply, 'a list')
  if (shape.bytes) return items.map(each => textOrNull(each, shape))
  for (let i = 0; i < items.length; i++) {
    const each = items[i] ?? null
    if (typeof each !== 'string' && each !== null) text(each, shape)
  }
  return items
}

/** Keys, from which a view's prefix is taken. */
export function keys(reply: Reply, shape: ReplyFormat): unknown {
  if (shape.prefix === '') return texts(reply, shape)
  return itemsOf(reply)?.map(each => key(each, shape)) ?? unexpectedReply(reply, 'a list')
}

/** The items of a list or set; undefined for anything else. */
export function itemsOf(reply: Reply): readonly Reply[] | undefined {
  if (Array.isArray(reply)) return reply
  return reply instanceof SetReply ? reply.items : undefined
}

/** A list whose items have places; at least so many of them. */
export function tuple(least: number, decode: (items: readonly Reply[], shape: ReplyFormat) => unknown): Decoder {
  return (reply, shape) => {
    const items = itemsOf(reply)
    return items === undefined || items.length < least
      ? unexpectedReply(reply, `a list of at least ${least} items`)
      : decode(items, shape)
  }
}

export function at(items: readonly Reply[], index: number): Reply {
  return items[index] ?? null
}

/** Keys and values in turn, of a map (RESP3) or of a flat list (RESP2); undefined for anything else, also for an odd list. */
export function pairsOf(reply: Reply): readonly Reply[] | undefined {
  if (reply instanceof MapReply) return reply.flat
  if (!Array.isArray(reply)) return undefined
  // Some RESP2 replies nest the pairs: [[k, v], [k, v]].
  if (reply.length > 0 && reply.every(each => Array.isArray(each) && each.length === 2)) return reply.flat() as Reply[]
  return reply.length % 2 === 0 ? reply : undefined
}

/** A name of a field as a property's name. Bytes that are no UTF-8 would merge with others: refused, nothing is lost. */
export function fieldName(reply: Reply | undefined): string {
  if (typeof reply === 'string') return reply
  if (!Buffer.isBuffer(reply)) {
    return typeof reply === 'number' || typeof reply === 'bigint'
      ? String(reply)
      : String(unexpectedReply(reply ?? null, 'text'))
  }
  const name = reply.toString()
  if (Buffer.byteLength(name) === reply.length && Buffer.from(name).equals(reply)) return name
  throw new DataError(
    'A field name of the reply is not valid UTF-8 and cannot be a property name: read names and values apart ' +
      '(hkeys and hvals, or hscan, of the bytes view).',
  )
}

/** Collects the fields of a record. Without a prototype meanwhile, so that every name is safe, `__proto__` too. */
export function bare<T = unknown>(): Record<string, T> {
  return Object.create(null) as Record<string, T>
}

/** The fields that were collected as a plain object, each its own property. */
export function plain<T>(fields: Record<string, T>): Record<string, T> {
  return Object.setPrototypeOf(fields, Object.prototype) as Record<string, T>
}

/** Puts a field into what is collected. Two names that are no UTF-8 may be the same text: then neither may be lost. */
export function put<T>(fields: Record<string, T>, name: string, value: T): void {
  // The look-up costs less than a search for what stands for lost bytes (7 against 20 % of building the record).
  if (fields[name] !== undefined && isLossy(name)) throw sameNames()
  fields[name] = value
}

/** A map of text to what `value` decodes, as a plain object. */
export function record(value: Decoder): Decoder {
  return (reply, shape) => {
    const pairs = pairsOf(reply)
    if (pairs === undefined) return unexpectedReply(reply, 'a map')
    const fields = bare()
    for (let i = 0; i < pairs.length; i += 2) put(fields, fieldName(pairs[i]), value(pairs[i + 1] ?? null, shape))
    return plain(fields)
  }
}

/** A map of text to text: HGETALL, CONFIG GET. */
export const textRecord: Decoder = record(text)

/**
 * A map whose fields the server names, each with a decoder of its own: `{ 'radix-tree-keys': int }` gives `radixTreeKeys`.
 * Fields without a decoder (of a newer server) come as they are, under the same rule for their names.
 */
export function named(fields: Readonly<Record<string, Decoder>>): Decoder {
  const known = new Map(Object.entries(fields))
  return (reply, shape) => {
    const pairs = pairsOf(reply)
    if (pairs === undefined) return unexpectedReply(reply, 'a map')
    const object = bare()
    for (let i = 0; i < pairs.length; i += 2) {
      const name = String(word(pairs[i] ?? null))
      object[camelCase(name)] = (known.get(name) ?? anything)(pairs[i + 1] ?? null, shape)
    }
    return plain(object)
  }
}

/** A reply whose form nobody knows beforehand: maps as plain objects, words as text. */
export function anything(reply: Reply, shape: ReplyFormat): unknown {
  if (reply instanceof MapReply) return record(anything)(reply, shape)
  if (Array.isArray(reply) || reply instanceof SetReply) return list(anything)(reply, shape)
  return typeof reply === 'string' ? text(reply, shape) : reply
}

/** `radix-tree-keys` and `last_write` as the names of properties: `radixTreeKeys`, `lastWrite`. */
export function camelCase(name: string): string {
  return name.replace(/[-_ .](.)/g, (_, letter: string) => letter.toUpperCase())
}

export interface Scored<T> {
  member: T
  score: number
}

/** Members with scores: pairs in turn (RESP2) or a list of pairs (RESP3). */
export function scored(reply: Reply, shape: ReplyFormat): unknown {
  const pairs = pairsOf(reply)
  if (pairs === undefined) return unexpectedReply(reply, 'members with scores')
  const members: Scored<unknown>[] = []
  for (let i = 0; i < pairs.length; i += 2) {
    members.push({ member: text(pairs[i] ?? null, shape), score: double(pairs[i + 1] ?? null) as number })
  }
  return members
}
