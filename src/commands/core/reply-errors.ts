/** The errors of decoders: replies of the wrong type, and values that JavaScript cannot hold. */
import { DataError, InvalidResponse, RedisError } from '../../errors/errors.js'
import { MapReply, type Reply, SetReply } from './reply.js'

/**
 * The last step of every decoder, for a reply of an unexpected type. An error inside a list is a value, so it is
 * returned. Any other reply is one that the command cannot have: replies may be assigned to the wrong commands. The
 * connection that read it then checks itself, and this call rejects. The message contains types, never a value.
 * @throws InvalidResponse
 */
export function unexpectedReply(reply: Reply, expected: string): RedisError {
  if (reply instanceof RedisError) return reply
  throw new InvalidResponse(
    `Unexpected type of reply: expected ${expected}, found ${typeOf(reply)}. Replies may belong to other commands, so the ` +
      'connection is checked; the command may have run. If the server has a reply format of its own, redis.call() ' +
      'returns the reply as it came.',
  )
}

function typeOf(reply: Reply): string {
  if (reply === null) return 'null'
  if (Array.isArray(reply)) return `a list of ${reply.length}`
  if (reply instanceof MapReply) return 'a map'
  if (reply instanceof SetReply) return 'a set'
  switch (typeof reply) {
    case 'number':
      return Number.isInteger(reply) ? 'an integer' : 'a double'
    case 'bigint':
      return 'an integer'
    case 'boolean':
      return 'a boolean'
    default:
      return 'text'
  }
}

/** The integer `value` would be rounded. `instead`: how to get all of it. */
export function notExact(value: bigint, instead: string): DataError {
  return new DataError(`The reply ${value} is outside the range in which a number is exact; ${instead}.`, { value })
}

export function fieldNotText(): DataError {
  return new DataError(
    'A field name of the reply is not valid UTF-8 and cannot be a property name: read names and values apart ' +
      '(hkeys and hvals, or hscan, of the bytes view).',
  )
}

/** Two field names are invalid UTF-8 and decode to the same text: one of their values would be lost. */
export function sameNames(): DataError {
  return new DataError(
    'Two field names of the reply are not valid UTF-8 and are the same as text. Read names and values in the bytes view: ' +
      'redis.bytes.hkeys() and hvals(), hscan(), or redis.bytes.call().',
  )
}
