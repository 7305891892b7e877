import type { Command } from '../commands/core/command.js'
import type { Where } from '../connection/diagnostics.js'
import type { Settings } from '../connection/options/options.js'
import type { RedisError } from '../errors/errors.js'

/** What takes commands whose promises were made: a server, a cluster, or the lent connection of a session. */
export interface Sender {
  readonly settings: Settings
  /** Where commands go, for observers. */
  readonly where: Where
  /** True for the connection of one caller, who may change its state and block it. */
  readonly isSession: boolean
  /** The time of calls of this turn, on the process's own clock. */
  now(): number
  /** Takes a command whose promise and deadline were made; settles it in any case. */
  send(command: Command): void
  /** Takes the commands of a pipeline, which stay in this order as far as they go to the same node. */
  sendAll(commands: readonly Command[]): void
  /** Sends `command`, which was accepted before and refused with `refusal`, again after a while. `close()` waits for it. */
  later(command: Command, refusal: RedisError): void
}
