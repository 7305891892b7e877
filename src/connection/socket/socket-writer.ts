/**
 * Writes encoded commands to a socket. Text of usual length is passed on as a string. Bytes and long text are copied slice by
 * slice into memory that is used again, so that the socket never holds the memory of a caller and no memory is allocated.
 *
 *   parts  ──slice──▸ scratch ──write──▸ socket          if the kernel does not accept a slice at once,
 *                        ▴                  │            the parts after it wait here until it is written
 *                        └───── written ────┘
 *
 * Small bytes that wait here are copied at once. Big ones are used in place. If their command settles before they are written
 * (abort, timeout), the rest is copied at that moment, because the caller may change them from then on.
 */
import type Denque from 'denque'
import type { Argument } from '../../commands/core/argument.js'
import { type Command, State, whenSettled } from '../../commands/core/command.js'
import { BIG, type WritePart } from '../resp/writer.js'
import { memoryChanged } from './connection-errors.js'
import type { Socket } from './dial.js'

/** Bytes written at a time. Measured from 64 KiB to 1 MiB: larger slices cost fewer calls, smaller ones use less cache. */
const SLICE = 512 * 1024
/** The most slices of scratch memory that the process keeps for later. */
const KEPT = 4
/** Text up to this length is passed to the socket as a string, if nothing else waits. */
const WHOLE = 512 * 1024

const scratches: Buffer[] = []

interface Chunk {
  readonly parts: WritePart[]
  readonly encoding: 'latin1' | 'utf8'
}

export class SocketWriter {
  readonly #onEmpty: () => void
  readonly #onError: (error: unknown) => void
  #socket: Socket | undefined
  /** The chunks that the socket does not have yet: the first one from `#offset` of `#part` on. */
  #chunks: Chunk[] = []
  #part = 0
  #offset = 0
  /** The slice that the socket is writing. */
  #slice: Uint8Array | undefined
  /** Big bytes of callers that are used in place, with the length that was announced to the server. */
  readonly #inPlace = new Map<WritePart, number>()

  /** `onEmpty` is called when the last waiting chunk has been written, `onError` when a chunk cannot be written. */
  constructor(onEmpty: () => void, onError: (error: unknown) => void) {
    this.#onEmpty = onEmpty
    this.#onError = onError
  }

  set socket(socket: Socket) {
    this.#socket = socket
  }

  /** Whether the socket has all chunks. */
  get empty(): boolean {
    return this.#chunks.length === 0
  }

  /** Writes `parts`, or as many as the socket accepts. False if some must wait: the caller must call `retain` then. */
  send(parts: readonly WritePart[], ascii: boolean): boolean {
    const socket = this.#socket
    if (socket === undefined) return true
    const encoding = ascii ? 'latin1' : 'utf8'
    const [first] = parts
    if (parts.length === 1 && typeof first === 'string' && first.length <= WHOLE && this.#chunks.length === 0) {
      socket.write(first, encoding)
      return true
    }
    this.#chunks.push({ parts: parts as WritePart[], encoding })
    if (this.#chunks.length === 1) this.#pump(socket)
    return this.#chunks.length === 0
  }

  /** Retains the waiting parts of the last `send`, the last `count` commands of `queue`: copies small bytes, uses big ones in place. */
  retain(queue: Denque<Command>, count: number): void {
    const { parts } = this.#chunks[this.#chunks.length - 1] as Chunk
    const from = this.#chunks.length === 1 ? this.#part : 0
    const owners = new Map<WritePart, Command>()
    for (let i = Math.max(0, queue.length - count); i < queue.length; i++) {
      const command = queue.peekAt(i) as Command
      for (const argument of command.args) if (isBig(argument)) owners.set(argument, command)
    }
    for (let i = from; i < parts.length; i++) {
      const part = parts[i] as WritePart
      if (typeof part === 'string') continue
      // The part that is written already in part must stay at its index.
      if (!owners.has(part)) parts[i] = Buffer.from(part)
      else if (!this.#inPlace.has(part)) this.#inPlace.set(part, part.byteLength)
    }
    for (const command of new Set(owners.values())) this.#copyWhenSettled(command)
  }

  /** Copies the unwritten bytes of `command` when it settles, or the transaction that it is a part of. */
  #copyWhenSettled(command: Command): void {
    const arrays = command.args.filter(argument => this.#inPlace.has(argument as WritePart)) as WritePart[]
    if (arrays.length === 0) return
    whenSettled(wholeOf(command), () => this.#copyRests(arrays))
  }

  /** Copies the unwritten bytes of `arrays`, which their caller may change from now on. */
  #copyRests(arrays: readonly WritePart[]): void {
    try {
      for (const bytes of arrays) if (this.#inPlace.delete(bytes)) this.#copy(bytes as Uint8Array)
    } catch (error) {
      // There is not enough memory.
      this.#onError(error)
    }
  }

  #copy(bytes: Uint8Array): void {
    for (const [i, { parts }] of this.#chunks.entries()) {
      for (let k = i === 0 ? this.#part : 0; k < parts.length; k++) {
        if (parts[k] !== bytes) continue
        const isCurrent = i === 0 && k === this.#part
        parts[k] = Buffer.from(isCurrent ? bytes.subarray(this.#offset) : bytes)
        if (isCurrent) this.#offset = 0
      }
    }
  }

  /** Drops all waiting chunks. */
  clear(): void {
    // The socket may still read its slice, so that the memory is not used again.
    this.#slice = undefined
    this.#chunks = []
    this.#inPlace.clear()
  }

  /** Writes slices while the kernel accepts them at once. */
  #pump(socket: Socket): void {
    while (this.#chunks.length > 0) {
      const scratch = scratches.pop() ?? Buffer.allocUnsafeSlow(SLICE)
      const slice = scratch.subarray(0, this.#fill(scratch))
      this.#slice = slice
      socket.write(slice, error => this.#written(slice, scratch, error))
      if (socket.writableLength > 0) return
      this.#slice = undefined
      release(scratch)
    }
    this.#inPlace.clear()
  }

  #written(slice: Uint8Array, scratch: Buffer, error: Error | null | undefined): void {
    // Nothing waits for a slice that the kernel accepted at once, and the slice of a lost socket is not used again.
    if (this.#slice !== slice || error) return
    this.#slice = undefined
    release(scratch)
    try {
      this.#pump(this.#socket as Socket)
    } catch (fault) {
      this.#onError(fault)
      return
    }
    if (this.#chunks.length === 0) this.#onEmpty()
  }

  /** Copies the next bytes into `scratch`, as many as fit, and returns their count. */
  #fill(scratch: Buffer): number {
    let filled = 0
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const { encoding, parts } = chunk
      for (; this.#part < parts.length; this.#part++) {
        const part = parts[this.#part] as WritePart
        filled +=
          typeof part === 'string'
            ? this.#fillText(part, encoding, scratch, filled)
            : this.#fillBytes(part, scratch, filled)
        if (this.#offset < part.length) return filled
        this.#offset = 0
      }
      this.#chunks.shift()
      this.#part = 0
    }
    return filled
  }

  #fillText(text: string, encoding: 'latin1' | 'utf8', scratch: Buffer, at: number): number {
    const left = text.length - this.#offset
    const space = scratch.length - at
    let count = Math.min(left, encoding === 'latin1' ? space : Math.trunc(space / 3))
    // A surrogate pair is one character and must not be cut.
    if (count < left && (text.charCodeAt(this.#offset + count - 1) & 0xfc00) === 0xd800) count--
    if (count <= 0) return 0
    const piece = count === text.length ? text : text.slice(this.#offset, this.#offset + count)
    this.#offset += count
    return scratch.write(piece, at, encoding)
  }

  #fillBytes(bytes: Uint8Array, scratch: Buffer, at: number): number {
    const announced = this.#inPlace.get(bytes)
    if (announced !== undefined && announced !== bytes.byteLength) {
      throw memoryChanged()
    }
    const count = Math.min(bytes.length - this.#offset, scratch.length - at)
    const whole = count === bytes.length
    scratch.set(whole ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset + this.#offset, count), at)
    this.#offset += count
    return count
  }
}

/** The transaction that `command` is a part of, or `command` itself. */
export function wholeOf(command: Command): Command {
  return (command.state & State.multiPart) === 0 ? command : (command.owner as unknown as Command)
}

function release(scratch: Buffer): void {
  if (scratches.length < KEPT) scratches.push(scratch)
}

function isBig(argument: Argument): argument is Uint8Array {
  return typeof argument === 'object' && argument.byteLength >= BIG
}
