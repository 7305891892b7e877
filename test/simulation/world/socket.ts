/**
 * The client's end of a wire, as node:net gives it: a Duplex of Node's own, so that water marks, drain, ticks and the order of
 * events are the real ones, with a handle that stands in virtual time.
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

interface Writing {
  readonly bytes: Buffer
  at: number
  readonly done: (error?: Error | null) => void
}

export class SimSocket extends Duplex implements Polled {
  readonly options: SocketOptions
  readonly #loop: Loop
  connecting = true
  referenced = true
  wire: Wire | undefined
  #space: Uint8Array | undefined
  #paused = false
  #ended = false
  #writing: Writing | undefined
  /** What the process is still to be told, in its order: connected, or a failure. */
  readonly #news: (() => void)[] = []

  constructor(loop: Loop, options: SocketOptions) {
    super({
      allowHalfOpen: false,
      decodeStrings: false,
      emitClose: true,
      ...(options.highWaterMark === undefined ? {} : { highWaterMark: options.highWaterMark }),
    })
    this.options = options
    this.#loop = loop
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
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

  /** Tells the process something at its next poll phase. */
  tell(news: () => void): void {
    this.#news.push(news)
    this.#loop.makeReady(this)
  }

  /** The wire has bytes, room or an end for it. */
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

  /** A write that waited for room goes on; true when it is through. */
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
    // Bytes that the kernel does not take at once stay the writer's memory until it does, as in libuv.
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
    // As the close of a handle: its callback comes at the end of the turn.
    this.#loop.setImmediate(() => done(error))
  }
}
