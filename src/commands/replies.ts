/**
 * The decoders that groups share: each makes one noun of a raw reply, the same under RESP2 and RESP3.
 *
 * A decoder gets what the reader read: text as strings, or as Buffers if the shape says so; maps as MapReply (RESP3) or
 * flat arrays (RESP2); doubles as numbers (RESP3) or text (RESP2). A null reply stays null in all of them.
 */
import { DataError } from '../errors/errors.js'
import type { Decoder } from './decoder.js'
import { MapReply, type Reply, SetReply } from './reply.js'
import type { Shape } from './shape.js'

/** Text: a string, or a Buffer in `bytes` views. */
export function text(reply: Reply, shape: Shape): unknown {
  return shape.bytes && typeof reply === 'string' ? Buffer.from(reply) : reply
}

/** Text that is a word of the server's, not data: a string in every view. */
export function word(reply: Reply): unknown {
  return Buffer.isBuffer(reply) ? reply.toString() : reply
}

/** A key or channel: text from which a view's prefix is taken. */
export function key(reply: Reply, shape: Shape): unknown {
  if (shape.prefix === '') return text(reply, shape)
  if (typeof reply === 'string') {
    const bare = reply.startsWith(shape.prefix) ? reply.slice(shape.prefix.length) : reply
    return shape.bytes ? Buffer.from(bare) : bare
  }
  if (!Buffer.isBuffer(reply)) return reply
  const prefix = Buffer.from(shape.prefix)
  return reply.subarray(0, prefix.length).equals(prefix) ? reply.subarray(prefix.length) : reply
}

/** An integer: a number, never rounded, or a bigint in `bigints` views. */
export function int(reply: Reply, shape: Shape): unknown {
  if (typeof reply === 'number') return shape.bigints ? BigInt(reply) : reply
  if (typeof reply === 'bigint' && !shape.bigints) {
    throw new DataError(
      `The reply ${reply} is outside the range in which a number is exact; the bigints view returns it as a bigint.`,
      { value: reply },
    )
  }
  return reply
}

/** A small integer that is one in every view: a count of milliseconds, a database, a port. */
export function count(reply: Reply): unknown {
  if (typeof reply === 'bigint') return Number(reply)
  return typeof reply === 'string' || Buffer.isBuffer(reply) ? Number(reply.toString()) : reply
}

/** A double: `inf`, `-inf` and `nan` are Infinity, -Infinity and NaN. */
export function double(reply: Reply): unknown {
  return typeof reply === 'string' || Buffer.isBuffer(reply) ? parseDouble(reply.toString()) : reply
}

function parseDouble(digits: string): number {
  switch (digits) {
    case 'inf':
    case '+inf':
      return Number.POSITIVE_INFINITY
    case '-inf':
      return Number.NEGATIVE_INFINITY
    default:
      return digits === 'nan' || digits === '-nan' ? Number.NaN : Number(digits)
  }
}

/** True for 1, `true` and OK. */
export function bool(reply: Reply): unknown {
  return reply === null ? null : reply === 1 || reply === true || word(reply) === 'OK'
}

/** A list of what `item` decodes; a set counts as a list. */
export function list(item: Decoder): Decoder {
  return (reply, shape) => {
    const items = itemsOf(reply)
    return items === undefined ? reply : items.map(each => item(each, shape))
  }
}

/** A list of text: the commonest, so it costs nothing in a plain view. */
export function texts(reply: Reply, shape: Shape): unknown {
  const items = itemsOf(reply)
  if (items === undefined) return reply
  return shape.bytes ? items.map(each => text(each, shape)) : items
}

/** Keys, from which a view's prefix is taken. */
export function keys(reply: Reply, shape: Shape): unknown {
  if (shape.prefix === '') return texts(reply, shape)
  return itemsOf(reply)?.map(each => key(each, shape)) ?? reply
}

/** The items of a list or set; undefined for anything else. */
export function itemsOf(reply: Reply): readonly Reply[] | undefined {
  if (Array.isArray(reply)) return reply
  return reply instanceof SetReply ? reply.items : undefined
}

/** Keys and values in turn, of a map (RESP3) or of a flat list (RESP2); undefined for anything else. */
export function pairsOf(reply: Reply): readonly Reply[] | undefined {
  if (reply instanceof MapReply) return reply.flat
  if (!Array.isArray(reply)) return undefined
  // Some RESP2 replies nest the pairs: [[k, v], [k, v]].
  if (reply.length > 0 && reply.every(each => Array.isArray(each) && each.length === 2)) return reply.flat() as Reply[]
  return reply
}

/** A name of a field as a property's name. Bytes that are no UTF-8 would merge with others: refused, nothing is lost. */
export function fieldName(reply: Reply | undefined): string {
  if (typeof reply === 'string') return reply
  if (!Buffer.isBuffer(reply)) return String(reply)
  const name = reply.toString()
  if (Buffer.byteLength(name) === reply.length && Buffer.from(name).equals(reply)) return name
  throw new DataError(
    'A field name of the reply is not valid UTF-8 and cannot be a property name: read names and values apart ' +
      '(hkeys and hvals, or hscan, of the bytes view).',
  )
}

/** An object without a prototype: every name is safe as a property, `__proto__` too. */
export function bare<T = unknown>(): Record<string, T> {
  return Object.create(null) as Record<string, T>
}

/** A map of text to what `value` decodes, as an object without a prototype. */
export function record(value: Decoder): Decoder {
  return (reply, shape) => {
    const pairs = pairsOf(reply)
    if (pairs === undefined) return reply
    const object = bare()
    for (let i = 0; i + 1 < pairs.length; i += 2) object[fieldName(pairs[i])] = value(pairs[i + 1] ?? null, shape)
    return object
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
    if (pairs === undefined) return reply
    const object = bare()
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const name = String(word(pairs[i] ?? null))
      const value = pairs[i + 1] ?? null
      object[camelCase(name)] = (known.get(name) ?? anything)(value, shape)
    }
    return object
  }
}

/** A reply whose form nobody knows beforehand: maps as objects without a prototype, words as text. */
export function anything(reply: Reply, shape: Shape): unknown {
  if (reply instanceof MapReply) return record(anything)(reply, shape)
  if (Array.isArray(reply) || reply instanceof SetReply) return list(anything)(reply, shape)
  return text(reply, shape)
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
export function scored(reply: Reply, shape: Shape): unknown {
  const pairs = pairsOf(reply)
  if (pairs === undefined) return reply
  const members: Scored<unknown>[] = []
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    members.push({ member: text(pairs[i] ?? null, shape), score: double(pairs[i + 1] ?? null) as number })
  }
  return members
}
