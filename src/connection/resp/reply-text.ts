/** The reply to EXEC of a transaction in which some commands return bytes and others text: it is read as bytes. */
import { MapReply, type Reply, SetReply } from '../../commands/core/reply.js'
import { longUtf8 } from './decode-text.js'
import { textTooLong } from './resp-errors.js'

const NONE: Reply[] = []

/**
 * Decodes every bulk string of `reply` as text, at any depth and in place, because nobody else has the reply yet. It uses no
 * recursion, because the reader accepts replies that are nested deeper than the stack allows.
 * @throws DataError if a text is too long for a string
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
    throw textTooLong(bytes.length, cause)
  }
}
