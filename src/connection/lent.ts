import { Command, State } from '../commands/command.js'
import { CLIENT_UNBLOCK, SELECT } from '../commands/handshaking.js'
import type { Reply } from '../commands/reply.js'
import { UNWATCH } from '../commands/transactions.js'
import { type RedisError, WatchError } from '../errors/errors.js'
import type { Backoff } from './backoff.js'
import { Link, type LinkOwner } from './link.js'
import type { Endpoint, Settings } from './options.js'
import { fail } from './settle.js'

/** First look at refusals, and at what a lost link leaves unsettled: true if the command is settled or sent elsewhere. */
export interface Borrower {
  takesRefusal(command: Command, error: RedisError): boolean
  takesLeft(command: Command, error: RedisError): boolean
}

/** A connection that is lent: a link for one caller, and what he did to its state. */
export class Lent implements LinkOwner {
  readonly link: Link
  /** Who borrowed it, if he knows where else a command may go. */
  borrower: Borrower | undefined = undefined
  readonly #db: number
  #selected: number
  #watching = false
  #watchLost = false

  constructor(settings: Settings, backoff: Backoff, resolve: (attempt: number) => Endpoint | Promise<Endpoint>) {
    this.#db = settings.db
    this.#selected = settings.db
    this.link = new Link(settings, this, backoff, { eager: false, resolve, silent: true })
  }

  /** Whether it may be lent to somebody else as it is. */
  get isClean(): boolean {
    const { inflight, queued, state } = this.link
    return !this.#watching && this.#selected === this.#db && inflight === 0 && queued === 0 && state !== 'closed'
  }

  /** Keys are watched from now on. */
  watch(): void {
    if (this.#watching) return
    this.#watching = true
    this.#watchLost = false
  }

  get isWatching(): boolean {
    return this.#watching
  }

  /** Nothing is watched any more: EXEC, DISCARD, UNWATCH. */
  unwatch(): void {
    this.#watching = false
    this.#watchLost = false
  }

  /** What a transaction must reject with before it is written: the link that watched is lost. */
  get watchFault(): WatchError | undefined {
    return this.#watchLost ? watchLost(this.link.lastError) : undefined
  }

  selected(db: number): void {
    this.#selected = db
  }

  /** Puts its state back, so that it can be lent again; false if that fails. */
  async clean(): Promise<boolean> {
    const { connection } = this.link
    if (connection === undefined) {
      // A new connection has a state of its own.
      this.unwatch()
      this.#selected = this.#db
      return true
    }
    const steps: Promise<unknown>[] = []
    if (this.#watching) steps.push(connection.ask(new Command(UNWATCH, [])))
    if (this.#selected !== this.#db) steps.push(connection.ask(new Command(SELECT, [this.#db])))
    const answers = await Promise.allSettled(steps)
    this.unwatch()
    this.#selected = this.#db
    return answers.every(answer => answer.status === 'fulfilled')
  }

  // What the link tells

  onConnect(): void {}

  onReady(): void {}

  onReconnecting(): void {}

  onDown(): void {
    if (this.#watching) this.#watchLost = true
    this.#selected = this.#db
  }

  onPush(_link: Link, _kind: string, _items: Reply[]): void {}

  takesRefusal(_link: Link, command: Command, error: RedisError): boolean {
    return this.borrower?.takesRefusal(command, error) ?? false
  }

  /** A transaction that waits was built on what was watched: it must not run on a connection that watches nothing. */
  takesLeft(_link: Link, command: Command, error: RedisError): boolean {
    if (!this.#watching || (command.state & State.unit) === 0) return this.borrower?.takesLeft(command, error) ?? false
    fail(command, watchLost(error))
    return true
  }
}

function watchLost(cause: RedisError | undefined): WatchError {
  return new WatchError(
    'The connection was lost while keys were watched: whether they changed is not known, so nothing of the transaction was sent.',
    {
      command: 'EXEC',
      outcome: 'not sent',
      cause,
    },
  )
}

/** Asks the server, over `other`, to end the blocking of the connection with the client id `id`. */
export function unblock(other: Link, id: number): void {
  const command = new Command(CLIENT_UNBLOCK, [id])
  command.size = 64
  command.state |= State.collected
  command.resolve = () => {}
  other.send(command)
}
