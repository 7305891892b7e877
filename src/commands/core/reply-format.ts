/** The shape that a view gives to replies: the run-time side of `Form`, shared by all commands of the view. */
export interface ReplyFormat {
  /** Text replies come as Buffers. */
  readonly bytes: boolean
  /** Integer replies come as bigints. */
  readonly bigints: boolean
  /** Put before the keys of a command and taken from those of its reply; empty for none. */
  readonly prefix: string
}

export const PLAIN: ReplyFormat = { bytes: false, bigints: false, prefix: '' }
