/** The errors of the reader: bytes that are not RESP, and values that JavaScript cannot hold. */
import type { Buffer } from 'node:buffer'
import { DataError, InvalidResponse } from '../../errors/errors.js'
import { latin1 } from './decode-text.js'

/** The most bytes of the peer that an error message shows. */
const SHOWN = 24

/** The error for bytes that are not `expected`; it shows the bytes from `at` on. */
export function protocolError(expected: string, buffer: Buffer, at: number, end: number): InvalidResponse {
  const found = latin1(buffer, at, Math.min(at + SHOWN, end))
  const text = found.replace(/[^ -~]/g, character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return new InvalidResponse(
    `Expected ${expected} in the reply, found ${found === '' ? 'something else' : `"${text}"`}.`,
  )
}

/** The error for a text that is longer than a string can be. */
export function textTooLong(bytes: number, cause: unknown): DataError {
  return new DataError(
    `The reply has a text of ${bytes} bytes, too long for a string; use the bytes view, which returns Buffers.`,
    { cause },
  )
}

export function tooManyDigits(digits: number, most: number): DataError {
  return new DataError(`The reply has a big number of ${digits} digits; at most ${most} can be parsed.`)
}
