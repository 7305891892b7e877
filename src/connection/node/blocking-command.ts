/** Sends a blocking command on a leased connection of its own: on the shared one it would block all callers. */
import { CallDetails, type Command, type CommandOwner } from '../../commands/core/command.js'
import { timedOut } from '../call/call-errors.js'
import { fail } from '../call/completion.js'
import type { RefusalHandler } from '../link/link-owner.js'
import { sendLeased } from '../pool/blocked-call.js'
import type { LeasedConnection } from '../pool/leased-connection.js'
import type { Ticket } from '../pool/pool.js'
import type { Node } from './node.js'

export class BlockingCommand implements CommandOwner {
  readonly #node: Node
  readonly #ticket: Ticket
  readonly #refusals: RefusalHandler | undefined

  /**
   * Leases a connection of `node`, sends `command`, and releases the connection when the command has settled, or when
   * `refusals` took it.
   */
  constructor(node: Node, command: Command, refusals?: RefusalHandler) {
    this.#node = node
    this.#refusals = refusals
    command.owner = this
    this.#ticket = node.pool.request({
      taken: leased => this.#take(leased, command),
      refused: error => fail(command, error),
      blocking: true,
    })
  }

  #take(leased: LeasedConnection, command: Command): void {
    if (command.resolve === undefined) {
      this.#node.pool.release(leased)
      return
    }
    command.details ??= new CallDetails()
    const { details } = command
    const release = () => {
      details.ignoreSettled(release)
      this.#node.pool.release(leased)
    }
    details.whenSettled(release)
    leased.refusals = this.#refusals
    leased.onTaken = release
    sendLeased(leased, command, this.#node.link)
  }

  onDeadline(command: Command, elapsed: number): boolean {
    this.#ticket.cancel()
    const { link, name, pool } = this.#node
    const { waiting } = pool.stats
    fail(
      command,
      timedOut(command, {
        node: name,
        phase: 'queued',
        elapsed,
        queued: waiting,
        inflight: 0,
        lastError: link.lastError,
      }),
    )
    return true
  }

  onAbort(command: Command, reason: unknown): void {
    this.#ticket.cancel()
    fail(command, reason)
  }
}
