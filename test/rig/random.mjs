/** A seeded random number generator (sfc32): the same numbers for the same seed on every machine. */
export class Random {
  seed
  #state = new Uint32Array(4)

  /** @param {number} seed */
  constructor(seed) {
    this.seed = seed >>> 0
    this.#state.set([0x9e3779b9, 0x243f6a88, this.seed, 1])
    for (let round = 0; round < 15; round++) this.#next()
  }

  /** A number in [0, 1). */
  float() {
    return this.#next() / 2 ** 32
  }

  /** An integer from `min` to `max`, both included. @param {number} min @param {number} max */
  int(min, max) {
    return min + Math.floor(this.float() * (max - min + 1))
  }

  /** True with this probability, 0 to 1. @param {number} probability */
  chance(probability) {
    return this.float() < probability
  }

  /** @template T @param {readonly T[]} items @returns {T} */
  pick(items) {
    return /** @type {T} */ (items[this.int(0, items.length - 1)])
  }

  /** A shuffled copy. @template T @param {readonly T[]} items @returns {T[]} */
  shuffle(items) {
    const copy = [...items]
    for (let last = copy.length - 1; last > 0; last--) {
      const other = this.int(0, last)
      const moved = /** @type {T} */ (copy[last])
      copy[last] = /** @type {T} */ (copy[other])
      copy[other] = moved
    }
    return copy
  }

  /** @param {number} length */
  bytes(length) {
    return Buffer.from(Array.from({ length }, () => this.#next() & 255))
  }

  #next() {
    const [a = 0, b = 0, c = 0, counter = 0] = this.#state
    const sum = (a + b + counter) >>> 0
    this.#state.set([b ^ (b >>> 9), c + (c << 3), ((c << 21) | (c >>> 11)) + sum, counter + 1])
    return sum
  }
}

/** Returns a generator and prints its seed; the environment variable SEED repeats a run. @param {string} what the test that uses it */
export function seeded(what) {
  const { SEED } = process.env
  const random = new Random(SEED === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(SEED))
  console.log(`${what}: SEED=${random.seed}`)
  return random
}
