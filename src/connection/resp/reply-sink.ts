import type { Reply } from '../../commands/core/reply.js'
import type { RedisError } from '../../errors/errors.js'

/** Receives the replies and pushes of a reader. Its methods are called synchronously from `advance`, in the order of the bytes. */
export interface ReplySink {
  /** True if the reply that begins now is to have Buffers for bulk strings. Called once, at its first byte; not for pushes. */
  wantsBytes(): boolean
  /** A complete reply that is not an error. */
  onReply(value: Reply): void
  /** An error reply, or a `DataError` in place of a reply that JavaScript cannot hold: a text over the limit of strings. */
  onError(error: RedisError): void
  /** A complete push: its first element as text, and the other elements. */
  onPush(kind: string, items: Reply[]): void
}
