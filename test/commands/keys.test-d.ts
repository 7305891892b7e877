import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import type { ScannedKeys } from '../../src/commands/keys.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>

describe('types of key commands', () => {
  it('key commands return text, integers and words', () => {
    expectTypeOf(plain.del('a', 'b')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.del('a', 'b')).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.exists(['a'])).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.exists(['a'])).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.dump('k')).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(plain.keys('*')).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.keys('*')).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.randomkey()).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.randomkey()).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(plain.type('k')).toEqualTypeOf<Promise<string>>()
    expectTypeOf(plain.objectEncoding('k')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(plain.objectFreq('k')).toEqualTypeOf<Promise<number | null>>()
    expectTypeOf(bigints.objectFreq('k')).toEqualTypeOf<Promise<bigint | null>>()
    expectTypeOf(plain.objectHelp()).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(plain.scan(0, { match: 'a*', type: 'hash' })).toEqualTypeOf<Promise<ScannedKeys<string>>>()
    expectTypeOf(bytes.scan(0, { match: 'a*', type: 'hash' })).toEqualTypeOf<Promise<ScannedKeys<Buffer>>>()
    expectTypeOf(plain.migrate('h', 1, 'k', 0, 1)).toEqualTypeOf<Promise<'OK' | 'NOKEY'>>()
    expectTypeOf(plain.waitaof(1, 0, 0)).toEqualTypeOf<Promise<[local: number, replicas: number]>>()
    expectTypeOf(bigints.waitaof(1, 0, 0)).toEqualTypeOf<Promise<[local: bigint, replicas: bigint]>>()
    expectTypeOf(plain.wait(1, 0)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.wait(1, 0)).toEqualTypeOf<Promise<bigint>>()
  })

  it('key commands exclude invalid options', () => {
    // @ts-expect-error
    plain.copy('a', 'b', { store: 'x' })
    // @ts-expect-error
    plain.restore('k', 0, 'text')
    // @ts-expect-error
    plain.restore('k', 0, Buffer.alloc(1), { idletime: 1, freq: 1 })
    // @ts-expect-error
    plain.migrate('h', 1, 'k', 0, 1, { auth: 'a', auth2: { username: 'u', password: 'p' } })
    // @ts-expect-error
    plain.waitaof(2, 0, 0)
  })
})
