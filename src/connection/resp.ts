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
