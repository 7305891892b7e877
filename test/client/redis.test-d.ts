import { describe, expectTypeOf, test } from 'vitest'
import {
  type Bytes,
  ClusterDownError,
  ClusterError,
  type Pipeline,
  type Plain,
  type Redis,
  type RedisCommands,
  RedisError,
  type ResponseError,
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

  test('exec() of a pipeline has a tuple of the reply types', () => {
    expectTypeOf(redis.pipeline().get('a').incr('n').exec()).resolves.toEqualTypeOf<[string | null, number]>()
    expectTypeOf(redis.pipeline().get('a').incr('n').exec({ settle: true })).resolves.toEqualTypeOf<
      [string | null | ResponseError, number | ResponseError]
    >()
    expectTypeOf(redis.bytes.pipeline().get('a').exec()).resolves.toEqualTypeOf<[Buffer | null]>()
    expectTypeOf(redis.bigints.multi().incr('a').exec()).resolves.toEqualTypeOf<[bigint]>()
    expectTypeOf(
      redis
        .pipeline()
        .incr('n')
        .each(['a', 'b'], (p, key) => p.get(key))
        .exec(),
    ).resolves.toEqualTypeOf<[number, ...(string | null)[]]>()
    let loop: Pipeline<(string | null)[]> = redis.pipeline()
    for (const key of ['a']) loop = loop.get(key)
    expectTypeOf(loop.exec()).resolves.toEqualTypeOf<(string | null)[]>()
  })

  test('pipelines and transactions that are built in loops have an array of the reply type', () => {
    const untyped = redis.pipeline()
    for (const key of ['a']) untyped.get(key)
    expectTypeOf(untyped.exec()).resolves.toEqualTypeOf<unknown[]>()
    expectTypeOf(untyped.exec({ settle: true })).resolves.toEqualTypeOf<unknown[]>()
    expectTypeOf(redis.multi().exec()).resolves.toEqualTypeOf<unknown[]>()
    const pipeline = redis.pipeline<string | null>()
    for (const key of ['a']) pipeline.get(key)
    expectTypeOf(pipeline.exec()).resolves.toEqualTypeOf<(string | null)[]>()
    expectTypeOf(pipeline.exec({ settle: true })).resolves.toEqualTypeOf<(string | null | ResponseError)[]>()
    const multi = redis.bytes.multi<Buffer | null>()
    expectTypeOf(multi.exec()).resolves.toEqualTypeOf<(Buffer | null)[]>()
    expectTypeOf(session.multi<number>().exec()).resolves.toEqualTypeOf<number[]>()
    expectTypeOf(session.pipeline<number>().exec()).resolves.toEqualTypeOf<number[]>()
    expectTypeOf(session.multi().exec()).resolves.toEqualTypeOf<unknown[]>()
  })

  test('a pipeline of forty commands has a tuple of forty types', () => {
    const ten = redis
      .multi()
      .get('1')
      .incr('2')
      .get('3')
      .incr('4')
      .get('5')
      .incr('6')
      .get('7')
      .incr('8')
      .get('9')
      .incr('10')
    const twenty = ten.get('1').incr('2').get('3').incr('4').get('5').incr('6').get('7').incr('8').get('9').incr('10')
    const thirty = twenty
      .get('1')
      .incr('2')
      .get('3')
      .incr('4')
      .get('5')
      .incr('6')
      .get('7')
      .incr('8')
      .get('9')
      .incr('10')
    const forty = thirty.get('1').incr('2').get('3').incr('4').get('5').incr('6').get('7').incr('8').get('9').incr('10')
    type Reply = Awaited<ReturnType<typeof forty.exec>>
    expectTypeOf<Reply['length']>().toEqualTypeOf<40>()
    expectTypeOf<Reply[38]>().toEqualTypeOf<string | null>()
    expectTypeOf<Reply[39]>().toEqualTypeOf<number>()
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
