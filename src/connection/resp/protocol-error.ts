/** The message of an `InvalidResponse` for bytes that are not RESP. */
import type { Buffer } from 'node:buffer'
import { InvalidResponse } from '../../errors/errors.js'
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
