import { describe, expectTypeOf, test } from 'vitest'
import type { Pipeline, Redis, ResponseError, Session } from '../../src/index.js'

declare const redis: Redis
declare const session: Session

describe('types of pipelines and transactions', () => {
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
})
