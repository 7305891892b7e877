import type { Command } from '../../commands/core/command.js'
import type { Reply } from '../../commands/core/reply.js'
import type { RedisError } from '../../errors/errors.js'
import type { Stranded } from '../call/stranded.js'

/** What a connection tells who owns it. */
export interface ConnectionOwner<Connection> {
  /** The socket is open and the handshake begins. */
  onOpen(connection: Connection): void
  onReady(connection: Connection): void
  /** It has answered a caller for the first time. */
  onAnswered?(connection: Connection): void
  /** It can be written to again. */
  onDrain(connection: Connection): void
  /** A read left nothing in flight. */
  onIdle(connection: Connection): void
  /** An error reply to `command`: the owner settles it, or has it sent again. */
  onRefusal(connection: Connection, command: Command, error: RedisError): void
  onPush(connection: Connection, kind: string, items: Reply[]): void
  /** A reply that nobody asked for, where such are expected; without this it is a breach. */
  onStray?(connection: Connection, reply: Reply): void
  /** It has ended, once, also when it never was ready. `left` are the commands without a reply, oldest first. */
  onClosed(connection: Connection, error: RedisError, left: Stranded): void
}
