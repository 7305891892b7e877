import type { ReplyFormat } from '../commands/core/reply-format.js'
import type { Events } from '../connection/events.js'
import type { Gap } from '../pubsub/gap.js'
import type { CloseOptions } from './close-options.js'
import type { Engine } from './engine.js'
import { type OWNERS, rejectMisplaced } from './session-methods.js'
import { View } from './view.js'

/** The events that every client emits, with the same arguments. */
interface CommonEvents {
  ready: []
  close: []
  gap: [gap: Gap]
  error: [error: Error]
}

/**
 * A client that emits events and can be closed. `E` maps the name of each event to the arguments of its handlers. The common
 * events have signatures of their own, because TypeScript cannot call a union of generic ones: `on` of `Redis | RedisCluster`.
 */
export abstract class EventedView<E extends CommonEvents & { [K in keyof E]: readonly unknown[] }> extends View {
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
  on(name: 'error', handler: (error: Error) => void): this
  on(name: 'gap', handler: (gap: Gap) => void): this
  on(name: 'ready' | 'close', handler: () => void): this
  on<K extends keyof E>(name: K, handler: (...args: E[K]) => void): this
  on<K extends keyof E>(name: K, handler: (...args: E[K]) => void): this {
    this.#events.on(name, handler)
    return this
  }

  /** Returns the client. `handler` is called the next time that the event is emitted. */
  once(name: 'error', handler: (error: Error) => void): this
  once(name: 'gap', handler: (gap: Gap) => void): this
  once(name: 'ready' | 'close', handler: () => void): this
  once<K extends keyof E>(name: K, handler: (...args: E[K]) => void): this
  once<K extends keyof E>(name: K, handler: (...args: E[K]) => void): this {
    this.#events.once(name, handler)
    return this
  }

  /** Returns the client. `handler` is not called any more. */
  off(name: 'error', handler: (error: Error) => void): this
  off(name: 'gap', handler: (gap: Gap) => void): this
  off(name: 'ready' | 'close', handler: () => void): this
  off<K extends keyof E>(name: K, handler: (...args: E[K]) => void): this
  off<K extends keyof E>(name: K, handler: (...args: E[K]) => void): this {
    this.#events.off(name, handler)
    return this
  }

  /** Always rejects with DataError: a client has no such method. @deprecated */
  watch(_: (typeof OWNERS)['watch']): Promise<never> {
    return rejectMisplaced('watch')
  }

  /** Always rejects with DataError: a client has no such method. @deprecated */
  unwatch(_: (typeof OWNERS)['unwatch']): Promise<never> {
    return rejectMisplaced('unwatch')
  }

  /** Always rejects with DataError: a client has no such method. @deprecated */
  select(_: (typeof OWNERS)['select']): Promise<never> {
    return rejectMisplaced('select')
  }

  /** Always rejects with DataError: a client has no such method. @deprecated */
  exec(_: (typeof OWNERS)['exec']): Promise<never> {
    return rejectMisplaced('exec')
  }

  /** Always rejects with DataError: a client has no such method. @deprecated */
  discard(_: (typeof OWNERS)['discard']): Promise<never> {
    return rejectMisplaced('discard')
  }
}
