/** Decoders that the commands of several modules share. */
import type { Decoder } from '../core/decoder.js'
import { bool, named, pairsOf, word } from '../core/decoders.js'
import { MapReply, type Reply } from '../core/reply.js'
import { unexpectedReply } from '../core/reply-errors.js'

/**
 * Like `named`, for names with capitals: `Number of filters` gives `numberOfFilters`. The keys of `fields` begin with a
 * small letter: `{ 'number of filters': int }`.
 */
export function statistics(fields: Readonly<Record<string, Decoder>>): Decoder {
  const decode = named(fields)
  return (reply, shape) => {
    const pairs = pairsOf(reply)
    if (pairs === undefined) return unexpectedReply(reply, 'a map')
    return decode(new MapReply(pairs.map((each, i) => (i % 2 === 0 ? uncapitalized(each) : each))), shape)
  }
}

/** A boolean in a list of integers: 1 (RESP2) and `true` (RESP3) are true, other numbers are false. */
export function truth(reply: Reply): unknown {
  return typeof reply === 'number' ? reply === 1 : bool(reply)
}

function uncapitalized(name: Reply): string {
  const text = String(word(name))
  return text.charAt(0).toLowerCase() + text.slice(1)
}
