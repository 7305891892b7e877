/** What the reader makes of the bytes of a reply, before any decoder: plain values, shared by RESP2 and RESP3. */
import type { RedisError } from '../errors/errors.js'

/**
 * Text is a string, or a Buffer if the call wants bytes. A bigint stands only for integers outside the safe range and for
 * big numbers. An error inside a list is a value.
 */
export type Reply = string | Buffer | number | bigint | boolean | null | RedisError | Reply[] | MapReply | SetReply

/** A map as it came: keys and values in turn, so that nothing merges and each decoder builds only what it needs. */
export class MapReply {
  readonly flat: readonly Reply[]

  constructor(flat: readonly Reply[]) {
    this.flat = flat
  }
}

/** A set as it came. */
export class SetReply {
  readonly items: readonly Reply[]

  constructor(items: readonly Reply[]) {
    this.items = items
  }
}

/** The reply with maps as Map and sets as Set, at every depth (the reader bounds it: the recursion cannot run away). */
export function plainReply(reply: Reply): unknown {
  if (Array.isArray(reply)) return reply.map(plainReply)
  if (reply instanceof SetReply) return new Set(reply.items.map(plainReply))
  if (!(reply instanceof MapReply)) return reply
  const map = new Map<unknown, unknown>()
  const { flat } = reply
  for (let i = 0; i + 1 < flat.length; i += 2) map.set(plainReply(flat[i] ?? null), plainReply(flat[i + 1] ?? null))
  return map
}
