/** A seeded generator (sfc32). Each label gives a sequence of its own, so leaving out one step does not change the others. */
export class Random {
  #a: number
  #b: number
  #c = 0x243f6a88
  #counter = 1

  constructor(seed: number, label = '') {
    this.#a = seed >>> 0
    this.#b = hash(label)
    for (let round = 0; round < 12; round++) this.next()
  }

  /** Returns 32 random bits. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** Returns a number in [0, 1), in steps of 2^-20, so that sums with the virtual clock are exact at any time. */
  float(): number {
    return (this.next() >>> 12) / 2 ** 20
  }

  /** Returns an integer from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor((this.next() / 2 ** 32) * (max - min + 1))
  }

  /** Returns true with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability * 2 ** 32
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)] as T
  }

  /** Returns one of `items`, with probabilities in proportion to their weights. */
  weighted<T extends { readonly weight: number }>(items: readonly T[]): T {
    let left = this.float() * items.reduce((sum, { weight }) => sum + weight, 0)
    for (const item of items) {
      left -= item.weight
      if (left < 0) return item
    }
    return items[items.length - 1] as T
  }

  /** Returns an integer that is most often near `min` and rarely near `max`, like latencies and pauses. */
  skewed(min: number, max: number): number {
    const float = this.float()
    const square = float * float
    return min + Math.floor(square * square * (max - min + 1))
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length)
    for (let i = 0; i < length; i++) bytes[i] = this.next() & 255
    return bytes
  }
}

/** FNV-1a. */
export function hash(text: string): number {
  let sum = 0x811c9dc5
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193)
  return sum >>> 0
}
