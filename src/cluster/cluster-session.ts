/**
 * A session in a cluster. The slot of its first key decides on the node, and a connection is leased then. If the slot moves, the
 * session follows it, unless it watches keys: then its transaction rejects with WatchError.
 */

import { sendInOrder } from '../client/batch.js'
import { sessionOver, sessionWithoutFunction } from '../client/client-errors.js'
import type { Engine, SessionEngine, ViewOf } from '../client/engine.js'
import { OneConnectionEngine } from '../client/one-connection-engine.js'
import type { Step } from '../client/scan.js'
import type { Session } from '../client/session.js'
import { holdSession } from '../client/session-engine.js'
import { SELECT, UNWATCH, WATCH } from '../commands/client-internal.js'
import { CallDetails, type Command, noteNotRun, State } from '../commands/core/command.js'
import type { ReplyTypes } from '../commands/core/context.js'
import { queueMicrotask, setTimer } from '../commands/core/timers.js'
import { clientClosed, unansweredError } from '../connection/call/call-errors.js'
import { fail } from '../connection/call/completion.js'
import { processTime } from '../connection/call/process-clock.js'
import { inForce, type Watch } from '../connection/call/watch.js'
import type { Where } from '../connection/diagnostics.js'
import { acquireConnection } from '../connection/node/acquire-connection.js'
import type { Settings } from '../connection/options/options.js'
import { retryLeased, sendLeased } from '../connection/pool/blocked-call.js'
import { isGuarded, type LeasedConnection } from '../connection/pool/leased-connection.js'
import { AskError, ClusterDownError, ExecAbortError, MovedError, ReadOnlyError, RedisError } from '../errors/errors.js'
import {
  cannotCountReplicas,
  crossSlot,
  noKeyYet,
  oneDatabase,
  watchedSlotMoving,
  watchMoved,
} from './cluster-errors.js'
import type { ClusterNode } from './cluster-node.js'
import { scanAll } from './cluster-scan.js'
import type { ClusterState } from './cluster-state.js'
import { followFor } from './redirects.js'
import { destinationSlotOf, type Router } from './router.js'
import { SlotQueue } from './slot-queues.js'
import { NONE, SEVERAL } from './slots.js'

/** Pause before the session asks for the owner of its slot again, ms. */
const PAUSE = 50

export function holdClusterSession<F extends ReplyTypes, T>(
  state: ClusterState,
  router: Router,
  view: ViewOf,
  fn: (session: Session<F>) => Promise<T> | T,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (typeof fn !== 'function') return Promise.reject(sessionWithoutFunction())
  if (state.phase !== 'open') return Promise.reject(clientClosed())
  if (signal?.aborted) return Promise.reject(signal.reason)
  return holdSession(new ClusterSessionEngine(state, router, view.callOptions?.timeout, signal), view, fn, signal)
}

/** A connection that the session leases, or one that it has left while replies were still to come. */
interface Lease {
  readonly node: ClusterNode
  readonly connection: LeasedConnection
}

class ClusterSessionEngine extends OneConnectionEngine implements SessionEngine {
  readonly settings: Settings
  readonly where: Where
  readonly isSession = true
  readonly #state: ClusterState
  readonly #router: Router
  readonly #timeout: number | undefined
  readonly #signal: AbortSignal | undefined
  #slot = NONE
  #lease: Lease | undefined
  #acquiring = false
  /** Commands that wait for a connection: those that came back from the last one, and those that were sent since. */
  readonly #returned: SlotQueue
  readonly #waiting: SlotQueue
  /** Resolves with the last reply on the last connection: more commands may come back before. */
  #left: Promise<void> | undefined
  /** The watch on the last connection, until there is another connection. */
  #watch: Watch | undefined
  /** A command ran on another connection than the session's, because the slot was moving. */
  #strayed = false
  #over = false

  constructor(state: ClusterState, router: Router, timeout: number | undefined, signal: AbortSignal | undefined) {
    super()
    this.settings = state.settings
    this.where = state.where
    this.#state = state
    this.#router = router
    this.#timeout = timeout
    this.#signal = signal
    this.#returned = new SlotQueue(router.queues)
    this.#waiting = new SlotQueue(router.queues)
    router.sessions.add(this)
  }

  get pool(): object | undefined {
    // A session without a connection is a session of the cluster all the same: close() waits for it.
    return this.#over ? undefined : (this.#lease?.node.pool ?? this.#router.sessions)
  }

  now(): number {
    return processTime()
  }

  send(command: Command): void {
    const slot = destinationSlotOf(command)
    const fault = this.#faultOf(command, slot)
    if (fault !== undefined) fail(command, fault)
    else if (slot === NONE && this.#slot === NONE) this.#router.route(command)
    else {
      this.#slot = this.#slot === NONE ? slot : this.#slot
      this.#pass(command)
    }
  }

  later(command: Command, refusal: RedisError): void {
    if (this.#over) fail(command, sessionOver(command))
    else if (this.#lease === undefined) this.#pass(command)
    else retryLeased(this.#lease.connection, command, refusal, this.#lease.node.link)
  }

  #faultOf(command: Command, slot: number): RedisError | undefined {
    const { spec } = command
    if (this.#over) return sessionOver(command)
    if (slot === SEVERAL) return crossSlot(command)
    if (slot !== NONE && this.#slot !== NONE && slot !== this.#slot) return crossSlot(command, 'a session')
    if (spec === SELECT) return oneDatabase(command)
    const concernsConnection = (spec.reserved !== undefined && spec !== UNWATCH) || spec.blocks !== undefined
    if (slot === NONE && this.#slot === NONE && concernsConnection) return noKeyYet(command)
    if (this.#strayed && (spec.name === 'WAIT' || spec.name === 'WAITAOF')) return cannotCountReplicas(command)
    return undefined
  }

  /** Sends the command, or keeps it until there is a connection. */
  #pass(command: Command): void {
    const lease = this.#lease
    if (lease !== undefined) sendLeased(lease.connection, command, lease.node.link)
    else if (this.#waiting.enter(command, this.#state.lastError)) this.#acquire().catch(() => {})
  }

  async #acquire(): Promise<void> {
    if (this.#acquiring) return
    this.#acquiring = true
    try {
      await this.#left
      const node = await this.#state.ownerOf(this.#slot, () => this.#isAwaited)
      const connection = await acquireConnection(node.server, this.#timeout, this.#signal, true)
      if (this.#over) {
        node.pool.release(connection)
        return
      }
      connection.watch = this.#watch
      this.#lease = this.#begin(node, connection)
    } catch (error) {
      for (const command of this.#takeWaiting()) fail(command, noConnection(command, error))
    } finally {
      this.#acquiring = false
    }
    sendInOrder(this.#takeWaiting(), command => this.#pass(command))
  }

  #begin(node: ClusterNode, connection: LeasedConnection): Lease {
    const lease = { node, connection }
    connection.refusals = {
      handleErrorReply: (command, error) => this.#onErrorReply(lease, command, error),
      handleStranded: (command, error) => this.#onStranded(lease, command, error),
    }
    return lease
  }

  /** Whether commands still wait for the connection. */
  get #isAwaited(): boolean {
    return !this.#over && this.#returned.length + this.#waiting.length > 0
  }

  #takeWaiting(): Command[] {
    return [...this.#returned.takeAll(), ...this.#waiting.takeAll()]
  }

  // Commands that a connection cannot finish

  #onErrorReply(lease: Lease, command: Command, error: RedisError): boolean {
    const refusal = error instanceof ExecAbortError ? error.cause : error
    if (!(refusal instanceof RedisError) || this.#over) return false
    if (refusal instanceof AskError)
      return refusal.slot === this.#slot && this.#redirected(lease, command, error, refusal)
    if (!(refusal instanceof ClusterDownError || refusal instanceof ReadOnlyError) || command.spec.script) return false
    this.#state.refresh()
    if (this.#guards(lease, command)) this.#loseWatch(lease, command, refusal)
    else this.#refused(lease, command, refusal)
    return true
  }

  #redirected(lease: Lease, command: Command, error: RedisError, redirect: AskError): boolean {
    const guarded = this.#guards(lease, command) && !isFirstWatch(lease, command, redirect)
    if (!(redirect instanceof MovedError) && !guarded) {
      // ASK: the key has migrated already. Its new node runs this one command, on another connection.
      this.#strayed = true
      return lease.node.refusals.handleErrorReply(command, error)
    }
    const target = followFor(this.#state, lease.node, command, redirect)
    if (target === 'rejected') return true
    if (guarded) this.#loseWatch(lease, command, redirect)
    else {
      if (target === 'later') this.#refused(lease, command, redirect)
      else {
        noteNotRun(command)
        this.#comeBack(lease, command, redirect)
        this.#acquire().catch(() => {})
      }
    }
    return true
  }

  #onStranded(lease: Lease, command: Command, error: RedisError): boolean {
    if (this.#over) return false
    this.#state.refresh()
    this.#later(lease, command, error)
    return true
  }

  /**
   * Whether `command` must stay on this connection: it is a transaction for which keys were watched, even if another call has
   * rejected since because the watch is lost; or the session would leave a connection that watches keys.
   */
  #guards(lease: Lease, command: Command): boolean {
    return isGuarded(command) || (lease === this.#lease && lease.connection.isWatching)
  }

  #loseWatch(lease: Lease, command: Command, cause: RedisError): void {
    const error = watchedSlotMoving(cause)
    // A connection that the session has left is not the one that watches now.
    if (lease === this.#lease) {
      lease.connection.watch?.lose(error, true)
      this.#drop(lease)
    }
    fail(command, error)
  }

  /** The command did not run. If its deadline passes before it is sent again, it rejects with this error reply. */
  #refused(lease: Lease, command: Command, refusal: RedisError): void {
    command.details ??= new CallDetails()
    command.details.refusal = refusal
    noteNotRun(command)
    this.#later(lease, command, refusal)
  }

  /** Asks for the owner of the slot again after a pause. */
  #later(lease: Lease, command: Command, why: RedisError): void {
    this.#comeBack(lease, command, why)
    setTimer(PAUSE, () => {
      if (this.#isAwaited) this.#acquire().catch(() => {})
    })
  }

  #comeBack(lease: Lease, command: Command, why: RedisError): void {
    this.#drop(lease)
    command.state &= ~State.asking
    this.#returned.enter(command, why)
  }

  /** Releases the connection. The pool waits for the replies that are still to come. */
  #drop(lease: Lease): void {
    if (lease !== this.#lease) return
    const { connection, node } = lease
    // A first WATCH that got an error reply watches nothing: the watch begins on the node that gets it next.
    if (connection.watch?.hasBegun === false && connection.watch.fault === undefined) connection.watch = undefined
    connection.watch?.lose(watchMoved())
    this.#watch = connection.watch
    this.#lease = undefined
    this.#left = new Promise(resolve => connection.link.whenIdle(resolve))
    // A lost link hands over its commands one after another, all in this turn: they must all come here first.
    queueMicrotask(() => node.pool.release(connection, sessionOver))
  }

  // What the session asks

  get watch(): Watch | undefined {
    return inForce(this.#lease === undefined ? this.#watch : this.#lease.connection.watch)
  }

  override scan<T>(step: (on: Engine, cursor: string) => Promise<Step<T>>): AsyncIterable<readonly T[]> {
    return this.#slot === NONE ? scanAll(this.#state, step, () => this.#state.phase !== 'closed') : super.scan(step)
  }

  end(reason: (command: Command) => unknown, aborted: boolean): void {
    this.#over = true
    this.#router.sessions.delete(this)
    for (const command of this.#takeWaiting()) fail(command, reason(command))
    const lease = this.#lease
    if (lease !== undefined) lease.node.pool.release(lease.connection, reason, aborted)
  }
}

/** Whether `command` is the first WATCH, with nothing else in flight: the session has watched nothing and read nothing that a move could lose. */
function isFirstWatch({ connection }: Lease, command: Command, redirect: AskError): boolean {
  if (command.spec !== WATCH || !(redirect instanceof MovedError) || connection.watch?.hasBegun !== false) return false
  return connection.link.inflight + connection.link.queued === 0
}

/** The error of a command for which no connection could be leased. */
function noConnection(command: Command, error: unknown): unknown {
  return error instanceof RedisError ? unansweredError(command, error) : error
}
