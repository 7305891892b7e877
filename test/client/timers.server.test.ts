import { afterEach, describe, expect, test, vi } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { until } from '../rig/conditions.js'
import { useCluster, useServer } from '../servers/vitest.js'

const server = useServer()
const cluster = useCluster()
const clients: (Redis | RedisCluster)[] = []

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  for (const client of clients.splice(0)) client.destroy()
})

function connect(): Redis {
  const redis = new Redis({ port: server().port, pool: { idleTimeout: 40 } })
  clients.push(redis)
  return redis
}

/** Makes one call of each kind that needs a timer, a tick or the clock. */
async function useAll(redis: Redis | RedisCluster): Promise<void> {
  await redis.set('k', 'v')
  expect(await redis.pipeline().get('k').exec()).toEqual(['v'])
  const subscription = await redis.subscribe('channel')
  await redis.publish('channel', 'message')
  for await (const { message } of subscription) {
    expect(message).toBe('message')
    break
  }
  expect(await redis.blpop('none', 0.02)).toBeNull()
  expect(await redis.session(session => session.get('k'))).toBe('v')
  await redis.lock('job', { ttl: 5_000, autoExtend: true }).using(async () => {
    await expect(redis.lock('job', { ttl: 5_000, wait: 30 }).acquire()).rejects.toMatchObject({
      reason: 'not acquired',
    })
  })
  await expect(redis.with({ timeout: 30 }).blpop('none', 0)).rejects.toThrow(/timed out|no reply|within/i)
  for await (const _ of redis.scan()) break
}

describe('replaced global timers', () => {
  test.each([
    ['one server', connect],
    ['a cluster', () => new RedisCluster(cluster().nodes.map(({ url }) => url))],
  ])('fake timers that never fire do not stop the client of %s', async (_, make) => {
    vi.useFakeTimers({
      toFake: [
        ...(['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] as const),
        ...(['queueMicrotask', 'performance', 'Date'] as const),
      ],
    })
    const redis = make()
    clients.push(redis)
    await useAll(redis)
    expect(vi.getTimerCount()).toBe(0)
    await redis.close()
  })

  test.each([
    ['one server', connect],
    ['a cluster', () => new RedisCluster(cluster().nodes.map(({ url }) => url))],
  ])('timers that are numbers, as in a browser, work for the client of %s', async (_, make) => {
    const timers = new Map<number, NodeJS.Timeout>()
    for (const name of ['setTimeout', 'setInterval'] as const) {
      const real = globalThis[name]
      vi.stubGlobal(name, (callback: () => void, ms: number) => {
        timers.set(timers.size + 1, real(callback, ms))
        return timers.size
      })
    }
    for (const name of ['clearTimeout', 'clearInterval'] as const) {
      const real = globalThis[name]
      vi.stubGlobal(name, (timer: number) => real(timers.get(timer)))
    }
    const redis = make()
    clients.push(redis)
    await useAll(redis)
    await redis.close()
  })

  test('idle connections are closed down to pool.min while sessions use the pool', async () => {
    const redis = new Redis({ port: server().port, pool: { idleTimeout: 40, min: 1 } })
    clients.push(redis)
    await redis.ping()
    await Promise.all(Array.from({ length: 5 }, () => redis.session(session => session.get('k'))))
    expect(redis.pool.size).toBe(5)
    await until(() => redis.pool.size === 1)
    // No session waits for a connection that the pool is checking.
    for (let i = 0; i < 50; i++) {
      await redis.session(session => session.ping())
      await new Promise(resolve => setTimeout(resolve, i % 5))
    }
    await until(() => redis.pool.size === 1 && redis.pool.lent === 0)
  })
})
