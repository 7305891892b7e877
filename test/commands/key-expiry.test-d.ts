import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const flag: boolean

describe('types of expiry commands', () => {
  it('expiry commands return integers', () => {
    expectTypeOf(plain.expire('k', 1)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.expire('k', 1)).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.pexpireat('k', 1, { xx: true, gt: true })).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.pexpireat('k', 1, { xx: true, gt: true })).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.ttl('k')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.ttl('k')).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.persist('k')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.persist('k')).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.expire('k', 1, { nx: flag })).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.expire('k', 1, { nx: flag })).toEqualTypeOf<Promise<bigint>>()
  })

  it('EXPIRE excludes conditions that conflict', () => {
    // @ts-expect-error
    plain.expire('k', 1, { nx: true, xx: true })
    // @ts-expect-error
    plain.expire('k', 1, { nx: true, gt: true })
    // @ts-expect-error
    plain.expire('k', 1, { gt: true, lt: true })
  })
})
