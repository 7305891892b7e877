import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import type { FieldValue, ScannedEntries, ScannedFields } from '../../src/commands/hashes.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const flag: boolean

describe('types of hash commands', () => {
  it('hash commands return text, integers and records', () => {
    expectTypeOf(plain.hget('k', 'f')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.hget('k', 'f')).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(plain.hgetall('k')).toEqualTypeOf<Promise<Record<string, string>>>()
    expectTypeOf(bytes.hgetall('k')).toEqualTypeOf<Promise<Record<string, Buffer>>>()
    expectTypeOf(plain.hmget('k', 'f', 'g')).toEqualTypeOf<Promise<(string | null)[]>>()
    expectTypeOf(bytes.hmget('k', 'f', 'g')).toEqualTypeOf<Promise<(Buffer | null)[]>>()
    expectTypeOf(plain.hkeys('k')).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.hkeys('k')).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.hset('k', { f: 1 })).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.hset('k', { f: 1 })).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.hincrbyfloat('k', 'f', 1)).toEqualTypeOf<Promise<number>>()
  })

  it('HRANDFIELD returns a type that depends on its options', () => {
    expectTypeOf(plain.hrandfield('k')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.hrandfield('k')).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(plain.hrandfield('k', 2)).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.hrandfield('k', 2)).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.hrandfield('k', 2, { withvalues: false })).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.hrandfield('k', 2, { withvalues: false })).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.hrandfield('k', 2, { withvalues: true })).toEqualTypeOf<Promise<FieldValue<string>[]>>()
    expectTypeOf(bytes.hrandfield('k', 2, { withvalues: true })).toEqualTypeOf<Promise<FieldValue<Buffer>[]>>()
    expectTypeOf(plain.hrandfield('k', 2, { withvalues: flag })).toEqualTypeOf<
      Promise<string[] | FieldValue<string>[]>
    >()
    expectTypeOf(bytes.hrandfield('k', 2, { withvalues: flag })).toEqualTypeOf<
      Promise<Buffer[] | FieldValue<Buffer>[]>
    >()
  })

  it('HSCAN returns a type that depends on its options', () => {
    expectTypeOf(plain.hscan('k', 0)).toEqualTypeOf<Promise<ScannedEntries<string>>>()
    expectTypeOf(bytes.hscan('k', 0)).toEqualTypeOf<Promise<ScannedEntries<Buffer>>>()
    expectTypeOf(plain.hscan('k', '0', { match: 'a*' })).toEqualTypeOf<Promise<ScannedEntries<string>>>()
    expectTypeOf(bytes.hscan('k', '0', { match: 'a*' })).toEqualTypeOf<Promise<ScannedEntries<Buffer>>>()
    expectTypeOf(plain.hscan('k', 0, { novalues: true })).toEqualTypeOf<Promise<ScannedFields<string>>>()
    expectTypeOf(bytes.hscan('k', 0, { novalues: true })).toEqualTypeOf<Promise<ScannedFields<Buffer>>>()
    expectTypeOf(plain.hscan('k', 0, { novalues: flag })).toEqualTypeOf<
      Promise<ScannedEntries<string> | ScannedFields<string>>
    >()
    expectTypeOf(bytes.hscan('k', 0, { novalues: flag })).toEqualTypeOf<
      Promise<ScannedEntries<Buffer> | ScannedFields<Buffer>>
    >()
  })

  it('HSET excludes fields that cannot be sent', () => {
    // @ts-expect-error
    plain.hset('k', { f: undefined })
    // @ts-expect-error
    plain.hset('k', { f: { g: 1 } })
    // @ts-expect-error
    plain.hset('k', ['f', 1])
  })
})
