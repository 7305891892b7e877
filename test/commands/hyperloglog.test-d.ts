import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>

describe('types of HyperLogLog commands', () => {
  it('HyperLogLog commands return integers and words', () => {
    expectTypeOf(plain.pfadd('k', 'a')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.pfadd('k', 'a')).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.pfcount('a', 'b')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.pfcount('a', 'b')).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.pfmerge('to', 'a')).toEqualTypeOf<Promise<'OK'>>()
    expectTypeOf(plain.pfselftest()).toEqualTypeOf<Promise<'OK'>>()
  })

  it('PFDEBUG returns a type that depends on the subcommand', () => {
    expectTypeOf(plain.pfdebug('encoding', 'k')).toEqualTypeOf<Promise<string>>()
    expectTypeOf(plain.pfdebug('decode', 'k')).toEqualTypeOf<Promise<string>>()
    expectTypeOf(plain.pfdebug('getreg', 'k')).toEqualTypeOf<Promise<number[]>>()
    expectTypeOf(bigints.pfdebug('getreg', 'k')).toEqualTypeOf<Promise<bigint[]>>()
    expectTypeOf(plain.pfdebug('todense', 'k')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.pfdebug('todense', 'k')).toEqualTypeOf<Promise<bigint>>()
  })
})
