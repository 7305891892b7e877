import { describe, expectTypeOf, test } from 'vitest'
import {
  type Bytes,
  ClusterDownError,
  ClusterError,
  type Plain,
  type Redis,
  type RedisCommands,
  RedisError,
  type Session,
} from '../../src/index.js'

declare const redis: Redis
declare const session: Session

describe('types of the client', () => {
  test('calls have the types of their replies', () => {
    expectTypeOf(redis.get('k')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(redis.bytes.get('k')).toEqualTypeOf<Promise<Buffer<ArrayBufferLike> | null>>()
    expectTypeOf(redis.incr('k')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(redis.bigints.incr('k')).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(redis.with({ timeout: 1 }).get('k')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(redis.call('X')).toEqualTypeOf<Promise<unknown>>()
    expectTypeOf(redis.hgetall('k')).resolves.toEqualTypeOf<Record<string, string>>()
  })

  test('sessions and transactions have the types of the view', () => {
    expectTypeOf(redis.session(async session => session.get('a'))).resolves.toEqualTypeOf<string | null>()
    expectTypeOf(redis.bytes.session(session => session.get('a'))).resolves.toEqualTypeOf<Buffer | null>()
    expectTypeOf(redis.transaction(['a'], session => session.multi().incr('a').exec())).resolves.toEqualTypeOf<
      [number]
    >()
    expectTypeOf(redis.transaction('a', () => 1)).resolves.toEqualTypeOf<number>()
  })

  test('RedisCommands fits clients, views, sessions and object literals', () => {
    expectTypeOf<Redis>().toExtend<RedisCommands>()
    expectTypeOf<Session>().toExtend<RedisCommands>()
    expectTypeOf<Redis['bytes']>().toExtend<RedisCommands<Bytes<Plain>>>()
    const mock: Pick<RedisCommands, 'get' | 'incr'> = { get: async () => 'v', incr: async () => 1 }
    expectTypeOf(mock).toExtend<Pick<RedisCommands, 'get'>>()
  })

  test('scans have the types of their items', () => {
    expectTypeOf(redis.scan()).toExtend<AsyncIterable<string>>()
    expectTypeOf(redis.bytes.scan({ match: 'x' })).toExtend<AsyncIterable<Buffer>>()
    expectTypeOf(redis.scan('0')).resolves.toEqualTypeOf<{ readonly cursor: string; readonly keys: string[] }>()
    expectTypeOf(redis.hscan('h')).toExtend<AsyncIterable<{ field: string; value: string }>>()
  })

  test('clients can be used with await using', async () => {
    ;async () => {
      await using client: Redis = redis
      expectTypeOf(client).toExtend<AsyncDisposable>()
    }
  })

  test('instanceof narrows errors to their classes', () => {
    const error: unknown = undefined
    if (error instanceof ClusterError) {
      expectTypeOf(error).toEqualTypeOf<ClusterError>()
      if (error instanceof ClusterDownError) expectTypeOf(error).toExtend<ClusterDownError>()
    } else if (error instanceof RedisError)
      expectTypeOf(error.outcome).toEqualTypeOf<'not sent' | 'unknown' | undefined>()
  })
})
