/**
 * Replaces the four things that the client takes from its environment by virtual ones: timers and the clock (the client reads
 * them from Node when it is loaded), randomness, and sockets (src/connection/dial.ts).
 */
import crypto from 'node:crypto'
import net from 'node:net'
import path from 'node:path'
import timers from 'node:timers'
import type * as Client from '../../../src/index.js'
import type { Loop, Timer } from './loop.js'
import type { Network } from './network.js'
import type { Random } from './random.js'

export type ClientModule = typeof Client

/** The virtual environment of a run. */
export interface World {
  readonly loop: Loop
  readonly network: Network
  readonly random: Random
  readonly onWarning: (text: string) => void
}

let current: World | undefined

function world(): World {
  if (current === undefined) throw new Error('The client used a timer, the clock or a socket while no simulation runs.')
  return current
}

type Callback = (...args: unknown[]) => void

function bound(callback: Callback, args: unknown[]): () => void {
  return args.length === 0 ? callback : () => callback(...args)
}

const virtual = {
  setTimeout: (callback: Callback, ms = 1, ...args: unknown[]): Timer =>
    world().loop.setTimer(bound(callback, args), ms, false, true),
  setInterval: (callback: Callback, ms = 1, ...args: unknown[]): Timer =>
    world().loop.setTimer(bound(callback, args), ms, true, true),
  setImmediate: (callback: Callback, ...args: unknown[]): void => world().loop.setImmediate(bound(callback, args)),
  clearTimeout: (timer: Timer | undefined): void => {
    if (timer !== undefined) timer.active = false
  },
  clearInterval: (timer: Timer | undefined): void => {
    if (timer !== undefined) timer.active = false
  },
}

const clock = { now: (): number => world().loop.read(), timeOrigin: 0 }

/** Replaces sockets, randomness and `Date.now`, which the client reads at each use, for the whole life of this process. */
export function replaceEnvironment(): void {
  Object.assign(net, { connect: (options: never) => world().network.dial(options) })
  Object.assign(crypto, { randomBytes: (length: number) => world().random.bytes(length) })
  Math.random = () => world().random.float()
  Date.now = () => Math.trunc(world().loop.now)
  process.emitWarning = (warning: string | Error) => world().onWarning(String(warning))
}

/** Loads a fresh instance of the client from a folder of compiled sources. Its timers and its clock are virtual. */
export function loadClient(folder: string): ClientModule {
  const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval } = timers
  const { performance } = globalThis
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(folder + path.sep) || file.includes('generic-pool')) delete require.cache[file]
  }
  Object.assign(timers, virtual)
  Object.defineProperty(globalThis, 'performance', { value: clock, configurable: true, writable: true })
  try {
    return require(path.join(folder, 'index.js')) as ClientModule
  } finally {
    Object.assign(timers, { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval })
    Object.defineProperty(globalThis, 'performance', { value: performance, configurable: true, writable: true })
  }
}

/** Connects all loaded clients to the world of a run; undefined disconnects them. */
export function connectClientsTo(next: World | undefined): void {
  current = next
}
