/**
 * The format that a view gives to its replies, shared by all its commands. `ReplyTypes` describes the same on types.
 */
export interface ReplyFormat {
  /** Text replies are Buffers. */
  readonly bytes: boolean
  /** Integer replies are bigints. */
  readonly bigints: boolean
  /** The prefix that is put before keys and removed from keys in replies; empty for none. */
  readonly prefix: string
}

export const PLAIN: ReplyFormat = { bytes: false, bigints: false, prefix: '' }

/** The plain format, with a prefix of keys if there is one. */
export function plainWith(prefix: string | undefined): ReplyFormat {
  return prefix === undefined || prefix === '' ? PLAIN : { ...PLAIN, prefix }
}
