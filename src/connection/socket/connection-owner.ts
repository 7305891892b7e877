import type { Command } from '../../commands/core/command.js'
import type { Reply } from '../../commands/core/reply.js'
import type { RedisError } from '../../errors/errors.js'
import type { Stranded } from '../call/stranded.js'

/** The owner of a connection: it is notified of these events. */
export interface ConnectionOwner<Connection> {
  /** The socket is open and the handshake begins. */
  onOpen?(connection: Connection): void
  onReady(connection: Connection): void
  /** The server has replied to a caller for the first time on this connection. */
  onAnswered?(connection: Connection): void
  /** The connection can be written to again. */
  onDrain?(connection: Connection): void
  /** All commands in flight have been answered. */
  onIdle?(connection: Connection): void
  /** An error reply to `command`: the owner must settle or resend the command. */
  onRefusal?(connection: Connection, command: Command, error: RedisError): void
  onPush?(connection: Connection, kind: string, items: Reply[]): void
  /** A reply without a command. If the owner has no such method, such a reply is a protocol error. */
  onStray?(connection: Connection, reply: Reply): void
  /** The connection is closed; called once, also if it never was ready. `left` are the commands without a reply, oldest first. */
  onClosed(connection: Connection, error: RedisError, left: Stranded): void
}
