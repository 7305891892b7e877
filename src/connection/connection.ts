/**
 * One socket from its dial to its end, and all that belongs to it: reader, writer and the queue of commands whose replies
 * are still to come. They die together; nothing of them is carried over to the next connection.
 *
 *   opening ──▸ ready ──▸ retiring ──▸ closed        any state ──▸ closed on loss, breach or destroy
 */
import Denque from 'denque'
import { blockTime, type Command, State } from '../commands/command.js'
import type { Reply } from '../commands/reply.js'
import type { ScriptCommand } from '../commands/script.js'
import { performance } from '../commands/timers.js'
import { ConnectionError, InvalidResponse, RedisError } from '../errors/errors.js'
import { type ConnectContext, connectChannel, finish, traceConnect } from './diagnostics.js'
import { CHUNK, type Dialled, dial, isConnecting, refusedCertificate, type Socket } from './dial.js'
import { type Greeting, shakeHands } from './handshake.js'
import { isPermanent } from './handshake-errors.js'
import { Health } from './health.js'
import type { ReaderLimits } from './limits.js'
import { type Endpoint, nameOf, type Settings } from './options.js'
import { Reader } from './reader.js'
import { distrusted, failedToConnect, lost } from './reason.js'
import type { ReplySink } from './reply-sink.js'
import { fail, promiseOf, refuseText, succeed } from './settle.js'
import { TimeLimit } from './time-limit.js'
import { notReady } from './timeout.js'
import { askingLine, type Unit } from './unit.js'
import { Writer } from './writer.js'

const NOWHERE = new Uint8Array(1)

/** What a connection tells who owns it. */
export interface ConnectionOwner {
  /** The socket is open and the handshake begins. */
  onOpen(connection: Connection): void
  onReady(connection: Connection): void
  /** It can be written to again. */
  onDrain(connection: Connection): void
  /** A read left nothing in flight. */
  onIdle(connection: Connection): void
  /** An error reply to `command`: the owner settles it, or has it sent again. */
  onRefusal(connection: Connection, command: Command, error: RedisError): void
  onPush(connection: Connection, kind: string, items: Reply[]): void
  /** A reply that nobody asked for, where such are expected; without this it is a breach. */
  onStray?(connection: Connection, reply: Reply): void
  /** It has ended, once, also when it never was ready. `left` are the commands without a reply, oldest first. */
  onClosed(connection: Connection, error: RedisError, left: Denque<Command>): void
}

export class Connection implements ReplySink {
  readonly #settings: Settings
  readonly #owner: ConnectionOwner
  readonly #reader: Reader
  readonly #writer = new Writer()
  #inflight = new Denque<Command>()
  #socket: Socket | undefined
  #state: 'opening' | 'ready' | 'retiring' | 'closed' = 'opening'
  #node: string
  #greeting: Greeting | undefined
  readonly #health: Health
  #connectLimit: TimeLimit | undefined
  #lastRead = 0
  #readyAt = 0
  #space = 0
  /** The last read filled the buffer: the kernel probably has more. */
  #more = false
  #permanent = false
  #trace: ConnectContext | undefined
  #listening = false

  constructor(settings: Settings, owner: ConnectionOwner, limits?: Partial<ReaderLimits>) {
    this.#settings = settings
    this.#owner = owner
    this.#node = nameOf(settings.endpoint)
    this.#reader = new Reader(this, { ...settings.limits, ...limits })
    this.#health = new Health(settings.healthCheckInterval, this)
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

  /** Commands written and not answered. */
  get inflight(): number {
    return this.#inflight.length
  }

  /** When the last byte came, on the clock of `performance.now()`; 0 if none did. */
  get lastRead(): number {
    return this.#lastRead
  }

  /** When it became ready, on the clock of `performance.now()`. */
  get readyAt(): number {
    return this.#readyAt
  }

  /** Whether the loss that ended it will come again until somebody changes something: a wrong password, a bad certificate. */
  get permanent(): boolean {
    return this.#permanent
  }

  /** Whether a reply may be waiting in the kernel: the last read filled the buffer. */
  get hasMore(): boolean {
    return this.#more
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
      command.state |= State.bound
      const promise = promiseOf<unknown>(command)
      // Whoever asks may have stopped listening when the connection dies.
      promise.catch(() => {})
      if (this.#state === 'closed') fail(command, this.#gone())
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

  // Writing

  /** Whether more may be encoded now; if not, `onDrain` tells when, or `commit` makes room. */
  get hasRoom(): boolean {
    return this.#writer.size < CHUNK
  }

  /** Whether the socket takes another chunk; if not, `onDrain` tells when it does. */
  get writable(): boolean {
    return this.#socket?.writableNeedDrain === false
  }

  /** Encodes `command` and queues it for its reply. `commit` must follow in the same turn. */
  push(command: Command): void {
    command.state |= State.written | State.flying
    if ((command.state & (State.unit | State.asking | State.scripted)) !== 0) {
      this.#pushLines(command)
      return
    }
    this.#inflight.push(command)
    this.#writer.add(command)
  }

  #pushLines(command: Command): void {
    if ((command.state & State.scripted) !== 0) (command as ScriptCommand).chooseFor(this)
    const lines: Command[] = (command.state & State.unit) === 0 ? [command] : (command as Unit).lines()
    if ((command.state & State.asking) !== 0) {
      command.state &= ~State.asking
      lines.unshift(askingLine())
    }
    for (const line of lines) {
      this.#inflight.push(line)
      this.#writer.add(line)
    }
  }

  /** Hands what was encoded to the socket, in one write. */
  commit(): void {
    const socket = this.#socket
    if (socket === undefined || this.#writer.empty) return
    const parts = this.#writer.take(this.#inflight, refuseText)
    const encoding = this.#writer.ascii ? 'latin1' : 'utf8'
    if (parts.length === 1) this.#write(socket, parts[0] as string | Uint8Array, encoding)
    else {
      socket.cork()
      for (const part of parts) this.#write(socket, part, encoding)
      socket.uncork()
    }
  }

  #write(socket: Socket, part: string | Uint8Array, encoding: 'latin1' | 'utf8'): void {
    if (typeof part === 'string') socket.write(part, encoding)
    else socket.write(part)
  }

  // Reading

  #takeSpace(): Uint8Array {
    // The socket asks once more behind the read that ended it, and a reader that met a breach gives no space.
    if (this.#state === 'closed') return NOWHERE
    const space = this.#reader.space()
    this.#space = space.length
    return space
  }

  #take(bytes: number): boolean {
    if (this.#state === 'closed') return false
    this.#more = bytes === this.#space
    this.#lastRead = performance.now()
    try {
      this.#reader.advance(bytes)
    } catch (error) {
      this.#broken(error)
      return false
    }
    if (this.#inflight.length === 0) {
      if (this.#state === 'retiring') this.#end(this.#gone())
      else this.#owner.onIdle(this)
    }
    return true
  }

  wantsBytes(): boolean {
    return this.#listening ? this.#reader.pushBytes : this.#inflight.peekFront()?.shape.bytes === true
  }

  onReply(reply: Reply): void {
    if (this.#listening && this.#isMessage(reply)) return
    const command = this.#inflight.shift()
    if (command !== undefined) {
      if (!succeed(command, reply, this.#node)) this.#suspect()
    } else if (this.#owner.onStray !== undefined) this.#owner.onStray(this, reply)
    else throw new InvalidResponse('The server sent a reply that nobody asked for.')
  }

  /** A reply had a form that its command cannot have. That call was rejected. */
  #suspect(): void {}

  onError(error: RedisError): void {
    const command = this.#inflight.shift()
    error.node = this.#node
    if (command === undefined) {
      // `max number of clients`, or the refusal of a proxy, before anything was asked.
      if (error instanceof ConnectionError) throw error
      throw new InvalidResponse(`The server sent an error that nobody asked for: ${error.message}`)
    }
    if (command.resolve === undefined) return
    if ((command.state & (State.bound | State.line)) !== 0) fail(command, error)
    else this.#owner.onRefusal(this, command, error)
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

  // Listening

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
  }

  // Ends

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
    if (step !== undefined) this.#settings.acquaintance.ended(step, silent)
    return step
  }

  /** The attempt failed before the connection was ready. */
  #failed(error: unknown): void {
    if (this.#state === 'closed') return
    const known =
      error instanceof RedisError
        ? error
        : new ConnectionError(`Connecting to ${this.#node} failed.`, { node: this.#node, cause: error })
    known.node ??= this.#node
    this.#permanent = isPermanent(known)
    this.#end(known)
  }

  /** The socket failed or ended. */
  #lost(error: (Error & { code?: string }) | undefined): void {
    if (this.#state === 'closed') return
    const certificate = this.#socket === undefined ? undefined : refusedCertificate(this.#socket, error)
    if (certificate !== undefined) {
      this.#permanent = true
      this.#end(distrusted(this.#node, error, certificate))
    } else if (this.#state === 'opening') {
      const step = this.#noteEnd(false)
      this.#end(failedToConnect(this.#node, error, this.#settings.tls === undefined, step?.spec.name))
    } else this.#end(lost(this.#node, error))
  }

  /** The reader found a breach of RESP, or a sink of it threw. The command being read gets the breach itself. */
  #broken(error: unknown): void {
    if (!(error instanceof InvalidResponse)) {
      const own = () => new ConnectionError('The connection failed in the client itself.', { cause: error })
      const known = error instanceof RedisError ? error : own()
      known.node ??= this.#node
      this.#end(known)
      return
    }
    Object.assign(error, { node: this.#node, outcome: 'unknown' })
    const opening = this.#state === 'opening'
    const reading = opening ? undefined : this.#inflight.shift()
    if (reading !== undefined) fail(reading, error)
    const hint = opening
      ? ' Is there a Redis at this port, and does it speak TLS where the URL says redis:// (or the other way round)?'
      : ''
    this.#end(
      new (opening ? InvalidResponse : ConnectionError)(
        `${opening ? 'The handshake with' : 'The connection to'} ${this.#node} was ended, since what it sent is not RESP: ${error.message}${hint}`,
        { node: this.#node, cause: error },
      ),
    )
  }

  #end(error: RedisError): void {
    if (this.#state === 'closed') return
    if (this.#trace !== undefined && this.#state === 'opening') finish(connectChannel, this.#trace, undefined, error)
    this.#state = 'closed'
    this.#connectLimit?.cancel()
    this.#health.stop()
    this.#socket?.destroy()
    const left = this.#inflight
    this.#inflight = new Denque()
    // Our own commands die with the connection; those of callers are the owner's to judge.
    const theirs = new Denque<Command>()
    for (let command = left.shift(); command !== undefined; command = left.shift()) {
      if ((command.state & State.bound) !== 0) fail(command, error)
      else if ((command.state & State.line) === 0) theirs.push(command)
      // Of a unit that is cut anywhere the whole is left, once.
      else if (theirs.peekBack() !== command.holder) theirs.push(command.holder as Unit)
    }
    this.#owner.onClosed(this, error, theirs)
  }

  // Health

  /** The server blocks on the oldest command in flight, which has a limit of its own. */
  get silenceExpected(): boolean {
    const { oldest } = this
    // One that has settled, by its deadline or an abort, waits for nothing; a line of a transaction blocks on nothing.
    return oldest?.resolve !== undefined && (oldest.state & State.line) === 0 && blockTime(oldest) !== undefined
  }

  ref(): void {
    this.#socket?.ref()
  }

  unref(): void {
    this.#socket?.unref()
  }
}
