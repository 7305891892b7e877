/** The network: host names, listeners at addresses, and the delay of connecting. */
import { isIP } from 'node:net'
import type { Loop } from './loop.js'
import type { Random } from './random.js'
import { SimSocket, type SocketOptions } from './socket.js'
import { type ClientEnd, type ServerEnd, type Traits, Wire } from './wire.js'

/** Accepts the connections at an address. */
export interface Listener {
  accept(client: ClientEnd): ServerEnd
}

/** One attempt to connect. */
export interface Dial {
  readonly host: string
  readonly at: number
  /** When its socket was closed. */
  closedAt: number
}

export type Manner = 'accepts' | 'refuses' | 'hangs'

export class Network {
  readonly #loop: Loop
  readonly #random: Random
  readonly traits: Traits
  readonly #aliases = new Map<string, string>()
  readonly #names = new Map<string, string | undefined>()
  readonly #listeners = new Map<string, Listener>()
  readonly #manners = new Map<string, Manner>()
  readonly wires: Set<Wire> = new Set()
  readonly sockets: Set<SimSocket> = new Set()
  #wires = 0
  readonly dials: Dial[] = []
  /** Called when the client has closed its end of a connection. */
  onHungUp: ((wire: Wire) => void) | undefined
  /** Called with all bytes that the client hands to a socket. */
  onWritten: ((chunk: string | Uint8Array) => void) | undefined

  constructor(loop: Loop, random: Random, traits: Traits) {
    this.#loop = loop
    this.#random = random
    this.traits = traits
  }

  /** Resolves the host name `name` to `address`; if that is undefined, the name is unknown. */
  name(name: string, address: string | undefined): void {
    this.#names.set(name, address)
  }

  /** Like `name()`, until the returned function is called. */
  rename(name: string, address: string | undefined): () => void {
    const before = this.#names.get(name)
    this.#names.set(name, address)
    return () => {
      if (this.#names.get(name) === address) this.#names.set(name, before)
    }
  }

  /** Connects clients that dial `address` to `other`. */
  alias(address: string, other: string): void {
    this.#aliases.set(address, other)
  }

  listen(address: string, listener: Listener | undefined): void {
    if (listener === undefined) this.#listeners.delete(address)
    else this.#listeners.set(address, listener)
  }

  /** Sets whether `address` accepts, refuses or ignores new connections. */
  behave(address: string, manner: Manner): void {
    this.#manners.set(address, manner)
  }

  dial(options: SocketOptions): SimSocket {
    const socket = new SimSocket(this.#loop, options, this.onWritten)
    this.sockets.add(socket)
    const host = options.host ?? ''
    const dial: Dial = { host, at: this.#loop.now, closedAt: Number.POSITIVE_INFINITY }
    this.dials.push(dial)
    socket.once('close', () => {
      this.sockets.delete(socket)
      dial.closedAt = this.#loop.now
    })
    if (isIP(host) !== 0) this.#knock(socket, `${this.#aliases.get(host) ?? host}:${options.port}`)
    else this.#loop.later(this.#random.skewed(0, 20), () => this.#resolve(socket, host))
    return socket
  }

  #resolve(socket: SimSocket, host: string): void {
    const address = this.#names.get(host)
    if (address !== undefined) this.#knock(socket, `${address}:${socket.options.port}`)
    else
      socket.failed(
        Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }),
      )
  }

  #knock(socket: SimSocket, address: string): void {
    const { latency, jitter } = this.traits
    this.#loop.later(latency + this.#random.skewed(0, jitter), () => {
      const listener = this.#listeners.get(address)
      const manner = this.#manners.get(address) ?? 'accepts'
      if (manner === 'hangs' || socket.destroyed) return
      if (listener === undefined || manner === 'refuses') {
        const error = new Error(`connect ECONNREFUSED ${address}`)
        this.#loop.later(latency, () =>
          socket.failed(Object.assign(error, { code: 'ECONNREFUSED', syscall: 'connect' })),
        )
        return
      }
      const wire = new Wire(++this.#wires, address, this.#loop, this.#random, this.traits, socket, closed => {
        this.wires.delete(closed)
        this.onHungUp?.(closed)
      })
      this.wires.add(wire)
      wire.attach(listener.accept(wire))
      this.#loop.later(latency, () => socket.connected(wire))
    })
  }
}
