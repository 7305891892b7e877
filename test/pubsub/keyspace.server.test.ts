import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import type { RedisOptions } from '../../src/connection/options/options.js'
import { DataError, PubSubError } from '../../src/errors/errors.js'
import type { KeyspaceEvent } from '../../src/pubsub/keyspace.js'
import { until } from '../rig/conditions.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()
const open: Redis[] = []

function client(options: RedisOptions = {}): Redis {
  const redis = new Redis({ port: server().port, ...options })
  open.push(redis)
  return redis
}

const flags = async () =>
  [...(((await server().command('CONFIG', 'GET', 'notify-keyspace-events')) as string[])[1] ?? '')].sort().join('')

beforeEach(() => server().command('CONFIG', 'SET', 'notify-keyspace-events', ''))

afterEach(() => {
  for (const redis of open.splice(0)) redis.destroy()
})

describe('keyspace', () => {
  test('keyspace names the missing flags, or adds them with configure', async () => {
    const redis = client()
    await expect(redis.keyspace()).rejects.toThrow(PubSubError)
    await expect(redis.keyspace({ events: ['expired', 'del'] })).rejects.toThrow(/lacks 'Exg'/)
    await expect(redis.keyspace({ keys: 'a*', events: ['set'] })).rejects.toThrow(/lacks 'K\$'/)
    await redis.keyspace({ events: ['expired', 'del'], configure: true })
    expect(await flags()).toBe('Egx')
    await redis.keyspace({ events: ['del'] })
    await redis.keyspace({ configure: true })
    expect(await flags()).toBe('AEK')
  })

  test('concurrent keyspace calls with configure add the flags of all of them', async () => {
    const clients = [client(), client(), client()] as const
    await Promise.all(
      ['expired', 'lpush', 'hset', 'set', 'zadd', 'sadd', 'xadd', 'evicted'].map((event, i) =>
        clients[i % 3]?.keyspace({ events: [event], configure: true }),
      ),
    )
    expect(await flags()).toBe('$Eehlstxz')
  })

  test('keyspace messages have event, key and database', async () => {
    const redis = client({ db: 3 })
    const users = await redis.keyspace({ keys: 'user:*', configure: true })
    await redis.set('user:1', 'x')
    await redis.set('other', 'x')
    await redis.del('user:1')
    const got: KeyspaceEvent[] = []
    for await (const event of users) {
      got.push(event)
      if (got.length === 2) break
    }
    expect(got).toEqual([
      { event: 'set', key: 'user:1', db: 3 },
      { event: 'del', key: 'user:1', db: 3 },
    ])
    expect(await redis.pubsubNumpat()).toBe(0)
  })

  test('keyspace works with a handler, names of events and all databases', async () => {
    const redis = client()
    const got: KeyspaceEvent[] = []
    const expired: KeyspaceEvent[] = []
    const every = await redis.keyspace({ events: ['set', 'expired'], db: '*', configure: true }, event =>
      got.push(event),
    )
    await redis.keyspace({ keys: ['a[*]', 'b'], events: ['expired'], configure: true }, event => expired.push(event), {
      maxQueue: 10,
    })
    const other = client({ db: 5 })
    await redis.set('a[*]', '1', { px: 1 })
    await redis.lpush('list', 'x')
    await other.set('b', '2')
    await until(async () => (await redis.exists('a[*]')) === 0)
    await until(() => got.length === 3)
    expect(got).toEqual([
      { event: 'set', key: 'a[*]', db: 0 },
      { event: 'set', key: 'b', db: 5 },
      { event: 'expired', key: 'a[*]', db: 0 },
    ])
    expect(expired).toEqual([])
    await every.unsubscribe()
    await every.unsubscribe()
  })

  test('keyspace works on views with bytes and prefixes', async () => {
    const redis = client()
    const app = redis.prefixed('app*:')
    const got: unknown[] = []
    await app.keyspace({ events: ['set'], configure: true }, event => got.push(event))
    await app.bytes.keyspace({ keys: 'k*', configure: true }, event => got.push(event))
    const key = Buffer.from([0x6b, 0xff, 0x00])
    await redis.set('appxx:k', '1')
    await app.set('other', '1')
    await app.set(key, '1')
    await until(() => got.length === 3)
    expect(got[0]).toEqual({ event: 'set', key: 'other', db: 0 })
    // The order of two matching patterns depends on the server.
    expect(got.slice(1)).toHaveLength(2)
    expect(got).toContainEqual({ event: 'set', key: 'k\ufffd\0', db: 0 })
    expect(got).toContainEqual({ event: 'set', key, db: 0 })
  })

  test('keyspace with configure sets the flags again after a restart of the server', async () => {
    const redis = client({ reconnect: { min: 1, max: 20 } })
    redis.on('error', () => {})
    const got: KeyspaceEvent[] = []
    await redis.keyspace({ events: ['set'], configure: true }, event => got.push(event))
    await server().restart()
    await until(async () => (await flags()) === 'E$' || (await flags()) === '$E')
    await redis.set('k', 'v')
    await until(() => got.length === 1)
  })

  test('keyspace rejects wrong options', async () => {
    const redis = client()
    await expect(redis.keyspace({ events: [] })).rejects.toThrow(DataError)
    await expect(redis.keyspace({ db: -1 })).rejects.toThrow(DataError)
    await expect(redis.keyspace({ key: 'a' } as object)).rejects.toThrow(/Unknown option key/)
    await expect(redis.keyspace({}, { maxQueue: -1 })).rejects.toThrow(DataError)
  })
})
