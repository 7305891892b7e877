/**
 * A session in a cluster: the slot of its first key decides where it is, and its connection is lent then. If the slot moves, so
 * does the session, unless it watches keys: then its transaction rejects with WatchError.
 */
import { sendInOrder } from '../client/batch.js'
import type { Engine, SessionEngine, ViewOf } from '../client/engine.js'
import { type Step, stepping } from '../client/scan.js'
import type { Session } from '../client/session.js'
import { holdSession, nestedSession, sessionOver } from '../client/session-engine.js'
import { SELECT, UNWATCH, WATCH } from '../commands/client-internal.js'
import { CallDetails, type Command, State } from '../commands/core/command.js'
import type { ReplyTypes } from '../commands/core/context.js'
import { queueMicrotask, setTimer } from '../commands/core/timers.js'
import { cloneError, fail } from '../connection/call/completion.js'
import { inForce, type Watch } from '../connection/call/watch.js'
import type { Where } from '../connection/diagnostics.js'
import { borrow } from '../connection/node/borrow.js'
import type { Settings } from '../connection/options/options.js'
import { sendLeased } from '../connection/pool/blocked-call.js'
import { isGuarded, type LeasedConnection, type RefusalHandler } from '../connection/pool/leased-connection.js'
import {
  AskError,
  ClusterDownError,
  DataError,
  ExecAbortError,
  MovedError,
  ReadOnlyError,
  RedisClusterException,
  RedisError,
  WatchError,
} from '../errors/errors.js'
import { crossSlot } from './cluster-errors.js'
import type { ClusterNode } from './cluster-node.js'
import { scanAll } from './cluster-scan.js'
import type { Router } from './router.js'
import type { SlotQueue } from './slot-queues.js'
import { NONE, SEVERAL } from './slots.js'

/** Before the session looks for its slot's owner anew, ms. */
const PAUSE = 50

export function holdClusterSession<F extends ReplyTypes, T>(
  router: Router,
  view: ViewOf,
  fn: (session: Session<F>) => Promise<T> | T,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (typeof fn !== 'function') return Promise.reject(new DataError('session() takes a function.'))
  if (router.state !== 'open') return Promise.reject(router.gone('session'))
  if (signal?.aborted) return Promise.reject(signal.reason)
  return holdSession(new ClusterSessionEngine(router, view.callOptions?.timeout, signal), view, fn, signal)
}

/** A connection of a session: the one that it has, or one that it gave up, on which replies may be still to come. */
class Loan implements RefusalHandler {
  readonly node: ClusterNode
  readonly lent: LeasedConnection
  readonly #lease: ClusterSessionEngine

  constructor(lease: ClusterSessionEngine, node: ClusterNode, lent: LeasedConnection) {
    this.node = node
    this.lent = lent
    this.#lease = lease
    lent.borrower = this
  }

  handleErrorReply(command: Command, error: RedisError): boolean {
    return this.#lease.takesRefusal(this, command, error)
  }

  handleStranded(command: Command, error: RedisError): boolean {
    return this.#lease.takesLeft(this, command, error)
  }
}

class ClusterSessionEngine implements SessionEngine {
  readonly settings: Settings
  readonly where: Where
  readonly isSession = true
  readonly #router: Router
  readonly #timeout: number | undefined
  readonly #signal: AbortSignal | undefined
  #slot = NONE
  #loan: Loan | undefined
  #borrowing = false
  /** What waits for a connection: what came back from the one before, and what the session has sent since. */
  readonly #returned: SlotQueue
  readonly #waiting: SlotQueue
  /** The last reply on the connection before: until then more may come back. */
  #left: Promise<void> | undefined
  /** What was watched on the connection before, as long as there is no other. */
  #watch: Watch | undefined
  /** A command ran on another connection than the session's: the slot was moving. */
  #strayed = false
  #over = false

  constructor(router: Router, timeout: number | undefined, signal: AbortSignal | undefined) {
    this.settings = router.settings
    this.where = router.where
    this.#router = router
    this.#timeout = timeout
    this.#signal = signal
    this.#returned = router.makeLine()
    this.#waiting = router.makeLine()
    router.sessions.add(this)
  }

  get pool(): object | undefined {
    // One that has no connection yet is a session of the cluster all the same: close() waits for it.
    return this.#over ? undefined : (this.#loan?.node.node.pool ?? this.#router.sessions)
  }

  now(): number {
    return this.#router.now()
  }

  send(command: Command): void {
    const slot = this.#router.slotOf(command)
    const fault = this.#faultOf(command, slot)
    if (fault !== undefined) fail(command, fault)
    else if (slot === NONE && this.#slot === NONE) this.#router.route(command)
    else {
      this.#slot = this.#slot === NONE ? slot : this.#slot
      this.#pass(command)
    }
  }

  sendAll(commands: readonly Command[]): void {
    sendInOrder(commands, command => this.send(command))
  }

  later(command: Command, refusal: RedisError): void {
    if (this.#over) fail(command, sessionOver(command))
    else if (this.#loan === undefined) this.#pass(command)
    else this.#loan.lent.link.later(command, refusal)
  }

  #faultOf(command: Command, slot: number): RedisError | undefined {
    const { spec } = command
    if (this.#over) return sessionOver(command)
    if (slot === SEVERAL) return crossSlot(command)
    if (slot !== NONE && this.#slot !== NONE && slot !== this.#slot) return crossSlot(command, 'a session')
    if (spec === SELECT)
      return new RedisClusterException('A cluster has one database, number 0.', { command: spec.name })
    const concernsConnection = (spec.reserved !== undefined && spec !== UNWATCH) || spec.blocks !== undefined
    if (slot === NONE && this.#slot === NONE && concernsConnection) return noKeyYet(command)
    if (this.#strayed && (spec.name === 'WAIT' || spec.name === 'WAITAOF')) return hasStrayed(command)
    return undefined
  }

  /** Hands the command to the connection, or keeps it until there is one. */
  #pass(command: Command): void {
    const loan = this.#loan
    if (loan !== undefined) sendLeased(loan.lent, command, loan.node.link)
    else if (this.#waiting.enter(command, this.#router.trouble)) this.#borrow().catch(() => {})
  }

  async #borrow(): Promise<void> {
    if (this.#borrowing) return
    this.#borrowing = true
    try {
      await this.#left
      const node = await this.#router.ownerOf(this.#slot, () => this.#isAwaited)
      const lent = await borrow(node.node, this.#timeout, this.#signal, true)
      if (this.#over) {
        node.node.pool.release(lent)
        return
      }
      lent.watch = this.#watch
      this.#loan = new Loan(this, node, lent)
    } catch (error) {
      for (const command of this.#takeWaiting()) fail(command, noConnection(command, error))
    } finally {
      this.#borrowing = false
    }
    sendInOrder(this.#takeWaiting(), command => this.#pass(command))
  }

  /** Whether anybody still waits for the connection. */
  get #isAwaited(): boolean {
    return !this.#over && this.#returned.length + this.#waiting.length > 0
  }

  #takeWaiting(): Command[] {
    return [...this.#returned.takeAll(), ...this.#waiting.takeAll()]
  }

  // What a connection cannot do

  takesRefusal(loan: Loan, command: Command, error: RedisError): boolean {
    const refusal = error instanceof ExecAbortError ? error.cause : error
    if (!(refusal instanceof RedisError) || this.#over) return false
    if (refusal instanceof AskError)
      return refusal.slot === this.#slot && this.#redirected(loan, command, error, refusal)
    if (!(refusal instanceof ClusterDownError || refusal instanceof ReadOnlyError) || command.spec.script) return false
    this.#router.refresh()
    if (this.#guards(loan, command)) this.#loseWatch(loan, command, refusal)
    else this.#refused(loan, command, refusal)
    return true
  }

  #redirected(loan: Loan, command: Command, error: RedisError, redirect: AskError): boolean {
    const guarded = this.#guards(loan, command) && !isFirstWatch(loan, command, redirect)
    if (!(redirect instanceof MovedError) && !guarded) {
      // The slot is moving: what is no more here is done over there, aside from this connection.
      this.#strayed = true
      return this.#router.handleErrorReply(loan.node, command, error)
    }
    const learnt = this.#router.learn(loan.node, command, redirect)
    if (learnt === 'over') return true
    if (guarded) this.#loseWatch(loan, command, redirect)
    else {
      if (learnt === 'later') this.#refused(loan, command, redirect)
      else {
        command.state &= ~State.written
        this.#comeBack(loan, command, redirect)
        this.#borrow().catch(() => {})
      }
    }
    return true
  }

  takesLeft(loan: Loan, command: Command, error: RedisError): boolean {
    if (this.#over) return false
    this.#router.refresh()
    this.#later(loan, command, error)
    return true
  }

  /**
   * Whether `command` may go nowhere else: it is a transaction for which keys were watched, whoever was told since that the
   * watch is lost; or the session would leave a connection that watches.
   */
  #guards(loan: Loan, command: Command): boolean {
    return isGuarded(command) || (loan === this.#loan && loan.lent.isWatching)
  }

  #loseWatch(loan: Loan, command: Command, cause: RedisError): void {
    const error = new WatchError(
      `The slot of the watched keys is moving, or not served for now (${cause.code}): nothing of the transaction ran.`,
      { command: 'EXEC', outcome: 'not sent', cause },
    )
    // A connection that was given up before is not the one that watches now.
    if (loan === this.#loan) {
      loan.lent.watch?.lose(error, true)
      this.#drop(loan)
    }
    fail(command, error)
  }

  /** It did not run, and what its deadline ends rejects with the refusal. */
  #refused(loan: Loan, command: Command, refusal: RedisError): void {
    command.details ??= new CallDetails()
    command.details.refusal = refusal
    command.state &= ~State.written
    this.#later(loan, command, refusal)
  }

  /** Looks for the slot's owner anew after a while. */
  #later(loan: Loan, command: Command, why: RedisError): void {
    this.#comeBack(loan, command, why)
    setTimer(PAUSE, () => {
      if (this.#isAwaited) this.#borrow().catch(() => {})
    })
  }

  #comeBack(loan: Loan, command: Command, why: RedisError): void {
    this.#drop(loan)
    command.state &= ~State.asking
    this.#returned.enter(command, why)
  }

  /** Gives the connection back when the replies that are still to come have come. */
  #drop(loan: Loan): void {
    if (loan !== this.#loan) return
    const { lent, node } = loan
    // A first WATCH that was refused has watched nothing: the watch begins on the node that gets it next.
    if (lent.watch?.hasBegun === false && lent.watch.fault === undefined) lent.watch = undefined
    lent.watch?.lose(watchMoved())
    this.#watch = lent.watch
    this.#loan = undefined
    this.#left = new Promise(resolve => lent.link.whenIdle(resolve))
    // A lost link hands over one command after the other: all of them are to come here.
    queueMicrotask(() => node.node.pool.release(lent, sessionOver))
  }

  // What a session asks

  get watch(): Watch | undefined {
    return inForce(this.#loan === undefined ? this.#watch : this.#loan.lent.watch)
  }

  session<T>(): Promise<T> {
    return Promise.reject(nestedSession())
  }

  scan<T>(step: (on: Engine, cursor: string) => Promise<Step<T>>): AsyncIterable<readonly T[]> {
    return this.#slot === NONE
      ? scanAll(this.#router, step, () => this.#router.state !== 'closed')
      : stepping(cursor => step(this, cursor))
  }

  end(reason: (command: Command) => unknown, aborted: boolean): void {
    this.#over = true
    this.#router.sessions.delete(this)
    for (const command of this.#takeWaiting()) fail(command, reason(command))
    const loan = this.#loan
    if (loan !== undefined) loan.node.node.pool.release(loan.lent, reason, aborted)
  }
}

/** Whether `command` is the first WATCH, with nothing else in flight: the session has watched nothing and read nothing that a move could lose. */
function isFirstWatch({ lent }: Loan, command: Command, redirect: AskError): boolean {
  if (command.spec !== WATCH || !(redirect instanceof MovedError) || lent.watch?.hasBegun !== false) return false
  return lent.link.inflight + lent.link.queued === 0
}

/** What a command rejects with for which no connection could be had. */
function noConnection({ spec, state }: Command, error: unknown): unknown {
  if (!(error instanceof RedisError)) return error
  const outcome = (state & State.written) === 0 ? 'not sent' : 'unknown'
  return cloneError(error, { command: spec.name, outcome })
}

function watchMoved(): WatchError {
  return new WatchError('The connection that watched was given up: nothing of the transaction was sent.', {
    command: 'EXEC',
    outcome: 'not sent',
  })
}

function noKeyYet({ spec }: Command): RedisClusterException {
  return new RedisClusterException(
    `${spec.name} concerns the session's connection, and there is none before its first key, which decides on the node.`,
    { command: spec.name, outcome: 'not sent' },
  )
}

function hasStrayed({ spec }: Command): RedisError {
  return new RedisError(
    `The slot was moving while this session wrote, and a part of it went over another connection: ${spec.name} cannot tell how many have it.`,
    { command: spec.name, outcome: 'not sent' },
  )
}
