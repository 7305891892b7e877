/**
 * The client's end of a connection, in place of a socket of node:net. It is a Duplex of Node, so that high-water marks, drain,
 * ticks and the order of events are the real ones. Only its handle lives in virtual time.
 */
import { Duplex } from 'node:stream'
import type { Loop, Polled } from './loop.js'
import type { Wire } from './wire.js'

export interface SocketOptions {
  readonly host?: string
  readonly port?: number
  readonly path?: string
  readonly highWaterMark?: number
  readonly onread: { buffer(): Uint8Array; callback(bytes: number, buffer: Uint8Array): boolean }
}

const KEEP_ALIVE = 20_000
const GENERATIONS = 1_000

/** The keep-alive delay of a client. It is another one for each client, so that the world can identify their sockets. */
export function keepAliveOf(client: number, generation: number): number {
  return KEEP_ALIVE + client * GENERATIONS + generation
}

interface Writing {
  readonly bytes: Buffer
  at: number
  readonly done: (error?: Error | null) => void
}

export class SimSocket extends Duplex implements Polled {
  readonly options: SocketOptions
  readonly #loop: Loop
  readonly #onWritten: ((chunk: string | Uint8Array) => void) | undefined
  connecting = true
  /** The name of the client that dialled, by its keep-alive delay. */
  client = ''
  referenced = true
  wire: Wire | undefined
  #space: Uint8Array | undefined
  #paused = false
  #ended = false
  #writing: Writing | undefined
  /** Events for the next poll phases, in order: connected, or a failure. */
  readonly #news: (() => void)[] = []

  constructor(loop: Loop, options: SocketOptions, onWritten?: (chunk: string | Uint8Array) => void) {
    super({
      allowHalfOpen: false,
      decodeStrings: false,
      emitClose: true,
      ...(options.highWaterMark === undefined ? {} : { highWaterMark: options.highWaterMark }),
    })
    this.options = options
    this.#loop = loop
    this.#onWritten = onWritten
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(_: boolean, delay: number): this {
    const number = delay - KEEP_ALIVE
    this.client = `client ${Math.floor(number / GENERATIONS)}.${number % GENERATIONS}`
    return this
  }

  ref(): this {
    this.referenced = true
    return this
  }

  unref(): this {
    this.referenced = false
    return this
  }

  /** Runs `news` in the next poll phase of the process. */
  tell(news: () => void): void {
    this.#news.push(news)
    this.#loop.makeReady(this)
  }

  /** Called by the wire when it has bytes, room or an end for the socket. */
  wake(): void {
    this.#loop.makeReady(this)
  }

  connected(wire: Wire): void {
    if (this.destroyed) {
      wire.hangUp()
      return
    }
    this.wire = wire
    this.tell(() => {
      if (this.destroyed) return
      this.connecting = false
      this.#space = this.options.onread.buffer()
      this.emit('connect')
      this.emit('ready')
      this.read(0)
    })
  }

  failed(error: Error): void {
    this.tell(() => {
      if (!this.destroyed) this.destroy(error)
    })
  }

  poll(): boolean {
    const news = this.#news.shift()
    if (news !== undefined) {
      news()
      return true
    }
    const { wire } = this
    if (wire === undefined || this.destroyed || this.connecting) return false
    return this.#write(wire) || this.#read(wire)
  }

  #read(wire: Wire): boolean {
    if (this.#paused || this.#ended) return false
    const space = this.#space as Uint8Array
    const count = wire.take(space)
    if (count === 0) {
      const end = wire.end
      if (end === undefined) return false
      this.#ended = true
      if (end === 'end') {
        this.push(null)
        this.read(0)
      } else this.destroy(end)
      return false
    }
    if (this.options.onread.callback(count, space) === false) {
      this.#paused = true
      return false
    }
    const next = this.options.onread.buffer()
    if (next instanceof Uint8Array) this.#space = next
    return wire.arrived > 0 || wire.end !== undefined
  }

  /** Continues a write that waited for room. Returns true when all bytes are written. */
  #write(wire: Wire): boolean {
    const writing = this.#writing
    if (writing === undefined) return false
    if (!this.#push(wire, writing)) return false
    this.#writing = undefined
    writing.done(null)
    return true
  }

  #push(wire: Wire, writing: Writing): boolean {
    writing.at += wire.accept(writing.bytes.subarray(writing.at))
    return writing.at === writing.bytes.length
  }

  override write(chunk: string | Uint8Array, ...more: never[]): boolean {
    this.#onWritten?.(chunk)
    return super.write(chunk, ...more)
  }

  override _write(chunk: string | Uint8Array, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.connecting) {
      this.once('connect', () => this._write(chunk, encoding, done))
      return
    }
    const wire = this.wire as Wire
    if (wire.isBroken) {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' }))
      return
    }
    // Bytes that the kernel does not accept at once are not copied: it reads the writer's memory later, as in libuv.
    const bytes =
      typeof chunk === 'string'
        ? Buffer.from(chunk, encoding)
        : Buffer.from(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength)
    const writing = { bytes, at: 0, done }
    if (this.#push(wire, writing)) done(null)
    else this.#writing = writing
  }

  override _read(): void {}

  override _final(done: (error?: Error | null) => void): void {
    this.wire?.hangUp()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.connecting = false
    this.wire?.hangUp()
    const writing = this.#writing
    this.#writing = undefined
    writing?.done(error ?? new Error('write ECANCELED'))
    // The callback of a closed handle runs at the end of the turn, as in libuv.
    this.#loop.setImmediate(() => done(error))
  }
}
