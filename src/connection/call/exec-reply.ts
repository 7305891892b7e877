/** What EXEC answers where some commands of a transaction want bytes and others want text: it is read as bytes. */
import { MapReply, type Reply, SetReply } from '../../commands/core/reply.js'
import { DataError } from '../../errors/errors.js'
import { longUtf8 } from '../resp/decode-text.js'

const NONE: Reply[] = []

/**
 * Makes text of every bulk string of `reply`, at any depth and in place: the reader's reply is nobody else's yet. Without
 * recursion, since the reader admits depths that the stack does not.
 * @throws DataError if a text is longer than a string can be
 */
export function withText(reply: Reply): Reply {
  if (Buffer.isBuffer(reply)) return textOf(reply)
  const open = [elementsOf(reply)]
  for (let elements = open.pop(); elements !== undefined; elements = open.pop()) {
    for (let i = 0; i < elements.length; i++) {
      const element = elements[i] as Reply
      if (Buffer.isBuffer(element)) elements[i] = textOf(element)
      else if (typeof element === 'object' && element !== null) open.push(elementsOf(element))
    }
  }
  return reply
}

function elementsOf(reply: Reply): Reply[] {
  if (Array.isArray(reply)) return reply
  if (reply instanceof MapReply) return reply.flat as Reply[]
  return reply instanceof SetReply ? (reply.items as Reply[]) : NONE
}

function textOf(bytes: Buffer): string {
  try {
    return longUtf8(bytes, 0, bytes.length)
  } catch (cause) {
    throw new DataError(
      `The reply has a text of ${bytes.length} bytes, too long for a string; use the bytes view, which returns Buffers.`,
      { cause },
    )
  }
}
