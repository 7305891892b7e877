import type { Reply } from '../../commands/core/reply.js'
import type { RedisError } from '../../errors/errors.js'

/** Takes what the reader finds. Called synchronously from `advance`, in the order of the bytes. */
export interface ReplySink {
  /** True if bulk strings of the reply that begins now are wanted as Buffers. Asked once, at its first byte; not of pushes. */
  wantsBytes(): boolean
  /** A complete reply that is not an error. */
  onReply(value: Reply): void
  /** An error reply, or a `DataError` in place of a reply that cannot be given: a text longer than a string can be. */
  onError(error: RedisError): void
  /** A complete push: its first element as text, and the elements behind it. */
  onPush(kind: string, items: Reply[]): void
}
