/**
 * What is on its way to a socket. Text of usual length goes to it as it is; bytes and long text are copied, a slice at a
 * time, into memory that is used again, so that the socket never has the memory of a caller and none is made.
 *
 *   parts  ──slice──▸ scratch ──write──▸ socket          the slice that the kernel does not take at once is waited for;
 *                        ▴                  │            what stands behind it stays here
 *                        └───── written ────┘
 *
 * Small bytes that stay here are copied at once. Big ones are on loan: if their command settles before they are out (abort,
 * timeout), the rest is copied at that moment, since they are the caller's again.
 */
import type Denque from 'denque'
import type { Argument } from '../../commands/core/argument.js'
import { type Command, State, whenSettled } from '../../commands/core/command.js'
import { ConnectionError } from '../../errors/errors.js'
import { BIG, type WritePart } from '../resp/writer.js'
import type { Socket } from './dial.js'

/** Bytes written at a time; measured from 64 KiB to 1 MiB: larger ones cost fewer calls, smaller ones less cache. */
const SLICE = 512 * 1024
/** Scratch memory that is kept for later, of the whole process. */
const KEPT = 4
/** Text up to this length goes to the socket as a string, if it is alone. */
const WHOLE = 512 * 1024

const scratches: Buffer[] = []

interface Chunk {
  readonly parts: WritePart[]
  readonly encoding: 'latin1' | 'utf8'
}

export class SocketWriter {
  readonly #onEmpty: () => void
  readonly #onFault: (error: unknown) => void
  #socket: Socket | undefined
  /** What is not with the socket yet: from `#part` of the first chunk on, there from `#offset`. */
  #chunks: Chunk[] = []
  #part = 0
  #offset = 0
  /** The slice that the socket has. */
  #slice: Uint8Array | undefined
  /** Big bytes of callers among the parts, with the length that was announced to the server. */
  readonly #loans = new Map<WritePart, number>()

  /** `onEmpty` is called when the last of what stayed here was written, `onFault` when what was promised cannot be sent. */
  constructor(onEmpty: () => void, onFault: (error: unknown) => void) {
    this.#onEmpty = onEmpty
    this.#onFault = onFault
  }

  set socket(socket: Socket) {
    this.#socket = socket
  }

  /** Whether the socket has all of it. */
  get empty(): boolean {
    return this.#chunks.length === 0
  }

  /** Hands over `parts`, or as many as the socket takes; false if some stay here: `keep` must follow. */
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

  /** What was sent last and stays here: small bytes are copied, and big ones lent by their commands, among the last `count` of `queue`. */
  keep(queue: Denque<Command>, count: number): void {
    const { parts } = this.#chunks[this.#chunks.length - 1] as Chunk
    const from = this.#chunks.length === 1 ? this.#part : 0
    const lenders = new Map<WritePart, Command>()
    for (let i = Math.max(0, queue.length - count); i < queue.length; i++) {
      const command = queue.peekAt(i) as Command
      for (const argument of command.args) if (isBig(argument)) lenders.set(argument, command)
    }
    for (let i = from; i < parts.length; i++) {
      const part = parts[i] as WritePart
      if (typeof part === 'string') continue
      const lender = lenders.get(part)
      // The one that is half with the socket keeps its place.
      if (lender === undefined) parts[i] = Buffer.from(part)
      else if (!this.#loans.has(part)) this.#loans.set(part, part.byteLength)
    }
    for (const command of new Set(lenders.values())) this.#borrow(command)
  }

  /** Has `command`, or the unit whose line it is, call back when it settles. */
  #borrow(command: Command): void {
    const lent = command.args.filter(argument => this.#loans.has(argument as WritePart)) as WritePart[]
    if (lent.length === 0) return
    whenSettled(wholeOf(command), () => this.#giveBack(lent))
  }

  /** `lent` is its owner's again: what of it is not out yet is copied. */
  #giveBack(lent: readonly WritePart[]): void {
    try {
      for (const bytes of lent) if (this.#loans.delete(bytes)) this.#copy(bytes as Uint8Array)
    } catch (error) {
      // There is no memory for it.
      this.#onFault(error)
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

  /** Nothing of it is sent any more. */
  clear(): void {
    // A slice that the socket has is left to it.
    this.#slice = undefined
    this.#chunks = []
    this.#loans.clear()
  }

  /** Hands over slices as long as the kernel takes them at once. */
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
    this.#loans.clear()
  }

  #written(slice: Uint8Array, scratch: Buffer, error: Error | null | undefined): void {
    // Those that the kernel took at once are not waited for, and those of a lost socket are left to it.
    if (this.#slice !== slice || error) return
    this.#slice = undefined
    release(scratch)
    try {
      this.#pump(this.#socket as Socket)
    } catch (fault) {
      this.#onFault(fault)
      return
    }
    if (this.#chunks.length === 0) this.#onEmpty()
  }

  /** Copies what is next into `scratch`, as much as fits; returns how many bytes that is. */
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
    // A pair of surrogates is one character: it is not cut.
    if (count < left && (text.charCodeAt(this.#offset + count - 1) & 0xfc00) === 0xd800) count--
    if (count <= 0) return 0
    const piece = count === text.length ? text : text.slice(this.#offset, this.#offset + count)
    this.#offset += count
    return scratch.write(piece, at, encoding)
  }

  #fillBytes(bytes: Uint8Array, scratch: Buffer, at: number): number {
    const announced = this.#loans.get(bytes)
    if (announced !== undefined && announced !== bytes.byteLength) {
      throw new ConnectionError('The memory of an argument was detached or resized before all of it was sent.')
    }
    const count = Math.min(bytes.length - this.#offset, scratch.length - at)
    const whole = count === bytes.length
    scratch.set(whole ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset + this.#offset, count), at)
    this.#offset += count
    return count
  }
}

/** The transaction whose line `command` is, or `command` itself. */
export function wholeOf(command: Command): Command {
  return (command.state & State.multiPart) === 0 ? command : (command.owner as unknown as Command)
}

function release(scratch: Buffer): void {
  if (scratches.length < KEPT) scratches.push(scratch)
}

function isBig(argument: Argument): argument is Uint8Array {
  return typeof argument === 'object' && argument.byteLength >= BIG
}
