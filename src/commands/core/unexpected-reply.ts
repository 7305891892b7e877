/** The error of a decoder for a reply of the wrong type. */
import { InvalidResponse, RedisError } from '../../errors/errors.js'
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
    `Unexpected type of reply: expected ${expected}, found ${kindOf(reply)}. Replies may belong to other commands, so the ` +
      'connection is checked; the command may have run. If the server has a reply format of its own, redis.call() ' +
      'returns the reply as it came.',
  )
}

function kindOf(reply: Reply): string {
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
