import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>

describe('types of bitmap commands', () => {
  it('bitmap commands return integers', () => {
    expectTypeOf(plain.bitfield('k', [{ incrby: 'u8', offset: '#1', increment: 1, overflow: 'fail' }])).toEqualTypeOf<
      Promise<(number | null)[]>
    >()
    expectTypeOf(bigints.bitfield('k', [{ incrby: 'u8', offset: '#1', increment: 1, overflow: 'fail' }])).toEqualTypeOf<
      Promise<(bigint | null)[]>
    >()
    expectTypeOf(plain.bitfieldRo('k', [{ get: 'i8', offset: 0 }])).toEqualTypeOf<Promise<number[]>>()
    expectTypeOf(bigints.bitfieldRo('k', [{ get: 'i8', offset: 0 }])).toEqualTypeOf<Promise<bigint[]>>()
    expectTypeOf(plain.bitcount('k', 0, -1, 'bit')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.bitcount('k', 0, -1, 'bit')).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.bitpos('k', 1)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.bitpos('k', 1)).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.bitop('and', 'to', 'a', 'b')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.bitop('and', 'to', 'a', 'b')).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.setbit('k', 0, 1)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.setbit('k', 0, 1)).toEqualTypeOf<Promise<bigint>>()
  })

  it('bitmap commands accept only arguments that can be sent', () => {
    // @ts-expect-error
    plain.bitfield('k', [{ get: '8', offset: 0 }])
    // @ts-expect-error
    plain.bitfield('k', [{ set: 'u8', offset: 0 }])
    // @ts-expect-error
    plain.bitfieldRo('k', [{ set: 'u8', offset: 0, value: 1 }])
    // @ts-expect-error
    plain.bitcount('k', 0)
    // @ts-expect-error
    plain.bitpos('k', 2)
    // @ts-expect-error
    plain.bitop('nand', 'to', 'a')
  })
})
