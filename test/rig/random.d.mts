/** A seeded random number generator: the same numbers for the same seed on every machine. */
export class Random {
  constructor(seed: number)
  readonly seed: number
  /** A number in [0, 1). */
  float(): number
  /** An integer from `min` to `max`, both included. */
  int(min: number, max: number): number
  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[]
  bytes(length: number): Buffer
}

/** Returns a generator and prints its seed with `what`; the environment variable SEED repeats a run. */
export function seeded(what: string): Random
