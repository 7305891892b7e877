/**
 * What a peer may send. More than that is an `InvalidResponse` and the end of its connection. No reply of a Redis server
 * meets them: they stop a peer that is none, or that is out of its mind. Memory follows the bytes that came, not these.
 */
export interface ReaderLimits {
  /** Aggregates inside each other, attributes and empty ones included (default 65536; a script reaches 8000). */
  readonly maxDepth: number
  /** Bytes of a status or an error, which a script can make as long as any text (default 512 MiB). */
  readonly maxLine: number
  /** Bytes of a bulk or verbatim string (default 512 MiB, as the server's own limit). */
  readonly maxBulk: number
  /** Elements of one aggregate; a map has two for each key (default 67108864). */
  readonly maxElements: number
}

export const LIMITS: Readonly<ReaderLimits> = {
  maxDepth: 65_536,
  maxLine: 536_870_912,
  maxBulk: 536_870_912,
  maxElements: 67_108_864,
}

/** Bytes of a line that holds a number, a length, a boolean or null: more than any of them has. */
export const SHORT_LINE = 65_536

/** Digits of a big number that are made into one: the work grows faster than the digits. */
export const BIG_DIGITS = 1_048_576
