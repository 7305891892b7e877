/**
 * The end of a blocking call that its caller gave up while the server blocks on it.
 *
 *   leased connection   BLPOP q 0 ──────────────────────────▸ null, or an element that was on its way
 *   shared connection            CLIENT UNBLOCK id ──▸ 1, or 0: nobody is blocked there (yet)
 *
 * What the blocked command is answered decides: an element is the caller's, and null rejects the call with the reason. So
 * no element is lost while the connections live. Only if that cannot be found out the blocked connection is dropped.
 */

import { CLIENT_UNBLOCK } from '../../commands/client-internal.js'
import { Command, State } from '../../commands/core/command.js'
import { clearTimeout, nextTick, setTimer } from '../../commands/core/timers.js'
import { ConnectionError, InvalidResponse, ResponseError } from '../../errors/errors.js'
import { fail, Rejection, rejected } from '../call/completion.js'
import { processTime } from '../call/process-clock.js'
import { TimeLimit } from '../call/time-limit.js'
import type { Link } from '../link/link.js'
import type { Connection } from '../socket/connection.js'

/** The first pause before UNBLOCK is repeated, ms: the server said 0, and the blocking command may still be on its way to it. */
const FIRST_PAUSE = 25
const LONGEST_PAUSE = 1_000

/** What a blocked connection that cannot be found out about is dropped after, ms, where there are no health checks. */
export const SILENCE = 15_000

/** What an unblocking needs to know of the lease that is blocked. */
export interface BlockedLease {
  readonly link: Link
  /** CLIENT UNBLOCK was written and not answered: it could end the next call, so nothing is written meanwhile. */
  owe(): void
  /** It was answered. */
  owed(): void
}

export class ClientUnblock {
  readonly #lease: BlockedLease
  /** Over which the server is asked. */
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
  #tainted = false
  #again: NodeJS.Timeout | undefined
  #limit: TimeLimit | undefined

  /**
   * Has `command`, which is in flight on the connection of `lease`, ended by the server. It settles with what the server
   * replies, or with `reason`; with `reason` also after `patience` ms of silence.
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
    command.resolve = (value, settled) => this.#settle(value, settled)
    // Sent again it would block again, though nobody waits for it.
    command.state &= ~State.repeatable
    this.#watchSilence()
    // After the flush of this turn: what was called before the abort is sent before it.
    nextTick(ask, this)
  }

  #settle(value: unknown, command: Command): void {
    this.#stop()
    const failed = (command.state & State.failed) !== 0 || value instanceof Rejection
    if (this.#tainted) this.#connection.destroy(givenUp(this.#connection))
    this.#resolve(failed || isNothing(value, command) ? rejected(command, this.#reason) : value, command)
  }

  ask(): void {
    if (this.#command.resolve === undefined) return
    const { connection } = this.#other
    if (connection === undefined) {
      if (processTime() - this.#beganAt > this.#connectTimeout) this.#drop()
      else {
        this.#other.connect()
        this.#askLater()
      }
      return
    }
    // Ids grow as long as a server lives: a younger connection with a smaller one is to a server that has started anew, where
    // the id of the blocked connection is somebody else's.
    const younger = connection.readyAt > this.#connection.readyAt
    const { id } = connection.greeting ?? {}
    if (younger && id !== undefined && id < this.#id) {
      this.#drop()
      return
    }
    this.#lease.owe()
    connection.ask(new Command(CLIENT_UNBLOCK, [this.#id])).then(
      count => {
        this.#lease.owed()
        if (count === 0) this.#askLater()
        else if (count !== 1) this.#drop()
      },
      error => {
        this.#lease.owed()
        // Refused, or answered with what is no count.
        if (error instanceof ResponseError || error instanceof InvalidResponse) this.#drop()
        else this.#lost()
      },
    )
  }

  /** It is not known whether the server will still carry it out: the connection serves this call and no other. */
  #lost(): void {
    this.#tainted = true
    if (this.#command.resolve === undefined) this.#connection.destroy(givenUp(this.#connection))
    else this.#askLater()
  }

  #askLater(): void {
    if (this.#command.resolve === undefined) return
    this.#again = setTimer(this.#pause, () => this.ask())
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
    clearTimeout(this.#again)
    this.#limit?.cancel()
  }
}

function ask(unblocking: ClientUnblock): void {
  unblocking.ask()
}

function drop(command: Command, reason: unknown, connection: Connection | undefined): void {
  fail(command, reason)
  connection?.destroy(givenUp(connection))
}

function givenUp({ node }: Connection): ConnectionError {
  return new ConnectionError('A call that blocked it was given up.', { node })
}

/** Whether the server gave nothing away with its reply. WAIT and WAITAOF count only: who gave up wants no count. */
function isNothing(value: unknown, { spec }: Command): boolean {
  return value === null || spec.name === 'WAIT' || spec.name === 'WAITAOF'
}
