/**
 * The bytes RESP is made of: what stands in its lines, and the types, by the byte a value begins with.
 *
 * Files take them apart into constants of their own (`const { CR, LF } = RESP`): in CommonJS an imported name is a
 * property that is looked up at every use, which the reader would feel (2–7 ns a value).
 */
export const RESP = {
  CR: 13,
  LF: 10,
  PLUS: 43,
  MINUS: 45,
  ZERO: 48,
  ONE: 49,
  COLON: 58,

  BULK_ERROR: 33, // !
  BOOLEAN: 35, // #
  BULK: 36, // $
  MAP: 37, // %
  BIG_NUMBER: 40, // (
  LIST: 42, // *
  SIMPLE: 43, // +
  DOUBLE: 44, // ,
  ERROR: 45, // -
  INTEGER: 58, // :
  VERBATIM: 61, // =
  PUSH: 62, // >
  NULL: 95, // _
  ATTRIBUTE: 124, // |
  SET: 126, // ~
} as const

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
  maxDepth: 65536,
  maxLine: 536870912,
  maxBulk: 536870912,
  maxElements: 67108864,
}

/** Bytes of a line that holds a number, a length, a boolean or null: more than any of them has. */
export const SHORT_LINE = 65536

/** Digits of a big number that are made into one: the work grows faster than the digits. */
export const BIG_DIGITS = 1048576
