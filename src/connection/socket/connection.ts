/**
 * One socket from dialling to its end, with its reader, its writer and the queue of commands that wait for their replies. A new
 * connection takes over none of them.
 *
 *   opening ──▸ ready ──▸ retiring ──▸ closed        any state ──▸ closed on loss, protocol error or destroy
 */
import Denque from 'denque'
import { PING } from '../../commands/client-internal.js'
import { blockTime, Command, State } from '../../commands/core/command.js'
import type { Reply } from '../../commands/core/reply.js'
import { performance } from '../../commands/core/timers.js'
import type { ScriptCommand } from '../../commands/script.js'
import { ConnectionError, InvalidResponse, type RedisError } from '../../errors/errors.js'
import { unsendable } from '../call/call-errors.js'
import { createPromise, fail, rejectMalformedText, succeed } from '../call/completion.js'
import { askingLine, type MultiExec } from '../call/multi-exec.js'
import { Stranded } from '../call/stranded.js'
import { type Endpoint, nameOf, type Settings } from '../options/options.js'
import type { ReaderLimits } from '../resp/protocol.js'
import { Reader } from '../resp/reader.js'
import type { ReplySink } from '../resp/reply-sink.js'
import { Writer } from '../resp/writer.js'
import { ConnectAttempt } from './connect-attempt.js'
import {
  attemptFailed,
  certificateError,
  connectionClosed,
  internalError,
  lost,
  outOfOrder,
  protocolFailure,
  strayError,
  strayReply,
} from './connection-errors.js'
import type { ConnectionOwner } from './connection-owner.js'
import { CHUNK, type Dialled, dial, refusedCertificate, type Socket, whenConnected } from './dial.js'
import { type Greeting, shakeHands } from './handshake.js'
import { isPermanent } from './handshake-errors.js'
import { HealthCheck } from './health-check.js'
import { mayBlock, ReplyOrderCheck } from './reply-order-check.js'
import { SocketWriter, wholeOf } from './socket-writer.js'

const NOWHERE = new Uint8Array(1)

export class Connection implements ReplySink {
  readonly #settings: Settings
  readonly #owner: ConnectionOwner<Connection>
  readonly #reader: Reader
  readonly #writer = new Writer()
  readonly #socketWriter = new SocketWriter(
    () => this.#owner.onDrain?.(this),
    error => this.#endBroken(error),
  )
  readonly #orderCheck: ReplyOrderCheck
  #inflight = new Denque<Command>()
  #socket: Socket | undefined
  #state: 'opening' | 'ready' | 'retiring' | 'closed' = 'opening'
  #node: string
  #greeting: Greeting | undefined
  readonly #health: HealthCheck
  #attempt: ConnectAttempt | undefined
  #lastRead = 0
  #hasAnswered = false
  #space = 0
  /** When its socket was dialled, and when it became ready, on the clock of `performance.now()`. */
  dialledAt = 0
  readyAt = 0
  /** Whether the kernel may hold another reply: the last read filled the buffer. */
  hasMore = false
  /** Whether the error that closed it repeats until somebody changes the configuration: a wrong password, a bad certificate. */
  permanent = false
  #listening = false

  constructor(settings: Settings, owner: ConnectionOwner<Connection>, limits?: Partial<ReaderLimits>) {
    this.#settings = settings
    this.#owner = owner
    this.#node = nameOf(settings.endpoint)
    this.#reader = new Reader(this, { ...settings.limits, ...limits })
    this.#orderCheck = new ReplyOrderCheck(settings.handshakeMemory, () => this.probe())
    this.#health = new HealthCheck(settings.healthCheckInterval, this)
  }

  /** `host:port` or path. */
  get node(): string {
    return this.#node
  }

  get greeting(): Greeting | undefined {
    return this.#greeting
  }

  get state(): 'opening' | 'ready' | 'retiring' | 'closed' {
    return this.#state
  }

  /** The oldest command written and not answered. */
  get oldest(): Command | undefined {
    return this.#inflight.peekFront()
  }

  get newest(): Command | undefined {
    return this.#inflight.peekBack()
  }

  /** Commands written and not answered. */
  get inflight(): number {
    return this.#inflight.length
  }

  /** The commands written and not answered; a transaction counts as one. */
  unanswered(): Set<Command> {
    return new Set(this.#inflight.toArray().map(wholeOf))
  }

  /** When the last byte arrived, on the clock of `performance.now()`; 0 if none has. */
  get lastRead(): number {
    return this.#lastRead
  }

  /** Dials and performs the handshake, both within `connectTimeout`. The owner is notified of the result. */
  open(resolve: () => Endpoint | Promise<Endpoint>, attempt: number): void {
    this.#attempt = new ConnectAttempt(this.#settings, attempt, () => this.#timedOut())
    this.#open(resolve).catch(error => this.#failed(error))
  }

  async #open(resolve: () => Endpoint | Promise<Endpoint>): Promise<void> {
    const endpoint = await resolve()
    this.#node = nameOf(endpoint)
    const intake = { buffer: () => this.#takeSpace(), callback: (bytes: number) => this.#take(bytes) }
    this.dialledAt = performance.now()
    const dialled = await dial(endpoint, this.#settings.tls, intake)
    if (this.#state === 'closed') {
      dialled.socket.destroy()
      return
    }
    await this.#connected(dialled)
    this.#owner.onOpen?.(this)
    this.#greeting = await shakeHands(commands => this.#askAll(commands), this.#settings)
    if (this.#state !== 'opening') return
    this.#state = 'ready'
    this.readyAt = performance.now()
    this.#attempt?.end(undefined)
    this.#health.start()
    this.#owner.onReady(this)
  }

  #connected(dialled: Dialled): Promise<void> {
    const { socket } = dialled
    this.#socket = socket
    this.#socketWriter.socket = socket
    socket.on('error', error => this.#lost(error))
    socket.on('close', () => this.#lost(undefined))
    socket.on('end', () => this.#lost(undefined))
    socket.on('drain', () => this.#owner.onDrain?.(this))
    return whenConnected(dialled, this.#settings)
  }

  /** Sends commands of our own at once, in one write. They reject when the connection is closed, and are never resent. */
  #askAll(commands: readonly Command[]): Promise<unknown>[] {
    const promises = commands.map(command => {
      command.state |= State.pinned
      const promise = createPromise<unknown>(command)
      // The caller may have stopped waiting when the connection is lost: that is not an unhandled rejection.
      promise.catch(() => {})
      if (this.#state === 'closed' || this.#socket === undefined) fail(command, connectionClosed(this.#node))
      else {
        command.size = 64
        this.push(command)
      }
      return promise
    })
    this.commit()
    return promises
  }

  /** Sends a command of our own that must not wait in the queue of the link. */
  ask(command: Command): Promise<unknown> {
    return this.#askAll([command])[0] as Promise<unknown>
  }

  /** Whether more may be encoded now; if not, after `onDrain` or `commit`. */
  get hasRoom(): boolean {
    return this.#writer.size < CHUNK
  }

  /** Whether the socket accepts another chunk; if not, after `onDrain`. */
  get writable(): boolean {
    return this.#state !== 'closed' && this.#socket?.writableNeedDrain === false && this.#socketWriter.empty
  }

  /** Encodes and queues `command`; `commit` must follow in the same turn. A command that cannot be encoded rejects alone. */
  push(command: Command): void {
    if (command.spec.blocks !== undefined && blockTime(command) !== undefined) command.state |= State.blocking
    try {
      if ((command.state & (State.multiExec | State.asking | State.scripted)) !== 0) {
        this.#pushLines(command)
        return
      }
      this.#writer.add(command)
    } catch (cause) {
      fail(command, unsendable(command, cause))
      return
    }
    command.state |= State.written | State.inFlight
    this.#inflight.push(command)
  }

  /** Encodes all commands of a transaction, or none. */
  #pushLines(command: Command): void {
    if ((command.state & State.scripted) !== 0) (command as ScriptCommand).chooseFor(this)
    const lines: Command[] = (command.state & State.multiExec) === 0 ? [command] : (command as MultiExec).lines()
    if ((command.state & State.asking) !== 0) lines.unshift(askingLine())
    this.#writer.addAll(lines)
    command.state = (command.state & ~State.asking) | State.written | State.inFlight
    for (const line of lines) this.#inflight.push(line)
  }

  /** Passes the encoded commands to the socket. It never throws: if that fails, the connection is closed. */
  commit(): void {
    const count = this.#writer.commands
    if (count === 0 || this.#state === 'closed') return
    try {
      const parts = this.#writer.take(this.#inflight, rejectMalformedText)
      if (!this.#socketWriter.send(parts, this.#writer.ascii)) this.#socketWriter.retain(this.#inflight, count)
    } catch (error) {
      this.#endBroken(error)
    }
  }

  #takeSpace(): Uint8Array {
    // Node asks for a buffer once more after the read in which we closed. The reader may be broken by then.
    if (this.#state === 'closed') return NOWHERE
    const space = this.#reader.space()
    this.#space = space.length
    return space
  }

  #take(bytes: number): boolean {
    if (this.#state === 'closed') return false
    this.hasMore = bytes === this.#space
    this.#lastRead = performance.now()
    try {
      this.#reader.advance(bytes)
      if (this.#inflight.length === 0) {
        if (this.#state === 'retiring') this.#end(connectionClosed(this.#node))
        else this.#owner.onIdle?.(this)
      }
    } catch (error) {
      this.#endBroken(error)
      return false
    }
    return true
  }

  wantsBytes(): boolean {
    return this.#listening ? this.#reader.pushBytes : this.#inflight.peekFront()?.shape.bytes === true
  }

  onReply(reply: Reply): void {
    if (this.#listening && this.#isMessage(reply)) return
    if (this.#orderCheck.awaited !== undefined) this.#orderCheck.check(this.oldest, reply)
    const command = this.#inflight.shift()
    if (command !== undefined) {
      if (!this.#hasAnswered && (command.state & State.pinned) === 0) this.#noteAnswer()
      if (!succeed(command, reply, this.#node)) this.probe()
    } else if (this.#owner.onStray !== undefined) this.#owner.onStray(this, reply)
    else throw strayReply()
  }

  #noteAnswer(): void {
    this.#hasAnswered = true
    this.#owner.onAnswered?.(this)
  }

  onError(error: RedisError): void {
    const command = this.#inflight.shift()
    error.node = this.#node
    if (command === undefined) {
      // `max number of clients`, or an error of a proxy, before the first command.
      if (error instanceof ConnectionError) throw error
      throw strayError(error)
    }
    if (!this.#hasAnswered && (command.state & State.pinned) === 0) this.#noteAnswer()
    if (command.resolve === undefined) return
    if ((command.state & (State.pinned | State.multiPart)) !== 0) fail(command, error)
    else this.#passOn(command, error)
  }

  /** The command has left the queue: it must settle even if the owner throws. */
  #passOn(command: Command, error: RedisError): void {
    try {
      this.#owner.onRefusal?.(this, command, error)
    } catch (fault) {
      error.cause ??= fault
      fail(command, error)
    }
  }

  onPush(kind: string, items: Reply[]): void {
    this.#owner.onPush?.(this, kind, items)
  }

  /** Under RESP2, messages and confirmations are lists of three or four items; the only list that is a reply, to PING, has two. */
  #isMessage(reply: Reply): boolean {
    if (!Array.isArray(reply) || reply.length < 3) return false
    const [kind, ...items] = reply
    this.#owner.onPush?.(this, String(kind), items)
    return true
  }

  /** Makes it the connection of a subscriber: SUBSCRIBE is answered with messages. */
  listen(): void {
    this.#listening = true
  }

  /** Whether pushes have Buffers for bulk strings. */
  set pushBytes(bytes: boolean) {
    this.#reader.pushBytes = bytes
  }

  /** Messages have answered `command`, the oldest in flight, which gets no other reply. */
  answered(command: Command): void {
    if (this.#inflight.peekFront() !== command) throw outOfOrder(command)
    this.#inflight.shift()
    if (!this.#hasAnswered) this.#noteAnswer()
  }

  /** Accepts no new command, waits for the outstanding replies, then closes. */
  retire(): void {
    if (this.#state !== 'ready') return
    this.#state = 'retiring'
    if (this.#inflight.length === 0) this.#end(connectionClosed(this.#node))
  }

  /** Closes at once; commands without a reply are stranded. */
  destroy(error: RedisError): void {
    this.#end(error)
  }

  #timedOut(): void {
    const error = this.#attempt?.timeoutError(this.#node, this.#socket, this.oldest)
    if (error !== undefined) this.#end(error)
  }

  /** The attempt failed before the connection was ready. */
  #failed(error: unknown): void {
    if (this.#state === 'closed') return
    const known = attemptFailed(error, this.#node)
    this.permanent = isPermanent(known)
    this.#end(known)
  }

  /** The socket failed or ended. */
  #lost(error: (Error & { code?: string }) | undefined): void {
    if (this.#state === 'closed') return
    const certificate = this.#socket === undefined ? undefined : refusedCertificate(this.#socket, error)
    if (certificate !== undefined) {
      this.permanent = true
      this.#end(certificateError(this.#node, error, certificate))
      return
    }
    const failure = this.#state === 'opening' ? this.#attempt?.socketError(this.#node, error, this.oldest) : undefined
    this.#end(failure ?? lost(this.#node, error))
  }

  /**
   * The bytes are not RESP, or prove that replies belong to other commands, or our own code has thrown. No later reply can be
   * trusted.
   */
  #endBroken(error: unknown): void {
    if (!(error instanceof InvalidResponse)) {
      this.#end(internalError(error, this.#node))
      return
    }
    Object.assign(error, { node: this.#node, outcome: 'unknown' })
    const opening = this.#state === 'opening'
    const shifted = this.#reader.broken === null
    // Invalid bytes reject the command being read with this error. A wrong order concerns all commands in flight equally.
    const reading = opening || shifted ? undefined : this.#inflight.shift()
    if (reading !== undefined) fail(reading, error)
    this.#end(protocolFailure(error, this.#node, opening, shifted))
  }

  #end(error: RedisError): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#attempt?.end(error)
    this.#health.stop()
    this.#socketWriter.clear()
    this.#socket?.destroy()
    const left = this.#inflight
    this.#inflight = new Denque()
    this.#owner.onClosed(this, error, new Stranded(left, error))
  }

  // Health

  /**
   * Sends a PING that checks whether replies still belong to their commands, unless one is outstanding or the server blocks on
   * a command in flight.
   */
  probe(): void {
    if ((this.#state !== 'ready' && this.#state !== 'retiring') || !this.#orderCheck.supported) return
    if (this.#orderCheck.wait(this.newest) || mayBlock(this.#inflight)) return
    this.push(this.#orderCheck.next())
    this.commit()
  }

  /** Sends a PING of either kind, so that a reply arrives. */
  ping(): void {
    if (this.#orderCheck.supported) this.probe()
    else this.ask(new Command(PING, [])).catch(() => {})
  }

  /** The oldest command in flight, if the server blocks on it. */
  get blocked(): Command | undefined {
    const { oldest } = this
    // Nobody waits for a command that has settled, by its deadline or an abort.
    return oldest?.resolve !== undefined && (oldest.state & State.blocking) !== 0 ? oldest : undefined
  }

  ref(): void {
    this.#socket?.ref()
  }

  unref(): void {
    this.#socket?.unref()
  }
}
