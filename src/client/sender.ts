import type { Command } from '../commands/core/command.js'
import type { Where } from '../connection/diagnostics.js'
import type { Settings } from '../connection/options/options.js'
import type { RedisError } from '../errors/errors.js'

/** Sends commands that have their promise already: to a server, a cluster, or the leased connection of a session. */
export interface Sender {
  readonly settings: Settings
  /** The address for the diagnostics channels. */
  readonly where: Where
  /** Whether this is the connection of one caller, which may change its state and block it. */
  readonly isSession: boolean
  /** Returns the start time of calls of this turn, on the clock of `processTime()`. */
  now(): number
  /** Sends a command that has its promise and deadline. The command settles in any case. */
  send(command: Command): void
  /** Sends the commands of a pipeline. Commands for the same node keep their order. */
  sendAll(commands: readonly Command[]): void
  /** Retries `command`, which the server rejected with `refusal`, after a delay. `close()` waits for it. */
  later(command: Command, refusal: RedisError): void
}
