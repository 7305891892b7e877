/** A blocking command leaves on a lent connection by itself: on the shared one it would hold up all callers. */
import { type Command, type Holder, Keep, State } from '../commands/command.js'
import { type Borrower, type Lent, unblock } from '../connection/lent.js'
import type { Node } from '../connection/node.js'
import { outside } from '../connection/outside.js'
import type { Ticket } from '../connection/pool.js'
import { fail } from '../connection/settle.js'
import { timedOut } from '../connection/timeout.js'
import type { RedisError } from '../errors/errors.js'

/** How long an aborted call waits for what the server sends instead of being unblocked, ms. */
const GRACE = 100

export class Blocking implements Holder {
  readonly #node: Node
  readonly #ticket: Ticket
  readonly #elsewhere: Borrower | undefined
  #lent: Lent | undefined

  /**
   * Borrows a connection of `node`, sends `command`, and gives the connection back when it has settled, or when
   * `elsewhere` took it.
   */
  constructor(node: Node, command: Command, elsewhere?: Borrower) {
    this.#node = node
    this.#elsewhere = elsewhere
    command.holder = this
    this.#ticket = node.pool.request(
      lent => this.#take(lent, command),
      error => fail(command, error),
    )
  }

  #take(lent: Lent, command: Command): void {
    if (command.resolve === undefined) {
      this.#node.pool.giveBack(lent, true)
      return
    }
    this.#lent = lent
    command.keep ??= new Keep()
    const { keep } = command
    const before = keep.onSettled
    const giveBack = () => this.#node.pool.giveBack(lent, true)
    const mine: typeof before = (settled, value, error) => {
      before?.(settled, value, error)
      giveBack()
    }
    keep.onSettled = mine
    const elsewhere = this.#elsewhere
    if (elsewhere !== undefined) {
      const takes = (take: () => boolean) => {
        keep.onSettled = before
        const taken = take()
        if (taken) giveBack()
        else keep.onSettled = mine
        return taken
      }
      lent.borrower = {
        takesRefusal: (refused, error) => takes(() => elsewhere.takesRefusal(refused, error)),
        takesLeft: (left, error) => takes(() => elsewhere.takesLeft(left, error)),
      }
    }
    lent.link.send(command)
    command.holder = this
  }

  expire(command: Command, elapsed: number, round: number): boolean {
    if (this.#lent !== undefined) return this.#lent.link.expire(command, elapsed, round)
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
    const lent = this.#lent
    if (lent === undefined) {
      this.#ticket.cancel()
      fail(command, reason)
    } else if ((command.state & State.flying) === 0) lent.link.abandon(command, reason)
    else this.#unblock(lent, command, reason)
  }

  refuse(command: Command, error: RedisError): void {
    this.#lent?.link.refuse(command, error)
  }

  /**
   * The server is asked to let go. An element that was on its way already is the caller's: it would be lost. What does not
   * answer in time is dropped with its connection.
   */
  #unblock(lent: Lent, command: Command, reason: unknown): void {
    const { resolve } = command
    const id = lent.link.connection?.greeting?.id
    if (id === undefined || resolve === undefined) {
      fail(command, reason)
      return
    }
    const timer = outside(() => setTimeout(() => fail(command, reason), GRACE))
    command.resolve = (value, settled) => {
      clearTimeout(timer)
      resolve(value === null ? Promise.reject(reason) : value, settled)
    }
    unblock(this.#node.link, id)
  }
}
