import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import type { RedisOptions } from '../../../src/connection/options/options.js'
import { until } from '../../rig/conditions.js'
import { FakeRedis, resp } from '../../rig/fake-redis.js'

const clients: Redis[] = []
const fakes: FakeRedis[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  for (const fake of fakes.splice(0)) await fake.stop()
})

/** A server that resets each connection while it is not `open`. */
async function start(options: RedisOptions): Promise<{ redis: Redis; door: { open: boolean; knocks: number } }> {
  const door = { open: true, knocks: 0 }
  const fake = await FakeRedis.start({
    script: argv => (argv[0] === 'GET' ? resp.bulk('v') : undefined),
    onConnection: connection => {
      door.knocks++
      if (!door.open) connection.reset()
    },
  })
  fakes.push(fake)
  const redis = new Redis({ port: fake.port, commandTimeout: 0, reconnect: { min: 1, max: 5 }, ...options })
  redis.on('error', () => {})
  clients.push(redis)
  return { redis, door }
}

describe('the option queue.offline: false', () => {
  const offline = { queue: { offline: false } }

  test('with queue.offline: false a call waits for the first attempt to connect', async () => {
    const { redis } = await start(offline)
    expect(await Promise.all([redis.get('a'), redis.get('b')])).toEqual(['v', 'v'])
  })

  test('with queue.offline: false waiting calls reject when the first attempt fails, and later calls at once', async () => {
    const { redis, door } = await start({ ...offline, reconnect: { min: 10_000 } })
    door.open = false
    const results = await Promise.allSettled([redis.get('a'), redis.set('b', 'v')])
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { name: 'ConnectionError', outcome: 'not sent' } })
    }
    // Without a deadline, and 10 s before the next attempt.
    await expect(redis.get('a')).rejects.toMatchObject({
      name: 'ConnectionError',
      outcome: 'not sent',
      message: expect.stringContaining('queue.offline is false'),
    })
    expect(door.knocks).toBe(1)
    await redis.close()
  })

  test('with queue.offline: false a rejected call starts an attempt to reconnect', async () => {
    const { redis, door } = await start(offline)
    door.open = false
    await redis.get('a').catch(() => {})
    door.open = true
    let value: string | null = null
    await until(
      async () => {
        value = await redis.get('a').catch(() => null)
        return value === 'v'
      },
      { what: 'the connection' },
    )
    expect(value).toBe('v')
  })
})
