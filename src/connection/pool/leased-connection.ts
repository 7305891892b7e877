import { SELECT, UNWATCH, WATCH } from '../../commands/client-internal.js'
import type { Arguments } from '../../commands/core/argument.js'
import { Command, State, whenSettled } from '../../commands/core/command.js'
import type { Spec } from '../../commands/core/spec.js'
import { RedisError } from '../../errors/errors.js'
import { unansweredError } from '../call/call-errors.js'
import { fail } from '../call/completion.js'
import { MultiExec } from '../call/multi-exec.js'
import { isRetryable } from '../call/refusals.js'
import { inForce, Watch } from '../call/watch.js'
import { watchEnded, watchLost } from '../call/watch-errors.js'
import type { Backoff } from '../link/backoff.js'
import { Link } from '../link/link.js'
import type { LinkOwner, RefusalHandler } from '../link/link-owner.js'
import type { Endpoint, Settings } from '../options/options.js'
import { notSelected, selectGivenUp } from './pool-errors.js'

/** Commands whose effect on the connection cannot be undone: it is not leased again. */
const LASTING: ReadonlySet<string> = new Set([
  'CLIENT IMPORT-SOURCE',
  'CLIENT NO-EVICT',
  'CLIENT NO-TOUCH',
  'CLIENT SETINFO',
  'CLIENT SETNAME',
])

function leavesTrace({ spec }: Command): boolean {
  return LASTING.has(spec.name)
}

function isSelect({ spec }: Command): boolean {
  return spec === SELECT
}

/**
 * A leased connection: a link for one caller, with the state that this caller gives it. Every end of a lease is handled here:
 * released, lost, replaced, aborted, closed.
 *
 *   keys watched         a new connection watches nothing: guarded transactions reject with WatchError
 *   SELECT unconfirmed   later commands wait for its reply, and reject with it
 *   a blocking call      is ended by CLIENT UNBLOCK; its reply decides whether it resolves
 *   UNBLOCK unanswered   could end the next call: nothing is written until it is answered
 */
export class LeasedConnection implements LinkOwner, RefusalHandler {
  readonly link: Link
  /** Set by the holder: it can send a command elsewhere. `onTaken` is called after it took one. */
  refusals: RefusalHandler | undefined = undefined
  onTaken: (() => void) | undefined = undefined
  /** The current watch, or the one that was lost when the connection was replaced. A lease that moves keeps it. */
  watch: Watch | undefined = undefined
  readonly #db: number
  /** Settings of its own: `db` is the database that the holder selected, so that a reconnect selects it again. */
  readonly #settings: { -readonly [K in keyof Settings]: Settings[K] }
  /** A SELECT was sent; it may have succeeded or failed. */
  #selectSent = false
  #altered = false
  #connected = false
  /** A SELECT, or a transaction with one, that has not settled. */
  #select: Command | undefined = undefined
  /** Commands that were sent after that SELECT. */
  readonly #afterSelect = new Set<Command>()
  /** Unsettled blocking calls; and those of them that are being ended. */
  readonly #blocking = new Set<Command>()
  readonly #ending = new Set<Command>()
  /** The client is closing: blocking calls reject with this error as soon as they are sent. */
  #closing: RedisError | undefined = undefined

  constructor(settings: Settings, backoff: Backoff, resolve: (attempt: number) => Endpoint | Promise<Endpoint>) {
    this.#db = settings.db
    this.#settings = { ...settings, leased: true }
    this.link = new Link(this.#settings, this, backoff, { eager: false, resolve, refusals: this })
  }

  get settings(): Settings {
    return this.#settings
  }

  /** Whether it may be leased to another caller without a reset. */
  get isClean(): boolean {
    return (
      !this.isWatching && !this.#mayHaveOtherDatabase && !this.#altered && this.#isQuiet && this.link.state !== 'closed'
    )
  }

  /** Whether all replies have arrived. */
  get #isQuiet(): boolean {
    const { held, inflight, queued } = this.link
    return !held && inflight === 0 && queued === 0
  }

  get #mayHaveOtherDatabase(): boolean {
    return this.#selectSent || this.#settings.db !== this.#db
  }

  /** Whether the server blocks on one of its calls, or will. */
  get isBlocked(): boolean {
    return this.#blocking.size > 0
  }

  /** Whether the server may watch keys for this connection, or will when waiting commands are sent. */
  get isWatching(): boolean {
    const watch = inForce(this.watch)
    return watch !== undefined && watch.fault === undefined
  }

  /**
   * Notes how `command`, or a command of its transaction, changes the state of the connection. Returns false if the command was
   * rejected, because the watch that guards it is lost.
   */
  note(command: Command): boolean {
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
      if (command.commands.some(leavesTrace)) this.#altered = true
      if (command.commands.some(isSelect)) this.#noteSelect(command, command.commands)
    } else if (leavesTrace(command)) this.#altered = true
    else if (isSelect(command)) this.#noteSelect(command, [command])
    return true
  }

  // A SELECT takes effect when the server has replied OK.

  #noteSelect(command: Command, commands: readonly Command[]): void {
    const databases = commands.map(each => (isSelect(each) ? Number(each.args[0]) : undefined))
    this.#selectSent = true
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

  /** Rejects the commands after a failed SELECT: they must not run in another database. */
  #selectFailed(select: Command, error: unknown): void {
    // Without a reply so far, the SELECT may still change the database later: the connection must be closed.
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

  // Blocking calls

  /** Notes a call on which the server may block. */
  noteBlocking(command: Command): void {
    command.state |= State.fence
    this.#blocking.add(command)
    whenSettled(command, this.#forgetBlocking)
    if (this.#closing !== undefined) command.owner?.onAbort(command, unansweredError(command, this.#closing))
  }

  readonly #forgetBlocking = (command: Command): void => {
    this.#blocking.delete(command)
    this.#ending.delete(command)
    command.details?.ignoreSettled(this.#forgetBlocking)
  }

  /** Notes that a blocking call is being ended; false if it is already. */
  endBlocking(command: Command): boolean {
    if (this.#ending.has(command)) return false
    this.#ending.add(command)
    return true
  }

  #abortBlocking(reason: (command: Command) => unknown): void {
    for (const command of [...this.#blocking]) {
      if (command.resolve !== undefined) command.owner?.onAbort(command, reason(command))
    }
  }

  holdWrites(): void {
    this.link.hold()
  }

  resumeWrites(): void {
    this.link.release()
  }

  // Ends of a lease

  /** The client is closing: blocking calls are aborted, all others may finish. */
  close(error: RedisError): void {
    this.#closing = error
    this.#abortBlocking(command => unansweredError(command, error))
  }

  /**
   * Ends the lease: aborts its blocking calls, or all calls if it was `aborted`, waits for outstanding replies, and resets the
   * state. Resolves with whether the connection may be leased again.
   */
  async finish(reason: (command: Command) => unknown, aborted: boolean): Promise<boolean> {
    if (aborted) this.#abortOthers(reason)
    this.#abortBlocking(reason)
    await new Promise<void>(resolve => this.link.whenIdle(resolve))
    return this.#clean()
  }

  /** Rejects all calls except blocking ones, which CLIENT UNBLOCK ends. Their callers may then reuse the bytes they passed. */
  #abortOthers(reason: (command: Command) => unknown): void {
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
    // A connection that replaces this one has its own state, and needs no reset.
    const ask = async (spec: Spec, args: Arguments) => connection?.ask(new Command(spec, args))
    // A connection that is being opened will select the database of the old holder.
    if (this.#altered || (connection === undefined && this.#mayHaveOtherDatabase && state === 'connecting'))
      return false
    const steps: Promise<unknown>[] = []
    if (this.isWatching) steps.push(ask(UNWATCH, []))
    if (this.#mayHaveOtherDatabase) steps.push(ask(SELECT, [this.#db]))
    this.#settings.db = this.#db
    const answers = await Promise.allSettled(steps)
    this.watch = undefined
    this.#selectSent = false
    const isReset = answers.every(answer => answer.status === 'fulfilled')
    // The server rejected a step (BUSY, ACL): its connection still has the state of the old holder.
    if (!isReset && this.link.connection === connection) this.#altered = true
    return isReset
  }

  // Events of the link

  onReady(): void {
    this.#connected = true
  }

  onDown(_link: object, error: RedisError): void {
    this.#replaced(error)
  }

  onRetire(): void {
    this.#replaced(undefined)
  }

  /** The connection with the holder's state is not used any more. Commands that were not yet sent are not lost. */
  #replaced(error: RedisError | undefined): void {
    if (this.#connected) this.watch?.lose(watchLost(error))
    this.#connected = false
    this.#selectSent = false
    this.#altered = false
  }

  handleErrorReply(command: Command, error: RedisError): boolean {
    if (this.#ending.has(command)) {
      // A resent command would block again, although nobody waits for it.
      fail(command, error)
      return true
    }
    if (this.refusals?.handleErrorReply(command, error) === true) return this.#taken(command)
    if (!isGuarded(command) || !isRetryable(command, error)) return false
    // A rejected transaction ends its watch: resent it would run unguarded.
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

/** Whether `command` was sent while keys were watched. */
export function isGuarded(command: Command): boolean {
  return command instanceof MultiExec && command.watch !== undefined
}
