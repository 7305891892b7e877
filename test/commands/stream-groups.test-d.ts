import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import type { Autoclaimed, AutoclaimedIds, PendingEntry, PendingSummary } from '../../src/commands/stream-groups.js'
import type {
  ClaimedEntry,
  ConsumerInfo,
  DeliveredEntry,
  GroupInfo,
  StreamEntries,
  StreamEntry,
} from '../../src/commands/stream-replies.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const some: boolean

declare const streams: Record<string, string>

describe('types of consumer group commands', () => {
  it('XREADGROUP returns new entries with fields, and delivered entries with fields or null', () => {
    expectTypeOf(plain.xreadgroup('g', 'c', { a: '>' })).toEqualTypeOf<
      Promise<StreamEntries<string, StreamEntry<string>>[] | null>
    >()
    expectTypeOf(bytes.xreadgroup('g', 'c', { a: '>' }, { count: 1, noack: true })).toEqualTypeOf<
      Promise<StreamEntries<Buffer, StreamEntry<Buffer>>[] | null>
    >()
    expectTypeOf(plain.xreadgroup('g', 'c', { a: '>', b: '0' })).toEqualTypeOf<
      Promise<StreamEntries<string, DeliveredEntry<string>>[] | null>
    >()
    expectTypeOf(plain.xreadgroup('g', 'c', streams)).toEqualTypeOf<
      Promise<StreamEntries<string, DeliveredEntry<string>>[] | null>
    >()
    expectTypeOf(plain.xreadgroup('g', 'c', { a: '>' }, { claim: 5 })).resolves.toExtend<
      StreamEntries<string, ClaimedEntry<Plain>>[] | null
    >()
  })

  it('XCLAIM and XAUTOCLAIM return claimed entries, or their ids', () => {
    expectTypeOf(plain.xclaim('k', 'g', 'c', 0, '1')).toEqualTypeOf<Promise<StreamEntry<string>[]>>()
    expectTypeOf(bytes.xclaim('k', 'g', 'c', 0, '1', { force: true })).toEqualTypeOf<Promise<StreamEntry<Buffer>[]>>()
    expectTypeOf(bytes.xclaim('k', 'g', 'c', 0, ['1'], { justid: true })).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(plain.xclaim('k', 'g', 'c', 0, '1', { justid: some })).toEqualTypeOf<
      Promise<StreamEntry<string>[] | string[]>
    >()
    expectTypeOf(bytes.xautoclaim('k', 'g', 'c', 0, '0')).toEqualTypeOf<Promise<Autoclaimed<Buffer>>>()
    expectTypeOf(bytes.xautoclaim('k', 'g', 'c', 0, '0', { justid: true })).toEqualTypeOf<Promise<AutoclaimedIds>>()
    expectTypeOf(plain.xautoclaim('k', 'g', 'c', 0, '0', { justid: some })).toEqualTypeOf<
      Promise<Autoclaimed<string> | AutoclaimedIds>
    >()
  })

  it('XPENDING returns a summary, or single entries', () => {
    expectTypeOf(plain.xpending('k', 'g')).resolves.toExtend<PendingSummary<Plain>>()
    expectTypeOf(bigints.xpending('k', 'g')).resolves.toExtend<PendingSummary<Bigints<Plain>>>()
    expectTypeOf(plain.xpending('k', 'g', '-', '+', 5, { consumer: 'c' })).resolves.toExtend<PendingEntry<Plain>[]>()
    expectTypeOf(bytes.xpending('k', 'g', '-', '+', 5)).resolves.toExtend<PendingEntry<Bytes<Plain>>[]>()
    // @ts-expect-error
    void plain.xpending('k', 'g', '-')
  })

  it('XINFO GROUPS and XINFO CONSUMERS return typed information', () => {
    expectTypeOf(plain.xinfoGroups('k')).resolves.toExtend<GroupInfo<Plain>[]>()
    expectTypeOf(bigints.xinfoConsumers('k', 'g')).resolves.toExtend<ConsumerInfo<Bigints<Plain>>[]>()
    expectTypeOf(plain.xgroupCreate('k', 'g', '$', { mkstream: true })).toEqualTypeOf<Promise<'OK'>>()
    expectTypeOf(bigints.xack('k', 'g', '1', '2')).toEqualTypeOf<Promise<bigint>>()
  })
})
