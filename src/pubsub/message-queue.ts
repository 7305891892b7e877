/**
 * The bounded queue of a subscription and its one reader: a handler, or an iterator.
 *
 *   put ──▸ [ oldest … newest ] ──▸ handler, one at a time      or  next() ──▸ for await
 *              maxQueue
 *
 * The messages of one read of the socket are handed to the handler together, in the next tick. So a handler that returns
 * nothing costs no promise, and code of the user never interrupts the reader.
 */
import { AsyncResource } from 'node:async_hooks'
import Denque from 'denque'
import { nextTick } from '../commands/core/timers.js'
import { isThenable } from '../connection/events.js'
import type { PubSubError } from '../errors/errors.js'
import { handlerReads, iteratedTwice, messageQueueFull } from './pubsub-errors.js'
import type { SubscribeOptions, WhenFull } from './subscribe-arguments.js'

export interface MessageQueueOwner {
  /** The queue is full and its policy ends the subscription: no more messages are queued. */
  onFull(error: PubSubError | undefined): void
  /** A handler threw or rejected. */
  onFailure(error: unknown): void
  /** The loop was left. Resolves when no more messages will arrive. */
  onReturn(): Promise<void>
}

interface PendingNext<M> {
  resolve(result: IteratorResult<M, undefined>): void
  reject(error: unknown): void
}

const IDLE = 0
/** The handler is called in the next tick. */
const SCHEDULED = 1
/** The handler runs, or its promise is pending. */
const BUSY = 2

export class MessageQueue<M> {
  readonly #owner: MessageQueueOwner
  readonly #handler: ((item: M) => unknown) | undefined
  /** The async context of the subscribe call: the handler runs in it, and not in the context of the socket. */
  readonly #context: AsyncResource | undefined
  readonly #maxQueue: number
  readonly #whenFull: WhenFull
  readonly #queue = new Denque<M>()
  readonly #pendingNexts: PendingNext<M>[] = []
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
    if (this.#pendingNexts.length > 0) {
      this.#pendingNexts.shift()?.resolve({ done: false, value: item })
      return
    }
    if (this.#queue.length >= this.#maxQueue && !this.#makeRoom()) return
    this.#queue.push(item)
    if (this.#state === IDLE && this.#handler !== undefined) {
      this.#state = SCHEDULED
      nextTick(drain, this)
    }
  }

  /** Makes room for one item. Returns false if the new item is dropped instead. */
  #makeRoom(): boolean {
    // The handler is not slow, it was not called yet: one read brought more messages than the queue holds.
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
        this.#owner.onFull(messageQueueFull(this.#maxQueue))
        return false
    }
  }

  // Handler

  /** Hands the queued items to the handler, in the async context of the subscribe call. */
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
          // A foreign thenable may settle synchronously, or twice.
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

  /** Returns the only iterator. Throws PubSubError if there is another one, or a handler. */
  iterate(): AsyncIterableIterator<M, undefined> {
    if (this.#handler !== undefined) throw handlerReads()
    if (this.#iterated) throw iteratedTwice()
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
    if (!this.#ended) return new Promise((resolve, reject) => this.#pendingNexts.push({ resolve, reject }))
    if (!this.#failed) return Promise.resolve({ done: true, value: undefined })
    // The error is thrown once. After that the iterator is done, as any other.
    this.#failed = false
    return Promise.reject(this.#error)
  }

  // End

  /** Accepts no more items. Queued items are still read, then the loop ends. */
  end(): void {
    this.#ended = true
    for (const { resolve } of this.#pendingNexts.splice(0)) resolve({ done: true, value: undefined })
  }

  /** Accepts no more items. After the queued ones the loop throws `error`. */
  fail(error: unknown): void {
    if (this.#ended) return
    const [first, ...others] = this.#pendingNexts.splice(0)
    this.#ended = true
    if (first === undefined) {
      this.#failed = true
      this.#error = error
    } else first.reject(error)
    for (const { resolve } of others) resolve({ done: true, value: undefined })
  }

  /** Drops the queued items. */
  clear(): void {
    this.#queue.clear()
    this.#failed = false
  }
}

function drain<M>(queue: MessageQueue<M>): void {
  queue.drain()
}
