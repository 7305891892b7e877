import type { Command } from '../../commands/core/command.js'
import type { Reply } from '../../commands/core/reply.js'
import type { RedisError } from '../../errors/errors.js'
import type { Endpoint } from '../options/options.js'

export type LinkState = 'idle' | 'connecting' | 'ready' | 'down' | 'closing' | 'closed'

/** The owner of a link: it is notified of these events. `link` is the sender, because a replaced link may still send events. */
export interface LinkOwner {
  onConnect?(link: object): void
  onReady(link: object): void
  onReconnecting?(link: object, attempt: number, delay: number): void
  /** An attempt failed, or the connection was lost; `lastRead` is the time of its last byte. `permanent`: it will fail again. */
  onDown(link: object, error: RedisError, lastRead: number, permanent: boolean): void
  onPush?(link: object, kind: string, items: Reply[]): void
  /** The connection is replaced by a new one although it was not lost. */
  onRetire?(link: object): void
}

/** Handles commands that a link cannot finish, before the link does. Returns true if it settled the command or sent it elsewhere. */
export interface RefusalHandler {
  /** The server replied to `command` with `error`. */
  handleErrorReply(command: Command, error: RedisError): boolean
  /** The connection was lost with `error`; `command` is unsettled, and may be sent. */
  handleStranded?(command: Command, error: RedisError): boolean
}

export interface LinkTraits {
  /** Whether it reconnects by itself after a loss, and not only when a call needs it. */
  readonly eager: boolean
  readonly resolve: (attempt: number) => Endpoint | Promise<Endpoint>
  readonly listening?: boolean
  readonly refusals?: RefusalHandler | undefined
}
