import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Key } from '../../src/commands/core/argument.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import type { SortStoreOptions } from '../../src/commands/sorting.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const options: SortStoreOptions

describe('types of SORT', () => {
  it('SORT returns a type that depends on its options', () => {
    expectTypeOf(plain.sort('k')).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.sort('k')).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.sort('k', { alpha: true, by: 'w_*' })).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.sort('k', { alpha: true, by: 'w_*' })).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.sort('k', { get: ['#', 'o_*'] })).toEqualTypeOf<Promise<(string | null)[]>>()
    expectTypeOf(bytes.sort('k', { get: ['#', 'o_*'] })).toEqualTypeOf<Promise<(Buffer | null)[]>>()
    expectTypeOf(plain.sort('k', { get: '#', store: 'to' })).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.sort('k', { get: '#', store: 'to' })).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.sortRo('k')).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.sortRo('k')).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.sortRo('k', { get: '#' })).toEqualTypeOf<Promise<(string | null)[]>>()
    expectTypeOf(bytes.sortRo('k', { get: '#' })).toEqualTypeOf<Promise<(Buffer | null)[]>>()
  })

  it('SORT returns a union if the options are not known', () => {
    expectTypeOf(plain.sort('k', options)).toEqualTypeOf<Promise<(string | null)[] | number>>()
    expectTypeOf(bytes.sort('k', options)).toEqualTypeOf<Promise<(Buffer | null)[] | number>>()
    expectTypeOf(bigints.sort('k', options)).toEqualTypeOf<Promise<(string | null)[] | bigint>>()
  })

  it('SORT_RO excludes the option store', () => {
    // @ts-expect-error
    plain.sortRo('k', { store: 'to' })
    // @ts-expect-error
    plain.sort('k', { asc: true, desc: true })
  })

  it('SORT accepts bytes as keys', () => {
    expectTypeOf<Key>().toExtend<SortStoreOptions['store']>()
  })
})
