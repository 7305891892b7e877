import { inspect } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { DataError, fakeCommands, Redis, RedisCluster, type RedisCommands } from '../../src/index.js'

const clients: { destroy(): void }[] = []
const open = <C extends Redis | RedisCluster>(client: C): C => {
  clients.push(client)
  client.on('error', () => {})
  return client
}

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
})

describe('console.log of', () => {
  test('a client shows its state, and neither its password nor its options', () => {
    const redis = open(new Redis({ host: 'cache.example', password: 'hidden', reconnect: false }))
    const shown = inspect(redis)
    expect(shown).toMatch(/^Redis \{/)
    expect(shown).toMatch(/node: 'cache\.example:6379',\s+status: 'idle'/)
    expect(shown).not.toContain('hidden')
    expect(inspect({ redis }, { depth: 0 })).toBe('{ redis: [Redis] }')
  })

  test('a cluster client shows its state', () => {
    const cluster = open(new RedisCluster(['redis://user:hidden@10.0.0.1:7000']))
    expect(inspect(cluster)).toMatch(/^RedisCluster \{\s+status: 'idle'/)
    expect(inspect(cluster)).not.toContain('hidden')
  })

  test('a pipeline, a transaction and a lock show no argument', () => {
    const redis = open(new Redis())
    expect(inspect(redis.pipeline().set('hidden', 'hidden'))).toBe('Pipeline { length: 1 }')
    expect(inspect(redis.multi().set('hidden', 'hidden'))).toBe('Transaction { length: 1 }')
    expect(inspect(redis.lock('job', { ttl: 1_000 }))).toMatch(/^Lock \{ name: 'job', valid: false/)
  })
})

describe('when() of a pipeline and of a transaction', () => {
  test('adds commands if the condition is true', () => {
    const redis = open(new Redis())
    expect(
      redis
        .pipeline()
        .set('a', 1)
        .when(true, more => more.get('a').ttl('a')).length,
    ).toBe(3)
    expect(
      redis
        .multi()
        .set('a', 1)
        .when(true, more => more.get('a').ttl('a')).length,
    ).toBe(3)
  })

  test('adds nothing if the condition is false', () => {
    const redis = open(new Redis())
    expect(
      redis
        .pipeline()
        .set('a', 1)
        .when(false, more => more.get('a')).length,
    ).toBe(1)
    expect(
      redis
        .multi()
        .set('a', 1)
        .when(false, more => more.get('a')).length,
    ).toBe(1)
  })

  test('refuses a condition that is no boolean', () => {
    const redis = open(new Redis())
    const call = () => redis.pipeline().when('yes' as never, more => more.get('a'))
    expect(call).toThrow(DataError)
    expect(call).toThrow(/when\(\) needs true or false and a function/)
  })
})

describe('fakeCommands()', () => {
  test('returns commands whose functions may return every reply', async () => {
    const taken: RedisCommands = fakeCommands({ set: async () => null, zrange: async () => ['a'] })
    expect(await taken.set('a', 'b', { nx: true })).toBeNull()
    expect(await taken.zrange('z', 0, -1)).toEqual(['a'])
  })

  test('rejects a command that has no function, and names it', async () => {
    await expect(fakeCommands({}).get('a')).rejects.toThrow(/fakeCommands\(\) was given no function for GET/)
    await expect(fakeCommands({}).json.get('a')).rejects.toThrow(/no function for JSON\.GET/)
  })
})

describe('a method that belongs elsewhere', () => {
  test.each(['watch', 'unwatch', 'select', 'exec', 'discard'])(
    '%s() rejects with an error that names the place',
    async name => {
      const redis = open(new Redis()) as unknown as Record<string, () => Promise<unknown>>
      await expect(redis[name]?.()).rejects.toThrow(
        new RegExp(`^${name}\\(\\) is a method of a (session|pipeline|transaction)`),
      )
    },
  )
})

describe('the error of a wrong argument names', () => {
  const redis = () => open(new Redis())

  test('the command', async () => {
    await expect(redis().zadd('z', 1 as never)).rejects.toThrow(/^ZADD: Expected a member/)
    await expect(redis().del()).rejects.toThrow(/^DEL: At least one key is needed/)
  })

  test('the field that has no value, by its position', async () => {
    const fields = { name: 'Ada', born: undefined } as unknown as Record<string, string>
    await expect(redis().hset('h', fields)).rejects.toThrow(/^HSET: The value of field 2 is undefined/)
    await expect(redis().xadd('s', '*', new Map([['f', null]]) as never)).rejects.toThrow(/field 1 is null/)
  })

  test('a time that is not whole', async () => {
    await expect(redis().set('k', 'v', { ex: 1.5 })).rejects.toThrow(
      /^SET: The option ex must be a whole number: got a fraction/,
    )
    await expect(redis().getex('k', { px: 0.5 })).rejects.toThrow(/^GETEX: The option px must be a whole number/)
  })

  test('Number() for a number that came as text', () => {
    const options = { port: '6380' } as unknown as { port: number }
    expect(() => new Redis(options)).toThrow(/a port from 1 to 65535: got a string\. Convert it with Number\(\)\.$/)
    expect(() => new Redis({ port: 'high' } as never)).toThrow(/got a string\.$/)
  })
})

describe('habits of other clients are refused:', () => {
  test('several fields of hset() one by one', async () => {
    const hset = open(new Redis()).hset as unknown as (...args: string[]) => Promise<number>
    const call = hset.call(clients.at(-1), 'h', 'a', '1', 'b', '2')
    await expect(call).rejects.toThrow(/hset\(key, \{ field: value \}\)/)
  })

  test('a callback of subscribe()', async () => {
    const redis = open(new Redis())
    const callback = (err: unknown, count: unknown) => [err, count]
    await expect(redis.subscribe('a', callback)).rejects.toThrow(/subscribe\(\) takes no callback/)
    await expect(redis.psubscribe('a', callback)).rejects.toThrow(/psubscribe\(\) takes no callback/)
  })
})
