import { blockTime, type Command, type Holder, State } from '../commands/command.js'
import { ConnectionError, type RedisError } from '../errors/errors.js'
import { type Lent, unblock } from './lent.js'
import type { Link } from './link.js'
import { outside } from './outside.js'
import { fail } from './settle.js'

/** How long an aborted call waits for what the server sends instead of being unblocked, ms. */
const GRACE = 100

/** Sends over a lent connection. A call that blocks can be aborted then without a loss: the server is asked over `other`. */
export function sendLent(lent: Lent, command: Command, other: Link): void {
  lent.heed(command)
  lent.link.send(command)
  if (command.spec.blocks !== undefined && blockTime(command) !== undefined) command.holder = new Blocked(lent, other)
}

/** What a command is resolved with to reject it. */
function rejected(command: Command, reason: unknown): unknown {
  if ((command.state & State.collected) === 0) return Promise.reject(reason)
  command.state |= State.failed
  return reason
}

/** Has a blocking command that was handed to a lent connection; the server may be holding an element for it. */
class Blocked implements Holder {
  readonly #lent: Lent
  /** Over which the server is asked to let go. */
  readonly #other: Link

  constructor(lent: Lent, other: Link) {
    this.#lent = lent
    this.#other = other
  }

  expire(command: Command, elapsed: number, round: number): boolean {
    return this.#lent.link.expire(command, elapsed, round)
  }

  refuse(command: Command, error: RedisError): void {
    this.#lent.link.refuse(command, error)
  }

  /**
   * The server is asked to let go. An element that was on its way already is the caller's: it would be lost. What does not
   * answer in time is dropped with its connection.
   */
  abandon(command: Command, reason: unknown): void {
    const { link } = this.#lent
    const { connection } = link
    const { resolve } = command
    const id = connection?.greeting?.id
    if ((command.state & State.flying) === 0) link.abandon(command, reason)
    else if (connection?.oldest === command && id !== undefined && resolve !== undefined) {
      const timer = outside(() => setTimeout(() => this.#drop(command, reason), GRACE))
      command.resolve = (value, settled) => {
        clearTimeout(timer)
        resolve(value === null ? rejected(settled, reason) : value, settled)
      }
      unblock(this.#other, id)
    } else this.#drop(command, reason)
  }

  #drop(command: Command, reason: unknown): void {
    const { connection } = this.#lent.link
    fail(command, reason)
    connection?.destroy(new ConnectionError('A call that blocked it was aborted.', { node: connection.node }))
  }
}
