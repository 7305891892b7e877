/** A decoder makes of a raw reply what the method promised. It is pure and never changes the reply. */
import { plainReply, type Reply } from './reply.js'
import type { ReplyFormat } from './reply-format.js'

export type Decoder = (reply: Reply, shape: ReplyFormat) => unknown

/** The reply as it came: maps as Map, sets as Set. What `call` gives. */
export function raw(reply: Reply): unknown {
  return typeof reply === 'object' && reply !== null ? plainReply(reply) : reply
}
