import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../../src/commands/core/context.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const path: string

interface User {
  name: string
}

describe('types of JSON commands', () => {
  it('JSON.GET returns values, or their text with raw', () => {
    expectTypeOf(plain.json.get('k')).toEqualTypeOf<Promise<unknown>>()
    expectTypeOf(plain.json.get<User>('k')).toEqualTypeOf<Promise<User | null>>()
    expectTypeOf(plain.json.get<User[]>('k', '$.a')).toEqualTypeOf<Promise<User[] | null>>()
    expectTypeOf(bytes.json.get<User>('k', ['$.a', '$.b'])).toEqualTypeOf<Promise<User | null>>()
    expectTypeOf(plain.json.get('k', '.', { raw: true })).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.json.get('k', ['$.a'], { raw: true, indent: ' ' })).toEqualTypeOf<Promise<Buffer | null>>()
    // @ts-expect-error
    void plain.json.get('k', '.', { indent: ' ' })
    expectTypeOf(plain.json.mget<number>(['a'], '.n')).toEqualTypeOf<Promise<(number | null)[]>>()
    expectTypeOf(bytes.json.mget(['a'], '.n', { raw: true })).toEqualTypeOf<Promise<(Buffer | null)[]>>()
    expectTypeOf(plain.json.arrpop('k')).toEqualTypeOf<Promise<unknown>>()
    expectTypeOf(plain.json.arrpop<number>('k')).toEqualTypeOf<Promise<number | null>>()
    expectTypeOf(plain.json.arrpop<number>('k', '$.a', -1)).toEqualTypeOf<Promise<(number | null)[] | null>>()
    expectTypeOf(plain.json.arrpop<number>('k', path)).toEqualTypeOf<Promise<number | (number | null)[] | null>>()
  })

  it('JSON.SET accepts any value, or JSON text with raw', () => {
    expectTypeOf(plain.json.set('k', '$', { a: new Date() })).toEqualTypeOf<Promise<'OK' | null>>()
    expectTypeOf(plain.json.set('k', '$', '{}', { raw: true, nx: true })).toEqualTypeOf<Promise<'OK' | null>>()
    // @ts-expect-error
    void plain.json.set('k', '$', { a: 1 }, { raw: true })
    // @ts-expect-error
    void plain.json.set('k', '$', 1, { nx: true, xx: true })
    expectTypeOf(plain.json.mset([{ key: 'k', path: '$', value: 1 }])).toEqualTypeOf<Promise<'OK'>>()
  })

  it('JSON commands return one value or a list, depending on the path', () => {
    expectTypeOf(plain.json.type('k')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.json.type('k', '$')).toEqualTypeOf<Promise<string[] | null>>()
    expectTypeOf(plain.json.type('k', path)).toEqualTypeOf<Promise<string | string[] | null>>()
    expectTypeOf(plain.json.arrlen('k')).toEqualTypeOf<Promise<number | null>>()
    expectTypeOf(bigints.json.arrlen('k', '$[0]')).toEqualTypeOf<Promise<(bigint | null)[] | null>>()
    expectTypeOf(bigints.json.arrlen('k', '.a')).toEqualTypeOf<Promise<bigint | null>>()
    expectTypeOf(plain.json.arrlen('k', '$a')).toEqualTypeOf<Promise<number | null>>()
    expectTypeOf(plain.json.arrappend('k', '$.a', 1, 'x')).toEqualTypeOf<Promise<(number | null)[] | null>>()
    expectTypeOf(plain.json.numincrby('k', '$.n', 1)).toEqualTypeOf<Promise<(number | null)[] | null>>()
    expectTypeOf(bigints.json.numincrby('k', '.n', 1)).toEqualTypeOf<Promise<number | null>>()
    expectTypeOf(plain.json.objkeys('k')).toEqualTypeOf<Promise<string[] | null>>()
    expectTypeOf(bytes.json.objkeys('k', '$.o')).toEqualTypeOf<Promise<(Buffer[] | null)[] | null>>()
    expectTypeOf(plain.json.toggle('k', '$.b')).toEqualTypeOf<Promise<(boolean | null)[] | null>>()
    expectTypeOf(plain.json.debugMemory('k', '$')).toEqualTypeOf<Promise<number[] | null>>()
  })
})
