/**
 * The bytes of RESP: those inside its lines, and the type bytes with which its values begin.
 *
 * Files destructure them into constants of their own (`const { CR, LF } = RESP`): in CommonJS an imported name is a
 * property that is looked up at every use, which costs the reader 2–7 ns per value.
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
 * The largest reply that a peer may send. A bigger one is an `InvalidResponse` and closes the connection. No reply of a Redis
 * server reaches these limits: they stop a peer that is no Redis server, or a broken one. Memory is allocated for the bytes
 * received, not for the limits.
 */
export interface ReaderLimits {
  /** Levels of nested aggregates, attributes and empty ones included (default 65536; a script reaches 8000). */
  readonly maxDepth: number
  /** Bytes of a status or an error; a script can return one of any length (default 512 MiB). */
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

/** The limit, in bytes, of a line with a number, a length, a boolean or null: more than any of them needs. */
export const SHORT_LINE = 65536

/** The most digits of a big number that are parsed: the time grows faster than their count. */
export const BIG_DIGITS = 1048576
