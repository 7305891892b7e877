/**
 * A connection between the client and a server: two streams of bytes in virtual time, and the faults that can hit them.
 *
 *   process ──accept──▸ segments on their way ──▸ server      at most `room` bytes that the server has not read
 *   process ◂──take─── kernel ◂── segments on their way ◂── server
 */
import type { Loop } from './loop.js'
import type { Random } from './random.js'
import type { SimSocket } from './socket.js'

/** The server's end of a connection, created when the server accepts it. */
export interface ServerEnd {
  receive(bytes: Buffer): void
  /** Called when the client closed the connection or when it was lost. */
  closed(): void
}

/** The operations of a server on a connection that it accepted. */
export interface ClientEnd {
  /** The client's address as the server sees it. */
  readonly address: string
  reply(bytes: Buffer): void
  /** The number of bytes that the client has not read yet. */
  readonly backlog: number
  finish(): void
}

export interface Traits {
  /** The usual travel time of a segment, ms. */
  readonly latency: number
  /** The greatest additional delay of a segment, ms. */
  readonly jitter: number
  /** The greatest size of a segment in bytes; the smallest is one byte. */
  readonly segment: number
  /** The number of bytes that the network and the server's kernel hold while the server does not read. */
  readonly room: number
}

export type Direction = 'to server' | 'to client'

/** The time after which the client's kernel gives up a silent peer, ms. */
const GIVING_UP = 60_000
/** The time after which a kernel probes an idle connection, ms. */
const KEEP_ALIVE = 15_000

/** Bytes on their way, or an event after them. */
interface Segment {
  readonly due: number
  readonly bytes: Buffer | undefined
  readonly from: number
  to: number
  readonly run: (() => void) | undefined
}

class Way {
  /** No segment arrives before this time. */
  notBefore = 0
  /** All bytes sent are lost, without an error. */
  isDeaf = false
  /** The time at which the last segment arrives. */
  last = 0
  /** The number of segments of the queue that have arrived. */
  done = 0
  readonly queue: Segment[] = []
  readonly deliver: (bytes: Buffer) => void

  constructor(deliver: (bytes: Buffer) => void) {
    this.deliver = deliver
  }
}

export class Wire implements ClientEnd {
  readonly id: number
  readonly address: string
  readonly server: string
  readonly #loop: Loop
  readonly #random: Random
  readonly #traits: Traits
  readonly #socket: SimSocket
  readonly #toServer: Way
  readonly #toClient: Way
  #server: ServerEnd | undefined
  /** Received bytes in the client's kernel that the client has not read yet. */
  #kernel: Buffer[] = []
  #offset = 0
  arrived = 0
  /** The number of bytes in transit to the client. */
  #flying = 0
  /** The number of bytes accepted from the client that the server has not read yet. */
  #unread = 0
  #isFull = false
  /** The end that the client reads after the last byte: the end of the stream or an error. */
  end: 'end' | Error | undefined
  #hungUp = false
  /** The time of the first fault of this connection. Bytes that were in transit then may be lost. */
  hurtAt: number = Number.POSITIVE_INFINITY
  /** The time at which the client closed its end. */
  closedAt: number = Number.POSITIVE_INFINITY
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
    this.#onClosed = onClosed
    this.#toServer = new Way(bytes => {
      this.#unread -= bytes.length
      if (!this.#serverClosed) this.#server?.receive(bytes)
      if (this.#isFull) this.#socket.wake()
    })
    this.#toClient = new Way(bytes => {
      this.#flying -= bytes.length
      this.#kernel.push(bytes)
      this.arrived += bytes.length
      this.#socket.wake()
    })
  }

  attach(server: ServerEnd): void {
    this.#server = server
  }

  /** The name of the client that dialled. */
  get client(): string {
    return this.#socket.client
  }

  /** Whether the client's end was reset or failed. */
  get isBroken(): boolean {
    return this.end instanceof Error
  }

  get isOpen(): boolean {
    return !this.#hungUp && !this.#serverClosed
  }

  get backlog(): number {
    return this.arrived + this.#flying
  }

  /** Whether bytes are in transit or wait in a kernel. */
  get isBusy(): boolean {
    return this.backlog > 0 || this.#unread > 0
  }

  // Operations of the client

  /** Accepts as many of `bytes` as there is room for. Returns their number. */
  accept(bytes: Buffer): number {
    if (this.#isForgotten) this.#loop.later(2 * this.#traits.latency, () => this.#fail('ECONNRESET'))
    if (this.end !== undefined && this.#serverClosed) return bytes.length
    const count = Math.min(bytes.length, Math.max(0, this.#traits.room - this.#unread))
    this.#isFull = count < bytes.length
    if (count === 0) return 0
    this.#unread += count
    this.#send(this.#toServer, Buffer.from(bytes.subarray(0, count)))
    return count
  }

  /** Moves received bytes into `space`. Returns their number. */
  take(space: Uint8Array): number {
    let taken = 0
    while (taken < space.length) {
      const first = this.#kernel[0]
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

  /** Closes the client's end. The server reads the bytes in transit, and then the end. */
  hangUp(): void {
    if (this.#hungUp) return
    this.#hungUp = true
    this.closedAt = this.#loop.now
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

  // Operations of the server

  reply(bytes: Buffer): void {
    if (this.#serverClosed || this.end !== undefined) return
    this.#flying += bytes.length
    this.#send(this.#toClient, bytes)
  }

  /** Closes the server's end. Replies sent before still arrive. */
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

  // Faults

  /** Resets the connection; both ends notice. Bytes in transit to the client are lost, and those to the server if `losesToServer`. */
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

  /** Drops all bytes from now on, without an error at either end. */
  silence(direction?: Direction): void {
    this.#hurt()
    if (direction !== 'to client') this.#toServer.isDeaf = true
    if (direction !== 'to server') this.#toClient.isDeaf = true
    // Keep-alive and retransmission end the connection in the end.
    this.#loop.later(GIVING_UP, () => this.#fail('ETIMEDOUT'))
  }

  /** Holds back all bytes of one direction for `ms`. */
  stall(direction: Direction, ms: number): void {
    this.#hurt()
    const way = direction === 'to server' ? this.#toServer : this.#toClient
    way.notBefore = Math.max(way.notBefore, this.#loop.now + ms)
  }

  /** Called when the server's process was killed: the client receives a reset, or nothing if the whole machine failed (`quietly`). */
  abandon(quietly: boolean): void {
    if (quietly) this.silence()
    else this.reset(true)
    this.#closeServer()
    this.#isAbandoned = true
  }

  /** Called when the machine is up again: it does not know this connection and answers every segment with a reset. */
  forget(): void {
    if (!this.#isAbandoned) return
    this.#isForgotten = true
    this.#loop.later(KEEP_ALIVE, () => this.#fail('ECONNRESET'))
  }

  #send(way: Way, bytes: Buffer): void {
    // Only the first bytes are cut into segments of any size. The rest is cut into few, so that a run does not need too many events.
    const { jitter, segment } = this.#traits
    const longest = Math.max(segment, Math.ceil(bytes.length / 16))
    for (let from = 0; from < bytes.length; ) {
      // Without jitter all segments arrive at the same time, so nobody can tell them apart.
      const length =
        jitter === 0 || (bytes.length <= segment && this.#random.chance(0.8))
          ? bytes.length
          : this.#random.int(1, from < 32 ? segment : longest)
      const to = Math.min(from + length, bytes.length)
      this.#due(way, this.#random.skewed(0, jitter))
      const last = way.queue.at(-1)
      if (from > 0 && last?.bytes === bytes && last.due === way.last) last.to = to
      else this.#enqueue(way, { due: way.last, bytes, from, to, run: undefined })
      from = to
    }
  }

  #arrive(way: Way, extra: number, run: () => void): void {
    this.#due(way, extra)
    this.#enqueue(way, { due: way.last, bytes: undefined, from: 0, to: 0, run })
  }

  /** Segments arrive in the order of sending, whatever the delay of each. */
  #due(way: Way, extra: number): void {
    way.last = Math.max(way.last, this.#loop.now + this.#traits.latency + extra)
  }

  #enqueue(way: Way, segment: Segment): void {
    way.queue.push(segment)
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
      if (!way.isDeaf) {
        if (first.bytes !== undefined) way.deliver(first.bytes.subarray(first.from, first.to))
        first.run?.()
      }
      way.done++
    }
    way.queue.length = 0
    way.done = 0
  }
}
