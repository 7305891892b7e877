import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import type { RawVector, VectorLink, VectorSetInfo } from '../../src/commands/vector-sets.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const some: boolean

declare const count: number | undefined

describe('types of vector set commands', () => {
  it('VSIM returns names, or objects with the requested details', () => {
    expectTypeOf(plain.vsim('k', 'a')).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.vsim('k', [1, 2], { count: 5 })).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.vsim('k', 'a', { withscores: true })).toEqualTypeOf<
      Promise<{ readonly element: string; readonly score: number }[]>
    >()
    expectTypeOf(bytes.vsim('k', 'a', { withattribs: true })).toEqualTypeOf<
      Promise<{ readonly element: Buffer; readonly attributes: Buffer | null }[]>
    >()
    expectTypeOf(plain.vsim('k', new Float32Array(2), { withscores: true, withattribs: true })).toEqualTypeOf<
      Promise<{ readonly element: string; readonly score: number; readonly attributes: string | null }[]>
    >()
    expectTypeOf(plain.vsim('k', 'a', { withscores: some })).toEqualTypeOf<
      Promise<string[] | { readonly element: string; readonly score: number }[]>
    >()
  })

  it('VRANDMEMBER returns one or several elements, depending on count', () => {
    expectTypeOf(plain.vrandmember('k')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.vrandmember('k', 2)).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.vrandmember('k', count)).toEqualTypeOf<Promise<string | string[] | null>>()
  })

  it('VEMB and VLINKS return vectors and links', () => {
    expectTypeOf(plain.vemb('k', 'a')).toEqualTypeOf<Promise<number[] | null>>()
    expectTypeOf(plain.vemb('k', 'a', { raw: true })).toEqualTypeOf<Promise<RawVector | null>>()
    expectTypeOf(plain.vemb('k', 'a', { raw: some })).toEqualTypeOf<Promise<number[] | RawVector | null>>()
    expectTypeOf(bytes.vlinks('k', 'a')).toEqualTypeOf<Promise<Buffer[][] | null>>()
    expectTypeOf(plain.vlinks('k', 'a', { withscores: true })).toEqualTypeOf<Promise<VectorLink<string>[][] | null>>()
    expectTypeOf(plain.vlinks('k', 'a', { withscores: some })).toEqualTypeOf<
      Promise<string[][] | VectorLink<string>[][] | null>
    >()
    expectTypeOf(bigints.vinfo('k')).resolves.toExtend<VectorSetInfo<Bigints<Plain>> | null>()
    expectTypeOf(bigints.vadd('k', [1], 'a', { q8: true })).toEqualTypeOf<Promise<boolean>>()
    // @ts-expect-error
    void plain.vadd('k', [1], 'a', { q8: true, bin: true })
  })
})
