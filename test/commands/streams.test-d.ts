import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import type { FullStreamInfo, StreamEntries, StreamEntry, StreamInfo } from '../../src/commands/stream-replies.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const some: boolean

describe('types of stream commands', () => {
  it('XADD returns ids as strings in every view', () => {
    expectTypeOf(plain.xadd('k', '*', { a: 1 })).toEqualTypeOf<Promise<string>>()
    expectTypeOf(bytes.xadd('k', '*', { a: 1 }, { maxlen: 5, approximate: true })).toEqualTypeOf<Promise<string>>()
    expectTypeOf(plain.xadd('k', '*', { a: 1 }, { nomkstream: true })).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(plain.xadd('k', '*', { a: 1 }, { nomkstream: some })).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(plain.xadd('k', '*', { a: 1 }, { idmpauto: 'p', acked: true })).toEqualTypeOf<Promise<string>>()
  })

  it('XRANGE and XREAD return entries', () => {
    expectTypeOf(plain.xrange('k')).toEqualTypeOf<Promise<StreamEntry<string>[]>>()
    expectTypeOf(bytes.xrevrange('k', '+', '-', { count: 1 })).toEqualTypeOf<Promise<StreamEntry<Buffer>[]>>()
    expectTypeOf(plain.xread({ a: '0' })).toEqualTypeOf<Promise<StreamEntries<string, StreamEntry<string>>[] | null>>()
    expectTypeOf(bytes.xread(new Map([['a', 0]]), { block: 5 })).toEqualTypeOf<
      Promise<StreamEntries<Buffer, StreamEntry<Buffer>>[] | null>
    >()
  })

  it('XLEN, XDEL and XTRIM return integers', () => {
    expectTypeOf(bigints.xlen('k')).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.xtrim('k', { minid: '5', acked: true })).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.xdelex('k', ['1-1'], { delref: true })).toEqualTypeOf<Promise<bigint[]>>()
  })

  it('XINFO STREAM returns a type that depends on full', () => {
    expectTypeOf(plain.xinfoStream('k')).resolves.toExtend<StreamInfo<Plain>>()
    expectTypeOf(plain.xinfoStream('k')).resolves.toHaveProperty('groups').toEqualTypeOf<number>()
    expectTypeOf(bigints.xinfoStream('k')).resolves.toExtend<StreamInfo<Bigints<Plain>>>()
    expectTypeOf(bytes.xinfoStream('k', { full: true })).resolves.toExtend<FullStreamInfo<Bytes<Plain>>>()
    expectTypeOf(plain.xinfoStream('k', { full: some })).resolves.toExtend<StreamInfo | FullStreamInfo>()
  })

  it('stream commands exclude options that conflict', () => {
    // @ts-expect-error
    void plain.xadd('k', '*', { a: 1 }, { maxlen: 1, minid: '1' })
    // @ts-expect-error
    void plain.xadd('k', '*', { a: 1 }, { maxlen: 1, limit: 1 })
    // @ts-expect-error
    void plain.xadd('k', '*', { a: 1 }, { approximate: true })
    // @ts-expect-error
    void plain.xadd('k', '*', { a: 1 }, { acked: true, delref: true })
    // @ts-expect-error
    void plain.xtrim('k', {})
    // @ts-expect-error
    void plain.xtrim('k', { maxlen: 1, minid: 1 })
    // @ts-expect-error
    void plain.xadd('k', '*', { a: 1 }, { idmpauto: 'p', idmp: { producer: 'p', id: 'i' } })
  })
})
