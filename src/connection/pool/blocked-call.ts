import { blockTime, type Command, type CommandOwner, State } from '../../commands/core/command.js'
import type { RedisError } from '../../errors/errors.js'
import type { Link } from '../link/link.js'
import { ClientUnblock, SILENCE } from './client-unblock.js'
import type { LeasedConnection } from './leased-connection.js'

/** How long a call that timed out waits for the result of CLIENT UNBLOCK, ms. */
const OVERDUE = 1_000

/** Sends `command` over a leased connection. A blocking call can then be ended without losing an element: by CLIENT UNBLOCK over `other`. */
export function sendLeased(lease: LeasedConnection, command: Command, other: Link): void {
  if (!lease.note(command)) return
  lease.link.send(command)
  watchBlocked(lease, command, other)
}

/** Sends `command`, which was rejected with `refusal`, again over a leased connection after a delay. */
export function retryLeased(lease: LeasedConnection, command: Command, refusal: RedisError, other: Link): void {
  if (!lease.note(command)) return
  // It may have been sent over another link.
  command.owner = lease.link
  lease.link.later(command, refusal)
  watchBlocked(lease, command, other)
}

function watchBlocked(lease: LeasedConnection, command: Command, other: Link): void {
  if (command.resolve === undefined || command.spec.blocks === undefined || blockTime(command) === undefined) return
  command.owner = new BlockedCall(lease, other)
  lease.noteBlocking(command)
}

/** Owns a blocking command on a leased connection: an element may be on its way to it. */
class BlockedCall implements CommandOwner {
  readonly #lease: LeasedConnection
  /** The link over which CLIENT UNBLOCK is sent. */
  readonly #other: Link

  constructor(lease: LeasedConnection, other: Link) {
    this.#lease = lease
    this.#other = other
  }

  onDeadline(command: Command, elapsed: number, round: number): boolean {
    const { link } = this.#lease
    if ((command.state & State.inFlight) === 0) return link.onDeadline(command, elapsed, round)
    this.#end(command, link.overdue(command, elapsed, 'written'), OVERDUE)
    return true
  }

  onErrorReply(command: Command, error: RedisError): void {
    this.#lease.link.onErrorReply(command, error)
  }

  onAbort(command: Command, reason: unknown): void {
    if ((command.state & State.inFlight) === 0) this.#lease.link.onAbort(command, reason)
    else this.#end(command, reason, Number.POSITIVE_INFINITY)
  }

  #end(command: Command, reason: unknown, limit: number): void {
    if (!this.#lease.endBlocking(command)) return
    const { connectTimeout, healthCheckInterval } = this.#lease.settings
    const interval = healthCheckInterval > 0 ? Math.min(healthCheckInterval, SILENCE) : SILENCE
    ClientUnblock.begin(this.#lease, this.#other, command, reason, Math.min(interval, limit), connectTimeout)
  }
}
