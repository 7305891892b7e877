/** Types of the code that most programs have. */
import { describe, expectTypeOf, test } from 'vitest'
import { fakeCommands, Redis, type RedisCluster, type RedisCommands } from '../../src/index.js'

declare const redis: Redis
declare const either: Redis | RedisCluster
declare const host: string | undefined

describe('types of everyday code', () => {
  test('on() of Redis | RedisCluster takes the events that both have', () => {
    either.on('error', error => expectTypeOf(error).toEqualTypeOf<Error>())
    either.once('gap', gap => expectTypeOf(gap.channels).toExtend<readonly unknown[]>())
    either.on('ready', () => {}).off('close', () => {})
  })

  test('call() and hgetall() take the type of the reply', () => {
    expectTypeOf(redis.call('PING')).resolves.toEqualTypeOf<unknown>()
    expectTypeOf(redis.call<string>('PING')).resolves.toEqualTypeOf<string>()
    expectTypeOf(redis.hgetall('h')).resolves.toEqualTypeOf<Record<string, string>>()
    interface User {
      name: string
    }
    expectTypeOf(redis.hgetall<User>('h')).resolves.toEqualTypeOf<User>()
    expectTypeOf(redis.bytes.hgetall('h')).resolves.toEqualTypeOf<Record<string, Buffer>>()
  })

  test('hset() takes a field with its value, an object or a Map', () => {
    expectTypeOf(redis.hset('h', 'f', 1)).resolves.toEqualTypeOf<number>()
    expectTypeOf(redis.hset('h', { f: 1 })).resolves.toEqualTypeOf<number>()
    expectTypeOf(redis.pipeline().hset('h', 'f', 1).exec()).resolves.toEqualTypeOf<[number]>()
    // @ts-expect-error several fields need an object
    redis.hset('h', 'f', 1, 'g', 2)
  })

  test('an option of a client may be undefined', () => {
    new Redis({ host, tls: host === undefined ? undefined : {}, prefix: host })
    redis.with({ timeout: undefined, signal: undefined })
    redis.lock('job', { ttl: 1_000, wait: undefined })
    // @ts-expect-error it decides how long the value is kept
    redis.set('k', 'v', { ex: undefined })
  })

  test('when() gives a pipeline and a transaction both lists of replies', () => {
    const piped = redis
      .pipeline()
      .set('a', 1)
      .when(true, more => more.get('a'))
      .incr('n')
    expectTypeOf(piped.exec()).resolves.toEqualTypeOf<['OK', number] | ['OK', string | null, number]>()
    const queued = redis.multi().when(true, more => more.get('a').ttl('a'))
    expectTypeOf(queued.exec()).resolves.toEqualTypeOf<[] | [string | null, number]>()
  })

  test('fakeCommands() takes functions with the arguments of the commands and any result', () => {
    const fake = fakeCommands({ get: async key => `${String(key)}!`, set: async () => null })
    expectTypeOf(fake).toEqualTypeOf<RedisCommands>()
    // @ts-expect-error there is no such command
    fakeCommands({ nope: async () => null })
  })
})
