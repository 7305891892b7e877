/** The connections to the real server and to the model. */
import { connect, type Socket } from 'node:net'
import type { ModelConnection } from '../model/connection.js'
import { Dialect } from '../model/dialect.js'
import { type ModelOptions, type ModelRecord, ModelServer } from '../model/server.js'
import { Frames } from './frames.js'

/**
 * A request. `{id:2}` in an argument stands for the id of connection 2 on the respective server, and `{dump}` for the payload of
 * the last DUMP.
 */
export type Request = readonly string[]

export function encodeRequest(args: Request, ids: readonly number[], dump = ''): Buffer {
  const words = args.map(arg =>
    arg === '{dump}' ? dump : arg.replace(/\{id:(\d+)\}/g, (_, index) => String(ids[Number(index)])),
  )
  return Buffer.from(`*${words.length}\r\n${words.map(word => `$${word.length}\r\n${word}\r\n`).join('')}`, 'latin1')
}

export class RealConnection {
  readonly frames: Frames = new Frames()
  readonly #socket: Socket
  closed = false
  #notify = () => {}

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', bytes => {
      this.frames.add(bytes)
      this.#notify()
    })
    socket.on('close', () => {
      this.closed = true
      this.#notify()
    })
    socket.on('error', () => {})
  }

  static async open(host: string, port: number): Promise<RealConnection> {
    const socket = connect({ host, port, noDelay: true })
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new RealConnection(socket)
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** Resolves with true once `count` frames have arrived, with false after the timeout. */
  async has(count: number, timeout = 3_000): Promise<boolean> {
    const end = Date.now() + timeout
    while (this.frames.count < count) {
      const left = end - Date.now()
      if (this.closed || left <= 0) return false
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, left)
        this.#notify = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return true
  }

  close(): void {
    this.#socket.destroy()
  }
}

export class ModelSide {
  readonly frames: Frames = new Frames()
  readonly connection: ModelConnection
  closed = false

  constructor(server: ModelServer) {
    this.connection = server.connect()
    this.connection.onReply = bytes => this.frames.add(bytes)
    this.connection.onEnd = () => {
      this.closed = true
    }
  }
}

/** Asks a real server for its kind and version. */
export async function dialectOf(host: string, port: number): Promise<Dialect> {
  const real = await RealConnection.open(host, port)
  real.write(encodeRequest(['INFO', 'server'], []))
  await real.has(1)
  const info = real.frames.take()?.text ?? ''
  real.close()
  const [, valkey] = /^valkey_version:(\S+)/m.exec(info) ?? []
  const [, version] = /^redis_version:(\S+)/m.exec(info) ?? []
  return new Dialect(valkey === undefined ? 'redis' : 'valkey', valkey ?? version)
}

export function newModel(
  { random, dialect }: Pick<ModelOptions, 'random' | 'dialect'>,
  history: (record: ModelRecord) => void,
): ModelServer {
  return new ModelServer({ now: () => Date.now(), random, history, ...(dialect && { dialect }) })
}
