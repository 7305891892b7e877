/**
 * Ends a blocking call that timed out or was aborted while the server blocks on it.
 *
 *   leased connection   BLPOP q 0 ──────────────────────────▸ null, or an element that was on its way
 *   shared connection            CLIENT UNBLOCK id ──▸ 1, or 0: that connection is not blocked (yet)
 *
 * The reply to the blocking command decides: the call resolves with an element, because it would be lost otherwise, and null
 * rejects the call with the reason. Without a reply the blocked connection is closed.
 */

import { CLIENT_UNBLOCK } from '../../commands/client-internal.js'
import { Command, State } from '../../commands/core/command.js'
import { clearTimeout, nextTick, setTimer } from '../../commands/core/timers.js'
import { InvalidResponse, ResponseError } from '../../errors/errors.js'
import { fail, Rejection, rejected } from '../call/completion.js'
import { processTime } from '../call/process-clock.js'
import { TimeLimit } from '../call/time-limit.js'
import type { Link } from '../link/link.js'
import type { Connection } from '../socket/connection.js'
import { blockingAborted } from './pool-errors.js'

/** The first delay before UNBLOCK is repeated, ms: after the reply 0 the blocking command may still be on its way to the server. */
const FIRST_PAUSE = 25
const LONGEST_PAUSE = 1_000

/** How long UNBLOCK waits for data on the blocked connection before it closes it, ms, if there are no health checks. */
export const SILENCE = 15_000

/** The leased connection that is blocked. */
export interface BlockedLease {
  readonly link: Link
  /** Stops writing while CLIENT UNBLOCK is unanswered, because it could end the next call. */
  holdWrites(): void
  /** CLIENT UNBLOCK was answered. */
  resumeWrites(): void
}

export class ClientUnblock {
  readonly #lease: BlockedLease
  /** The link over which CLIENT UNBLOCK is sent. */
  readonly #other: Link
  readonly #command: Command
  readonly #reason: unknown
  readonly #connection: Connection
  readonly #id: number
  readonly #resolve: (value: unknown, command: Command) => void
  readonly #beganAt = processTime()
  readonly #connectTimeout: number
  readonly #patience: number
  #pause = FIRST_PAUSE
  #mayUnblockLater = false
  #retry: NodeJS.Timeout | undefined
  #limit: TimeLimit | undefined

  /**
   * Ends `command`, which is in flight on the connection of `lease`, by CLIENT UNBLOCK. It settles with the reply of the server or
   * with `reason`; with `reason` also after `patience` ms without data.
   */
  static begin(
    lease: BlockedLease,
    other: Link,
    command: Command,
    reason: unknown,
    patience: number,
    connectTimeout: number,
  ): void {
    const { connection } = lease.link
    const id = connection?.greeting?.id
    if (connection === undefined || id === undefined || command.resolve === undefined) {
      drop(command, reason, connection)
    } else new ClientUnblock(lease, other, command, reason, patience, connectTimeout, connection, id)
  }

  private constructor(
    lease: BlockedLease,
    other: Link,
    command: Command,
    reason: unknown,
    patience: number,
    connectTimeout: number,
    connection: Connection,
    id: number,
  ) {
    this.#lease = lease
    this.#other = other
    this.#command = command
    this.#reason = reason
    this.#patience = patience
    this.#connectTimeout = connectTimeout
    this.#connection = connection
    this.#id = id
    this.#resolve = command.resolve as (value: unknown, command: Command) => void
    command.resolve = (value, settled) => this.#onSettled(value, settled)
    // A resent command would block again, although nobody waits for it.
    command.state &= ~State.repeatable
    this.#watchSilence()
    // After the flush of this turn, so that calls made before the abort are sent before UNBLOCK.
    nextTick(unblock, this)
  }

  #onSettled(value: unknown, command: Command): void {
    this.#stop()
    const failed = (command.state & State.failed) !== 0 || value instanceof Rejection
    if (this.#mayUnblockLater) this.#connection.destroy(blockingAborted(this.#connection.node))
    this.#resolve(failed || isNothing(value, command) ? rejected(command, this.#reason) : value, command)
  }

  unblock(): void {
    if (this.#command.resolve === undefined) return
    const { connection } = this.#other
    if (connection === undefined) {
      if (processTime() - this.#beganAt > this.#connectTimeout) this.#drop()
      else {
        this.#other.connect()
        this.#unblockLater()
      }
      return
    }
    // Client ids only grow until the server restarts. A connection that was dialled after the blocked one was ready, and has a
    // smaller id, is to a restarted server, where the id of the blocked connection belongs to another client. Connections that
    // were opened at the same time may become ready in any order.
    const younger = connection.dialledAt > this.#connection.readyAt
    const { id } = connection.greeting ?? {}
    if (younger && id !== undefined && id < this.#id) {
      this.#drop()
      return
    }
    this.#lease.holdWrites()
    connection.ask(new Command(CLIENT_UNBLOCK, [this.#id])).then(
      count => {
        this.#lease.resumeWrites()
        if (count === 0) this.#unblockLater()
        else if (count !== 1) this.#drop()
      },
      error => {
        this.#lease.resumeWrites()
        // The server rejected it, or did not reply with a count.
        if (error instanceof ResponseError || error instanceof InvalidResponse) this.#drop()
        else this.#lost()
      },
    )
  }

  /** The server may still execute the UNBLOCK later: the blocked connection must serve no other call. */
  #lost(): void {
    this.#mayUnblockLater = true
    if (this.#command.resolve === undefined) this.#connection.destroy(blockingAborted(this.#connection.node))
    else this.#unblockLater()
  }

  #unblockLater(): void {
    if (this.#command.resolve === undefined) return
    this.#retry = setTimer(this.#pause, () => this.unblock())
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2)
  }

  #watchSilence(): void {
    const { lastRead } = this.#connection
    this.#limit = new TimeLimit(this.#patience, () => {
      if (this.#connection.lastRead === lastRead) this.#drop()
      else if (this.#command.resolve !== undefined) this.#watchSilence()
    })
  }

  #drop(): void {
    const command = this.#command
    if (command.resolve === undefined) return
    this.#stop()
    command.resolve = this.#resolve
    drop(command, this.#reason, this.#connection)
  }

  #stop(): void {
    clearTimeout(this.#retry)
    this.#limit?.cancel()
  }
}

function unblock(unblocking: ClientUnblock): void {
  unblocking.unblock()
}

function drop(command: Command, reason: unknown, connection: Connection | undefined): void {
  fail(command, reason)
  connection?.destroy(blockingAborted(connection.node))
}

/** Whether the reply carries no element. WAIT and WAITAOF reply with a count only, which is dropped. */
function isNothing(value: unknown, { spec }: Command): boolean {
  return value === null || spec.name === 'WAIT' || spec.name === 'WAITAOF'
}
