/**
 * The bounded queue of a subscription and its one reader: a handler, or an iterator.
 *
 *   put ──▸ [ oldest … newest ] ──▸ handler, one at a time      or  next() ──▸ for await
 *              maxQueue
 *
 * What one read of the socket brings is handed to a handler in one go behind it, so a handler that returns nothing costs
 * no promise, and the reader is never interrupted by code of the user.
 */
import { AsyncResource } from 'node:async_hooks'
import Denque from 'denque'
import { nextTick } from '../commands/core/timers.js'
import { isThenable } from '../connection/events.js'
import { PubSubError } from '../errors/errors.js'
import type { SubscribeOptions, WhenFull } from './subscribe-arguments.js'

/** What an inbox tells who owns it. */
export interface MessageQueueOwner {
  /** The queue is full and the policy is to end: nothing more is put. */
  onFull(error: PubSubError | undefined): void
  /** A handler threw or rejected. */
  onFailure(error: unknown): void
  /** The loop was left: resolves when nothing more will come. */
  onReturn(): Promise<void>
}

interface Waiter<M> {
  resolve(result: IteratorResult<M, undefined>): void
  reject(error: unknown): void
}

const IDLE = 0
/** Its turn is a tick away. */
const SCHEDULED = 1
/** The handler runs, or its promise is pending. */
const BUSY = 2

export class MessageQueue<M> {
  readonly #owner: MessageQueueOwner
  readonly #handler: ((item: M) => unknown) | undefined
  /** The async context of who subscribed: handlers run in it, whatever the socket was opened in. */
  readonly #context: AsyncResource | undefined
  readonly #maxQueue: number
  readonly #whenFull: WhenFull
  readonly #queue = new Denque<M>()
  readonly #waiting: Waiter<M>[] = []
  #state = IDLE
  #iterated = false
  #ended = false
  #failed = false
  #error: unknown
  #received = 0
  #dropped = 0

  constructor(owner: MessageQueueOwner, handler: ((item: M) => unknown) | undefined, options: SubscribeOptions) {
    this.#owner = owner
    this.#handler = handler
    this.#context = handler === undefined ? undefined : new AsyncResource('RESPIRE_SUBSCRIPTION')
    this.#maxQueue = options.maxQueue ?? 10_000
    this.#whenFull = options.whenFull ?? 'drop-oldest'
  }

  get received(): number {
    return this.#received
  }

  get queued(): number {
    return this.#queue.length
  }

  get dropped(): number {
    return this.#dropped
  }

  put(item: M): void {
    if (this.#ended) return
    this.#received++
    if (this.#waiting.length > 0) {
      this.#waiting.shift()?.resolve({ done: false, value: item })
      return
    }
    if (this.#queue.length >= this.#maxQueue && !this.#makeRoom()) return
    this.#queue.push(item)
    if (this.#state === IDLE && this.#handler !== undefined) {
      this.#state = SCHEDULED
      nextTick(drain, this)
    }
  }

  /** False if the item that comes is dropped. */
  #makeRoom(): boolean {
    // The handler is not slow, its turn has not come: one read brought more than the queue holds.
    if (this.#state === SCHEDULED) this.drain()
    if (this.#ended) return false
    if (this.#queue.length < this.#maxQueue) return true
    this.#dropped++
    switch (this.#whenFull) {
      case 'drop-oldest':
        this.#queue.shift()
        return true
      case 'drop-newest':
        return false
      case 'close':
        this.#owner.onFull(undefined)
        return false
      case 'error':
        this.#owner.onFull(
          new PubSubError(
            `${this.#maxQueue} messages wait to be read and another one came: read faster, raise maxQueue, or choose ` +
              "'drop-oldest' or 'drop-newest' for whenFull.",
          ),
        )
        return false
    }
  }

  // Handler

  /** Hands what is queued to the handler, in the context of who subscribed. */
  drain(): void {
    if (this.#state !== SCHEDULED) return
    this.#context?.runInAsyncScope(this.#run, this)
  }

  #run(): void {
    this.#state = BUSY
    const handler = this.#handler as (item: M) => unknown
    const queue = this.#queue
    while (queue.length > 0) {
      try {
        const result = handler(queue.shift() as M)
        if (result !== undefined && isThenable(result)) {
          // A thenable of others may settle at once, or twice.
          Promise.resolve(result).then(
            () => this.#run(),
            (error: unknown) => {
              this.#owner.onFailure(error)
              this.#run()
            },
          )
          return
        }
      } catch (error) {
        this.#owner.onFailure(error)
      }
    }
    this.#state = IDLE
  }

  // Iterator

  /** The one iterator; throws PubSubError if there is another reader. */
  iterate(): AsyncIterableIterator<M, undefined> {
    if (this.#handler !== undefined) {
      throw new PubSubError('This subscription has a handler, which reads its messages: subscribe again to iterate.')
    }
    if (this.#iterated) {
      throw new PubSubError('This subscription has an iterator already: subscribe again for another one.')
    }
    this.#iterated = true
    const iterator: AsyncIterableIterator<M, undefined> = {
      next: () => this.#next(),
      return: async () => {
        await this.#owner.onReturn()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  #next(): Promise<IteratorResult<M, undefined>> {
    if (this.#queue.length > 0) return Promise.resolve({ done: false, value: this.#queue.shift() as M })
    if (!this.#ended) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
    if (!this.#failed) return Promise.resolve({ done: true, value: undefined })
    // It is thrown once; behind it the iterator is at its end, as any.
    this.#failed = false
    return Promise.reject(this.#error)
  }

  // End

  /** Nothing more is put. What is queued is still read, then the loop ends. */
  end(): void {
    this.#ended = true
    for (const { resolve } of this.#waiting.splice(0)) resolve({ done: true, value: undefined })
  }

  /** Nothing more is put, and the loop throws `error`: behind what is queued. */
  fail(error: unknown): void {
    if (this.#ended) return
    const [first, ...others] = this.#waiting.splice(0)
    this.#ended = true
    if (first === undefined) {
      this.#failed = true
      this.#error = error
    } else first.reject(error)
    for (const { resolve } of others) resolve({ done: true, value: undefined })
  }

  /** What is queued is not read any more. */
  clear(): void {
    this.#queue.clear()
    this.#failed = false
  }
}

function drain<M>(inbox: MessageQueue<M>): void {
  inbox.drain()
}
