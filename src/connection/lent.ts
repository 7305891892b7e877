import type { Arguments } from '../commands/argument.js'
import { Command, Keep, type Spec, State } from '../commands/command.js'
import { CLIENT_UNBLOCK, SELECT } from '../commands/handshaking.js'
import type { Reply } from '../commands/reply.js'
import { UNWATCH, WATCH } from '../commands/transactions.js'
import { RedisError, WatchError } from '../errors/errors.js'
import type { Backoff } from './backoff.js'
import { Link, type LinkOwner } from './link.js'
import type { Endpoint, Settings } from './options.js'
import { isPassing } from './refused.js'
import { fail } from './settle.js'
import { Unit } from './unit.js'

/** First look at refusals, and at what a lost link leaves unsettled: true if the command is settled or sent elsewhere. */
export interface Borrower {
  takesRefusal(command: Command, error: RedisError): boolean
  takesLeft(command: Command, error: RedisError): boolean
}

/** What stays with a connection: one that was marked so is not lent again. */
const MARKS: ReadonlySet<string> = new Set([
  'CLIENT IMPORT-SOURCE',
  'CLIENT NO-EVICT',
  'CLIENT NO-TOUCH',
  'CLIENT SETINFO',
  'CLIENT SETNAME',
])

function isMark({ spec }: Command): boolean {
  return MARKS.has(spec.name)
}

function isSelect({ spec }: Command): boolean {
  return spec === SELECT
}

/** A connection that is lent: a link for one caller, and what he did to its state. */
export class Lent implements LinkOwner {
  readonly link: Link
  /** Who borrowed it, if he knows where else a command may go. */
  borrower: Borrower | undefined = undefined
  /** It was lent for one blocking call. */
  forOneCall = false
  readonly #db: number
  /** Its own: `db` is what the borrower selected, so that a connection that replaces a lost one is in that database too. */
  readonly #settings: { -readonly [K in keyof Settings]: Settings[K] }
  /** A SELECT was sent, whatever became of it. */
  #strayed = false
  #marked = false
  #connected = false
  /** The server may watch keys for this connection, or will when what waits is sent. */
  #watching = false
  #watchLost = false

  constructor(settings: Settings, backoff: Backoff, resolve: (attempt: number) => Endpoint | Promise<Endpoint>) {
    this.#db = settings.db
    this.#settings = { ...settings }
    this.link = new Link(this.#settings, this, backoff, { eager: false, resolve })
  }

  /** Whether it may be lent to somebody else as it is. */
  get isClean(): boolean {
    const { inflight, queued, state } = this.link
    return !this.#watching && !this.#hasStrayed && !this.#marked && inflight === 0 && queued === 0 && state !== 'closed'
  }

  get #hasStrayed(): boolean {
    return this.#strayed || this.#settings.db !== this.#db
  }

  /** Whether the server blocks on what is in flight, or will on the call that it was lent for. */
  get isBlocked(): boolean {
    return this.forOneCall || this.link.connection?.silenceExpected === true
  }

  get isWatching(): boolean {
    return this.#watching
  }

  /** Nothing is watched any more: EXEC, UNWATCH. */
  unwatch(): void {
    this.#watching = false
    this.#watchLost = false
  }

  /** What a transaction must reject with before it is written: the link that watched is lost. */
  get watchFault(): WatchError | undefined {
    return this.#watchLost ? watchLost(this.link.lastError) : undefined
  }

  /** The borrower was told that a watch is lost: the next one counts anew. */
  forgetLoss(): void {
    this.#watchLost = false
  }

  /** Notes what `command`, or one of its transaction, does to the connection: keys watched, databases selected, marks. */
  heed(command: Command): void {
    if (command.spec === WATCH) this.#watching = true
    else if (command instanceof Unit) {
      // Its first EXEC ends the watch: a second one would run unguarded, even if the caller declared that it may run twice.
      if (this.#watching) command.state = (command.state & ~State.repeatable) | State.guarded
      if (command.body.some(isMark)) this.#marked = true
      if (command.body.some(isSelect)) this.#heedSelect(command, command.body)
    } else if (isMark(command)) this.#marked = true
    else if (isSelect(command)) this.#heedSelect(command, [command])
  }

  /** A SELECT counts when the server has said OK. */
  #heedSelect(command: Command, body: readonly Command[]): void {
    const databases = body.map(each => (isSelect(each) ? Number(each.args[0]) : undefined))
    this.#strayed = true
    command.keep ??= new Keep()
    const { keep } = command
    const before = keep.onSettled
    keep.onSettled = (settled, value, error) => {
      before?.(settled, value, error)
      if (error !== undefined) return
      const replies = command instanceof Unit ? (value as unknown[]) : [value]
      for (const [i, db] of databases.entries()) {
        if (db !== undefined && !(replies[i] instanceof RedisError)) this.#settings.db = db
      }
    }
  }

  /** Puts its state back, so that it can be lent again; false if that fails. */
  async clean(): Promise<boolean> {
    const { connection, state } = this.link
    // A new connection has a state of its own.
    const ask = async (spec: Spec, args: Arguments) => connection?.ask(new Command(spec, args))
    // One that is being opened is on its way to the borrower's database.
    if (this.#marked || (connection === undefined && this.#hasStrayed && state === 'connecting')) return false
    const steps: Promise<unknown>[] = []
    if (this.#watching) steps.push(ask(UNWATCH, []))
    if (this.#hasStrayed) steps.push(ask(SELECT, [this.#db]))
    this.#settings.db = this.#db
    const answers = await Promise.allSettled(steps)
    this.unwatch()
    this.#strayed = false
    return answers.every(answer => answer.status === 'fulfilled')
  }

  // What the link tells

  onConnect(): void {}

  onReady(): void {
    this.#connected = true
  }

  onReconnecting(): void {}

  onDown(): void {
    // What waits to be sent for the first time is not lost.
    if (this.#watching && this.#connected) this.#watchLost = true
    this.#connected = false
    this.#strayed = false
    this.#marked = false
  }

  onPush(_link: Link, _kind: string, _items: Reply[]): void {}

  takesRefusal(_link: Link, command: Command, error: RedisError): boolean {
    if (this.borrower?.takesRefusal(command, error) === true) return true
    if ((command.state & State.guarded) === 0 || !isPassing(command, error)) return false
    // Sent again it would run, and watch nothing: a refused transaction ends its watch.
    fail(command, watchEnded(error))
    return true
  }

  /** A transaction that waits was built on what was watched: it must not run on a connection that watches nothing. */
  takesLeft(_link: Link, command: Command, error: RedisError): boolean {
    if (!this.#watchLost || (command.state & State.guarded) === 0)
      return this.borrower?.takesLeft(command, error) ?? false
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

function watchEnded(cause: RedisError): WatchError {
  const refusal = cause.cause instanceof RedisError ? cause.cause : cause
  return new WatchError(
    `The server refused the transaction for now (${refusal.code}), and with it ended the watch: nothing of it ran.`,
    { command: 'EXEC', outcome: 'not sent', cause },
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
