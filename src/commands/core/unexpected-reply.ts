/** What a decoder does about a reply that has not the form it reads. */
import { InvalidResponse, RedisError } from '../../errors/errors.js'
import { MapReply, type Reply, SetReply } from './reply.js'

/**
 * The end of every decoder that does not know the form of its reply. An error inside a list is a value, whatever else could
 * stand there, so it is returned. Anything else is no reply that the command can have: perhaps replies have shifted against
 * their commands. The connection that read it finds out; this call rejects. The message tells kinds, never a value.
 * @throws InvalidResponse
 */
export function unexpectedReply(reply: Reply, expected: string): RedisError {
  if (reply instanceof RedisError) return reply
  throw new InvalidResponse(
    `Expected ${expected} in the reply, and found ${kindOf(reply)}. Replies may belong to other commands, so the ` +
      'connection is checked; the command may have run. Of a server that replies in its own way, redis.call() ' +
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
