/**
 * A self-reconnecting connection to one server. Commands wait here until a socket is ready.
 *   callers ──▸ waiting ──flush──▸ connection (in flight) ──▸ replies
 *                 ▴                     │ lost
 *                 └─── may be resent ───┘     the others reject: 'unknown'
 *
 *   idle ──▸ connecting ──▸ ready ──▸ connecting …   closing ──▸ closed
 *              ▾    ▴
 *             down ─┘ (waits for the backoff, or for a call)
 */
import Denque from 'denque'
import { type Command, noteNotRun, State } from '../../commands/core/command.js'
import type { Reply } from '../../commands/core/reply.js'
import { nextTick, performance, setImmediate } from '../../commands/core/timers.js'
import type { Phase, RedisError } from '../../errors/errors.js'
import { cloneError, timedOut } from '../call/call-errors.js'
import { fail } from '../call/completion.js'
import { processTime } from '../call/process-clock.js'
import { isReadOnly } from '../call/refusals.js'
import { Stranded } from '../call/stranded.js'
import { nameOf, type Settings } from '../options/options.js'
import { Connection } from '../socket/connection.js'
import type { ConnectionOwner } from '../socket/connection-owner.js'
import type { Backoff } from './backoff.js'
import { CommandQueue } from './command-queue.js'
import { pipelineOf } from './handfuls.js'
import { linkDestroyed } from './link-errors.js'
import type { LinkOwner, LinkState, LinkTraits } from './link-owner.js'
import { type Admitting, admissionError, queueLimitError } from './queue-limits.js'
import { Reconnector } from './reconnect.js'
import { dropAlone, ResendAfterLoss, rejectWaiting } from './resend.js'
import { RetiringConnections } from './retiring-connections.js'
import { RetryQueue, settleRefused } from './retry-queue.js'
import { WriteGate } from './write-gate.js'

/** How long one turn writes after its first chunk, ms. */
const WRITE_TIME = 3

export class Link implements ConnectionOwner<Connection>, Admitting {
  readonly #settings: Settings
  readonly #owner: LinkOwner
  readonly #traits: LinkTraits
  readonly #waiting = new CommandQueue()
  #state: 'idle' | 'connecting' | 'ready' | 'down' | 'closed' = 'idle'
  /** Accepts no new calls; closes when the last accepted one has settled. */
  #closing = false
  #connection: Connection | undefined
  readonly #retiring = new RetiringConnections()
  #flushing = false
  readonly #gate = new WriteGate()
  /** The connection must be replaced as soon as its fence has been answered. */
  #retireLater = false
  /** Own time when the next flush was scheduled. */
  #turn = 0
  readonly #reconnector: Reconnector
  readonly #resends = new ResendAfterLoss(this.#waiting)
  #wanted = false
  #destroyed: RedisError | undefined
  readonly #retries = new RetryQueue(this.#waiting, () => this.#flushOrConnect())
  readonly #onIdle: (() => void)[] = []
  #referenced = true

  constructor(settings: Settings, owner: LinkOwner, backoff: Backoff, traits: LinkTraits) {
    this.#settings = settings
    this.#owner = owner
    this.#traits = traits
    this.#reconnector = new Reconnector(backoff, () => this.#dial())
  }

  get state(): LinkState {
    return this.#closing && this.#state !== 'closed' ? 'closing' : this.#state
  }

  get connection(): Connection | undefined {
    return this.#state === 'ready' ? this.#connection : undefined
  }

  get queued(): number {
    return this.#waiting.commands
  }

  get queuedBytes(): number {
    return this.#waiting.bytes
  }

  get inflight(): number {
    return (this.connection?.inflight ?? 0) + this.#retiring.inflight + this.#resends.inflight
  }

  get reconnects(): number {
    return this.#reconnector.reconnects
  }

  get lastError(): RedisError | undefined {
    return this.#reconnector.lastError
  }

  get isPermanent(): boolean {
    return this.#reconnector.isPermanent
  }

  get node(): string {
    return this.#connection?.node ?? nameOf(this.#settings.endpoint)
  }

  /** Own time of the calls of this turn: the clock is read once for all commands of the next flush. */
  now(): number {
    return this.#flushing ? this.#turn : processTime()
  }

  /** Queues `command`, which has its promise and deadline already, and settles it in any case. */
  send(command: Command): void {
    const isLost = this.#reconnector.hasEnded && this.#state !== 'ready'
    const error = admissionError(this, command, this.#settings.queue, isLost, this.#retries.probe)
    if (error !== undefined) {
      fail(command, error)
      if (isLost && !this.#closing) this.connect()
      return
    }
    command.owner = this
    this.#waiting.push(command)
    this.#flushOrConnect()
  }

  #scheduleFlush(): void {
    if (this.#flushing) return
    this.#flushing = true
    this.#turn = processTime()
    nextTick(flush, this)
  }

  /** Encodes and writes waiting commands, as many as the socket accepts. */
  flush(): void {
    this.#flushing = false
    const connection = this.#connection
    if (this.#state !== 'ready' || connection === undefined || !this.#resends.isSorted) return
    // Commands that the new connection ran now would overtake those that a retiring one has in flight.
    if (!this.#retiring.isEmpty || this.#gate.isClosed(connection.inflight)) return
    for (let end = 0; connection.writable; end ||= performance.now() + WRITE_TIME) {
      if (end > 0 && performance.now() >= end) {
        // Many commands must not block the event loop, nor the reading of replies.
        setImmediate(flush, this)
        break
      }
      let command: Command | undefined
      while (connection.hasRoom) {
        command = this.#waiting.shift(this.#settings.leased)
        if (command === undefined) break
        if ((command.state & State.alone) !== 0 && connection.inflight > 0) {
          this.#waiting.putBack([command])
          command = undefined
          break
        }
        connection.push(command)
        this.#gate.pass(command)
        if (this.#gate.isFenced) break
      }
      connection.commit()
      if (command === undefined || this.#gate.isFenced) break
    }
    this.#checkIdle()
  }

  onDeadline(command: Command, elapsed: number, round: number): boolean {
    if ((command.state & State.inFlight) === 0) {
      this.#waiting.forget(command) // The settled command stays in the queue until it reaches the front.
      fail(command, this.overdue(command, elapsed, this.#state === 'ready' ? 'queued' : 'connecting'))
      if (this.#settings.leased) this.#flushSoon()
      this.#checkIdle()
      return true
    }
    // The last read filled its buffer, so that the kernel may still hold the reply.
    if (round < 50 && this.#connection?.hasMore === true) return false
    fail(command, this.overdue(command, elapsed, 'written'))
    if (dropAlone(command, this.#connection)) return true
    // A probe shows whether the reply is lost or only late.
    this.#connection?.probe()
    this.#retiring.probe()
    return true
  }

  onAbort(command: Command, reason: unknown): void {
    if ((command.state & State.inFlight) === 0) this.#waiting.forget(command)
    fail(command, reason)
    dropAlone(command, this.#connection)
    this.#checkIdle()
  }

  /** The error with which `command` times out. */
  overdue(command: Command, elapsed: number, phase: Phase): RedisError {
    const { node, queued, inflight } = this
    return timedOut(command, { node, phase, elapsed, queued, inflight, lastError: this.lastError })
  }

  /** Stops writing until `release` has been called as often. */
  hold(): void {
    this.#gate.hold()
  }

  release(): void {
    this.#gate.release()
    if (this.held) return
    this.#flushSoon()
    this.#checkIdle()
  }

  get held(): boolean {
    return this.#gate.isHeld
  }

  onRefusal(_: Connection, command: Command, error: RedisError): void {
    this.onErrorReply(command, error)
  }

  onErrorReply(command: Command, error: RedisError): void {
    command.state &= ~State.inFlight
    const pipeline = pipelineOf(command)
    const taken = this.#traits.refusals?.handleErrorReply(command, error) === true
    if (!taken) settleRefused(this, command, error, this.#connection?.greeting?.mode)
    if (isReadOnly(error)) this.#replace(error, pipeline)
  }

  /**
   * Resends `command`, which was rejected with `refusal`, after a delay. Its owner stays the same. It rejects if the queue is
   * full, because commands in flight do not count for the limits of the queue.
   */
  later(command: Command, refusal: RedisError): void {
    noteNotRun(command)
    const error = queueLimitError(this, command, this.#settings.queue, this.#retries.probe, refusal)
    if (error === undefined && this.#state !== 'closed') this.#retries.add(command, refusal)
    else fail(command, error ?? refusal)
  }

  /** After READONLY: the host name may lead to another server now. The old connection still gets its replies. */
  #replace(refusal: RedisError, pipeline: unknown): void {
    if (!this.#retiring.beginReplacement()) return
    // The unwritten rest of a pipeline is rejected with its beginning: it must not run on the server of the new connection.
    const pipelines = [pipeline, pipelineOf(this.#connection?.newest)]
    this.retire()
    this.#resends.begin(new Stranded(new Denque(), refusal), refusal, {
      mayResend: () => true,
      isNeeded: () => pipelines.some(each => each !== undefined),
      keeps: command => {
        const own = pipelineOf(command)
        if (own === undefined || !pipelines.includes(own)) return true
        this.onErrorReply(command, cloneError(refusal, { outcome: 'not sent' }))
        return false
      },
      sorted: () => this.#onSorted(),
      done: () => this.#checkIdle(),
    })
  }

  /** Replaces the connection: the old one gets no new command and closes after its last reply, and the new one waits for that. */
  retire(): void {
    const connection = this.#connection
    if (connection?.state !== 'ready') return
    // Waits for the reply to the fence, which changes the state of the connection or carries an element.
    if (this.#gate.isFenced && connection.inflight > 0) {
      this.#retireLater = true
      return
    }
    this.#retiring.add(connection)
    this.#connection = undefined
    this.#state = 'idle'
    this.#retireLater = false
    this.#owner.onRetire?.(this)
    connection.retire()
    if (this.#state === 'idle') this.#wantConnection()
  }

  /** Dials unless an attempt is under way; `onReady` or `onDown` reports the result. */
  connect(): void {
    if (this.#state === 'idle' || this.#state === 'down') this.#wantConnection()
  }

  #wantConnection(): void {
    if (this.#connection !== undefined || this.#state === 'closed') return
    if (this.#resends.isSorted) this.#reconnector.soon()
    else this.#wanted = true
  }

  #dial(): void {
    if (this.#connection !== undefined || this.#state === 'closed') return
    this.#state = 'connecting'
    const attempt = this.#reconnector.begun()
    const connection = new Connection(this.#settings, this)
    if (this.#traits.listening === true) connection.listen()
    this.#connection = connection
    connection.open(() => this.#traits.resolve(attempt), attempt)
  }

  onOpen(connection: Connection): void {
    if (!this.#referenced) connection.unref()
    this.#owner.onConnect?.(this)
  }

  onReady(_connection: Connection): void {
    this.#reconnector.ready()
    this.#state = 'ready'
    this.#owner.onReady(this)
    this.#flushSoon()
  }

  onAnswered(connection: Connection): void {
    this.#reconnector.answered(connection)
  }

  onDrain(connection: Connection): void {
    if (connection === this.#connection) this.#flushSoon()
  }

  #flushSoon(): void {
    if (this.#waiting.commands > 0) this.#flushOrConnect()
  }

  onPush(connection: Connection, kind: string, items: Reply[]): void {
    if (connection === this.#connection) this.#owner.onPush?.(this, kind, items)
  }

  onIdle(connection: Connection): void {
    if (connection === this.#connection) {
      this.#gate.open()
      if (this.#retireLater) this.retire()
      this.#flushSoon()
    }
    this.#checkIdle()
  }

  onClosed(connection: Connection, error: RedisError, left: Stranded): void {
    if (this.#retiring.delete(connection)) {
      this.#resendOrReject(left, error)
      return
    }
    this.#connection = undefined
    this.#gate.open()
    this.#retireLater = false
    if (this.#state === 'closed') {
      this.#resendOrReject(left, error)
      return
    }
    this.#reconnector.lost(connection, error)
    this.#state = 'down'
    this.#resendOrReject(left, error, connection)
  }

  /** Resends or rejects the commands in flight, then checks the waiting ones. Nothing is dialled or written until that is done. */
  #resendOrReject(left: Stranded, error: RedisError, lost?: Connection): void {
    const isOver = this.#reconnector.isOver || (!this.#settings.queue.offline && !this.#reconnector.wasReady)
    this.#resends.begin(left, error, {
      mayResend: () => this.#state !== 'closed',
      begun: () => lost && this.#owner.onDown(this, error, lost.lastRead, lost.permanent),
      isNeeded: isCut => {
        if (!isCut && lost === undefined && this.#destroyed === undefined) return false
        this.#retries.putBackAll()
        return true
      },
      keeps: (command, isCut) => {
        if (this.#destroyed !== undefined) rejectWaiting(command, this.#destroyed)
        // The unwritten rest of a pipeline is not sent without its beginning.
        else if (isCut || (lost !== undefined && isOver)) rejectWaiting(command, error)
        else return lost === undefined || this.#traits.refusals?.handleStranded?.(command, error) !== true
        return false
      },
      sorted: () => this.#onSorted(),
      done: () => this.#checkIdle(),
    })
  }

  #onSorted(): void {
    if (this.#resends.isSorted) {
      const wanted = this.#wanted
      this.#wanted = false
      if (this.#state === 'ready') this.#flushSoon()
      else this.#reconnectUnlessOver()
      if (wanted) this.#wantConnection()
    }
    this.#checkIdle()
  }

  #reconnectUnlessOver(): void {
    if (this.#state !== 'down' || this.#reconnector.isSet || this.#reconnector.isOver) return
    if (this.queued === 0 && (!this.#traits.eager || !this.#reconnector.wasReady || this.#closing)) return
    const delay = this.#reconnector.later() // First: a listener may destroy the link.
    this.#owner.onReconnecting?.(this, this.#reconnector.attempts + 1, delay)
  }

  #flushOrConnect(): void {
    if (this.#state === 'ready') this.#scheduleFlush()
    else this.#wantConnection()
  }

  /** Passes the accepted commands that are not in flight to `takes`, in order, pipelines whole; `takes` must settle them. */
  takeWaiting(takes: (commands: readonly Command[]) => void): void {
    this.#retries.putBackAll()
    this.#waiting.handOver(takes, () => this.#checkIdle())
  }

  /** Accepts no new commands; calls back when all accepted ones have settled. */
  drain(done: () => void): void {
    this.#closing = true
    this.whenIdle(done)
  }

  /** Calls back when no command is waiting or in flight. */
  whenIdle(done: () => void): void {
    this.#onIdle.push(done)
    this.#checkIdle()
  }

  #checkIdle(): void {
    if (this.#onIdle.length === 0 || !this.#resends.isOver) return
    if (this.#state !== 'closed' && (this.held || this.queued + this.inflight > 0)) return
    for (const done of this.#onIdle.splice(0)) done()
  }

  /** Closes all connections and rejects all commands: at once, or in slices if there are very many. `whenIdle` reports the end. */
  destroy(reason = 'The client was destroyed'): void {
    if (this.#state === 'closed') return
    const error = linkDestroyed(this.node, reason)
    this.#state = 'closed'
    this.#destroyed = error
    this.#reconnector.cancel()
    this.#connection?.destroy(error)
    this.#retiring.destroy(error)
    this.#connection = undefined
    this.#resendOrReject(new Stranded(new Denque(), error), error)
  }

  ref(): void {
    this.#referenced = true
    this.#connection?.ref()
    this.#reconnector.ref()
  }

  unref(): void {
    this.#referenced = false
    this.#connection?.unref()
    this.#reconnector.unref()
  }
}

function flush(link: Link): void {
  link.flush()
}
