/** A seeded generator: the same numbers for the same seed on every machine. */
export class Random {
  constructor(seed: number)
  readonly seed: number
  /** In [0, 1). */
  float(): number
  /** From `min` to `max`, both included. */
  int(min: number, max: number): number
  /** True so often out of 1. */
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[]
  bytes(length: number): Buffer
}

/** A generator whose seed is printed with `what`; the environment variable SEED replays it. */
export function seeded(what: string): Random
