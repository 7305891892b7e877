import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { LockNotOwnedError } from '../../src/errors/errors.js'
import { until } from '../rig/conditions.js'
import { FakeRedis, resp } from '../rig/fake-redis.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()
const clients: Redis[] = []

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
})

function connect(): Redis {
  const redis = new Redis({ port: server().port, pool: { max: 30 } })
  clients.push(redis)
  return redis
}

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

/** What can be given a signal. */
const KINDS: Readonly<Record<string, (redis: Redis, signal: AbortSignal, i: number) => Promise<unknown>>> = {
  commands: (redis, signal) => redis.with({ signal }).get('k'),
  pipelines: (redis, signal) => redis.with({ signal }).pipeline().get('k').get('k').exec(),
  transactions: (redis, signal) => redis.with({ signal }).multi().get('k').exec(),
  'blocking commands': (redis, signal) => redis.with({ signal }).blpop('none', 0.01),
  sessions: (redis, signal) => redis.session(session => session.get('k'), { signal }),
  'optimistic transactions': (redis, signal) => redis.with({ signal }).transaction('k', session => session.get('k')),
  locks: (redis, signal, i) => redis.lock(`of its own ${i}`, { ttl: 5_000 }).using(() => {}, { signal }),
  'locks that are waited for': (redis, signal) => redis.lock('wanted', { ttl: 5_000 }).using(() => {}, { signal }),
  subscriptions: async (redis, signal, i) => {
    const subscription = await redis.subscribe(`channel ${i}`, () => {}, { signal })
    await subscription.unsubscribe()
  },
}

describe('a signal that many calls share', () => {
  test.each(Object.entries(KINDS))('has one listener for 25 %s at most, and none afterwards', async (_, call) => {
    const redis = connect()
    const { signal } = new AbortController()
    const calls: Promise<unknown>[] = []
    let most = 0
    const add = signal.addEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      add(...args)
      most = Math.max(most, listeners(signal))
    }
    for (let i = 0; i < 25; i++) calls.push(call(redis, signal, i))
    await Promise.all(calls)
    expect(most).toBe(1)
    expect(listeners(signal)).toBe(0)
  })

  test('ends a pipeline at once that waits until the server is ready', async () => {
    const fake = await FakeRedis.start({
      script: ([name]) => (name === 'GET' ? resp.error('LOADING Redis is loading the dataset in memory') : undefined),
    })
    const redis = new Redis({ port: fake.port })
    clients.push(redis)
    const controller = new AbortController()
    const running = redis.with({ signal: controller.signal }).pipeline().get('a').exec()
    running.catch(() => {})
    // The pause after this refusal is 400 ms at least.
    await fake.untilReceived('GET', 6)
    await until(() => redis.stats.inflight === 0)
    controller.abort(new Error('given up'))
    const pause = new Promise(resolve => setTimeout(resolve, 200))
    await expect(Promise.race([running, pause])).rejects.toThrow('given up')
    expect(fake.received('GET')).toHaveLength(6)
    expect(listeners(controller.signal)).toBe(0)
    await fake.stop()
  })

  test('keeps nothing of a lock that was used', async () => {
    const redis = connect()
    const { signal } = new AbortController()
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => redis.lock(`used ${i}`, { ttl: 10_000 }).using(() => {}, { signal })),
    )
    // AbortSignal.any() enters the signals that it makes in a set of the one that they follow, and Node leaves them there.
    const sets = Object.getOwnPropertySymbols(signal).map(name => Reflect.get(signal, name))
    expect(sets.filter(each => each?.size > 0)).toEqual([])
  })

  test('reaches the function that holds a lock, as the loss of the lock does', async () => {
    const redis = connect()
    const controller = new AbortController()
    const aborted = redis.lock('held', { ttl: 60_000 }).using(
      async held => {
        controller.abort(new Error('given up'))
        expect(held.aborted).toBe(true)
        held.throwIfAborted()
      },
      { signal: controller.signal },
    )
    await expect(aborted).rejects.toThrow('given up')
    const lost = redis.lock('lost', { ttl: 60_000 }).using(
      async (held, lock) => {
        await redis.flushdb()
        expect(await lock.owned()).toBe(false)
        expect(held.reason).toBeInstanceOf(LockNotOwnedError)
      },
      { signal: new AbortController().signal },
    )
    await expect(lost).rejects.toThrow(LockNotOwnedError)
  })
})
