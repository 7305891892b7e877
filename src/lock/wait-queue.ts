/** How a lock waits for its turn: it is called when it is free, and asks by itself now and then. */

import { onAbort } from '../commands/core/abort-signals.js'
import type { Promised } from '../commands/core/context.js'
import { clearTimeout, performance, setTimeout } from '../commands/core/timers.js'
import type { LockKeys } from './keys.js'
import type { LockClient, LockListener } from './lock-client.js'
import type { LockSettings } from './options.js'
import { setTimer } from './quorum.js'
import { LEAVE, type Refused } from './scripts.js'
import { newToken } from './token.js'

/** Between two tries of one that is not called, ms. */
const POLL = 100
/** Between two tries of one that is called: only for calls that are lost. */
const NET = 1_000
/** How long a subscription is kept for the next one who waits, ms. */
const LINGER = 1_000

/** Those of a client who wait for one lock. They share a channel of their own; a message is the number of the one who is next. */
class WaitingRoom {
  readonly #name = newToken()
  readonly #waiters = new Map<string, Waiter>()
  #numbers = 0
  readonly #close: () => void
  readonly #listener: Promise<LockListener | undefined>
  #ready = false
  #closing: NodeJS.Timeout | undefined

  constructor(client: LockClient, waiting: string, close: () => void) {
    this.#close = close
    this.#listener = this.#listen(client, `${waiting}:${this.#name}`)
  }

  get name(): string {
    return this.#name
  }

  /** Messages come. */
  get ready(): boolean {
    return this.#ready
  }

  /** The number of `waiter` here. */
  enter(waiter: Waiter): string {
    clearTimeout(this.#closing)
    const number = String(++this.#numbers)
    this.#waiters.set(number, waiter)
    return number
  }

  leave(number: string): void {
    if (!this.#waiters.delete(number) || this.#waiters.size > 0) return
    this.#closing = setTimeout(() => {
      this.#close()
      void this.#listener.then(listener => listener?.unsubscribe()).catch(() => {})
    }, LINGER)
    this.#closing.unref()
  }

  #callAll(): void {
    for (const waiter of this.#waiters.values()) waiter.call()
  }

  /** No message comes any more: the client was closed, or the server refused. All ask at once, and by themselves from then on. */
  #end(): void {
    this.#ready = false
    this.#close()
    this.#callAll()
  }

  async #listen(client: LockClient, channel: string): Promise<LockListener | undefined> {
    try {
      const listener = await client.subscribe?.([channel], message => this.#waiters.get(String(message))?.call())
      listener?.once?.('close', () => this.#end())
      this.#ready = true
      // Who came before may have missed its call.
      this.#callAll()
      return listener
    } catch {
      this.#close()
      return undefined
    }
  }
}

const rooms = new WeakMap<LockClient, Map<string, WaitingRoom>>()

function roomOf(client: LockClient, waiting: string): WaitingRoom | undefined {
  return rooms.get(client)?.get(waiting)
}

function openRoom(client: LockClient, waiting: string): WaitingRoom | undefined {
  if (client.subscribe === undefined) return undefined
  const ofClient = rooms.get(client) ?? new Map<string, WaitingRoom>()
  rooms.set(client, ofClient)
  const room = new WaitingRoom(client, waiting, () => {
    if (ofClient.get(waiting) === room) ofClient.delete(waiting)
  })
  ofClient.set(waiting, room)
  return room
}

/** One who waits for a lock on one server. With several servers nobody is called: random times part those who collide best. */
export class Waiter {
  readonly #client: LockClient | undefined
  readonly #keys: LockKeys
  readonly #settings: LockSettings
  #room: WaitingRoom | undefined
  #number = ''
  /** When it came, on the server's clock in µs: what its turn is decided by. */
  #place = ''
  #called = false
  #wake: (() => void) | undefined

  constructor(clients: readonly LockClient[], keys: LockKeys, settings: LockSettings) {
    this.#client = clients.length === 1 ? clients[0] : undefined
    this.#keys = keys
    this.#settings = settings
    const room = this.#client && roomOf(this.#client, keys.waiting)
    if (room?.ready) this.#enter(room)
  }

  /** Who it is to the server. */
  get #id(): string {
    return `${this.#room?.name}:${this.#number}`
  }

  /** What the next try says of it: nothing while it would not hear a call. */
  get words(): readonly [id: string, place: string, remembered: number] {
    const { retryDelay = NET, jitter } = this.#settings
    // Twice the time to its next try, which says the same again.
    return this.#room?.ready ? [this.#id, this.#place, Math.ceil(2 * (retryDelay + jitter) + NET)] : ['', '', 0]
  }

  /**
   * Resolves when another try is worth it: at a call, when the holder's time is up, when it was long enough, at an abort; and at
   * the latest at `until`.
   */
  async wait(holder: Refused | undefined, until: number, signal: AbortSignal | undefined): Promise<void> {
    this.#listen()
    const { left = -1, place } = holder ?? {}
    if (this.#place === '' && place !== undefined) this.#place = String(place)
    const { retryDelay, jitter } = this.#settings
    const delay = retryDelay ?? (this.#room?.ready ? NET : POLL)
    // The key is gone in the ms after its last.
    const ms = (left < 0 ? delay : Math.min(delay, left + 1)) + Math.random() * jitter
    if (!this.#called) await this.#pause(Math.min(ms, until - performance.now()), signal)
    this.#called = false
  }

  /** It is our turn. */
  call(): void {
    this.#called = true
    this.#wake?.()
  }

  /** It has the lock, or gives up: then who called it in vain calls the next one. */
  leave(acquired: boolean): void {
    this.#room?.leave(this.#number)
    if (acquired || this.#client === undefined || this.#place === '' || this.#room?.ready !== true) return
    const { lock, waiting } = this.#keys
    LEAVE.run<Promised>(this.#client, [lock, waiting], this.#id).catch(() => {})
  }

  #listen(): void {
    if (this.#client === undefined || this.#room !== undefined) return
    const room = roomOf(this.#client, this.#keys.waiting) ?? openRoom(this.#client, this.#keys.waiting)
    if (room !== undefined) this.#enter(room)
  }

  #enter(room: WaitingRoom): void {
    this.#room = room
    this.#number = room.enter(this)
  }

  #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        clearTimeout(timer)
        forget()
        this.#wake = undefined
        resolve()
      }
      const timer = setTimer(ms, wake)
      const forget = onAbort(signal, wake)
      this.#wake = wake
    })
  }
}
