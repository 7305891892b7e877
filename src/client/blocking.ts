/** A blocking command leaves on a lent connection by itself: on the shared one it would hold up all callers. */
import { type Command, type Holder, Keep } from '../commands/command.js'
import { sendLent } from '../connection/blocked.js'
import type { Borrower, Lent } from '../connection/lent.js'
import type { Node } from '../connection/node.js'
import type { Ticket } from '../connection/pool.js'
import { fail } from '../connection/settle.js'
import { timedOut } from '../connection/timeout.js'

export class Blocking implements Holder {
  readonly #node: Node
  readonly #ticket: Ticket
  readonly #elsewhere: Borrower | undefined

  /**
   * Borrows a connection of `node`, sends `command`, and gives the connection back when it has settled, or when
   * `elsewhere` took it.
   */
  constructor(node: Node, command: Command, elsewhere?: Borrower) {
    this.#node = node
    this.#elsewhere = elsewhere
    command.holder = this
    this.#ticket = node.pool.request({
      taken: lent => this.#take(lent, command),
      refused: error => fail(command, error),
      blocking: true,
    })
  }

  #take(lent: Lent, command: Command): void {
    if (command.resolve === undefined) {
      this.#node.pool.giveBack(lent)
      return
    }
    command.keep ??= new Keep()
    const { keep } = command
    const giveBack = () => this.#node.pool.giveBack(lent)
    keep.whenSettled(giveBack)
    const elsewhere = this.#elsewhere
    if (elsewhere !== undefined) {
      const takes = (take: () => boolean) => {
        keep.ignoreSettled(giveBack)
        const taken = take()
        if (taken) giveBack()
        else keep.whenSettled(giveBack)
        return taken
      }
      lent.borrower = {
        takesRefusal: (refused, error) => takes(() => elsewhere.takesRefusal(refused, error)),
        takesLeft: (left, error) => takes(() => elsewhere.takesLeft(left, error)),
      }
    }
    sendLent(lent, command, this.#node.link)
  }

  expire(command: Command, elapsed: number): boolean {
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
        trouble: link.lastError,
      }),
    )
    return true
  }

  abandon(command: Command, reason: unknown): void {
    this.#ticket.cancel()
    fail(command, reason)
  }

  refuse(): void {}
}
