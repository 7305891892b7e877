import { Buffer } from 'node:buffer'

/**
 * Memory reserved on the word of the peer alone. A connection reads one bulk at a time, so a false header costs at most
 * this much: four read buffers.
 */
const TRUSTED = 1_048_576

/**
 * A bulk too big to wait for in the read buffer. Its memory follows the bytes that have arrived, not the length that was
 * announced: it doubles, so every byte is copied about twice, however the bytes are cut.
 */
export class LargeBulk {
  readonly type: number
  /** Bytes of the bulk with the CR LF behind it. */
  readonly size: number
  #memory: Buffer
  #filled = 0

  constructor(type: number, size: number) {
    this.type = type
    this.size = size
    this.#memory = Buffer.allocUnsafeSlow(Math.min(size, TRUSTED))
  }

  /** Takes what belongs to it of `from` to `to`, and returns the position behind. */
  take(buffer: Buffer, from: number, to: number): number {
    const taken = Math.min(to - from, this.size - this.#filled)
    const filled = this.#filled + taken
    if (filled > this.#memory.length) this.#grow(filled)
    buffer.copy(this.#memory, this.#filled, from, from + taken)
    this.#filled = filled
    return from + taken
  }

  #grow(least: number): void {
    const memory = Buffer.allocUnsafeSlow(Math.min(this.size, Math.max(least, this.#memory.length * 2)))
    this.#memory.copy(memory, 0, 0, this.#filled)
    this.#memory = memory
  }

  /** All its bytes, which nobody else holds; undefined as long as some are missing. */
  whole(): Buffer | undefined {
    return this.#filled === this.size ? this.#memory : undefined
  }
}
