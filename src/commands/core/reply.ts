/** What the reader makes of the bytes of a reply, before any decoder: plain values, shared by RESP2 and RESP3. */
import { DataError, type RedisError } from '../../errors/errors.js'

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

/** An aggregate whose parts are made plain one after the other. */
interface Open {
  readonly of: Reply[] | MapReply | SetReply
  readonly parts: readonly Reply[]
  readonly made: unknown[]
}

/**
 * The reply with maps as Map and sets as Set, at every depth, without recursion: a reply may be deeper than the stack.
 *
 * A map that has a key twice (XREAD of one stream twice, under RESP3) is a list of pairs, as RESP2 has it, so that nothing
 * is lost.
 */
export function plainReply(reply: Reply): unknown {
  const open: Open[] = []
  let value: unknown = reply
  let opening = opened(reply)
  for (;;) {
    if (opening !== undefined) open.push(opening)
    const innermost = open.at(-1)
    if (innermost === undefined) return value
    if (opening === undefined) innermost.made.push(value)
    if (innermost.made.length === innermost.parts.length) {
      open.pop()
      value = closed(innermost)
      opening = undefined
      if (open.length === 0) return value
      continue
    }
    const next = innermost.parts[innermost.made.length] ?? null
    opening = opened(next)
    value = next
  }
}

function opened(reply: Reply): Open | undefined {
  if (Array.isArray(reply)) return { of: reply, parts: reply, made: [] }
  if (reply instanceof SetReply) return { of: reply, parts: reply.items, made: [] }
  return reply instanceof MapReply ? { of: reply, parts: reply.flat, made: [] } : undefined
}

function closed({ of, made }: Open): unknown {
  if (Array.isArray(of)) return made
  if (of instanceof SetReply) return new Set(made)
  const map = new Map<unknown, unknown>()
  for (let i = 0; i < made.length; i += 2) map.set(made[i], made[i + 1])
  if (map.size * 2 === made.length) return map
  const names = made.filter((_, i) => i % 2 === 0)
  if (names.some((name, i) => isLossy(name) && names.indexOf(name) !== i)) throw sameNames()
  return names.map((name, i) => [name, made[i * 2 + 1]])
}

/** Whether a text holds what stands for bytes that are no UTF-8. */
export function isLossy(name: unknown): boolean {
  return typeof name === 'string' && name.includes('\ufffd')
}

/** Two names that are no UTF-8 are one text: one of their values would be lost. */
export function sameNames(): DataError {
  return new DataError(
    'Field names of the reply are not valid UTF-8 and are the same as text. Read names and values apart in the bytes view: ' +
      'redis.bytes.hkeys() and hvals(), hscan(), or redis.bytes.call().',
  )
}
