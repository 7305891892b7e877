/**
 * Waiting for a lock that is held: the server wakes one waiter after a release, and each waiter polls in case that message is lost.
 */

import { onAbort } from '../commands/core/abort-signals.js'
import type { Promised } from '../commands/core/context.js'
import { clearTimeout, jittered, performance, setTimer } from '../commands/core/timers.js'
import type { LockKeys } from './keys.js'
import type { LockClient, LockListener } from './lock-client.js'
import type { LockSettings } from './options.js'
import { newToken } from './owner-token.js'
import { type Held, LEAVE } from './scripts.js'

/** Time between two tries of a waiter that cannot be woken, ms. */
const POLL = 100
/** Time between two tries of a waiter that is woken, ms: only for lost messages. */
const SAFETY_POLL = 1_000
/** How long an unused subscription is kept for the next waiter, ms. */
const LINGER = 1_000

/** The waiters of one client for one lock. They share a channel; a message on it is the number of the waiter to wake. */
class WakeUpChannel {
  readonly #name = newToken()
  readonly #waiters = new Map<string, Waiter>()
  #numbers = 0
  readonly #close: () => void
  readonly #listener: Promise<LockListener | undefined>
  #ready = false
  #hasEnded = false
  #closing: NodeJS.Timeout | undefined

  constructor(client: LockClient, waiting: string, close: () => void) {
    this.#close = close
    this.#listener = this.#listen(client, `${waiting}:${this.#name}`)
  }

  get name(): string {
    return this.#name
  }

  /** Whether the subscription is confirmed and has not ended. */
  get ready(): boolean {
    return this.#ready
  }

  /** Adds `waiter`. Returns its number. */
  add(waiter: Waiter): string {
    clearTimeout(this.#closing)
    const number = String(++this.#numbers)
    this.#waiters.set(number, waiter)
    return number
  }

  remove(number: string): void {
    if (!this.#waiters.delete(number) || this.#waiters.size > 0 || this.#hasEnded) return
    this.#closing = setTimer(LINGER, () => {
      this.#close()
      void this.#listener.then(listener => listener?.unsubscribe()).catch(() => {})
    })
    this.#closing?.unref()
  }

  #wakeAll(): void {
    for (const waiter of this.#waiters.values()) waiter.wake()
  }

  /** The subscription has ended: the client was closed, or the server refused. All waiters try now, and poll from then on. */
  #end(): void {
    this.#hasEnded = true
    this.#ready = false
    clearTimeout(this.#closing)
    this.#close()
    this.#wakeAll()
  }

  async #listen(client: LockClient, channel: string): Promise<LockListener | undefined> {
    try {
      const listener = await client.subscribe?.([channel], message => this.#waiters.get(String(message))?.wake())
      listener?.once?.('close', () => this.#end())
      this.#ready = true
      // Waiters that were added before the confirmation may have missed their message.
      this.#wakeAll()
      return listener
    } catch {
      this.#end()
      return undefined
    }
  }
}

const channels = new WeakMap<LockClient, Map<string, WakeUpChannel>>()

function channelOf(client: LockClient, waiting: string): WakeUpChannel | undefined {
  return channels.get(client)?.get(waiting)
}

function openChannel(client: LockClient, waiting: string): WakeUpChannel | undefined {
  if (client.subscribe === undefined) return undefined
  const ofClient = channels.get(client) ?? new Map<string, WakeUpChannel>()
  channels.set(client, ofClient)
  const channel = new WakeUpChannel(client, waiting, () => {
    if (ofClient.get(waiting) === channel) ofClient.delete(waiting)
  })
  ofClient.set(waiting, channel)
  return channel
}

/**
 * A call of `acquire` that waits. With one server it can be woken. With several servers it polls only: random pauses are the best
 * way to separate waiters that collide.
 */
export class Waiter {
  readonly #clients: readonly LockClient[]
  /** The client that can wake it. */
  readonly #client: LockClient | undefined
  readonly #keys: LockKeys
  readonly #settings: LockSettings
  #channel: WakeUpChannel | undefined
  #number = ''
  /** The time of its first try on the server's clock, µs: it decides whose turn it is. */
  #place = ''
  #woken = false
  #endPause: (() => void) | undefined

  constructor(clients: readonly LockClient[], keys: LockKeys, settings: LockSettings) {
    this.#clients = clients
    this.#client = clients.length === 1 ? clients[0] : undefined
    this.#keys = keys
    this.#settings = settings
    const channel = this.#client && channelOf(this.#client, keys.waiting)
    if (channel?.ready) this.#join(channel)
  }

  /** Its entry in the queue on the server. */
  get #id(): string {
    return `${this.#channel?.name}:${this.#number}`
  }

  /** The arguments of the next try for the queue. They are empty as long as the waiter cannot be woken. */
  get queueArguments(): readonly [id: string, place: string, keptFor: number] {
    const { retryDelay = SAFETY_POLL, jitter } = this.#settings
    // Twice the time until the next try, which renews it.
    return this.#channel?.ready
      ? [this.#id, this.#place, Math.ceil(2 * (retryDelay + jitter) + SAFETY_POLL)]
      : ['', '', 0]
  }

  /**
   * Resolves when it is time for the next try: when the waiter is woken, the holder's ttl ends, the pause is over, `signal` aborts,
   * or all clients are closed; at the latest at `until`.
   */
  async wait(holder: Held | undefined, until: number, signal: AbortSignal | undefined): Promise<void> {
    this.#listen()
    const { left = -1, place } = holder ?? {}
    if (this.#place === '' && place !== undefined) this.#place = String(place)
    const { retryDelay, jitter } = this.#settings
    const delay = retryDelay ?? (this.#channel?.ready ? SAFETY_POLL : POLL)
    // The key expires one ms after the end of its ttl.
    const ms = (left < 0 ? delay : Math.min(delay, left + 1)) + jittered(jitter)
    if (!this.#woken) await this.#pause(Math.min(ms, until - performance.now()), signal)
    this.#woken = false
  }

  /** Ends the pause: it is the turn of this waiter. */
  wake(): void {
    this.#woken = true
    this.#endPause?.()
  }

  /** Leaves the queue. If the waiter gives up after it was woken, the server wakes the next one. */
  leave(acquired: boolean): void {
    this.#channel?.remove(this.#number)
    if (acquired || this.#client === undefined || this.#place === '' || this.#channel?.ready !== true) return
    const { lock, waiting } = this.#keys
    LEAVE.run<Promised>(this.#client, [lock, waiting], this.#id).catch(() => {})
  }

  #listen(): void {
    if (this.#client === undefined || this.#channel !== undefined) return
    const channel = channelOf(this.#client, this.#keys.waiting) ?? openChannel(this.#client, this.#keys.waiting)
    if (channel !== undefined) this.#join(channel)
  }

  #join(channel: WakeUpChannel): void {
    this.#channel = channel
    this.#number = channel.add(this)
  }

  #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const open = this.#clients.filter(client => client['~closing']?.aborted !== true)
    if (open.length === 0) return Promise.resolve()
    return new Promise(resolve => {
      const end = () => {
        clearTimeout(timer)
        for (const stopWatching of watches) stopWatching()
        this.#endPause = undefined
        resolve()
      }
      const timer = setTimer(ms, end)
      let left = open.length
      const watches = [
        onAbort(signal, end),
        ...open.map(client =>
          onAbort(client['~closing'], () => {
            if (--left === 0) end()
          }),
        ),
      ]
      this.#endPause = end
    })
  }
}
