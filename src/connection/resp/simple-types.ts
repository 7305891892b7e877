/**
 * The types of RESP that are one line. Parsing is strict: text outside the grammar is `undefined`, never a guess. According to
 * the specification any number may have a sign, also `+`; leading zeros of integers are rejected, since no server sends them.
 */
import type { Reply } from '../../commands/core/reply.js'
import { errorFromReply } from '../../errors/from-reply.js'
import { latin1, utf8 } from './decode-text.js'
import { RESP } from './protocol.js'

const { MINUS, PLUS, ZERO } = RESP

const DOT = 46
const UPPER_E = 69
const LOWER_E = 101

/** A double of at most so many digits is exact. */
const EXACT_DIGITS = 15

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power)

/** The position after the digits that begin at `from`. */
function skipDigits(buffer: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && (buffer[at]! ^ ZERO) <= 9) at++
  return at
}

function skipSign(buffer: Buffer, from: number): number {
  return buffer[from] === PLUS || buffer[from] === MINUS ? from + 1 : from
}

/** A big number: an optional sign and digits. */
export function bigNumber(buffer: Buffer, from: number, to: number): bigint | undefined {
  const first = skipSign(buffer, from)
  if (first === to || skipDigits(buffer, first, to) !== to) return undefined
  if (buffer[first] === ZERO && to - first > 1) return undefined
  return BigInt(latin1(buffer, from, to))
}

/** A signed 64-bit integer: a number if it is exact, else a bigint. */
export function integer(buffer: Buffer, from: number, to: number): number | bigint | undefined {
  const first = skipSign(buffer, from)
  if (to - first > EXACT_DIGITS) return longInteger(bigNumber(buffer, from, to))
  let magnitude = 0
  for (let at = first; at < to; at++) {
    const digit = buffer[at]! ^ ZERO
    if (digit > 9) return undefined
    magnitude = magnitude * 10 + digit
  }
  if (to === first || (buffer[first] === ZERO && to - first > 1)) return undefined
  return buffer[from] === MINUS ? 0 - magnitude : magnitude
}

function longInteger(value: bigint | undefined): number | bigint | undefined {
  if (value === undefined || value < INT64_MIN || value > INT64_MAX) return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/**
 * `[sign] digits [. digits] [e [sign] digits]`, or `inf`, `-inf`, `nan`, `-nan`. Up to 15 digits are parsed here: the digits
 * and the power of ten are both exact doubles, so their quotient is rounded once and is the nearest double.
 */
export function parseDouble(buffer: Buffer, from: number, to: number): number | undefined {
  const first = skipSign(buffer, from)
  let at = first
  let digits = 0
  for (; at < to && (buffer[at]! ^ ZERO) <= 9; at++) digits = digits * 10 + (buffer[at]! ^ ZERO)
  if (at === first) return unusualDouble(latin1(buffer, from, Math.min(to, from + 5)))
  let decimals = 0
  if (at < to && buffer[at] === DOT) {
    const point = at++
    for (; at < to && (buffer[at]! ^ ZERO) <= 9; at++) digits = digits * 10 + (buffer[at]! ^ ZERO)
    decimals = at - point - 1
    if (decimals === 0) return undefined
  }
  if (at === to && to - first <= EXACT_DIGITS) {
    const magnitude = digits / POWERS_OF_TEN[decimals]!
    return buffer[from] === MINUS ? -magnitude : magnitude
  }
  if (at < to && (buffer[at] === LOWER_E || buffer[at] === UPPER_E)) {
    const exponent = skipSign(buffer, at + 1)
    if (exponent >= to) return undefined
    at = skipDigits(buffer, exponent, to)
  }
  return at === to ? Number(latin1(buffer, from, to)) : undefined
}

function unusualDouble(text: string): number | undefined {
  switch (text) {
    case 'inf':
      return Number.POSITIVE_INFINITY
    case '-inf':
      return Number.NEGATIVE_INFINITY
    case 'nan':
    case '-nan':
      return Number.NaN
    default:
      return undefined
  }
}
const { BIG_NUMBER, BOOLEAN, DOUBLE, ERROR, INTEGER, NULL, SIMPLE } = RESP
const UPPER_O = 79
const UPPER_K = 75
const UPPER_Q = 81
const LOWER_F = 102
const LOWER_T = 116

/** The expected content of a line, by type, for error messages. */
export const LINE_CONTENTS: Readonly<Record<number, string>> = {
  [INTEGER]: 'a 64-bit integer',
  [DOUBLE]: 'a double',
  [BIG_NUMBER]: 'a big number',
  [BOOLEAN]: 'a boolean',
  [NULL]: 'null',
}

/** The letters after the Q. */
const UEUED = [85, 69, 85, 69, 68]
function isQueued(buffer: Buffer, from: number): boolean {
  for (let i = 0; i < 5; i++) if (buffer[from + 1 + i] !== UEUED[i]) return false
  return true
}

/** The value of a line with its text at `from` to `to`; undefined if the text is not valid for the type. */
export function lineValue(buffer: Buffer, type: number, from: number, to: number): Reply | undefined {
  switch (type) {
    case SIMPLE:
      // Most statuses are OK, or QUEUED in transactions.
      if (to - from === 2 && buffer[from] === UPPER_O && buffer[from + 1] === UPPER_K) return 'OK'
      if (to - from === 6 && buffer[from] === UPPER_Q && isQueued(buffer, from)) return 'QUEUED'
      return utf8(buffer, from, to)
    case ERROR:
      return errorFromReply(utf8(buffer, from, to))
    case INTEGER:
      return integer(buffer, from, to)
    case DOUBLE:
      return parseDouble(buffer, from, to)
    case BIG_NUMBER:
      return bigNumber(buffer, from, to)
    case BOOLEAN:
      if (to - from !== 1) return undefined
      return buffer[from] === LOWER_T ? true : buffer[from] === LOWER_F ? false : undefined
    default:
      return to === from ? null : undefined
  }
}
