import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>

describe('types of pub/sub commands', () => {
  it('pub/sub commands return numbers and channels', () => {
    expectTypeOf(plain.publish('c', 'm')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.spublish('c', 'm')).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(bytes.pubsubChannels()).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.pubsubNumsub('a', 'b')).toEqualTypeOf<Promise<Record<string, number>>>()
    expectTypeOf(bigints.pubsubShardnumsub(['a'])).toEqualTypeOf<Promise<Record<string, bigint>>>()
  })
})
