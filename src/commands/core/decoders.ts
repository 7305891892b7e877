import type { Decoder } from './decoder.js'
import { isLossy } from './plain-reply.js'
import { MapReply, type Reply, SetReply } from './reply.js'
import { fieldNotText, notExact, sameNames, unexpectedReply } from './reply-errors.js'
import type { ReplyFormat } from './reply-format.js'

/** Text: a string, or a Buffer in `bytes` views. */
export function text(reply: Reply, shape: ReplyFormat): unknown {
  if (typeof reply === 'string') return shape.bytes ? Buffer.from(reply) : reply
  return Buffer.isBuffer(reply) ? reply : unexpectedReply(reply, 'text')
}

/** As `orNull(text)`, in one call: the decoder of GET and similar commands. */
export function textOrNull(reply: Reply, shape: ReplyFormat): unknown {
  return reply === null ? null : text(reply, shape)
}

/** Decodes with `decode`, and allows null. */
export function orNull(decode: Decoder): Decoder {
  return (reply, shape) => (reply === null ? null : decode(reply, shape))
}

/** As `orNull`, for lists. Other servers reply with an empty list where Redis replies with null; both give null. */
export function orNothing(decode: Decoder): Decoder {
  return (reply, shape) => (reply === null || itemsOf(reply)?.length === 0 ? null : decode(reply, shape))
}

/** A word of the server, not data: a string in every view. */
export function word(reply: Reply): unknown {
  if (typeof reply === 'string') return reply
  return Buffer.isBuffer(reply) ? reply.toString() : unexpectedReply(reply, 'text')
}

/** A scalar of unknown type: words as strings, anything else as it is. */
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

/** OK, or null if the server did not do it. */
export const okOrNull: Decoder = orNull(ok)

/** A key or channel: text without the prefix of the view. */
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
  throw notExact(reply, 'the bigints view returns it as a bigint')
}

export const intOrNull: Decoder = orNull(int)

/**
 * A small integer that is a number in every view: a count of milliseconds, a database, a port. Some servers send it as
 * text.
 */
export function count(reply: Reply): unknown {
  if (typeof reply === 'number') return reply
  if (typeof reply === 'bigint') return Number(reply)
  const number = typeof reply === 'string' || Buffer.isBuffer(reply) ? parseDouble(reply.toString()) : Number.NaN
  return Number.isNaN(number) ? unexpectedReply(reply, 'an integer') : number
}

/**
 * A double: `inf`, `-inf` and `nan` are Infinity, -Infinity and NaN. A double that the server computed is never
 * rounded.
 */
export function double(reply: Reply): unknown {
  if (typeof reply === 'number') return reply
  if (typeof reply === 'bigint') return exactly(reply)
  if (typeof reply !== 'string' && !Buffer.isBuffer(reply)) return unexpectedReply(reply, 'a double')
  const digits = reply.toString()
  const number = parseDouble(digits)
  return Number.isNaN(number) && !NAN.test(digits) ? unexpectedReply(reply, 'a double') : number
}

/**
 * The nearest double, for servers that compute with more digits than a double has. A whole number that would change by
 * this is a DataError, as for any integer.
 */
export function longDouble(reply: Reply): unknown {
  const number = double(reply)
  if (typeof number !== 'number' || Number.isSafeInteger(number) || typeof reply === 'number') return number
  const digits = String(reply)
  // Servers that compute in doubles pad their digits with zeros, as JavaScript does.
  return WHOLE.test(digits) && String(number) !== digits ? exactly(BigInt(digits)) : number
}

const NAN = /^-?nan$/i
const WHOLE = /^-?\d+$/

function exactly(integer: bigint): number {
  const number = Number(integer)
  if (BigInt(number) === integer) return number
  throw notExact(integer, 'redis.call() returns it as it came')
}

/** NaN if the text is not a number. */
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

/** A list, each item decoded by `item`; a set counts as a list. */
export function list(item: Decoder): Decoder {
  return (reply, shape) => itemsOf(reply)?.map(each => item(each, shape)) ?? unexpectedReply(reply, 'a list')
}

/** A list of text: the most frequent list, so it is optimized for a plain view. */
export function texts(reply: Reply, shape: ReplyFormat): unknown {
  const items = itemsOf(reply)
  if (items === undefined) return unexpectedReply(reply, 'a list')
  if (shape.bytes) return items.map(each => text(each, shape))
  // A loop by index: an iterator costs as much as the rest of the decoding.
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

/**
 * A list with one item for each argument from `begin` on: MGET, HMGET. Another number of items would be assigned to the wrong
 * keys or fields, and is a form that the command cannot have.
 */
export function itemPerArgument(begin: number, decode: Decoder): Decoder {
  return (reply, shape, args) => {
    const expected = args === undefined ? undefined : args.length - begin
    const items = itemsOf(reply)
    return items !== undefined && expected !== undefined && items.length !== expected
      ? unexpectedReply(reply, `a list of ${expected}`)
      : decode(reply, shape)
  }
}

/** Keys, without the prefix of the view. */
export function keys(reply: Reply, shape: ReplyFormat): unknown {
  if (shape.prefix === '') return texts(reply, shape)
  return itemsOf(reply)?.map(each => key(each, shape)) ?? unexpectedReply(reply, 'a list')
}

/** The items of a list or set; undefined for any other reply. */
export function itemsOf(reply: Reply): readonly Reply[] | undefined {
  if (Array.isArray(reply)) return reply
  return reply instanceof SetReply ? reply.items : undefined
}

/** A list in which each position has a meaning; it has at least `least` items. */
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

/**
 * Alternating keys and values, of a map (RESP3) or a flat list (RESP2); undefined for any other reply and for an odd
 * list.
 */
export function pairsOf(reply: Reply): readonly Reply[] | undefined {
  if (reply instanceof MapReply) return reply.flat
  if (!Array.isArray(reply)) return undefined
  // Some RESP2 replies nest the pairs: [[k, v], [k, v]].
  if (reply.length > 0 && reply.every(each => Array.isArray(each) && each.length === 2)) return reply.flat() as Reply[]
  return reply.length % 2 === 0 ? reply : undefined
}

/**
 * A field name as a property name. Bytes that are not valid UTF-8 are rejected, because different names could become
 * the same text.
 */
export function fieldName(reply: Reply | undefined): string {
  if (typeof reply === 'string') return reply
  if (!Buffer.isBuffer(reply)) {
    return typeof reply === 'number' || typeof reply === 'bigint'
      ? String(reply)
      : String(unexpectedReply(reply ?? null, 'text'))
  }
  const name = reply.toString()
  if (Buffer.byteLength(name) === reply.length && Buffer.from(name).equals(reply)) return name
  throw fieldNotText()
}

/** A record while it is built: it has no prototype, so that every name is safe, `__proto__` too. */
export function bare<T = unknown>(): Record<string, T> {
  return Object.create(null) as Record<string, T>
}

/** The built record as a plain object, each field its own property. */
export function plain<T>(fields: Record<string, T>): Record<string, T> {
  return Object.setPrototypeOf(fields, Object.prototype) as Record<string, T>
}

/**
 * Adds a field to a record. Two invalid UTF-8 names may decode to the same text: that is an error, so that no value is
 * lost.
 */
export function put<T>(fields: Record<string, T>, name: string, value: T): void {
  // This property access costs less than a search for the replacement character (7 against 20 % of building the record).
  if (fields[name] !== undefined && isLossy(name)) throw sameNames()
  fields[name] = value
}

/** A map from text to values, decoded by `value`, as a plain object. */
export function record(value: Decoder): Decoder {
  return (reply, shape) => {
    const pairs = pairsOf(reply)
    if (pairs === undefined) return unexpectedReply(reply, 'a map')
    const fields = bare()
    for (let i = 0; i < pairs.length; i += 2) put(fields, fieldName(pairs[i]), value(pairs[i + 1] ?? null, shape))
    return plain(fields)
  }
}

/** A map from text to text: HGETALL, CONFIG GET. */
export const textRecord: Decoder = record(text)

/**
 * A map whose fields the server names, each with its own decoder: `{ 'radix-tree-keys': int }` gives `radixTreeKeys`.
 * Fields without a decoder (of a newer server) are kept as they are, with their names converted by the same rule.
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

/** A reply of unknown type: maps as plain objects, words as text. */
export function anything(reply: Reply, shape: ReplyFormat): unknown {
  if (reply instanceof MapReply) return record(anything)(reply, shape)
  if (Array.isArray(reply) || reply instanceof SetReply) return list(anything)(reply, shape)
  return typeof reply === 'string' ? text(reply, shape) : reply
}

/** Converts `radix-tree-keys` and `last_write` to property names: `radixTreeKeys`, `lastWrite`. */
export function camelCase(name: string): string {
  return name.replace(/[-_ .](.)/g, (_, letter: string) => letter.toUpperCase())
}

export interface Scored<T> {
  member: T
  score: number
}

/** Members with scores: a flat list (RESP2) or a list of pairs (RESP3). */
export function scored(reply: Reply, shape: ReplyFormat): unknown {
  const pairs = pairsOf(reply)
  if (pairs === undefined) return unexpectedReply(reply, 'members with scores')
  const members: Scored<unknown>[] = []
  for (let i = 0; i < pairs.length; i += 2) {
    members.push({ member: text(pairs[i] ?? null, shape), score: double(pairs[i + 1] ?? null) as number })
  }
  return members
}
