/** A running hash of the facts of a run. It takes numbers and texts as they are, because formatting them costs more than the rest. */
const PRIME = 0x01000193
/** The characters at each end of a long text that count: all long texts of a run are fillers in the middle. */
const END = 64
/** The depth to which values are read. */
const DEPTH = 4

const float = new Float64Array(1)
const words = new Int32Array(float.buffer)

export class Digest {
  #sum = 0x811c9dc5

  get text(): string {
    return (this.#sum >>> 0).toString(16).padStart(8, '0')
  }

  number(value: number): this {
    if ((value | 0) === value) return this.#word(value)
    float[0] = value
    return this.#word(words[0] as number).#word(words[1] as number)
  }

  string(text: string): this {
    const { length } = text
    this.#word(length)
    if (length <= 2 * END) this.#characters(text, 0, length)
    else {
      this.#characters(text, 0, END)
      this.#characters(text, length - END, length)
    }
    return this
  }

  /** Adds any value. Of an error only its name and message count, because its stack differs with what was compiled before. */
  value(value: unknown, depth = 0): this {
    if (typeof value === 'string') return this.string(value)
    if (typeof value === 'number') return this.number(value)
    if (typeof value !== 'object' || value === null)
      return this.string(typeof value === 'function' ? '' : String(value))
    if (value instanceof Error) return this.string(value.name).string(value.message)
    if (value instanceof Uint8Array)
      return this.string(Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1'))
    if (depth === DEPTH) return this
    if (Array.isArray(value)) {
      this.#word(value.length)
      for (const item of value) this.value(item, depth + 1)
      return this
    }
    this.string(value.constructor?.name ?? '')
    for (const name in value) this.string(name).value((value as Record<string, unknown>)[name], depth + 1)
    return this
  }

  #characters(text: string, from: number, to: number): void {
    let sum = this.#sum
    for (let i = from; i < to; i++) sum = Math.imul(sum ^ text.charCodeAt(i), PRIME)
    this.#sum = sum
  }

  #word(word: number): this {
    this.#sum = Math.imul(Math.imul(this.#sum ^ (word & 0xffff), PRIME) ^ (word >>> 16), PRIME)
    return this
  }
}
