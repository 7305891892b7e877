import type { AddressInfo, Server, Socket } from 'node:net'
import net from 'node:net'
import type { TlsOptions } from 'node:tls'
import tls from 'node:tls'
import { decode } from '../servers/servers.mjs'
import { until } from './conditions.js'

/** The bytes of a reply, whole or in pieces that a generator yields. '' sends nothing; null never replies, to later commands neither. */
export type FakeReply = string | Uint8Array | AsyncIterable<string | Uint8Array> | null

/** Replies to a command. With undefined the built-in handshake replies, or with an unknown-command error. */
export type FakeScript = (
  argv: readonly string[],
  connection: FakeConnection,
) => FakeReply | undefined | Promise<FakeReply | undefined>

export interface FakeCommand {
  readonly argv: readonly string[]
  readonly bytes: readonly Buffer[]
  readonly connection: FakeConnection
}

export interface FakeOptions {
  script?: FakeScript
  /** false: HELLO is an unknown command, as before Redis 6.0. Default true. */
  hello?: boolean
  /** The version in the reply to HELLO. Default 7.4.0. */
  version?: string
  /** AUTH and HELLO … AUTH with another password get WRONGPASS. */
  password?: string
  /** Called with each connection before its first byte: to send a greeting, or to receive its bytes by `connection.onData`. */
  onConnection?: (connection: FakeConnection) => void
  tls?: TlsOptions
}

/** Encoded replies. */
export const resp = {
  ok: '+OK\r\n',
  nil: '_\r\n',
  nilBulk: '$-1\r\n',
  error: (text: string): string => `-${text}\r\n`,
  integer: (value: number | bigint): string => `:${value}\r\n`,
  bulk: (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`,
  array: (items: readonly string[]): string => `*${items.length}\r\n${items.join('')}`,
  push: (items: readonly string[]): string => `>${items.length}\r\n${items.join('')}`,
  map: (pairs: readonly (readonly [string, string])[]): string => `%${pairs.length}\r\n${pairs.flat().join('')}`,
}

/** One connection to the fake server. */
export class FakeConnection {
  readonly id: number
  protocol: 2 | 3 = 2
  bytesReceived = 0
  /** Receives the bytes instead of the command reader. */
  onData: ((data: Buffer) => void) | undefined
  readonly #socket: Socket

  constructor(id: number, socket: Socket) {
    this.id = id
    this.#socket = socket
  }

  get closed(): boolean {
    return this.#socket.destroyed
  }

  /** Sends bytes without a command. */
  send(bytes: string | Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes)
  }

  /** Stops reading, so that the client's bytes back up. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Closes the connection by FIN. */
  end(): void {
    this.#socket.end()
  }

  /** Closes the connection by RST. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }
}

/** A scripted server: the test decides its replies. It runs in the process of the test. */
export class FakeRedis {
  readonly host = '127.0.0.1'
  /** Every command received, in order. */
  readonly commands: FakeCommand[] = []
  readonly connections: FakeConnection[] = []
  script: FakeScript
  readonly #options: FakeOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #port = 0

  private constructor(options: FakeOptions) {
    this.#options = options
    this.script = options.script ?? (() => undefined)
    const serve = (socket: Socket): void => this.#serve(socket)
    this.#server = options.tls ? tls.createServer(options.tls, serve) : net.createServer({ noDelay: true }, serve)
    // Some tests make the client abort the TLS handshake.
    this.#server.on('tlsClientError', () => {})
  }

  static async start(options: FakeOptions = {}): Promise<FakeRedis> {
    const fake = new FakeRedis(options)
    await fake.listen(0)
    return fake
  }

  /** The port of the server, also after it was stopped. */
  get port(): number {
    return this.#port
  }

  get url(): string {
    return `${this.#options.tls ? 'rediss' : 'redis'}://${this.#options.tls ? 'localhost' : this.host}:${this.port}`
  }

  /** The received commands of this name, in any letter case. */
  received(name: string): readonly FakeCommand[] {
    return this.commands.filter(({ argv }) => argv[0]?.toUpperCase() === name.toUpperCase())
  }

  /** Resolves with the `count`-th command of this name. */
  async untilReceived(name: string, count = 1): Promise<FakeCommand> {
    return await until(() => this.received(name)[count - 1], { what: `${count} × ${name} at the fake server` })
  }

  get openConnections(): readonly FakeConnection[] {
    return this.connections.filter(({ closed }) => !closed)
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, this.host, () => {
        this.#port = (this.#server.address() as AddressInfo).port
        resolve()
      })
    })
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    const connection = new FakeConnection(this.connections.length, socket)
    this.connections.push(connection)
    this.#sockets.add(socket)
    // Grows by doubling. Bytes that were read are never overwritten, because commands point to them.
    let memory = Buffer.alloc(0)
    let received = memory
    let replied: Promise<void> = Promise.resolve()
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', (data: Buffer) => {
      connection.bytesReceived += data.length
      if (connection.onData) return connection.onData(data)
      if (received.byteOffset + received.length + data.length > memory.byteOffset + memory.length) {
        memory = Buffer.allocUnsafeSlow(2 * (received.length + data.length))
        received.copy(memory)
        received = memory.subarray(0, received.length)
      }
      const at = received.byteOffset - memory.byteOffset
      data.copy(memory, at + received.length)
      received = memory.subarray(at, at + received.length + data.length)
      for (let frame = decode(received); frame; frame = decode(received)) {
        received = received.subarray(frame.end)
        const bytes = frame.value as Buffer[]
        const argv = bytes.map(String)
        this.commands.push({ argv, bytes, connection })
        replied = replied.then(() => this.#reply(argv, connection))
      }
    })
    this.#options.onConnection?.(connection)
  }

  async #reply(argv: readonly string[], connection: FakeConnection): Promise<void> {
    const scripted = await this.script(argv, connection)
    const reply = scripted === undefined ? this.#shakeHands(argv, connection) : scripted
    if (reply === null) return new Promise(() => {})
    if (typeof reply === 'string' || reply instanceof Uint8Array) return connection.send(reply)
    for await (const piece of reply) connection.send(piece)
  }

  #shakeHands([name = '', ...args]: readonly string[], connection: FakeConnection): string {
    switch (name.toUpperCase()) {
      case 'HELLO':
        return this.#hello(args, connection)
      case 'AUTH':
        return this.#knows(args.at(-1)) ? resp.ok : WRONG_PASSWORD
      case 'PING':
        return args[0] === undefined ? '+PONG\r\n' : resp.bulk(args[0])
      case 'CLIENT':
        return args[0]?.toUpperCase() === 'ID' ? resp.integer(connection.id + 1) : resp.ok
      case 'SELECT':
      case 'READONLY':
      case 'ASKING':
        return resp.ok
      default:
        return unknownCommand(name)
    }
  }

  #hello(args: readonly string[], connection: FakeConnection): string {
    if (this.#options.hello === false) return unknownCommand('HELLO')
    const [version = '2'] = args
    if (version !== '2' && version !== '3') return resp.error('NOPROTO unsupported protocol version')
    const auth = args.findIndex(arg => arg.toUpperCase() === 'AUTH')
    if (this.#options.password !== undefined && auth < 0) return resp.error('NOAUTH HELLO must be called authenticated')
    if (auth >= 0 && !this.#knows(args[auth + 2])) return WRONG_PASSWORD
    connection.protocol = version === '3' ? 3 : 2
    const pairs: [string, string][] = [
      [resp.bulk('server'), resp.bulk('redis')],
      [resp.bulk('version'), resp.bulk(this.#options.version ?? '7.4.0')],
      [resp.bulk('proto'), resp.integer(connection.protocol)],
      [resp.bulk('id'), resp.integer(connection.id + 1)],
      [resp.bulk('mode'), resp.bulk('standalone')],
      [resp.bulk('role'), resp.bulk('master')],
      [resp.bulk('modules'), resp.array([])],
    ]
    return connection.protocol === 3 ? resp.map(pairs) : resp.array(pairs.flat())
  }

  #knows(password: string | undefined): boolean {
    return this.#options.password === undefined || this.#options.password === password
  }
}

const WRONG_PASSWORD = resp.error('WRONGPASS invalid username-password pair or user is disabled.')

function unknownCommand(name: string): string {
  return resp.error(`ERR unknown command '${name}', with args beginning with: `)
}
