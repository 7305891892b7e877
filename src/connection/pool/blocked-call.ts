import { blockTime, type Command, type CommandOwner, State } from '../../commands/core/command.js'
import type { RedisError } from '../../errors/errors.js'
import type { Link } from '../link/link.js'
import { ClientUnblock, SILENCE } from './client-unblock.js'
import type { LeasedConnection } from './leased-connection.js'

/** A call whose time is up waits this long at most for what the server replies to UNBLOCK, ms. */
const OVERDUE = 1_000

/** Sends over a leased connection. A call that blocks can be given up then without a loss: the server is asked over `other`. */
export function sendLeased(lent: LeasedConnection, command: Command, other: Link): void {
  if (!lent.heed(command)) return
  lent.link.send(command)
  if (command.resolve === undefined || command.spec.blocks === undefined || blockTime(command) === undefined) return
  command.owner = new BlockedCall(lent, other)
  lent.heedBlocking(command)
}

/** Has a blocking command that was handed to a leased connection; the server may be holding an element for it. */
class BlockedCall implements CommandOwner {
  readonly #lent: LeasedConnection
  /** Over which the server is asked to let go. */
  readonly #other: Link

  constructor(lent: LeasedConnection, other: Link) {
    this.#lent = lent
    this.#other = other
  }

  onDeadline(command: Command, elapsed: number, round: number): boolean {
    const { link } = this.#lent
    if ((command.state & State.inFlight) === 0) return link.onDeadline(command, elapsed, round)
    this.#end(command, link.overdue(command, elapsed, 'written'), OVERDUE)
    return true
  }

  onErrorReply(command: Command, error: RedisError): void {
    this.#lent.link.onErrorReply(command, error)
  }

  onAbort(command: Command, reason: unknown): void {
    if ((command.state & State.inFlight) === 0) this.#lent.link.onAbort(command, reason)
    else this.#end(command, reason, Number.POSITIVE_INFINITY)
  }

  #end(command: Command, reason: unknown, limit: number): void {
    if (!this.#lent.endBlocking(command)) return
    const { connectTimeout, healthCheckInterval } = this.#lent.settings
    const interval = healthCheckInterval > 0 ? Math.min(healthCheckInterval, SILENCE) : SILENCE
    ClientUnblock.begin(this.#lent, this.#other, command, reason, Math.min(interval, limit), connectTimeout)
  }
}
