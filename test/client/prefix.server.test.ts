import { afterEach, describe, expect, test } from 'vitest'
import { Redis, RedisCluster, Script } from '../../src/index.js'
import { useCluster, useServer } from '../servers/vitest.js'

const server = useServer()
const cluster = useCluster()
const clients: (Redis | RedisCluster)[] = []
const open = <C extends Redis | RedisCluster>(client: C): C => {
  clients.push(client)
  return client
}
const seeds = () => cluster().nodes.map(({ port }) => `redis://127.0.0.1:${port}`)
const twice = new Script<number>({ keys: 1, lua: "return 2 * redis.call('GET', KEYS[1])" })

afterEach(async () => {
  await Promise.all(clients.splice(0).map(client => client.close()))
})

describe.each([
  ['Redis', (prefix?: string) => open(new Redis({ port: server().port, prefix }))],
  ['RedisCluster', (prefix?: string) => open(new RedisCluster(seeds(), { prefix }))],
] as const)('the option prefix of %s', (_, make) => {
  test('is added to the keys of calls, pipelines, transactions, sessions, scripts and locks, and removed from replies', async () => {
    const redis = make('app:')
    const plain = make()
    await redis.set('{a}1', '1')
    await redis.pipeline().set('{a}2', '2').exec()
    await redis.multi().set('{a}3', '3').exec()
    await redis.transaction('{a}3', async session => {
      await session.multi().set('{a}4', '4').exec()
    })
    expect(await plain.mget('app:{a}1', 'app:{a}2', 'app:{a}3', 'app:{a}4')).toEqual(['1', '2', '3', '4'])
    expect(await plain.get('{a}1')).toBeNull()
    expect(await twice.run(redis, ['{a}4'])).toBe(8)
    const keys: string[] = []
    for await (const key of redis.scan({ match: '{a}*' })) keys.push(key)
    expect(keys.sort()).toEqual(['{a}1', '{a}2', '{a}3', '{a}4'])
    await using lock = await redis.lock('job', { ttl: 10_000 }).acquire()
    expect(await plain.lock('app:job', { ttl: 10_000 }).tryAcquire()).toBeNull()
    expect(lock.valid).toBe(true)
  })

  test('is kept by duplicate(), and a view adds its own prefix after it', async () => {
    const redis = open(make('app:').duplicate())
    await redis.prefixed('user:').set('7', 'Ada')
    expect(await make().get('app:user:7')).toBe('Ada')
  })

  test('is added to channels, and removed from the channels of messages', async () => {
    const redis = make('app:')
    const news = await redis.subscribe('news')
    await make().publish('app:news', 'hello')
    for await (const { channel, message } of news) {
      expect([channel, message]).toEqual(['news', 'hello'])
      break
    }
  })
})
