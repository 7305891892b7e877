/**
 * A connection between the client and a server: two streams of bytes in virtual time, and all that can happen to them.
 *
 *   process ──accept──▸ segments on their way ──▸ server      at most `room` bytes that the server has not read
 *   process ◂──take─── kernel ◂── segments on their way ◂── server
 */
import type { Loop } from './loop.js'
import type { Random } from './random.js'
import type { SimSocket } from './socket.js'

/** A server's end of a connection, made when it accepts one. */
export interface ServerEnd {
  receive(bytes: Buffer): void
  /** The client closed it, or it was cut. */
  closed(): void
}

/** What a server may do with a connection that it accepted. */
export interface ClientEnd {
  /** The client's address as the server sees it. */
  readonly address: string
  reply(bytes: Buffer): void
  /** Bytes that the client has not taken. */
  readonly backlog: number
  finish(): void
}

export interface Traits {
  /** Ms that a segment travels. */
  readonly latency: number
  /** Ms by which segments may be late besides. */
  readonly jitter: number
  /** Longest segment; the shortest has one byte. */
  readonly segment: number
  /** Bytes under way to a server that does not read them. */
  readonly room: number
}

export type Direction = 'to server' | 'to client'

/** When a peer that has fallen silent is given up by the client's kernel, ms. */
const GIVING_UP = 60_000
/** When a connection that says nothing is probed, ms. */
const KEEP_ALIVE = 15_000

class Way {
  /** Nothing arrives before. */
  notBefore = 0
  /** What is sent is lost without a word. */
  isDeaf = false
  /** When the last segment arrives. */
  last = 0
  /** How many of the queue have arrived. */
  done = 0
  readonly queue: { readonly due: number; readonly then: () => void }[] = []
}

export class Wire implements ClientEnd {
  readonly id: number
  readonly address: string
  readonly server: string
  /** The host that the client named. */
  readonly dialled: string
  readonly #loop: Loop
  readonly #random: Random
  readonly #traits: Traits
  readonly #socket: SimSocket
  readonly #toServer = new Way()
  readonly #toClient = new Way()
  #server: ServerEnd | undefined
  /** Bytes that the client's kernel has. */
  #kernel: Buffer[] = []
  #offset = 0
  arrived = 0
  /** Bytes on their way to the client. */
  #flying = 0
  /** Bytes accepted from the client and not read by the server. */
  #unread = 0
  #isFull = false
  /** What the client reads after the last byte. */
  end: 'end' | Error | undefined
  #hungUp = false
  /** The world did something to it, so that what was on its way may be lost. */
  hurtAt: number = Number.POSITIVE_INFINITY
  #isAbandoned = false
  #isForgotten = false
  #serverClosed = false
  readonly #onClosed: (wire: Wire) => void

  constructor(
    id: number,
    server: string,
    loop: Loop,
    random: Random,
    traits: Traits,
    socket: SimSocket,
    onClosed: (wire: Wire) => void,
  ) {
    this.id = id
    this.address = `10.1.0.1:${30_000 + id}`
    this.server = server
    this.#loop = loop
    this.#random = random
    this.#traits = traits
    this.#socket = socket
    this.dialled = socket.options.host ?? ''
    this.#onClosed = onClosed
  }

  attach(server: ServerEnd): void {
    this.#server = server
  }

  /** Whether the client's end is known to be closed or reset. */
  get isBroken(): boolean {
    return this.end instanceof Error
  }

  get isOpen(): boolean {
    return !this.#hungUp && !this.#serverClosed
  }

  get backlog(): number {
    return this.arrived + this.#flying
  }

  /** Whether bytes are on their way, or wait in a kernel. */
  get isBusy(): boolean {
    return this.backlog > 0 || this.#unread > 0
  }

  // The client's side

  /** Takes as much of `bytes` as there is room for; says how much. */
  accept(bytes: Buffer): number {
    if (this.#isForgotten) this.#loop.later(2 * this.#traits.latency, () => this.#fail('ECONNRESET'))
    if (this.end !== undefined && this.#serverClosed) return bytes.length
    const count = Math.min(bytes.length, Math.max(0, this.#traits.room - this.#unread))
    this.#isFull = count < bytes.length
    if (count === 0) return 0
    this.#unread += count
    this.#send(this.#toServer, Buffer.from(bytes.subarray(0, count)), segment => {
      this.#unread -= segment.length
      if (!this.#serverClosed) this.#server?.receive(segment)
      if (this.#isFull) this.#socket.wake()
    })
    return count
  }

  /** Moves what has arrived into `space`, as much as there is. */
  take(space: Uint8Array): number {
    let taken = 0
    while (taken < space.length) {
      const [first] = this.#kernel
      if (first === undefined) break
      const count = Math.min(first.length - this.#offset, space.length - taken)
      space.set(first.subarray(this.#offset, this.#offset + count), taken)
      taken += count
      this.#offset += count
      if (this.#offset < first.length) break
      this.#kernel.shift()
      this.#offset = 0
    }
    this.arrived -= taken
    return taken
  }

  /** The client closes: the server reads what is under way, then the end. */
  hangUp(): void {
    if (this.#hungUp) return
    this.#hungUp = true
    const way = this.#toServer
    if (!way.isDeaf) this.#arrive(way, 0, () => this.#closeServer())
    this.#onClosed(this)
  }

  #closeServer(): void {
    if (this.#serverClosed) return
    this.#serverClosed = true
    this.#server?.closed()
    if (this.#isFull) this.#socket.wake()
  }

  // The server's side

  reply(bytes: Buffer): void {
    if (this.#serverClosed || this.end !== undefined) return
    this.#flying += bytes.length
    this.#send(this.#toClient, bytes, segment => {
      this.#flying -= segment.length
      this.#kernel.push(segment)
      this.arrived += segment.length
      this.#socket.wake()
    })
  }

  /** The server closes: what it said before still arrives. */
  finish(): void {
    if (this.#serverClosed) return
    this.#hurt()
    this.#serverClosed = true
    if (this.#toClient.isDeaf) return
    this.#arrive(this.#toClient, 0, () => {
      this.end ??= 'end'
      this.#socket.wake()
    })
  }

  get isHurt(): boolean {
    return this.hurtAt !== Number.POSITIVE_INFINITY
  }

  #hurt(): void {
    this.hurtAt = Math.min(this.hurtAt, this.#loop.now)
  }

  // What the world does to it

  /** Both ends hear of it; what is under way is lost, on either way or on one. */
  reset(losesToServer: boolean): void {
    this.#hurt()
    if (!losesToServer) this.#arrive(this.#toServer, 0, () => this.#closeServer())
    else {
      this.#toServer.isDeaf = true
      this.#closeServer()
    }
    this.#toClient.isDeaf = true
    this.#loop.later(this.#traits.latency, () => this.#fail('ECONNRESET'))
  }

  #fail(code: string): void {
    if (this.#hungUp || this.end !== undefined) return
    this.end = Object.assign(new Error(`read ${code}`), { code, syscall: 'read' })
    this.#closeServer()
    this.#socket.wake()
  }

  /** From now on nothing arrives, and nobody is told. */
  silence(direction?: Direction): void {
    this.#hurt()
    if (direction !== 'to client') this.#toServer.isDeaf = true
    if (direction !== 'to server') this.#toClient.isDeaf = true
    // Keep-alive and retransmission end it some day.
    this.#loop.later(GIVING_UP, () => this.#fail('ETIMEDOUT'))
  }

  /** Nothing arrives for `ms`, and then all of it. */
  stall(direction: Direction, ms: number): void {
    this.#hurt()
    const way = direction === 'to server' ? this.#toServer : this.#toClient
    way.notBefore = Math.max(way.notBefore, this.#loop.now + ms)
  }

  /** The server's process was killed, or its machine: the client hears a reset, or nothing. */
  abandon(quietly: boolean): void {
    if (quietly) this.silence()
    else this.reset(true)
    this.#closeServer()
    this.#isAbandoned = true
  }

  /** The machine is there again, and knows nothing of it: what is sent to it is answered with a reset. */
  forget(): void {
    if (!this.#isAbandoned) return
    this.#isForgotten = true
    this.#loop.later(KEEP_ALIVE, () => this.#fail('ECONNRESET'))
  }

  #send(way: Way, bytes: Buffer, arrived: (segment: Buffer) => void): void {
    // Much is not cut into more than some dozens of pieces: the first bytes are, wherever it is.
    const { segment } = this.#traits
    const longest = Math.max(segment, Math.ceil(bytes.length / 16))
    for (let from = 0; from < bytes.length; ) {
      const length =
        bytes.length <= segment && this.#random.chance(0.8)
          ? bytes.length
          : this.#random.int(1, from < 32 ? segment : longest)
      const part = bytes.subarray(from, from + length)
      from += part.length
      this.#arrive(way, this.#random.skewed(0, this.#traits.jitter), () => arrived(part))
    }
  }

  /** In the order of sending, whatever the delay of each. */
  #arrive(way: Way, extra: number, then: () => void): void {
    way.last = Math.max(way.last, this.#loop.now + this.#traits.latency + extra)
    way.queue.push({ due: way.last, then })
    if (way.queue.length - way.done === 1) this.#pumpAt(way, way.last)
  }

  #pumpAt(way: Way, due: number): void {
    this.#loop.later(Math.max(due, way.notBefore) - this.#loop.now, () => this.#pump(way))
  }

  #pump(way: Way): void {
    for (let first = way.queue[way.done]; first !== undefined; first = way.queue[way.done]) {
      if (Math.max(first.due, way.notBefore) > this.#loop.now) {
        this.#pumpAt(way, first.due)
        return
      }
      if (!way.isDeaf) first.then()
      way.done++
    }
    way.queue.length = 0
    way.done = 0
  }
}
