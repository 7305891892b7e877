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

/** The kinds of calls that take a signal. */
const KINDS: Readonly<Record<string, (redis: Redis, signal: AbortSignal, i: number) => Promise<unknown>>> = {
  commands: (redis, signal) => redis.with({ signal }).get('k'),
  pipelines: (redis, signal) => redis.with({ signal }).pipeline().get('k').get('k').exec(),
  transactions: (redis, signal) => redis.with({ signal }).multi().get('k').exec(),
  'blocking commands': (redis, signal) => redis.with({ signal }).blpop('none', 0.01),
  sessions: (redis, signal) => redis.session(session => session.get('k'), { signal }),
  'optimistic transactions': (redis, signal) => redis.with({ signal }).transaction('k', session => session.get('k')),
  locks: (redis, signal, i) => redis.lock(`of its own ${i}`, { ttl: 5_000 }).using(() => {}, { signal }),
  'waits for one lock': (redis, signal) => redis.lock('wanted', { ttl: 5_000 }).using(() => {}, { signal }),
  subscriptions: async (redis, signal, i) => {
    const subscription = await redis.subscribe(`channel ${i}`, () => {}, { signal })
    await subscription.unsubscribe()
  },
}

describe('signals that many calls share', () => {
  test.each(Object.entries(KINDS))(
    'a signal has at most one listener for 25 %s, and none afterwards',
    async (_, call) => {
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
    },
  )

  test('an abort ends at once a pipeline that is retried while the server loads', async () => {
    const fake = await FakeRedis.start({
      script: ([name]) => (name === 'GET' ? resp.error('LOADING Redis is loading the dataset in memory') : undefined),
    })
    const redis = new Redis({ port: fake.port })
    clients.push(redis)
    const controller = new AbortController()
    const running = redis.with({ signal: controller.signal }).pipeline().get('a').exec()
    running.catch(() => {})
    // The pause before the next try is at least 400 ms.
    await fake.untilReceived('GET', 6)
    await until(() => redis.stats.inflight === 0)
    controller.abort(new Error('given up'))
    const pause = new Promise(resolve => setTimeout(resolve, 200))
    await expect(Promise.race([running, pause])).rejects.toThrow('given up')
    expect(fake.received('GET')).toHaveLength(6)
    expect(listeners(controller.signal)).toBe(0)
    await fake.stop()
  })

  test('a signal keeps no memory of locks that were used with it', async () => {
    const redis = connect()
    const { signal } = new AbortController()
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => redis.lock(`used ${i}`, { ttl: 10_000 }).using(() => {}, { signal })),
    )
    // AbortSignal.any() adds each new signal to a set of its source signal, and Node does not remove it.
    const sets = Object.getOwnPropertySymbols(signal).map(name => Reflect.get(signal, name))
    expect(sets.filter(each => each?.size > 0)).toEqual([])
  })

  test('the function of using() gets an abort of the signal, and the loss of the lock', async () => {
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
