import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import type { ScannedMembers } from '../../src/commands/sets.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const count: number | undefined

describe('types of set commands', () => {
  it('set commands return text, integers and lists', () => {
    expectTypeOf(plain.smembers('k')).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.smembers('k')).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.sinter('a', 'b')).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.sinter('a', 'b')).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.sadd('k', 'a')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.sadd('k', 'a')).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.smismember('k', ['a'])).toEqualTypeOf<Promise<number[]>>()
    expectTypeOf(bigints.smismember('k', ['a'])).toEqualTypeOf<Promise<bigint[]>>()
    expectTypeOf(plain.sismember('k', 'a')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.sismember('k', 'a')).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.sscan('k', 0)).toEqualTypeOf<Promise<ScannedMembers<string>>>()
    expectTypeOf(bytes.sscan('k', 0)).toEqualTypeOf<Promise<ScannedMembers<Buffer>>>()
    expectTypeOf(plain.sintercard('k', { limit: 1 })).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.sintercard('k', { limit: 1 })).toEqualTypeOf<Promise<bigint>>()
  })

  it('SPOP and SRANDMEMBER return one or several members, depending on count', () => {
    expectTypeOf(plain.spop('k')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.spop('k')).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(plain.spop('k', 2)).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.spop('k', 2)).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.spop('k', count)).toEqualTypeOf<Promise<string | string[] | null>>()
    expectTypeOf(bytes.spop('k', count)).toEqualTypeOf<Promise<Buffer | Buffer[] | null>>()
    expectTypeOf(plain.srandmember('k')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.srandmember('k')).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(plain.srandmember('k', -2)).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.srandmember('k', -2)).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.srandmember('k', count)).toEqualTypeOf<Promise<string | string[] | null>>()
    expectTypeOf(bytes.srandmember('k', count)).toEqualTypeOf<Promise<Buffer | Buffer[] | null>>()
  })
})
