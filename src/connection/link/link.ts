/**
 * A self-reconnecting connection to one server. Commands wait here until a socket is ready.
 *   callers ──▸ waiting ──flush──▸ connection (in flight) ──▸ replies
 *                 ▴                     │ lost
 *                 └─ may be sent again ─┘     the rest is rejected: 'unknown'
 *
 *   idle ──▸ connecting ──▸ ready ──▸ connecting …   closing ──▸ closed
 *              ▾    ▴
 *             down ─┘ (waits for the backoff, or for a call)
 */
import Denque from 'denque'
import { type Command, State } from '../../commands/core/command.js'
import type { Reply } from '../../commands/core/reply.js'
import { nextTick, performance, setImmediate } from '../../commands/core/timers.js'
import { ConnectionError, type Phase, type RedisError } from '../../errors/errors.js'
import { cloneError, fail } from '../call/completion.js'
import { processTime } from '../call/process-clock.js'
import { isReadOnly } from '../call/refusals.js'
import { Stranded } from '../call/stranded.js'
import { timedOut } from '../call/timeout-errors.js'
import { nameOf, type Settings } from '../options/options.js'
import { Connection } from '../socket/connection.js'
import type { ConnectionOwner } from '../socket/connection-owner.js'
import type { Backoff } from './backoff.js'
import { CommandQueue } from './command-queue.js'
import type { LinkOwner, LinkState, LinkTraits } from './link-owner.js'
import { type Admitting, admissionError, queueLimitError } from './queue-limits.js'
import { Reconnector } from './reconnect.js'
import { dropAlone, pipelineOf, ResendAfterLoss, rejectWaiting } from './resend.js'
import { RetryQueue, settleRefused } from './retry-queue.js'
import { WriteGate } from './write-gate.js'

/** How long it is written in one turn after the first chunk, ms. */
const WRITE_TIME = 3
/** A READONLY reply replaces the connection at most this often, ms. */
const REPLACE_INTERVAL = 1_000

export class Link implements ConnectionOwner<Connection>, Admitting {
  readonly #settings: Settings
  readonly #owner: LinkOwner
  readonly #traits: LinkTraits
  readonly #waiting = new CommandQueue()
  #state: 'idle' | 'connecting' | 'ready' | 'down' | 'closed' = 'idle'
  /** Takes no new calls; ends when the last accepted one has settled. */
  #closing = false
  #connection: Connection | undefined
  readonly #retiring = new Set<Connection>()
  #flushing = false
  readonly #gate = new WriteGate()
  /** The connection is to be replaced as soon as its fence has been answered. */
  #retireLater = false
  /** Own time when the flush that is to come was asked for. */
  #turn = 0
  readonly #redial: Reconnector
  readonly #aftermath = new ResendAfterLoss(this.#waiting)
  #wanted = false
  #gone: RedisError | undefined
  readonly #refused = new RetryQueue(this.#waiting, () => this.#flushOrConnect())
  #replacedAt = Number.NEGATIVE_INFINITY
  readonly #onIdle: (() => void)[] = []
  #referenced = true

  constructor(settings: Settings, owner: LinkOwner, backoff: Backoff, traits: LinkTraits) {
    this.#settings = settings
    this.#owner = owner
    this.#traits = traits
    this.#redial = new Reconnector(backoff, () => this.#dial())
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
    let inflight = this.connection?.inflight ?? 0
    for (const { inflight: more } of this.#retiring) inflight += more
    return inflight + this.#aftermath.inflight
  }

  get reconnects(): number {
    return this.#redial.reconnects
  }

  get lastError(): RedisError | undefined {
    return this.#redial.lastError
  }

  get isInVain(): boolean {
    return this.#redial.isInVain
  }

  get node(): string {
    return this.#connection?.node ?? nameOf(this.#settings.endpoint)
  }

  /** Own time of the calls of this turn: the clock is read once for all that the next flush will carry. */
  now(): number {
    return this.#flushing ? this.#turn : processTime()
  }

  /** Takes `command`, whose promise and deadline were made; settles it in any case. */
  send(command: Command): void {
    const isLost = this.#redial.hasEnded && this.#state !== 'ready'
    const fault = admissionError(this, command, this.#settings.queue, isLost, this.#refused.probe)
    if (fault !== undefined) {
      fail(command, fault)
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

  /** Encodes and writes what waits, as far as the socket takes it. */
  flush(): void {
    this.#flushing = false
    const connection = this.#connection
    if (this.#state !== 'ready' || connection === undefined || !this.#aftermath.isSorted) return
    if (this.#gate.isClosed(connection.inflight)) return
    for (let end = 0; connection.writable; end ||= performance.now() + WRITE_TIME) {
      if (end > 0 && performance.now() >= end) {
        // A flood leaves the turn to others, and to the replies.
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
      this.#waiting.forget(command) // It is passed over where it is.
      fail(command, this.overdue(command, elapsed, this.#state === 'ready' ? 'queued' : 'connecting'))
      if (this.#settings.leased) this.#flushSoon()
      this.#checkIdle()
      return true
    }
    // As long as there was more than a read takes the reply may still be in the kernel.
    if (round < 50 && this.#connection?.hasMore === true) return false
    fail(command, this.overdue(command, elapsed, 'written'))
    if (dropAlone(command, this.#connection)) return true
    // Was its reply lost, or does it only come late?
    this.#connection?.probe()
    for (const connection of this.#retiring) connection.probe()
    return true
  }

  onAbort(command: Command, reason: unknown): void {
    if ((command.state & State.inFlight) === 0) this.#waiting.forget(command)
    fail(command, reason)
    dropAlone(command, this.#connection)
    this.#checkIdle()
  }

  /** What `command` rejects with when its time is up. */
  overdue(command: Command, elapsed: number, phase: Phase): RedisError {
    const { node, queued, inflight } = this
    return timedOut(command, { node, phase, elapsed, queued, inflight, lastError: this.lastError })
  }

  /** Writes nothing until it is released as often. */
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
   * Sends `command`, which was accepted before and refused with `refusal`, again after a while. What was in flight was in no bound,
   * so that it may find no place now.
   */
  later(command: Command, refusal: RedisError): void {
    command.owner = this
    const fault = queueLimitError(this, command, this.#settings.queue, this.#refused.probe, refusal)
    if (fault === undefined && this.#state !== 'closed') this.#refused.add(command, refusal)
    else fail(command, fault ?? refusal)
  }

  /** READONLY: the name may lead to another server now. In-flight replies are waited for. */
  #replace(refusal: RedisError, pipeline: unknown): void {
    const now = performance.now()
    // As long as one retires, the refusal may have come from it.
    if (this.#retiring.size > 0 || now - this.#replacedAt < REPLACE_INTERVAL) return
    this.#replacedAt = now
    // The unwritten tail of a pipeline is refused with its head: it must not run where the new connection leads to.
    const pipelines = [pipeline, pipelineOf(this.#connection?.newest)]
    this.retire()
    this.#aftermath.settle(new Stranded(new Denque(), refusal), refusal, {
      mayRepeat: () => true,
      isNeeded: () => pipelines.some(each => each !== undefined),
      keeps: command => {
        const its = pipelineOf(command)
        if (its === undefined || !pipelines.includes(its)) return true
        this.onErrorReply(command, cloneError(refusal, { outcome: 'not sent' }))
        return false
      },
      sorted: () => this.#sorted(),
      done: () => this.#checkIdle(),
    })
  }

  /** Replaces the connection: no new command goes to the old one, and it ends behind its last reply. */
  retire(): void {
    const connection = this.#connection
    if (connection?.state !== 'ready') return
    // The reply to what it was written for changes its state, or is an element: it is waited for.
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

  /** Dials unless that is under way; resolves nothing: `onReady` and `onDown` tell. */
  connect(): void {
    if (this.#state === 'idle' || this.#state === 'down') this.#wantConnection()
  }

  #wantConnection(): void {
    if (this.#connection !== undefined || this.#state === 'closed') return
    if (this.#aftermath.isSorted) this.#redial.soon()
    else this.#wanted = true
  }

  #dial(): void {
    if (this.#connection !== undefined || this.#state === 'closed') return
    this.#state = 'connecting'
    const attempt = this.#redial.begun()
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
    this.#redial.ready()
    this.#state = 'ready'
    this.#owner.onReady(this)
    this.#flushSoon()
  }

  onAnswered(connection: Connection): void {
    this.#redial.answered(connection)
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
      this.#settle(left, error)
      return
    }
    this.#connection = undefined
    this.#gate.open()
    this.#retireLater = false
    if (this.#state === 'closed') {
      this.#settle(left, error)
      return
    }
    this.#redial.lost(connection, error)
    this.#state = 'down'
    this.#settle(left, error, connection)
  }

  /** What was in flight is sent again or rejected, then what waits is sorted: until that is over nothing is dialled or written. */
  #settle(left: Stranded, error: RedisError, lost?: Connection): void {
    const isOver = this.#redial.isOver || (!this.#settings.queue.offline && !this.#redial.wasReady)
    this.#aftermath.settle(left, error, {
      mayRepeat: () => this.#state !== 'closed',
      begun: () => lost && this.#owner.onDown(this, error, lost.lastRead, lost.permanent),
      isNeeded: broken => {
        if (!broken && lost === undefined && this.#gone === undefined) return false
        this.#refused.giveBack()
        return true
      },
      keeps: (command, broken) => {
        if (this.#gone !== undefined) rejectWaiting(command, this.#gone)
        // The unwritten tail of a pipeline is not sent later without its head.
        else if (broken || (lost !== undefined && isOver)) rejectWaiting(command, error)
        else return lost === undefined || this.#traits.refusals?.handleStranded?.(command, error) !== true
        return false
      },
      sorted: () => this.#sorted(),
      done: () => this.#checkIdle(),
    })
  }

  #sorted(): void {
    if (this.#aftermath.isSorted) {
      const wanted = this.#wanted
      this.#wanted = false
      if (this.#state === 'ready') this.#flushSoon()
      else this.#redialUnlessOver()
      if (wanted) this.#wantConnection()
    }
    this.#checkIdle()
  }

  #redialUnlessOver(): void {
    if (this.#state !== 'down' || this.#redial.isSet || this.#redial.isOver) return
    if (this.queued === 0 && (!this.#traits.eager || !this.#redial.wasReady || this.#closing)) return
    const delay = this.#redial.later() // First: a listener may destroy the link.
    this.#owner.onReconnecting?.(this, this.#redial.attempts + 1, delay)
  }

  #flushOrConnect(): void {
    if (this.#state === 'ready') this.#scheduleFlush()
    else this.#wantConnection()
  }

  /** Hands over what was accepted and is not in flight, in its order, pipelines as a whole: whoever `takes` it settles it. */
  takeWaiting(takes: (commands: readonly Command[]) => void): void {
    this.#refused.giveBack()
    this.#waiting.handOver(pipelineOf, takes, () => this.#checkIdle())
  }

  /** Takes no new commands; calls back when all that was accepted has settled. */
  drain(done: () => void): void {
    this.#closing = true
    this.whenIdle(done)
  }

  /** Calls back when nothing waits and nothing is in flight. */
  whenIdle(done: () => void): void {
    this.#onIdle.push(done)
    this.#checkIdle()
  }

  #checkIdle(): void {
    if (this.#onIdle.length === 0 || !this.#aftermath.isOver) return
    if (this.#state !== 'closed' && (this.held || this.queued + this.inflight > 0)) return
    for (const done of this.#onIdle.splice(0)) done()
  }

  /** Closes everything now, and rejects everything: at once, or in slices if there is very much. `whenIdle` tells when that is over. */
  destroy(message = 'The client was destroyed'): void {
    if (this.#state === 'closed') return
    const error = new ConnectionError(`${message}.`, { node: this.node })
    this.#state = 'closed'
    this.#gone = error
    this.#redial.cancel()
    this.#connection?.destroy(error)
    for (const connection of [...this.#retiring]) connection.destroy(error)
    this.#connection = undefined
    this.#settle(new Stranded(new Denque(), error), error)
  }

  ref(): void {
    this.#referenced = true
    this.#connection?.ref()
    this.#redial.ref()
  }

  unref(): void {
    this.#referenced = false
    this.#connection?.unref()
    this.#redial.unref()
  }
}

function flush(link: Link): void {
  link.flush()
}
