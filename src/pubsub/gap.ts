import { performance } from '../commands/core/timers.js'
import type { RedisError } from '../errors/errors.js'

/** Messages may have been missed: the server keeps none for a subscriber that is away. */
export interface Gap<T extends string | Buffer = string> {
  /** The channels and patterns that it concerns. */
  readonly channels: readonly T[]
  /** When the last byte was heard before the loss, ms since the epoch; of a slot that moved, the channel's last message. */
  readonly from: number
  /** When the last of `channels` was confirmed again, ms since the epoch. */
  readonly to: number
  /** Why. */
  readonly cause: RedisError
}

/** What is lost and not yet back; a gap is told once all of it is. */
export class Outage<T extends string | Buffer> {
  readonly #lost = new Map<object, T>()
  readonly #back = new Map<object, T>()
  #from = 0
  #to = 0
  #cause: RedisError | undefined

  lose(topic: object, name: T, from: number, cause: RedisError): void {
    if (this.#cause === undefined) {
      this.#from = from
      this.#cause = cause
    }
    this.#back.delete(topic)
    this.#lost.set(topic, name)
  }

  /** `topic` is confirmed again. Returns the gap if it was the last one. */
  regain(topic: object, to: number): Gap<T> | undefined {
    const name = this.#lost.get(topic)
    if (name === undefined) return undefined
    this.#lost.delete(topic)
    this.#back.set(topic, name)
    this.#to = to
    return this.#whole()
  }

  /** `topic` is not wanted any more. */
  forget(topic: object): Gap<T> | undefined {
    this.#back.delete(topic)
    return this.#lost.delete(topic) ? this.#whole() : undefined
  }

  #whole(): Gap<T> | undefined {
    if (this.#lost.size > 0 || this.#cause === undefined) return undefined
    const cause = this.#cause
    const channels = [...this.#back.values()]
    this.#back.clear()
    this.#cause = undefined
    return channels.length === 0 ? undefined : { channels, from: this.#from, to: this.#to, cause }
  }
}

/** A time of `performance.now()` in ms since the epoch. */
export function sinceEpoch(time: number): number {
  return performance.timeOrigin + time
}
