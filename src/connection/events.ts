/** Events with typed names. A handler runs in the async context of who subscribed. */
import { AsyncResource } from 'node:async_hooks'
import { types } from 'node:util'
import { DataError, RedisError } from '../errors/errors.js'

type Handler<A extends readonly unknown[]> = (...args: A) => void

interface Listener {
  readonly handler: Handler<never>
  readonly bound: Handler<unknown[]>
  readonly once: boolean
}

/** `Events` maps each name to the arguments of its handlers. */
export class Events<E extends { [K in keyof E]: readonly unknown[] }> {
  readonly #listeners = new Map<keyof E, Listener[]>()
  readonly #names: Readonly<Record<keyof E, true>>
  readonly #failed: (error: Error) => void

  /** `failed` is called with what a handler threw or rejected with. */
  constructor(names: Readonly<Record<keyof E, true>>, failed: (error: Error) => void) {
    this.#names = names
    this.#failed = failed
  }

  on<K extends keyof E>(name: K, handler: Handler<E[K]>): void {
    this.#add(name, handler, false)
  }

  once<K extends keyof E>(name: K, handler: Handler<E[K]>): void {
    this.#add(name, handler, true)
  }

  off<K extends keyof E>(name: K, handler: Handler<E[K]>): void {
    const listeners = this.#listeners.get(name)
    const index = listeners?.findIndex(each => each.handler === handler) ?? -1
    // A copy: an emit that is under way goes on over the old list.
    if (index >= 0) this.#listeners.set(name, listeners?.toSpliced(index, 1) ?? [])
  }

  has(name: keyof E): boolean {
    return (this.#listeners.get(name)?.length ?? 0) > 0
  }

  emit<K extends keyof E>(name: K, ...args: E[K]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      if (listener.once) this.off(name, listener.handler as Handler<E[K]>)
      try {
        const result: unknown = listener.bound(...args)
        if (isThenable(result)) Promise.resolve(result).catch(error => this.#trouble(name, error))
      } catch (error) {
        this.#trouble(name, error)
      }
    }
  }

  /** A listener of `error` that fails would be told of its own failure for ever. */
  #trouble(name: keyof E, thrown: unknown): void {
    const error = asError(thrown)
    if (name !== 'error') this.#failed(error)
    else process.emitWarning(`A listener of 'error' failed: ${error.message}`, 'RespireWarning')
  }

  #add<K extends keyof E>(name: K, handler: Handler<E[K]>, once: boolean): void {
    if (!Object.hasOwn(this.#names, name)) throw noEvent(String(name), Object.keys(this.#names))
    if (typeof handler !== 'function') throw new TypeError(`The handler of ${String(name)} must be a function.`)
    const bound = AsyncResource.bind(handler as unknown as Handler<unknown[]>)
    this.#listeners.set(name, [
      ...(this.#listeners.get(name) ?? []),
      { handler: handler as unknown as Handler<never>, bound, once },
    ])
  }
}

/** A name that is not told of would be waited for in vain. */
function noEvent(name: string, names: readonly string[]): DataError {
  const message = /message/.test(name) ? ' Messages are read from what subscribe() gives, or by its handler.' : ''
  return new DataError(`There is no event ${name}: known are ${names.join(', ')}.${message}`)
}

/** Whether a handler of the user returned a promise, its own realm's or another one's. May throw where `then` is a getter. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function'
}

/** What code of the user threw, as the Error that an `error` event carries. One that is none is the `cause` of a RedisError. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error || types.isNativeError(thrown)) return thrown
  const found = thrown === null ? 'null' : typeof thrown === 'object' ? 'an object' : `of type ${typeof thrown}`
  return new RedisError(`A handler threw what is no Error, but ${found}: see the cause.`, { cause: thrown })
}

interface Troubled {
  has(name: 'error'): boolean
  emit(name: 'error', error: Error): void
}

const warned = new WeakSet<object>()

/**
 * Trouble goes to the listeners of `error`; without any, the first is a warning of the process, unless somebody `heard` of it
 * elsewhere.
 */
export function report(events: Troubled, error: Error, heard = false): void {
  if (events.has('error')) {
    events.emit('error', error)
    return
  }
  if (heard || warned.has(events)) return
  warned.add(events)
  process.emitWarning(`${error.message} (This is told once; listen to 'error' to hear of all.)`, 'RespireWarning')
}
