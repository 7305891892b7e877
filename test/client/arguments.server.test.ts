import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { DataError } from '../../src/errors/errors.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()
const clients: Redis[] = []

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
})

function connect(options: object = {}): Redis {
  const redis = new Redis({ port: server().port, ...options })
  clients.push(redis)
  return redis
}

describe('text that UTF-8 cannot encode', () => {
  const CUT = 'note:\ud83d'

  test.each<[string, (redis: Redis) => Promise<unknown>]>([
    ['a key', redis => redis.set(CUT, 'v')],
    ['a value', redis => redis.set('k', CUT)],
    ['a big value', redis => redis.set('k', 'x'.repeat(50_000) + CUT)],
    ['a field', redis => redis.hset('h', { [CUT]: 'v' })],
    ['a member', redis => redis.sadd('s', CUT)],
    ['a message', redis => redis.publish('c', CUT)],
    ['an argument of a script', redis => redis.eval('return 1', [], [CUT])],
    ['an argument of a transaction', redis => redis.multi().set('t', '1').set('k', CUT).exec()],
    ['an argument of a pipeline', redis => redis.pipeline().set('k', CUT).exec()],
    ['a key of a session', redis => redis.session(session => session.get(CUT))],
    ['a key of a blocking call', redis => redis.blpop(CUT, 0.01)],
  ])('%s with half of a surrogate pair rejects alone, and nothing of its call is sent', async (_, call) => {
    const redis = connect()
    await redis.flushdb()
    const others = Array.from({ length: 5 }, (_, i) => redis.set(`before ${i} é`, `${i}`))
    const refused = call(redis)
    refused.catch(() => {})
    const later = Array.from({ length: 5 }, (_, i) => redis.get(`before ${i} é`))
    await expect(refused).rejects.toThrow(DataError)
    expect(await Promise.all(others)).toEqual(Array(5).fill('OK'))
    expect(await Promise.all(later)).toEqual(['0', '1', '2', '3', '4'])
    expect((await redis.keys('*')).sort()).toEqual(Array.from({ length: 5 }, (_, i) => `before ${i} é`))
    expect(redis.stats.inflight).toBe(0)
    await redis.close()
  })

  test('whole surrogate pairs and other characters are sent', async () => {
    const redis = connect()
    const texts = ['😀', 'Größe', '€', 'a😀'.repeat(9_000)]
    for (const text of texts) {
      await redis.set(text, text)
      expect(await redis.get(text)).toBe(text)
    }
  })
})

describe('arguments of another realm', () => {
  test('bytes and Maps of another realm are accepted', async () => {
    const redis = connect()
    const bytes = runInNewContext('new Uint8Array([97, 255])') as Uint8Array
    await redis.set('v', bytes)
    expect(await redis.bytes.get('v')).toEqual(Buffer.from([97, 255]))
    await redis.set(bytes, 'by bytes')
    expect(await redis.get(bytes)).toBe('by bytes')
    await redis.hset('h', runInNewContext("new Map([['a', '1']])") as Map<string, string>)
    await redis.mset(runInNewContext("new Map([['m', '2']])") as Map<string, string>)
    expect([await redis.hget('h', 'a'), await redis.get('m')]).toEqual(['1', '2'])
  })
})

describe('blocking commands with arguments given as bytes', () => {
  test.each<[string, readonly (string | Buffer)[]]>([
    ['XREAD with BLOCK as bytes', ['XREAD', Buffer.from('block'), '0', 'STREAMS', 's', '$']],
    ['BLPOP with its time as bytes', ['BLPOP', 'none', Buffer.from('0')]],
    [
      'XREADGROUP with GROUP and BLOCK as bytes',
      ['XREADGROUP', Buffer.from('group'), 'BLOCK', 'c', Buffer.from('BLOCK'), '0', 'STREAMS', 's', '>'],
    ],
  ])('%s does not block other commands', async (_, [name = '', ...args]) => {
    const redis = connect({ commandTimeout: 2_000 })
    await redis.flushdb()
    await redis.xgroupCreate('s', 'BLOCK', '$', { mkstream: true })
    redis.call(name as string, ...args).catch(() => {})
    expect(await redis.ping()).toBe('PONG')
    expect(redis.pool.lent).toBe(1)
  })
})

describe('a URL that requires TLS', () => {
  test.each<[string, () => unknown]>([
    ['Redis', () => new Redis('rediss://:secret@localhost', { tls: false })],
    ['a URL object', () => new Redis(new URL('rediss://:secret@localhost'), { tls: false })],
    ['RedisCluster', () => new RedisCluster(['rediss://:secret@localhost'], { tls: false })],
    ['RedisCluster with another seed', () => new RedisCluster(['rediss://:secret@localhost', 'redis://localhost:1'])],
    ['a duplicate of Redis', () => new Redis('rediss://:secret@localhost').duplicate({ tls: false })],
    ['a duplicate of RedisCluster', () => new RedisCluster('rediss://:secret@localhost').duplicate({ tls: false })],
  ])('%s throws DataError if a rediss:// URL is combined with a connection without TLS', (_, make) => {
    expect(make).toThrow(DataError)
    expect(make).toThrow(/tls/)
  })
})
