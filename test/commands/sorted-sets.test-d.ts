import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import type { Scored } from '../../src/commands/core/decoders.js'
import type { ScannedMembers } from '../../src/commands/sets.js'
import type { PoppedScored, PoppedSeveralScored, Ranked } from '../../src/commands/sorted-sets.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const some: boolean

declare const count: number | undefined
const a = { member: 'a', score: 1 }

describe('types of sorted set commands', () => {
  it('ZADD returns a number of members, or a score with incr', () => {
    expectTypeOf(plain.zadd('k', a)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.zadd('k', [a, a], { nx: true, ch: true })).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.zadd('k', a, { incr: false })).toEqualTypeOf<Promise<number>>()
    expectTypeOf(plain.zadd('k', a, { incr: true, xx: true, gt: true })).toEqualTypeOf<Promise<number | null>>()
    expectTypeOf(bigints.zadd('k', a, { incr: true })).toEqualTypeOf<Promise<number | null>>()
    expectTypeOf(plain.zadd('k', a, { incr: some })).toEqualTypeOf<Promise<number | null>>()
    expectTypeOf(bigints.zadd('k', a, { incr: some })).toEqualTypeOf<Promise<bigint | number | null>>()
    expectTypeOf(bigints.zincrby('k', 1, 'a')).toEqualTypeOf<Promise<number>>()
  })

  it('ZADD excludes options that conflict', () => {
    // @ts-expect-error
    void plain.zadd('k', a, { nx: true, xx: true })
    // @ts-expect-error
    void plain.zadd('k', a, { nx: true, gt: true })
    // @ts-expect-error
    void plain.zadd('k', a, { gt: true, lt: true })
    // @ts-expect-error
    void plain.zadd('k', [a], { incr: true })
  })

  it('ZPOPMIN and ZRANDMEMBER return one or several members, depending on count', () => {
    expectTypeOf(plain.zpopmin('k')).toEqualTypeOf<Promise<Scored<string> | null>>()
    expectTypeOf(bytes.zpopmin('k', 2)).toEqualTypeOf<Promise<Scored<Buffer>[]>>()
    expectTypeOf(plain.zpopmax('k')).toEqualTypeOf<Promise<Scored<string> | null>>()
    expectTypeOf(bytes.zpopmax('k', 2)).toEqualTypeOf<Promise<Scored<Buffer>[]>>()
    expectTypeOf(plain.zpopmin('k', count)).toEqualTypeOf<Promise<Scored<string> | Scored<string>[] | null>>()
    expectTypeOf(plain.zrandmember('k')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.zrandmember('k', 2)).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(bytes.zrandmember('k', 2, { withscores: true })).toEqualTypeOf<Promise<Scored<Buffer>[]>>()
    expectTypeOf(plain.zrandmember('k', 2, { withscores: some })).toEqualTypeOf<Promise<string[] | Scored<string>[]>>()
  })

  it('ZRANK and ZSCORE return ranks and scores', () => {
    expectTypeOf(plain.zrank('k', 'a')).toEqualTypeOf<Promise<number | null>>()
    expectTypeOf(bigints.zrank('k', 'a', { withscore: true })).toEqualTypeOf<Promise<Ranked<bigint> | null>>()
    expectTypeOf(plain.zrevrank('k', 'a', { withscore: some })).toEqualTypeOf<Promise<number | Ranked<number> | null>>()
    expectTypeOf(bigints.zscore('k', 'a')).toEqualTypeOf<Promise<number | null>>()
    expectTypeOf(plain.zmscore('k', 'a', 'b')).toEqualTypeOf<Promise<(number | null)[]>>()
    expectTypeOf(bytes.zscan('k', 0)).toEqualTypeOf<Promise<ScannedMembers<Scored<Buffer>>>>()
    expectTypeOf(bytes.zscan('k', 0, { noscores: true })).toEqualTypeOf<Promise<ScannedMembers<Buffer>>>()
  })

  it('ZMPOP and BZPOPMIN return the removed members and their key', () => {
    expectTypeOf(plain.bzpopmin(['a', 'b'], 1)).toEqualTypeOf<Promise<PoppedScored<string> | null>>()
    expectTypeOf(bytes.bzpopmax('a', 1)).toEqualTypeOf<Promise<PoppedScored<Buffer> | null>>()
    expectTypeOf(plain.zmpop('a', 'min')).toEqualTypeOf<Promise<PoppedSeveralScored<string> | null>>()
    expectTypeOf(bytes.bzmpop('a', 'max', 1, { count: 2 })).toEqualTypeOf<Promise<PoppedSeveralScored<Buffer> | null>>()
  })
})
