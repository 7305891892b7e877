import { AsyncResource } from 'node:async_hooks'

const root = new AsyncResource('RESPIRE')

/**
 * Runs `fn` in the async context in which this module was loaded. Sockets and timers live longer than the request that
 * happened to need them first: they must not hold, or hand on, its AsyncLocalStorage stores.
 */
export function outside<T>(fn: () => T): T {
  return root.runInAsyncScope(fn)
}
