/**
 * A decoder turns a raw reply into the value that the method returns. It is pure and never changes the reply. The arguments of the command
 * are passed for replies whose number of items they determine.
 */
import type { Argument } from './argument.js'
import { plainReply } from './plain-reply.js'
import type { Reply } from './reply.js'
import type { ReplyFormat } from './reply-format.js'

export type Decoder = (reply: Reply, shape: ReplyFormat, args?: readonly Argument[]) => unknown

/** The reply as it came, with maps as Map and sets as Set: the result of `call`. */
export function raw(reply: Reply): unknown {
  return typeof reply === 'object' && reply !== null ? plainReply(reply) : reply
}

/** The reply itself, for code of the client that reads replies. */
export function unchanged(reply: Reply): Reply {
  return reply
}
