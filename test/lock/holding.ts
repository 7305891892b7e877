import { afterEach, expect } from 'vitest'
import { LockError, type LockReason, Redis, type RedisOptions } from '../../src/index.js'
import type { Server } from '../servers/servers.mjs'
import { useServer } from '../servers/vitest.js'

/** Helpers for the tests of locks on one server. */
export interface Holding {
  readonly server: () => Server
  /** Returns a client, which is destroyed at the end of the test. */
  connect(options?: RedisOptions): Redis
  /** Returns a client and the name of a free lock. */
  free(): { redis: Redis; name: string }
  /** Gives the key to another holder, as if the lock had expired. */
  steal(name: string): Promise<void>
  /** Resolves with the number of commands of this name that the server ran meanwhile. */
  countCalls(command: string, during: () => Promise<unknown>): Promise<number>
}

/** Starts a server for the locks of this file. */
export function useHolding(): Holding {
  const server = useServer()
  const clients: Redis[] = []
  let names = 0
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy()
  })
  const connect = (options: RedisOptions = {}) => {
    const redis = new Redis({ port: server().port, ...options })
    redis.on('error', () => {})
    clients.push(redis)
    return redis
  }
  const count = async (command: string) => {
    const info = String(await server().command('INFO', 'commandstats'))
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(info)?.[1] ?? 0)
  }
  return {
    server,
    connect,
    free: () => ({ redis: connect(), name: `lock:${++names}` }),
    steal: async name => {
      await server().command('SET', name, 'somebody else')
    },
    countCalls: async (command, during) => {
      const before = await count(command)
      await during()
      return (await count(command)) - before
    },
  }
}

/** Resolves with the error class and the reason of a rejected call. */
export async function refusal(promise: Promise<unknown>): Promise<[type: string, reason: LockReason]> {
  const error = await promise.then(
    () => Promise.reject(new Error('it was not refused')),
    error => error,
  )
  expect(error).toBeInstanceOf(LockError)
  return [error.name, error.reason]
}
