/** Events with typed names. A handler runs in the async context of its subscription. */
import { AsyncResource } from 'node:async_hooks'
import { knownNames } from '../commands/core/check-options.js'
import { DataError } from '../errors/errors.js'
import { asError } from './handler-errors.js'

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

  /** `failed` is called with the error that a handler threw or rejected with. */
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
    // A copy, because an emit that is under way still iterates over the old list.
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
        if (isThenable(result)) Promise.resolve(result).catch(error => this.#onHandlerError(name, error))
      } catch (error) {
        this.#onHandlerError(name, error)
      }
    }
  }

  /** The error of a listener of `error` is a warning, because emitting it would call the same listener again without end. */
  #onHandlerError(name: keyof E, thrown: unknown): void {
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

/** An unknown event name is a mistake: its handler would never be called. */
function noEvent(name: string, names: readonly string[]): DataError {
  const hint = /message/.test(name) ? ' Read messages from the result of subscribe(), or pass a handler to it.' : ''
  return new DataError(`There is no event ${name}: ${knownNames(names)}.${hint}`)
}

/** Whether a handler of the user returned a promise, of this or another realm. May throw if `then` is a getter. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function'
}

interface ErrorEmitter {
  has(name: 'error'): boolean
  emit(name: 'error', error: Error): void
}

const warned = new WeakSet<object>()

/**
 * Emits `error` to the listeners of the event. Without a listener, the first error is a warning of the process, unless it was
 * `reported` elsewhere.
 */
export function report(events: ErrorEmitter, error: Error, reported = false): void {
  if (events.has('error')) {
    events.emit('error', error)
    return
  }
  if (reported || warned.has(events)) return
  warned.add(events)
  process.emitWarning(`${error.message} (Shown once. Add an 'error' listener to see all errors.)`, 'RespireWarning')
}
