/** Raw replies as plain values: the result of `call`. */
import { MapReply, type Reply, SetReply } from './reply.js'
import { sameNames } from './reply-errors.js'

/** An aggregate whose items are being converted, one after the other. */
interface Open {
  readonly of: Reply[] | MapReply | SetReply
  readonly parts: readonly Reply[]
  readonly made: unknown[]
}

/**
 * Returns the reply with maps as Map and sets as Set, at every depth. It does not recurse, because a reply may be
 * deeper than the stack.
 *
 * A map with a duplicate key (XREAD of the same stream twice, under RESP3) becomes a list of pairs, as in RESP2, so
 * that nothing is lost.
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

/** Whether a text contains the replacement character, which stands for invalid UTF-8. */
export function isLossy(name: unknown): boolean {
  return typeof name === 'string' && name.includes('\ufffd')
}
