/**
 * One socket from its dial to its end, and all that belongs to it: reader, writer and the queue of commands whose replies
 * are still to come. They die together; nothing of them is carried over to the next connection.
 *
 *   opening ──▸ ready ──▸ retiring ──▸ closed        any state ──▸ closed on loss, breach or destroy
 */
import Denque from 'denque'
import { PING } from '../../commands/client-internal.js'
import { blockTime, Command, State } from '../../commands/core/command.js'
import type { Reply } from '../../commands/core/reply.js'
import { performance } from '../../commands/core/timers.js'
import type { ScriptCommand } from '../../commands/script.js'
import { ConnectionError, InvalidResponse, type RedisError } from '../../errors/errors.js'
import { createPromise, fail, rejectMalformedText, succeed } from '../call/completion.js'
import { askingLine, type MultiExec } from '../call/multi-exec.js'
import { Stranded } from '../call/stranded.js'
import { TimeLimit } from '../call/time-limit.js'
import { unsendable } from '../call/timeout-errors.js'
import { type ConnectContext, connectChannel, finish, traceConnect } from '../diagnostics.js'
import { type Endpoint, nameOf, type Settings } from '../options/options.js'
import type { ReaderLimits } from '../resp/protocol.js'
import { Reader } from '../resp/reader.js'
import type { ReplySink } from '../resp/reply-sink.js'
import { Writer } from '../resp/writer.js'
import { certificateError, failedToConnect, lost, notReady, protocolBreach, withNodeName } from './connect-errors.js'
import type { ConnectionOwner } from './connection-owner.js'
import { CHUNK, type Dialled, dial, isConnecting, refusedCertificate, type Socket } from './dial.js'
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
  readonly #outbox = new SocketWriter(
    () => this.#owner.onDrain(this),
    fault => this.#broken(fault),
  )
  readonly #marks: ReplyOrderCheck
  #inflight = new Denque<Command>()
  #socket: Socket | undefined
  #state: 'opening' | 'ready' | 'retiring' | 'closed' = 'opening'
  #node: string
  #greeting: Greeting | undefined
  readonly #health: HealthCheck
  #connectLimit: TimeLimit | undefined
  #lastRead = 0
  #readyAt = 0
  #hasAnswered = false
  #space = 0
  /** Whether a reply may be waiting in the kernel: the last read filled the buffer. */
  hasMore = false
  /** Whether the loss that ended it will come again until somebody changes something: a wrong password, a bad certificate. */
  permanent = false
  #trace: ConnectContext | undefined
  #listening = false

  constructor(settings: Settings, owner: ConnectionOwner<Connection>, limits?: Partial<ReaderLimits>) {
    this.#settings = settings
    this.#owner = owner
    this.#node = nameOf(settings.endpoint)
    this.#reader = new Reader(this, { ...settings.limits, ...limits })
    this.#marks = new ReplyOrderCheck(settings.handshakeMemory, () => this.mark())
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

  /** Of the commands written and not answered the one that was written first. */
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

  /** Those that are written and not answered, each transaction as one. */
  unanswered(): Set<Command> {
    return new Set(this.#inflight.toArray().map(wholeOf))
  }

  /** When the last byte came, on the clock of `performance.now()`; 0 if none did. */
  get lastRead(): number {
    return this.#lastRead
  }

  /** When it became ready, on the clock of `performance.now()`. */
  get readyAt(): number {
    return this.#readyAt
  }

  /** Dials and shakes hands; all of it within `connectTimeout`. The owner hears how it went. */
  open(resolve: () => Endpoint | Promise<Endpoint>, attempt: number): void {
    this.#trace = traceConnect(this.#settings.endpoint, attempt)
    const { connectTimeout } = this.#settings
    if (connectTimeout > 0) this.#connectLimit = new TimeLimit(connectTimeout, () => this.#timedOut())
    this.#open(resolve).catch(error => this.#failed(error))
  }

  async #open(resolve: () => Endpoint | Promise<Endpoint>): Promise<void> {
    const endpoint = await resolve()
    this.#node = nameOf(endpoint)
    const intake = { buffer: () => this.#takeSpace(), callback: (bytes: number) => this.#take(bytes) }
    const dialled = await dial(endpoint, this.#settings.tls, intake)
    if (this.#state === 'closed') {
      dialled.socket.destroy()
      return
    }
    await this.#connected(dialled)
    this.#owner.onOpen(this)
    this.#greeting = await shakeHands(commands => this.#askAll(commands), this.#settings)
    if (this.#state !== 'opening') return
    this.#connectLimit?.cancel()
    this.#state = 'ready'
    this.#readyAt = performance.now()
    if (this.#trace !== undefined) finish(connectChannel, this.#trace, undefined, undefined)
    this.#health.start()
    this.#owner.onReady(this)
  }

  #connected({ socket, ready }: Dialled): Promise<void> {
    this.#socket = socket
    this.#outbox.socket = socket
    socket.on('error', error => this.#lost(error))
    socket.on('close', () => this.#lost(undefined))
    socket.on('end', () => this.#lost(undefined))
    socket.on('drain', () => this.#owner.onDrain(this))
    return new Promise(resolve => {
      socket.once(ready, () => {
        const { keepAlive, noDelay } = this.#settings
        socket.setNoDelay(noDelay)
        if (keepAlive > 0) socket.setKeepAlive(true, keepAlive)
        resolve()
      })
    })
  }

  /** Sends commands of our own at once, in one write; they live and die with this connection. */
  #askAll(commands: readonly Command[]): Promise<unknown>[] {
    const promises = commands.map(command => {
      command.state |= State.pinned
      const promise = createPromise<unknown>(command)
      // Whoever asks may have stopped listening when the connection dies.
      promise.catch(() => {})
      if (this.#state === 'closed' || this.#socket === undefined) fail(command, this.#gone())
      else {
        command.size = 64
        this.push(command)
      }
      return promise
    })
    this.commit()
    return promises
  }

  /** Asks something of our own that must not wait for the queue of the link. */
  ask(command: Command): Promise<unknown> {
    return this.#askAll([command])[0] as Promise<unknown>
  }

  /** Whether more may be encoded now; if not, `onDrain` tells when, or `commit` makes room. */
  get hasRoom(): boolean {
    return this.#writer.size < CHUNK
  }

  /** Whether the socket takes another chunk; if not, `onDrain` tells when it does. */
  get writable(): boolean {
    return this.#state !== 'closed' && this.#socket?.writableNeedDrain === false && this.#outbox.empty
  }

  /** Encodes `command` and queues it for its reply; `commit` must follow in the same turn. What cannot be encoded rejects alone. */
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

  /** All lines are encoded, or none. */
  #pushLines(command: Command): void {
    if ((command.state & State.scripted) !== 0) (command as ScriptCommand).chooseFor(this)
    const lines: Command[] = (command.state & State.multiExec) === 0 ? [command] : (command as MultiExec).lines()
    if ((command.state & State.asking) !== 0) lines.unshift(askingLine())
    this.#writer.addAll(lines)
    command.state = (command.state & ~State.asking) | State.written | State.inFlight
    for (const line of lines) this.#inflight.push(line)
  }

  /** Hands what was encoded to the socket. It never throws: what cannot be handed over ends the connection. */
  commit(): void {
    const count = this.#writer.commands
    if (count === 0 || this.#state === 'closed') return
    try {
      const parts = this.#writer.take(this.#inflight, rejectMalformedText)
      if (!this.#outbox.send(parts, this.#writer.ascii)) this.#outbox.keep(this.#inflight, count)
    } catch (error) {
      this.#broken(error)
    }
  }

  #takeSpace(): Uint8Array {
    // The socket asks once more behind the read that ended it, and a reader that met a breach gives no space.
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
        if (this.#state === 'retiring') this.#end(this.#gone())
        else this.#owner.onIdle(this)
      }
    } catch (error) {
      this.#broken(error)
      return false
    }
    return true
  }

  wantsBytes(): boolean {
    return this.#listening ? this.#reader.pushBytes : this.#inflight.peekFront()?.shape.bytes === true
  }

  onReply(reply: Reply): void {
    if (this.#listening && this.#isMessage(reply)) return
    if (this.#marks.awaited !== undefined) this.#marks.check(this.oldest, reply)
    const command = this.#inflight.shift()
    if (command !== undefined) {
      if (!this.#hasAnswered && (command.state & State.pinned) === 0) this.#noteAnswer()
      if (!succeed(command, reply, this.#node)) this.mark()
    } else if (this.#owner.onStray !== undefined) this.#owner.onStray(this, reply)
    else throw new InvalidResponse('The server sent a reply that nobody asked for.')
  }

  #noteAnswer(): void {
    this.#hasAnswered = true
    this.#owner.onAnswered?.(this)
  }

  onError(error: RedisError): void {
    const command = this.#inflight.shift()
    error.node = this.#node
    if (command === undefined) {
      // `max number of clients`, or the refusal of a proxy, before anything was asked.
      if (error instanceof ConnectionError) throw error
      throw new InvalidResponse(`The server sent an error that nobody asked for: ${error.message}`)
    }
    if (!this.#hasAnswered && (command.state & State.pinned) === 0) this.#noteAnswer()
    if (command.resolve === undefined) return
    if ((command.state & (State.pinned | State.multiPart)) !== 0) fail(command, error)
    else this.#refused(command, error)
  }

  /** The command has left the queue: whatever its owner does, it must settle. */
  #refused(command: Command, error: RedisError): void {
    try {
      this.#owner.onRefusal(this, command, error)
    } catch (fault) {
      error.cause ??= fault
      fail(command, error)
    }
  }

  onPush(kind: string, items: Reply[]): void {
    this.#owner.onPush(this, kind, items)
  }

  /** Under RESP2 messages and confirmations are lists of three or four; the one list that is a reply is that of PING, of two. */
  #isMessage(reply: Reply): boolean {
    if (!Array.isArray(reply) || reply.length < 3) return false
    const [kind, ...items] = reply
    this.#owner.onPush(this, String(kind), items)
    return true
  }

  /** Makes it the connection of a subscriber: what it asks for comes as messages. */
  listen(): void {
    this.#listening = true
  }

  /** Whether the text of pushes is wanted as Buffers. */
  set pushBytes(bytes: boolean) {
    this.#reader.pushBytes = bytes
  }

  /** Messages have answered `command`, the oldest in flight: no reply to it will come. */
  answered(command: Command): void {
    if (this.#inflight.peekFront() !== command) {
      throw new InvalidResponse(`The server confirmed ${command.spec.name} before what was said earlier.`)
    }
    this.#inflight.shift()
    if (!this.#hasAnswered) this.#noteAnswer()
  }

  /** Takes no new command, waits for the replies still to come, then ends. */
  retire(): void {
    if (this.#state !== 'ready') return
    this.#state = 'retiring'
    if (this.#inflight.length === 0) this.#end(this.#gone())
  }

  /** Ends now; what had no reply is lost. */
  destroy(error: RedisError): void {
    this.#end(error)
  }

  #gone(): ConnectionError {
    return new ConnectionError(`The connection to ${this.#node} was closed.`, { node: this.#node })
  }

  #timedOut(): void {
    const credentials = this.#inflight.length === 0 && typeof this.#settings.credentials === 'function'
    const stage = isConnecting(this.#socket) ? 'dial' : credentials ? 'credentials' : 'handshake'
    this.#noteEnd(true)
    this.#end(notReady(this.#node, stage, this.#settings))
  }

  /** The server, or a proxy before it, may not know the step at which the attempt ends. */
  #noteEnd(silent: boolean): Command | undefined {
    const step = this.#inflight.peekFront()
    if (step !== undefined) this.#settings.handshakeMemory.ended(step, silent)
    return step
  }

  /** The attempt failed before the connection was ready. */
  #failed(error: unknown): void {
    if (this.#state === 'closed') return
    const known = withNodeName(error, this.#node, `Connecting to ${this.#node} failed.`)
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
    } else if (this.#state === 'opening') {
      const step = this.#noteEnd(false)
      this.#end(failedToConnect(this.#node, error, this.#settings.tls === undefined, step?.spec.name))
    } else this.#end(lost(this.#node, error))
  }

  /**
   * The reader found a breach of RESP, or a sink of it threw: what proves that replies do not belong to their commands, or a
   * fault of our own. Nothing that comes after it can be trusted.
   */
  #broken(error: unknown): void {
    if (!(error instanceof InvalidResponse)) {
      this.#end(withNodeName(error, this.#node, 'The connection failed in the client itself.'))
      return
    }
    Object.assign(error, { node: this.#node, outcome: 'unknown' })
    const opening = this.#state === 'opening'
    const shifted = this.#reader.broken === null
    // The command being read gets the breach itself. A proof is not about the oldest in flight more than about the others.
    const reading = opening || shifted ? undefined : this.#inflight.shift()
    if (reading !== undefined) fail(reading, error)
    this.#end(protocolBreach(error, this.#node, opening, shifted))
  }

  #end(error: RedisError): void {
    if (this.#state === 'closed') return
    if (this.#trace !== undefined && this.#state === 'opening') finish(connectChannel, this.#trace, undefined, error)
    this.#state = 'closed'
    this.#connectLimit?.cancel()
    this.#health.stop()
    this.#outbox.clear()
    this.#socket?.destroy()
    const left = this.#inflight
    this.#inflight = new Denque()
    this.#owner.onClosed(this, error, new Stranded(left, error))
  }

  // Health

  /**
   * Asks in the stream whether replies still come to the commands that they belong to. Nothing is asked while an answer is
   * outstanding, and nothing of a server that blocks on a command in flight.
   */
  mark(): void {
    if ((this.#state !== 'ready' && this.#state !== 'retiring') || !this.#marks.taken) return
    if (this.#marks.wait() || mayBlock(this.#inflight)) return
    this.push(this.#marks.make())
    this.commit()
  }

  /** Asks for a sign of life. */
  nudge(): void {
    if (this.#marks.taken) this.mark()
    else this.ask(new Command(PING, [])).catch(() => {})
  }

  /** The server blocks on the oldest command in flight, which has a limit of its own. */
  get silenceExpected(): boolean {
    const { oldest } = this
    // One that has settled, by its deadline or an abort, waits for nothing.
    return oldest?.resolve !== undefined && (oldest.state & State.blocking) !== 0
  }

  ref(): void {
    this.#socket?.ref()
  }

  unref(): void {
    this.#socket?.unref()
  }
}
