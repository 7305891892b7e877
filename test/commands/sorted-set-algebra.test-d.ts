import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import type { Scored } from '../../src/commands/core/decoders.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const some: boolean

describe('types of combinations of sorted sets', () => {
  it('ZUNION, ZINTER and ZDIFF return names, or members with scores', () => {
    expectTypeOf(plain.zdiff(['a', 'b'])).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.zdiff('a', { withscores: true })).toEqualTypeOf<Promise<Scored<Buffer>[]>>()
    expectTypeOf(plain.zdiff('a', { withscores: some })).toEqualTypeOf<Promise<string[] | Scored<string>[]>>()
    expectTypeOf(bytes.zinter(['a', 'b'], { aggregate: 'min' })).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.zinter('a', { weights: [1], withscores: true })).toEqualTypeOf<Promise<Scored<string>[]>>()
    expectTypeOf(plain.zinter('a', { withscores: some })).toEqualTypeOf<Promise<string[] | Scored<string>[]>>()
    expectTypeOf(plain.zunion('a', { withscores: false })).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(plain.zunion('a', { withscores: true })).toEqualTypeOf<Promise<Scored<string>[]>>()
    expectTypeOf(plain.zunion('a', { withscores: some })).toEqualTypeOf<Promise<string[] | Scored<string>[]>>()
    expectTypeOf(bigints.zintercard('a', { limit: 1 })).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.zunionstore('to', ['a', 'b'], { weights: [1, 2] })).toEqualTypeOf<Promise<number>>()
  })
})
