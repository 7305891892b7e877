import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import type { Scored } from '../../src/commands/core/decoders.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const some: boolean

type Names = Promise<string[]>
type WithScores = Promise<Scored<string>[]>
type Either = Promise<string[] | Scored<string>[]>
const limit = { offset: 0, count: 1 }

describe('types of ranges of sorted sets', () => {
  it('ZRANGE returns names, or members with scores', () => {
    expectTypeOf(plain.zrange('k', 0, -1)).toEqualTypeOf<Names>()
    expectTypeOf(bytes.zrange('k', 0, -1, { rev: true })).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.zrange('k', '[a', '+', { bylex: true, limit })).toEqualTypeOf<Names>()
    expectTypeOf(plain.zrange('k', 0, -1, { withscores: true })).toEqualTypeOf<WithScores>()
    expectTypeOf(plain.zrange('k', 0, 1, { byscore: true, limit, withscores: true })).toEqualTypeOf<WithScores>()
    expectTypeOf(bytes.zrange('k', 0, -1, { withscores: true })).toEqualTypeOf<Promise<Scored<Buffer>[]>>()
    expectTypeOf(plain.zrange('k', 0, -1, { withscores: some })).toEqualTypeOf<Either>()
    expectTypeOf(plain.zrevrange('k', 0, -1)).toEqualTypeOf<Names>()
    expectTypeOf(plain.zrevrange('k', 0, -1, { withscores: true })).toEqualTypeOf<WithScores>()
    expectTypeOf(plain.zrevrange('k', 0, -1, { withscores: some })).toEqualTypeOf<Either>()
    expectTypeOf(plain.zrangebyscore('k', 0, 1, { limit })).toEqualTypeOf<Names>()
    expectTypeOf(plain.zrangebyscore('k', 0, 1, { limit, withscores: true })).toEqualTypeOf<WithScores>()
    expectTypeOf(plain.zrangebyscore('k', 0, 1, { withscores: some })).toEqualTypeOf<Either>()
    expectTypeOf(plain.zrevrangebyscore('k', 1, 0)).toEqualTypeOf<Names>()
    expectTypeOf(plain.zrevrangebyscore('k', 1, 0, { withscores: true })).toEqualTypeOf<WithScores>()
    expectTypeOf(plain.zrevrangebyscore('k', 1, 0, { withscores: some })).toEqualTypeOf<Either>()
    expectTypeOf(bigints.zcount('k', 0, 1)).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.zrangestore('to', 'k', 0, -1, { rev: true })).toEqualTypeOf<Promise<number>>()
  })

  it('ZRANGE excludes options that conflict', () => {
    // @ts-expect-error
    void plain.zrange('k', 0, 1, { byscore: true, bylex: true })
    // @ts-expect-error
    void plain.zrange('k', 0, 1, { limit })
    // @ts-expect-error
    void plain.zrange('k', '-', '+', { bylex: true, withscores: true })
    // @ts-expect-error
    void plain.zrangestore('to', 'k', 0, 1, { limit })
  })
})
