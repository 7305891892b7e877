import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import type { Popped, PoppedSeveral } from '../../src/commands/lists.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const count: number | undefined

describe('types of list commands', () => {
  it('list commands return text, integers and words', () => {
    expectTypeOf(plain.lrange('k', 0, -1)).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.lrange('k', 0, -1)).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.lindex('k', 0)).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.lindex('k', 0)).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(plain.llen('k')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.llen('k')).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.lset('k', 0, 'e')).toEqualTypeOf<Promise<'OK'>>()
    expectTypeOf(plain.lmove('a', 'b', 'left', 'right')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.lmove('a', 'b', 'left', 'right')).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(plain.blpop(['a', 'b'], 1)).toEqualTypeOf<Promise<Popped<string> | null>>()
    expectTypeOf(bytes.blpop(['a', 'b'], 1)).toEqualTypeOf<Promise<Popped<Buffer> | null>>()
    expectTypeOf(plain.brpop('a', 1)).toEqualTypeOf<Promise<Popped<string> | null>>()
    expectTypeOf(bytes.brpop('a', 1)).toEqualTypeOf<Promise<Popped<Buffer> | null>>()
    expectTypeOf(plain.lmpop('a', 'left')).toEqualTypeOf<Promise<PoppedSeveral<string> | null>>()
    expectTypeOf(bytes.lmpop('a', 'left')).toEqualTypeOf<Promise<PoppedSeveral<Buffer> | null>>()
    expectTypeOf(plain.blmpop('a', 'left', 1, { count: 2 })).toEqualTypeOf<Promise<PoppedSeveral<string> | null>>()
    expectTypeOf(bytes.blmpop('a', 'left', 1, { count: 2 })).toEqualTypeOf<Promise<PoppedSeveral<Buffer> | null>>()
  })

  it('LPOP and LPOS return one or several items, depending on count', () => {
    expectTypeOf(plain.lpop('k')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.lpop('k')).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(plain.lpop('k', 2)).toEqualTypeOf<Promise<string[] | null>>()
    expectTypeOf(bytes.lpop('k', 2)).toEqualTypeOf<Promise<Buffer[] | null>>()
    expectTypeOf(plain.lpop('k', count)).toEqualTypeOf<Promise<string | string[] | null>>()
    expectTypeOf(bytes.lpop('k', count)).toEqualTypeOf<Promise<Buffer | Buffer[] | null>>()
    expectTypeOf(plain.rpop('k')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(bytes.rpop('k')).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(plain.rpop('k', 2)).toEqualTypeOf<Promise<string[] | null>>()
    expectTypeOf(bytes.rpop('k', 2)).toEqualTypeOf<Promise<Buffer[] | null>>()
    expectTypeOf(plain.rpop('k', count)).toEqualTypeOf<Promise<string | string[] | null>>()
    expectTypeOf(bytes.rpop('k', count)).toEqualTypeOf<Promise<Buffer | Buffer[] | null>>()
    expectTypeOf(plain.lpos('k', 'e')).toEqualTypeOf<Promise<number | null>>()
    expectTypeOf(bigints.lpos('k', 'e')).toEqualTypeOf<Promise<bigint | null>>()
    expectTypeOf(plain.lpos('k', 'e', { rank: 2 })).toEqualTypeOf<Promise<number | null>>()
    expectTypeOf(bigints.lpos('k', 'e', { rank: 2 })).toEqualTypeOf<Promise<bigint | null>>()
    expectTypeOf(plain.lpos('k', 'e', { count: 0 })).toEqualTypeOf<Promise<number[]>>()
    expectTypeOf(bigints.lpos('k', 'e', { count: 0 })).toEqualTypeOf<Promise<bigint[]>>()
  })

  it("list commands accept only the server's words", () => {
    // @ts-expect-error
    plain.lmove('a', 'b', 'up', 'down')
    // @ts-expect-error
    plain.linsert('k', 'LEFT', 'p', 'e')
    // @ts-expect-error
    plain.blpop('a')
  })

  it('list commands return a union if the options are not known', () => {
    const options: { rank?: number; count?: number } = {}
    expectTypeOf(plain.lpos('k', 'e', options)).toEqualTypeOf<Promise<number | number[] | null>>()
  })
})
