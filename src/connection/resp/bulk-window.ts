/**
 * Reads short bulk strings from the read buffer.
 *
 * Decoding or copying a short string is a call into the runtime, which costs 60–100 ns for any length. If many short strings
 * follow each other, a window over them is decoded or copied once, and each string is a slice of its text (10 ns) or a view
 * of its bytes (40 ns).
 */
import { Buffer } from 'node:buffer'
import { utf8 } from './decode-text.js'

/** Bytes of a window. A slice of 13 characters or more and every view keep their window alive, so it is small. */
const WINDOW = 1_024

/** A window must hold so many strings of the length of the first: with fewer, it is faster to read each directly. */
const STRINGS = 4

/** Bytes around a short bulk string: `$12`, and CR LF twice. */
const FRAME = 7

/** Up to this length a loop copies faster than a call. */
const COPIED_BY_LOOP = 16

/** The end of a window that begins at `from`, or 0 if a window does not pay off for the string from `from` to `to`. */
function reach(from: number, to: number, end: number): number {
  const last = Math.min(from + WINDOW, end)
  return (to - from + FRAME) * STRINGS <= last - from ? last : 0
}

/**
 * Bulk strings as strings. A slice is exact if each byte of the window became one character, that is, if the text is as long
 * as its bytes: every byte is then ASCII or a U+FFFD of its own, and the CR LF around every bulk separates its bytes from
 * those of its neighbours. (This comparison costs less than the two calls `isAscii` and `latin1Slice`.)
 */
export class TextWindow {
  #text = ''
  #from = 0
  #to = 0
  /** Up to here some characters have several bytes: strings are decoded one by one. */
  #direct = 0

  /** Must be called when the buffer has changed. */
  close(): void {
    this.#to = 0
    this.#direct = 0
  }

  /** The bytes from `from` to `to`. `from` is not before the end of the previous string; the buffer is filled up to `end`. */
  read(buffer: Buffer, from: number, to: number, end: number): string {
    if (to <= this.#to) return this.#text.slice(from - this.#from, to - this.#from)
    const last = from < this.#direct ? 0 : reach(from, to, end)
    if (last === 0) return utf8(buffer, from, to)
    const text = utf8(buffer, from, last)
    if (text.length !== last - from) {
      this.#direct = last
      return utf8(buffer, from, to)
    }
    this.#text = text
    this.#from = from
    this.#to = last
    return text.slice(0, to - from)
  }
}

/** Bulk strings as Buffers. They share memory with each other only, as all small Buffers do. */
export class BytesWindow {
  #bytes: Buffer | null = null
  #from = 0
  #to = 0

  /** Must be called when the buffer has changed. */
  close(): void {
    this.#to = 0
  }

  /** The bytes from `from` to `to`. `from` is not before the end of the previous string; the buffer is filled up to `end`. */
  read(buffer: Buffer, from: number, to: number, end: number): Buffer {
    if (this.#bytes !== null && to <= this.#to) return this.#bytes.subarray(from - this.#from, to - this.#from)
    const last = reach(from, to, end)
    if (last === 0) return copy(buffer, from, to)
    this.#bytes = copy(buffer, from, last)
    this.#from = from
    this.#to = last
    return this.#bytes.subarray(0, to - from)
  }
}

function copy(buffer: Buffer, from: number, to: number): Buffer {
  const length = to - from
  const bytes = Buffer.allocUnsafe(length)
  if (length > COPIED_BY_LOOP) buffer.copy(bytes, 0, from, to)
  else for (let i = 0; i < length; i++) bytes[i] = buffer[from + i]!
  return bytes
}
