/**
 * Merges the raw replies of several cluster nodes into one, by the server's response policies. A policy runs before the
 * decoder and does not change the replies.
 */

import { itemsOf } from './decoders.js'
import { MapReply, type Reply } from './reply.js'
import { unexpectedReply } from './reply-errors.js'

type Numeric = number | bigint

function numeric(reply: Reply): Numeric {
  if (typeof reply === 'bigint' || (typeof reply === 'number' && Number.isInteger(reply))) return reply
  throw unexpectedReply(reply, 'an integer')
}

function items(reply: Reply): readonly Reply[] {
  const found = itemsOf(reply)
  if (found === undefined) throw unexpectedReply(reply, 'a list')
  return found
}

/** agg_sum: DBSIZE. */
export function sum(replies: readonly Reply[]): Reply {
  const total = replies.reduce<bigint>((all, reply) => all + BigInt(numeric(reply)), 0n)
  return Number.isSafeInteger(Number(total)) ? Number(total) : total
}

/** agg_min: WAIT. Lists (WAITAOF) are merged by position. */
export function min(replies: readonly Reply[]): Reply {
  return byPosition(replies, numbers => numbers.reduce((a, b) => (b < a ? b : a)))
}

/** agg_max. */
export function max(replies: readonly Reply[]): Reply {
  return byPosition(replies, numbers => numbers.reduce((a, b) => (b > a ? b : a)))
}

/** agg_logical_and: SCRIPT EXISTS, by position. */
export function and(replies: readonly Reply[]): Reply {
  return byPosition(replies, numbers => (numbers.every(each => Number(each) !== 0) ? 1 : 0))
}

/** agg_logical_or, by position. */
export function or(replies: readonly Reply[]): Reply {
  return byPosition(replies, numbers => (numbers.some(each => Number(each) !== 0) ? 1 : 0))
}

function byPosition(replies: readonly Reply[], fold: (numbers: Numeric[]) => Numeric): Reply {
  const first = replies[0] ?? null
  if (!Array.isArray(first)) return fold(replies.map(numeric))
  return first.map((_, i) => fold(replies.map(reply => numeric(items(reply)[i] ?? null))))
}

/** Concatenates lists: KEYS. */
export function concat(replies: readonly Reply[]): Reply {
  return replies.flatMap(items)
}

/** Merges maps and adds numbers with the same name: PUBSUB NUMSUB. */
export function merge(replies: readonly Reply[]): Reply {
  const flat: Reply[] = []
  const at = new Map<string, number>()
  for (const reply of replies) {
    const pairs = reply instanceof MapReply ? reply.flat : items(reply)
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const name = pairs[i] ?? null
      const value = pairs[i + 1] ?? null
      const text = Buffer.isBuffer(name) ? name.toString('latin1') : String(name)
      const index = at.get(text)
      if (index === undefined) {
        at.set(text, flat.length + 1)
        flat.push(name, value)
      } else if (typeof value === 'number' || typeof value === 'bigint') flat[index] = sum([flat[index] ?? 0, value])
    }
  }
  return flat
}

/** all_succeeded: returns the first reply. */
export function first(replies: readonly Reply[]): Reply {
  return replies[0] ?? null
}

/** one_succeeded: returns the first success and ignores the errors of other nodes: SCRIPT KILL. */
export function one(replies: readonly Reply[]): Reply {
  return replies[0] ?? null
}
