/**
 * Short bulk strings out of the read buffer.
 *
 * A call into the runtime costs 60–100 ns whatever the length of a short string: to decode it, or to copy it. Where many
 * short strings follow each other, a window over them is decoded or copied once, and each is a slice of it (10 ns) or a
 * view (40 ns).
 */
import { Buffer } from 'node:buffer'
import { utf8 } from './decode-text.js'

/** Bytes of a window. A slice of 13 characters or more and every view keep their window alive, so it is small. */
const WINDOW = 1_024

/** Strings a window must be able to hold, judged by the first: with fewer, reading each directly costs less. */
const STRINGS = 4

/** What surrounds a short bulk string: `$12`, and twice CR LF. */
const FRAME = 7

/** Up to this length a loop copies faster than a call. */
const COPIED_BY_LOOP = 16

/** The end of a window from `from` on, or 0 if none is worth it for the string of `from` to `to`. */
function reach(from: number, to: number, end: number): number {
  const last = Math.min(from + WINDOW, end)
  return (to - from + FRAME) * STRINGS <= last - from ? last : 0
}

/**
 * Bulk strings as strings. A slice is exact if each byte of the window became one character, so if the text is as long as
 * its bytes: then all bytes are ASCII, or each stands alone as U+FFFD, and CR LF around every bulk keeps neighbours from
 * joining. (This comparison costs less than `isAscii` and `latin1Slice`, which are two calls.)
 */
export class TextWindow {
  #text = ''
  #from = 0
  #to = 0
  /** Up to here the bytes are not one character each. */
  #direct = 0

  /** The buffer has changed. */
  close(): void {
    this.#to = 0
    this.#direct = 0
  }

  /** The bytes of `from` to `to`, which lie behind those read before. The buffer is filled up to `end`. */
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

/** Bulk strings as Buffers, which share memory with each other at most, as all small Buffers do. */
export class BytesWindow {
  #bytes: Buffer | null = null
  #from = 0
  #to = 0

  /** The buffer has changed. */
  close(): void {
    this.#to = 0
  }

  /** The bytes of `from` to `to`, which lie behind those read before. The buffer is filled up to `end`. */
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
