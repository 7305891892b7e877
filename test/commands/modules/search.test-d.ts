import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../../src/commands/core/context.js'
import type { IndexInfo, Suggestion } from '../../../src/commands/modules/search-index-replies.js'
import type {
  AggregatePart,
  AggregateReply,
  FoundDocument,
  FoundKey,
  HybridReply,
  Profiled,
  RowValue,
  SearchReply,
} from '../../../src/commands/modules/search-replies.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const some: boolean

describe('types of search commands', () => {
  it('FT.SEARCH returns documents with fields, or without fields with nocontent', async () => {
    const reply = await plain.ft.search('i', '*', { withscores: true })
    expectTypeOf(reply.total).toEqualTypeOf<number>()
    expectTypeOf(reply.documents[0]?.id).toEqualTypeOf<string | undefined>()
    expectTypeOf(reply.documents[0]?.fields).toEqualTypeOf<Record<string, string> | undefined>()
    expectTypeOf(reply.documents[0]?.score).toEqualTypeOf<number | undefined>()
    const inBytes = await bytes.ft.search('i', '*')
    expectTypeOf(inBytes.documents[0]?.fields).toEqualTypeOf<Record<string, Buffer> | undefined>()
    const big = await bigints.ft.search('i', '*')
    expectTypeOf(big.total).toEqualTypeOf<bigint>()
    const keys = await plain.ft.search('i', '*', { nocontent: true })
    expectTypeOf(keys.documents).items.not.toHaveProperty('fields')
    expectTypeOf(plain.ft.search('i', '*', { nocontent: some })).resolves.toExtend<
      SearchReply<FoundDocument | FoundKey>
    >()
    expectTypeOf(plain.ft.profileSearch('i', '*')).resolves.toExtend<Profiled<SearchReply<FoundKey>>>()
  })

  it('FT.AGGREGATE returns rows, or a part and a cursor', async () => {
    expectTypeOf(plain.ft.aggregate('i', '*', { load: ['@a'] })).resolves.toExtend<AggregateReply>()
    expectTypeOf(plain.ft.aggregate('i', '*')).resolves.not.toHaveProperty('cursor')
    expectTypeOf(plain.ft.aggregate('i', '*', { withcursor: { count: 5 } })).resolves.toExtend<AggregatePart>()
    const part = await bytes.ft.cursorRead('i', '1')
    expectTypeOf(part.cursor).toEqualTypeOf<string>()
    expectTypeOf(part.rows[0]?.a).toEqualTypeOf<RowValue<Buffer> | undefined>()
    expectTypeOf(
      plain.ft.hybrid('i', 'q', { field: '@v', vector: new Float32Array(2) }, { combine: { rrf: {} } }),
    ).resolves.toExtend<HybridReply>()
    const both = { rrf: {}, linear: { alpha: 1, beta: 1 } }
    // @ts-expect-error
    void plain.ft.hybrid('i', 'q', { field: '@v', vector: '$v' }, { combine: both })
    // @ts-expect-error
    void plain.ft.hybrid('i', 'q', { field: '@v', vector: '$v', knn: { k: 1 }, range: { radius: 1 } })
  })

  it('FT.CREATE accepts schemas with valid fields', () => {
    expectTypeOf(plain.ft.create('i', { a: 'TEXT', b: { type: 'TAG', separator: ',' } })).toEqualTypeOf<Promise<'OK'>>()
    const vector = { type: 'VECTOR', algorithm: 'FLAT', dim: 2, distanceMetric: 'L2' } as const
    expectTypeOf(plain.ft.create('i', { v: vector })).toEqualTypeOf<Promise<'OK'>>()
    // @ts-expect-error a vector cannot be sorted
    void plain.ft.create('i', { v: { ...vector, sortable: true } })
    // @ts-expect-error numbers are not stemmed
    void plain.ft.create('i', { n: { type: 'NUMERIC', nostem: true } })
    // @ts-expect-error m is of HNSW
    void plain.ft.create('i', { v: { ...vector, m: 3 } })
    // @ts-expect-error a vector needs more than its type
    void plain.ft.create('i', { v: 'VECTOR' })
  })

  it('FT.INFO and FT.SUGGET return typed information', () => {
    expectTypeOf(plain.ft.info('i')).resolves.toExtend<IndexInfo>()
    expectTypeOf(plain.ft.sugget('k', 'x')).toEqualTypeOf<Promise<string[] | null>>()
    expectTypeOf(bytes.ft.sugget('k', 'x', { max: 3 })).toEqualTypeOf<Promise<Buffer[] | null>>()
    expectTypeOf(plain.ft.sugget('k', 'x', { withscores: true })).resolves.toExtend<Suggestion[] | null>()
    expectTypeOf(plain.ft.sugget('k', 'x', { withpayloads: true, withscores: some })).resolves.toExtend<
      Suggestion[] | null
    >()
    expectTypeOf(bytes.ft.syndump('i')).toEqualTypeOf<Promise<Record<string, Buffer[]>>>()
    expectTypeOf(bytes.ft.configGet('*')).toEqualTypeOf<Promise<Record<string, string | null>>>()
  })
})
