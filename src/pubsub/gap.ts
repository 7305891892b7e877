import { performance } from '../commands/core/timers.js'
import type { RedisError } from '../errors/errors.js'

/**
 * A time in which messages may have been missed: the server keeps no messages for a subscriber that is not connected. The
 * argument of the event `gap`.
 */
export interface Gap<T extends string | Buffer = string> {
  /** The channels and patterns whose messages may have been missed. */
  readonly channels: readonly T[]
  /**
   * The start, ms since the epoch: when the last byte before the loss arrived; for a slot that moved, when the last message
   * of the channel arrived.
   */
  readonly from: number
  /** The end, ms since the epoch: when the server had confirmed all of `channels` again. */
  readonly to: number
  /** Why the subscription was interrupted. */
  readonly cause: RedisError
}

/** Topics that are lost and not yet confirmed again. They make one gap, which is complete when all of them are back. */
export class OpenGap<T extends string | Buffer> {
  readonly #lost = new Map<object, T>()
  readonly #confirmed = new Map<object, T>()
  #from = 0
  #to = 0
  #cause: RedisError | undefined

  add(topic: object, name: T, from: number, cause: RedisError): void {
    if (this.#cause === undefined) {
      this.#from = from
      this.#cause = cause
    }
    this.#confirmed.delete(topic)
    this.#lost.set(topic, name)
  }

  /** The server has confirmed `topic` again. Returns the gap if `topic` was the last lost one. */
  confirm(topic: object, to: number): Gap<T> | undefined {
    const name = this.#lost.get(topic)
    if (name === undefined) return undefined
    this.#lost.delete(topic)
    this.#confirmed.set(topic, name)
    this.#to = to
    return this.#closeIfComplete()
  }

  /** `topic` was unsubscribed. Returns the gap if `topic` was the last lost one. */
  remove(topic: object): Gap<T> | undefined {
    this.#confirmed.delete(topic)
    return this.#lost.delete(topic) ? this.#closeIfComplete() : undefined
  }

  #closeIfComplete(): Gap<T> | undefined {
    if (this.#lost.size > 0 || this.#cause === undefined) return undefined
    const cause = this.#cause
    const channels = [...this.#confirmed.values()]
    this.#confirmed.clear()
    this.#cause = undefined
    return channels.length === 0 ? undefined : { channels, from: this.#from, to: this.#to, cause }
  }
}

/** Returns `time`, which is a time of `performance.now()`, in ms since the epoch. */
export function sinceEpoch(time: number): number {
  return performance.timeOrigin + time
}
