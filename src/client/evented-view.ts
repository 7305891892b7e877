import type { ReplyFormat } from '../commands/core/reply-format.js'
import type { Events } from '../connection/events.js'
import type { CloseOptions } from './close-options.js'
import type { Engine } from './engine.js'
import { View } from './view.js'

/** A client that emits events and can be closed. `E` maps the name of each event to the arguments of its handlers. */
export abstract class EventedView<E extends { [K in keyof E]: readonly unknown[] }> extends View {
  readonly #events: Events<E>

  constructor(engine: Engine, shape: ReplyFormat, events: Events<E>) {
    super(engine, shape)
    this.#events = events
  }

  abstract close(options?: CloseOptions): Promise<void>

  /** Closes the client as `close()` does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Returns the client. `handler` is called each time that the event is emitted. */
  on<K extends keyof E>(name: K, handler: (...args: E[K]) => void): this {
    this.#events.on(name, handler)
    return this
  }

  /** Returns the client. `handler` is called the next time that the event is emitted. */
  once<K extends keyof E>(name: K, handler: (...args: E[K]) => void): this {
    this.#events.once(name, handler)
    return this
  }

  /** Returns the client. `handler` is not called any more. */
  off<K extends keyof E>(name: K, handler: (...args: E[K]) => void): this {
    this.#events.off(name, handler)
    return this
  }
}
