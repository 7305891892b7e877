import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import type { LcsMatch } from '../../src/commands/strings.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const flag: boolean

describe('types of string commands', () => {
  it('string commands return text, integers and words', () => {
    expectTypeOf(plain.get('k')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.get('k')).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(plain.incr('k')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.incr('k')).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.mget('a', 'b')).toEqualTypeOf<Promise<(string | null)[]>>()
    expectTypeOf(bytes.mget('a', 'b')).toEqualTypeOf<Promise<(Buffer | null)[]>>()
    expectTypeOf(plain.incrbyfloat('k', 1)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(plain.digest('k')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(plain.mset({ a: 1 })).toEqualTypeOf<Promise<'OK'>>()
    expectTypeOf(plain.getex('k', { ex: 1 })).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.getex('k', { ex: 1 })).toEqualTypeOf<Promise<Buffer | null>>()
  })

  it('SET returns a type that depends on its options', () => {
    expectTypeOf(plain.set('k', 'v')).toEqualTypeOf<Promise<'OK'>>()
    expectTypeOf(plain.set('k', 'v', { ex: 1 })).toEqualTypeOf<Promise<'OK'>>()
    expectTypeOf(plain.set('k', 'v', { keepttl: flag, get: false, nx: false })).toEqualTypeOf<Promise<'OK'>>()
    expectTypeOf(plain.set('k', 'v', { px: 1, nx: true })).toEqualTypeOf<Promise<'OK' | null>>()
    expectTypeOf(plain.set('k', 'v', { xx: flag })).toEqualTypeOf<Promise<'OK' | null>>()
    expectTypeOf(plain.set('k', 'v', { ifeq: 'x' })).toEqualTypeOf<Promise<'OK' | null>>()
    expectTypeOf(plain.set('k', 'v', { get: true })).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.set('k', 'v', { get: true })).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(plain.set('k', 'v', { nx: true, get: true })).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.set('k', 'v', { nx: true, get: true })).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(plain.set('k', 'v', { get: flag })).toEqualTypeOf<Promise<string | 'OK' | null>>()
    expectTypeOf(bytes.set('k', 'v', { get: flag })).toEqualTypeOf<Promise<Buffer | 'OK' | null>>()
  })

  it('LCS returns a type that depends on its options', () => {
    expectTypeOf(plain.lcs('a', 'b')).toEqualTypeOf<Promise<string>>()
    expectTypeOf(bytes.lcs('a', 'b')).toEqualTypeOf<Promise<Buffer>>()
    expectTypeOf(plain.lcs('a', 'b', {})).toEqualTypeOf<Promise<string>>()
    expectTypeOf(bytes.lcs('a', 'b', {})).toEqualTypeOf<Promise<Buffer>>()
    expectTypeOf(plain.lcs('a', 'b', { len: true })).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.lcs('a', 'b', { len: true })).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.lcs('a', 'b', { idx: true }).then(({ matches }) => matches)).toEqualTypeOf<
      Promise<LcsMatch<number>[]>
    >()
    expectTypeOf(bigints.lcs('a', 'b', { idx: true }).then(({ matches }) => matches)).toEqualTypeOf<
      Promise<LcsMatch<bigint>[]>
    >()
    expectTypeOf(plain.lcs('a', 'b', { idx: true }).then(({ len }) => len)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.lcs('a', 'b', { idx: true }).then(({ len }) => len)).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(
      plain.lcs('a', 'b', { idx: true, withmatchlen: true }).then(({ matches }) => matches.map(each => each.length)),
    ).toEqualTypeOf<Promise<number[]>>()
    expectTypeOf(
      bigints.lcs('a', 'b', { idx: true, withmatchlen: true }).then(({ matches }) => matches.map(each => each.length)),
    ).toEqualTypeOf<Promise<bigint[]>>()
    expectTypeOf(plain.lcs('a', 'b', { idx: true, minmatchlen: 2 }).then(({ len }) => len)).toEqualTypeOf<
      Promise<number>
    >()
    expectTypeOf(bigints.lcs('a', 'b', { idx: true, minmatchlen: 2 }).then(({ len }) => len)).toEqualTypeOf<
      Promise<bigint>
    >()
  })

  it('string commands exclude options that conflict', () => {
    // @ts-expect-error
    plain.set('k', 'v', { ex: 1, px: 1 })
    // @ts-expect-error
    plain.set('k', 'v', { ex: 1, keepttl: true })
    // @ts-expect-error
    plain.set('k', 'v', { nx: true, xx: true })
    // @ts-expect-error
    plain.set('k', 'v', { nx: true, ifeq: 'x' })
    // @ts-expect-error
    plain.getex('k', { ex: 1, persist: true })
    // @ts-expect-error
    plain.msetex({ a: 1 }, { nx: true, xx: true })
    // @ts-expect-error
    plain.delex('k', { ifeq: 'a', ifne: 'b' })
    // @ts-expect-error
    plain.lcs('a', 'b', { len: true, idx: true })
    // @ts-expect-error
    plain.set('k', 'v', { unknown: true })
    // @ts-expect-error
    plain.set('k', undefined)
  })

  it('SET accepts options of which only run time shows whether they conflict', () => {
    const options: { ex?: number; nx?: boolean } = {}
    expectTypeOf(plain.set('k', 'v', options)).toEqualTypeOf<Promise<'OK' | null>>()
  })
})
