/** The types that are one line. */
import type { Reply } from '../commands/reply.js'
import { errorFromReply } from '../errors/from-reply.js'
import { utf8 } from './buffer-slices.js'
import { bigNumber, double, integer } from './numbers.js'
import { RESP } from './resp.js'

const { BIG_NUMBER, BOOLEAN, DOUBLE, ERROR, INTEGER, NULL, SIMPLE } = RESP

const UPPER_O = 79
const UPPER_K = 75
const UPPER_Q = 81
const LOWER_F = 102
const LOWER_T = 116

/** What must be on the line of a type, in words. */
export const LINES: Readonly<Record<number, string>> = {
  [INTEGER]: 'a 64-bit integer',
  [DOUBLE]: 'a double',
  [BIG_NUMBER]: 'a big number',
  [BOOLEAN]: 'a boolean',
  [NULL]: 'null',
}

/** The letters behind the Q. */
const UEUED = [85, 69, 85, 69, 68]

function isQueued(buffer: Buffer, from: number): boolean {
  for (let i = 0; i < 5; i++) if (buffer[from + 1 + i] !== UEUED[i]) return false
  return true
}

/** The value of a line, whose text is at `from` to `to`; undefined if it is none of the type. */
export function lineValue(buffer: Buffer, type: number, from: number, to: number): Reply | undefined {
  switch (type) {
    case SIMPLE:
      // Most of them are OK, and QUEUED in transactions.
      if (to - from === 2 && buffer[from] === UPPER_O && buffer[from + 1] === UPPER_K) return 'OK'
      if (to - from === 6 && buffer[from] === UPPER_Q && isQueued(buffer, from)) return 'QUEUED'
      return utf8(buffer, from, to)
    case ERROR:
      return errorFromReply(utf8(buffer, from, to))
    case INTEGER:
      return integer(buffer, from, to)
    case DOUBLE:
      return double(buffer, from, to)
    case BIG_NUMBER:
      return bigNumber(buffer, from, to)
    case BOOLEAN:
      if (to - from !== 1) return undefined
      return buffer[from] === LOWER_T ? true : buffer[from] === LOWER_F ? false : undefined
    default:
      return to === from ? null : undefined
  }
}
