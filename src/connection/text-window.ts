import { utf8 } from './buffer-slices.js'

/** Bytes decoded at once. A slice of 13 characters or more keeps its window alive, so the window is small. */
const WINDOW = 1_024

/** Strings a window must be able to hold, judged by the first: with fewer, reading each directly costs less. */
const STRINGS = 4

/** What surrounds a short bulk string in its reply: `$12`, and twice CR LF. */
const FRAME = 7

/**
 * Text out of the read buffer. A call into the decoder costs 60–100 ns whatever the length of a short string, a slice of
 * a string 10: where many short strings follow each other, a window over them is decoded once and sliced.
 *
 * A slice is exact if each byte of the window became one character. That is so if and only if the text is as long as its
 * bytes: then all bytes are ASCII or stand alone as U+FFFD, and CR LF around each bulk keeps neighbours from joining. (Two
 * calls, `isAscii` and `latin1Slice`, cost more than this comparison.)
 */
export class TextWindow {
  #text = ''
  #from = 0
  #to = 0
  #direct = 0

  /** The buffer has changed. */
  close(): void {
    this.#to = 0
    this.#direct = 0
  }

  /** The text of `from` to `to`, which lies behind whatever was read before. The buffer holds bytes up to `end`. */
  read(buffer: Buffer, from: number, to: number, end: number): string {
    if (to <= this.#to) return this.#text.slice(from - this.#from, to - this.#from)
    if (from < this.#direct || !this.#open(buffer, from, to, end)) return utf8(buffer, from, to)
    return this.#text.slice(0, to - from)
  }

  #open(buffer: Buffer, from: number, to: number, end: number): boolean {
    const reach = Math.min(WINDOW, end - from)
    if ((to - from + FRAME) * STRINGS > reach) return false
    const text = utf8(buffer, from, from + reach)
    if (text.length !== reach) {
      this.#direct = from + reach
      return false
    }
    this.#text = text
    this.#from = from
    this.#to = from + reach
    return true
  }
}
