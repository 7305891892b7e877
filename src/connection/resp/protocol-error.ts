/** What an `InvalidResponse` tells of bytes that are not RESP. */
import type { Buffer } from 'node:buffer'
import { InvalidResponse } from '../../errors/errors.js'
import { latin1 } from './decode-text.js'

/** Bytes of the peer that an error message may show. */
const SHOWN = 24

/** The bytes from `at` on are not `expected`. */
export function protocolError(expected: string, buffer: Buffer, at: number, end: number): InvalidResponse {
  const found = latin1(buffer, at, Math.min(at + SHOWN, end))
  const text = found.replace(/[^ -~]/g, character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return new InvalidResponse(
    `Expected ${expected} in the reply, found ${found === '' ? 'something else' : `"${text}"`}.`,
  )
}
