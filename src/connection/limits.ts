/** What a peer may send. More than that is an `InvalidResponse`. */
export interface ReaderLimits {
  /** Aggregates inside each other, attributes and empty ones included. Default 128. */
  maxDepth: number
  /** Bytes of a line, and of a bulk error. Default 65,536. */
  maxLine: number
  /** Bytes of a bulk or verbatim string. Default 536,870,912, as the server's own limit. */
  maxBulk: number
  /** Elements of one aggregate; a map has two for each key. Default 67,108,864. */
  maxElements: number
}

export const LIMITS: Readonly<ReaderLimits> = {
  maxDepth: 128,
  maxLine: 65_536,
  maxBulk: 536_870_912,
  maxElements: 67_108_864,
}
