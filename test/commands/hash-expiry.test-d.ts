import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const flag: boolean

describe('types of hash field expiry commands', () => {
  it('hash field expiry commands return one item for each field', () => {
    expectTypeOf(plain.hexpire('k', 1, 'f')).toEqualTypeOf<Promise<number[]>>()
    expectTypeOf(bigints.hexpire('k', 1, 'f')).toEqualTypeOf<Promise<bigint[]>>()
    expectTypeOf(plain.httl('k', ['f', 'g'])).toEqualTypeOf<Promise<number[]>>()
    expectTypeOf(bigints.httl('k', ['f', 'g'])).toEqualTypeOf<Promise<bigint[]>>()
    expectTypeOf(plain.hgetdel('k', 'f')).toEqualTypeOf<Promise<(string | null)[]>>()
    expectTypeOf(bytes.hgetdel('k', 'f')).toEqualTypeOf<Promise<(Buffer | null)[]>>()
    expectTypeOf(plain.hgetex('k', 'f', { persist: flag })).toEqualTypeOf<Promise<(string | null)[]>>()
    expectTypeOf(bytes.hgetex('k', 'f', { persist: flag })).toEqualTypeOf<Promise<(Buffer | null)[]>>()
    expectTypeOf(plain.hsetex('k', { f: 1 }, { fnx: true, ex: 1 })).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.hsetex('k', { f: 1 }, { fnx: true, ex: 1 })).toEqualTypeOf<Promise<bigint>>()
  })

  it('hash field expiry commands exclude options that conflict', () => {
    // @ts-expect-error
    plain.hexpire('k', 1, 'f', { xx: true, gt: true })
    // @ts-expect-error
    plain.hgetex('k', 'f', { ex: 1, persist: true })
    // @ts-expect-error
    plain.hsetex('k', { f: 1 }, { fnx: true, fxx: true })
  })
})
