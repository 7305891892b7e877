/**
 * `utf8Slice` and `latin1Slice`, which `buffer.toString` calls after it has checked its arguments. @types/node does not
 * declare them; a runtime without them uses `toString`.
 */
import { Buffer, isAscii } from 'node:buffer'

type Slice = (this: Buffer, from: number, to: number) => string

const prototype = Buffer.prototype as { readonly utf8Slice?: Slice; readonly latin1Slice?: Slice }

const utf8Slice: Slice =
  prototype.utf8Slice ??
  function (from, to) {
    return this.toString('utf8', from, to)
  }

const latin1Slice: Slice =
  prototype.latin1Slice ??
  function (from, to) {
    return this.toString('latin1', from, to)
  }

/** The bytes `from` to `to` as UTF-8; invalid bytes become U+FFFD. */
export function utf8(buffer: Buffer, from: number, to: number): string {
  return utf8Slice.call(buffer, from, to)
}

/**
 * The same, for long text. `utf8Slice` takes 0.8 ms for a MiB, of which most is spent on fresh pages outside V8's heap;
 * `latin1Slice` takes 0.17 ms. Checking for ASCII costs 0.01 ms.
 */
export function longUtf8(buffer: Buffer, from: number, to: number): string {
  return isAscii(buffer.subarray(from, to)) ? latin1(buffer, from, to) : utf8(buffer, from, to)
}

/** The bytes `from` to `to` as Latin-1: one character per byte. */
export function latin1(buffer: Buffer, from: number, to: number): string {
  return latin1Slice.call(buffer, from, to)
}
