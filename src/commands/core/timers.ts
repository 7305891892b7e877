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

const root = new AsyncResource('RESPIRE')

/**
 * Runs `fn` in the async context in which this module was loaded. Sockets and timers live longer than the request that
 * first needed them, so they must not keep or pass on its AsyncLocalStorage stores.
 */
export function detached<T>(fn: () => T): T {
  return root.runInAsyncScope(fn)
}

/**
 * Calls `fn` once after `ms`. Infinity sets no timer. A time beyond the limit of timers is reduced to the limit: a caller
 * with such times must check the clock when it is called.
 */
export function setTimer(ms: number, fn: () => void): NodeJS.Timeout | undefined {
  if (ms === Number.POSITIVE_INFINITY) return undefined
  return detached(() => setTimeout(fn, Math.min(Math.ceil(ms), LONGEST_TIMER)))
}

/** Calls `fn` every `ms`, without keeping the process alive. 0, and a time beyond the limit of timers, mean never. */
export function setRepeatingTimer(ms: number, fn: () => void): NodeJS.Timeout | undefined {
  if (ms <= 0 || ms >= LONGEST_TIMER) return undefined
  return detached(() => setInterval(fn, ms).unref())
}

/** Resolves after `ms` milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise(resolve => void setTimer(ms, resolve))
}

/** A random time between `least` (a fraction of `ms`) and `ms`, so that clients that wait for the same event spread out. */
export function jittered(ms: number, least = 0): number {
  return ms * (least + Math.random() * (1 - least))
}

/**
 * The pause before attempt number `attempt`, counted from 0: a random time up to a bound that doubles from `first` to
 * `longest`, and at least `least`, a fraction of the bound.
 */
export function backoffDelay(attempt: number, first: number, longest: number, least = 0): number {
  return jittered(Math.min(longest, first * 2 ** Math.min(attempt, 30)), least)
}
