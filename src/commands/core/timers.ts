/**
 * Node's own timers and clock, saved when the package is loaded. The globals of the same names may later be a browser's
 * (Electron, jsdom), whose timers are numbers, or a test's, which stand still. A connection must run on real time in
 * both cases.
 */

import { AsyncResource } from 'node:async_hooks'
import timers from 'node:timers'

// The global `performance`: importing node:perf_hooks loads a dozen modules, which is a tenth of the load time.
const clock = globalThis.performance

export const setTimeout: typeof timers.setTimeout = timers.setTimeout
export const clearTimeout: typeof timers.clearTimeout = timers.clearTimeout
export const setInterval: typeof timers.setInterval = timers.setInterval
export const clearInterval: typeof timers.clearInterval = timers.clearInterval
export const setImmediate: typeof timers.setImmediate = timers.setImmediate
export const nextTick: typeof process.nextTick = process.nextTick
export const queueMicrotask: typeof globalThis.queueMicrotask = globalThis.queueMicrotask

export const performance: { now(): number; readonly timeOrigin: number } = {
  now: clock.now.bind(clock),
  timeOrigin: clock.timeOrigin,
}

/** The longest time that a timer of Node can wait, in ms. A longer one would fire at once. */
export const LONGEST_TIMER = 0x7fffffff

/** Resolves after `ms` milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
const root = new AsyncResource('RESPIRE')

/**
 * Runs `fn` in the async context in which this module was loaded. Sockets and timers live longer than the request that
 * first needed them, so they must not keep or pass on its AsyncLocalStorage stores.
 */
export function detached<T>(fn: () => T): T {
  return root.runInAsyncScope(fn)
}
