import { SELECT, UNWATCH, WATCH } from '../../commands/client-internal.js'
import type { Arguments } from '../../commands/core/argument.js'
import { Command, State, whenSettled } from '../../commands/core/command.js'
import type { Spec } from '../../commands/core/spec.js'
import { ConnectionError, RedisError } from '../../errors/errors.js'
import { cloneError, fail } from '../call/completion.js'
import { MultiExec } from '../call/multi-exec.js'
import { isRetryable } from '../call/refusals.js'
import { inForce, Watch, watchEnded, watchLost } from '../call/watch.js'
import type { Backoff } from '../link/backoff.js'
import { Link } from '../link/link.js'
import type { LinkOwner, RefusalHandler } from '../link/link-owner.js'
import type { Endpoint, Settings } from '../options/options.js'

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

/**
 * A connection that is leased: a link for one caller, and the state that only its holder knows. Every end of it passes
 * through here: given back, lost, replaced, aborted, closed.
 *
 *   keys watched         a replaced connection watches nothing: guarded transactions reject with WatchError
 *   SELECT unconfirmed   what was sent after it waits for its reply, and rejects with it
 *   a call that blocks   is ended by CLIENT UNBLOCK, and what it is answered decides
 *   UNBLOCK unanswered   could end the next call: nothing is written until it is answered
 */
export class LeasedConnection implements LinkOwner, RefusalHandler {
  readonly link: Link
  /** Set by the holder: knows where else a command may go. `onTaken` is called after it took one. */
  refusals: RefusalHandler | undefined = undefined
  onTaken: (() => void) | undefined = undefined
  /** What the holder watches, or watched when the connection was replaced; a lease that moves takes it along. */
  watch: Watch | undefined = undefined
  readonly #db: number
  /** Its own: `db` is what the borrower selected, so that a connection that replaces a lost one is in that database too. */
  readonly #settings: { -readonly [K in keyof Settings]: Settings[K] }
  /** A SELECT was sent, whatever became of it. */
  #strayed = false
  #marked = false
  #connected = false
  /** A SELECT, or a transaction with one, that has not settled. */
  #select: Command | undefined = undefined
  /** What was sent after it. */
  readonly #afterSelect = new Set<Command>()
  /** Calls that block or will, unsettled; those that are being ended. */
  readonly #blocking = new Set<Command>()
  readonly #ending = new Set<Command>()
  /** Why calls that block are given up as soon as they are sent: the client closes. */
  #closing: RedisError | undefined = undefined

  constructor(settings: Settings, backoff: Backoff, resolve: (attempt: number) => Endpoint | Promise<Endpoint>) {
    this.#db = settings.db
    this.#settings = { ...settings, leased: true }
    this.link = new Link(this.#settings, this, backoff, { eager: false, resolve, refusals: this })
  }

  get settings(): Settings {
    return this.#settings
  }

  /** Whether it may be leased to somebody else as it is. */
  get isClean(): boolean {
    return !this.isWatching && !this.#hasStrayed && !this.#marked && this.#isQuiet && this.link.state !== 'closed'
  }

  /** Every answer that it owes has come. */
  get #isQuiet(): boolean {
    const { held, inflight, queued } = this.link
    return !held && inflight === 0 && queued === 0
  }

  get #hasStrayed(): boolean {
    return this.#strayed || this.#settings.db !== this.#db
  }

  /** Whether the server blocks on a call of it, or will. */
  get isBlocked(): boolean {
    return this.#blocking.size > 0
  }

  /** The server may watch keys for this connection, or will when what waits is sent. */
  get isWatching(): boolean {
    const watch = inForce(this.watch)
    return watch !== undefined && watch.fault === undefined
  }

  /**
   * Notes what `command`, or one of its transaction, does to the connection: keys watched, databases selected, marks. False
   * if it was rejected: it is guarded by a watch that is lost.
   */
  heed(command: Command): boolean {
    if (this.#select !== undefined) this.#waitForSelect(command)
    if (command.spec === WATCH) {
      if (this.watch === undefined || this.watch.isPast) this.watch = new Watch(this.watch)
      this.watch.beginWith(command)
    } else if (command.spec === UNWATCH) {
      this.watch?.endWith(command, error => error === undefined)
    } else if (command instanceof MultiExec) {
      const watch = inForce(this.watch)
      watch?.guard(command)
      if (watch?.fault !== undefined) {
        fail(command, watch.fault)
        return false
      }
      if (command.commands.some(isMark)) this.#marked = true
      if (command.commands.some(isSelect)) this.#heedSelect(command, command.commands)
    } else if (isMark(command)) this.#marked = true
    else if (isSelect(command)) this.#heedSelect(command, [command])
    return true
  }

  // A SELECT counts when the server has replied OK.

  #heedSelect(command: Command, body: readonly Command[]): void {
    const databases = body.map(each => (isSelect(each) ? Number(each.args[0]) : undefined))
    this.#strayed = true
    this.#select = command
    command.state |= State.fence
    whenSettled(command, (_, value, error) => {
      if (error !== undefined) {
        this.#selectFailed(command, error)
        return
      }
      const replies = command instanceof MultiExec ? (value as unknown[]) : [value]
      for (const [i, db] of databases.entries()) {
        if (db !== undefined && !(replies[i] instanceof RedisError)) this.#settings.db = db
      }
      this.#selectSettled(command)
    })
  }

  #waitForSelect(command: Command): void {
    this.#afterSelect.add(command)
    whenSettled(command, () => this.#afterSelect.delete(command))
  }

  /** What was sent after it must not run in another database. */
  #selectFailed(select: Command, error: unknown): void {
    // Its reply is still to come, and would change the database without anybody knowing.
    const isOpen = (select.state & State.inFlight) !== 0
    if (this.#select === select) {
      for (const command of [...this.#afterSelect]) command.owner?.onAbort(command, notSelected(command, error))
    }
    this.#selectSettled(select)
    if (isOpen) this.link.connection?.destroy(selectGivenUp(this.link.node))
  }

  #selectSettled(select: Command): void {
    if (this.#select !== select) return
    this.#select = undefined
    this.#afterSelect.clear()
  }

  // Calls that block

  /** Notes a call that the server may block on. */
  heedBlocking(command: Command): void {
    command.state |= State.fence
    this.#blocking.add(command)
    whenSettled(command, this.#forgetBlocking)
    if (this.#closing !== undefined) command.owner?.onAbort(command, closedFor(command, this.#closing))
  }

  readonly #forgetBlocking = (command: Command): void => {
    this.#blocking.delete(command)
    this.#ending.delete(command)
    command.details?.ignoreSettled(this.#forgetBlocking)
  }

  /** A call that the server blocks on is being ended; false if it was before. */
  endBlocking(command: Command): boolean {
    if (this.#ending.has(command)) return false
    this.#ending.add(command)
    return true
  }

  #giveUpBlocking(reason: (command: Command) => unknown): void {
    for (const command of [...this.#blocking]) {
      if (command.resolve !== undefined) command.owner?.onAbort(command, reason(command))
    }
  }

  owe(): void {
    this.link.hold()
  }

  owed(): void {
    this.link.release()
  }

  // Ends of a lease

  /** The client closes: calls that block end as an abort ends them, all others may finish. */
  close(error: RedisError): void {
    this.#closing = error
    this.#giveUpBlocking(command => closedFor(command, error))
  }

  /**
   * Ends the lease: gives up what blocks, if it was aborted all calls, waits for the answers that are still to come, and puts the state back. Resolves
   * with whether it may be leased again.
   */
  async finish(reason: (command: Command) => unknown, aborted: boolean): Promise<boolean> {
    if (aborted) this.#giveUpAll(reason)
    this.#giveUpBlocking(reason)
    await new Promise<void>(resolve => this.link.whenIdle(resolve))
    return this.#clean()
  }

  /** Rejects all calls but those that block, whose end the server decides: bytes given to them are the caller's again. */
  #giveUpAll(reason: (command: Command) => unknown): void {
    this.link.takeWaiting(commands => {
      for (const command of commands) fail(command, reason(command))
    })
    for (const command of this.link.connection?.unanswered() ?? []) {
      if (command.resolve === undefined || this.#blocking.has(command)) continue
      command.owner?.onAbort(command, reason(command))
    }
  }

  async #clean(): Promise<boolean> {
    const { connection, state } = this.link
    // A new connection has a state of its own.
    const ask = async (spec: Spec, args: Arguments) => connection?.ask(new Command(spec, args))
    // One that is being opened is on its way to the borrower's database.
    if (this.#marked || (connection === undefined && this.#hasStrayed && state === 'connecting')) return false
    const steps: Promise<unknown>[] = []
    if (this.isWatching) steps.push(ask(UNWATCH, []))
    if (this.#hasStrayed) steps.push(ask(SELECT, [this.#db]))
    this.#settings.db = this.#db
    const answers = await Promise.allSettled(steps)
    this.watch = undefined
    this.#strayed = false
    return answers.every(answer => answer.status === 'fulfilled')
  }

  // What the link tells

  onReady(): void {
    this.#connected = true
  }

  onDown(_link: object, error: RedisError): void {
    this.#replaced(error)
  }

  onRetire(): void {
    this.#replaced(undefined)
  }

  /** The connection that had the holder's state is no more in use. What waits to be sent for the first time is not lost. */
  #replaced(error: RedisError | undefined): void {
    if (this.#connected) this.watch?.lose(watchLost(error))
    this.#connected = false
    this.#strayed = false
    this.#marked = false
  }

  handleErrorReply(command: Command, error: RedisError): boolean {
    if (this.#ending.has(command)) {
      // Sent again it would block again, though nobody waits for it.
      fail(command, error)
      return true
    }
    if (this.refusals?.handleErrorReply(command, error) === true) return this.#taken(command)
    if (!isGuarded(command) || !isRetryable(command, error)) return false
    // Sent again it would run, and watch nothing: a refused transaction ends its watch.
    fail(command, watchEnded(error))
    return true
  }

  handleStranded(command: Command, error: RedisError): boolean {
    return this.refusals?.handleStranded?.(command, error) === true && this.#taken(command)
  }

  #taken(command: Command): true {
    this.#forgetBlocking(command)
    this.onTaken?.()
    return true
  }
}

/** Whether it was sent while keys were watched. */
export function isGuarded(command: Command): boolean {
  return command instanceof MultiExec && command.watch !== undefined
}

function notSelected(command: Command, error: unknown): RedisError {
  const { name } = command.spec
  if (error instanceof RedisError) return cloneError(error, { command: name, outcome: 'not sent' })
  const message = `The SELECT before it was given up: ${name} was not sent, since it would run in another database.`
  return new RedisError(message, { command: name, outcome: 'not sent', cause: error })
}

function selectGivenUp(node: string): ConnectionError {
  return new ConnectionError('A SELECT was given up before the server replied: its database is not known.', { node })
}

function closedFor(command: Command, error: RedisError): RedisError {
  const outcome = (command.state & State.written) === 0 ? 'not sent' : 'unknown'
  return cloneError(error, { command: command.spec.name, outcome })
}
