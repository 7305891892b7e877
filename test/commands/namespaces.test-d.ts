import { describe, expectTypeOf, it } from 'vitest'
import type { Pipeline } from '../../src/client/pipeline.js'
import type { Redis } from '../../src/client/redis.js'
import type { Transaction } from '../../src/client/transaction.js'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Context, Outcome, Plain, Promised } from '../../src/commands/core/context.js'
import type { CountedItem } from '../../src/commands/modules/top-k.js'
import type { RedisError } from '../../src/errors/errors.js'

declare const redis: Redis
declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const multi: Transaction<[]>
declare const some: boolean

describe('types of namespaces', () => {
  it('a namespace of a pipeline returns a pipeline', () => {
    expectTypeOf(redis.pipeline().json.get<number>('a').get('b').bf.add('c', 'd').ts.del('k', 0, 1)).toEqualTypeOf<
      Pipeline<[number | null, string | null, boolean, number], Plain>
    >()
    expectTypeOf(multi.json.set('a', '$', 1).topk.list('k').exec()).toEqualTypeOf<Promise<['OK' | null, string[]]>>()
    expectTypeOf(redis.bytes.pipeline().topk.list('k').exec()).toEqualTypeOf<Promise<[Buffer[]]>>()
  })

  it('helpers infer the types of a namespace', () => {
    function count<C extends Context>(on: Commands<C>): Outcome<C, C['int']> {
      return on.cf.count('k', 'a')
    }
    expectTypeOf(count(redis)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(count(redis.bigints)).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(count(redis.pipeline())).toEqualTypeOf<Pipeline<[number], Plain>>()
    expectTypeOf(redis).toExtend<Commands<Promised>>()
  })

  it('filters and sketches return the reply types of the view', async () => {
    expectTypeOf(plain.bf.madd('k', 'a')).toEqualTypeOf<Promise<(boolean | RedisError)[]>>()
    expectTypeOf(bigints.bf.info('k', 'items')).toEqualTypeOf<Promise<bigint | null>>()
    const info = await bigints.bf.info('k')
    expectTypeOf(info.capacity).toEqualTypeOf<bigint>()
    // @ts-expect-error
    void plain.bf.insert('k', 'a', { nocreate: true, capacity: 1 })
    // @ts-expect-error
    void plain.bf.reserve('k', 0.1, 1, { expansion: 1, nonscaling: true })
    // @ts-expect-error
    void plain.cf.insert('k', 'a', { nocreate: true, capacity: 1 })
    expectTypeOf(plain.cf.insertnx('k', ['a'])).toEqualTypeOf<Promise<number[]>>()
    expectTypeOf(bytes.topk.list('k')).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.topk.list('k', { withcount: true })).resolves.toExtend<CountedItem[]>()
    expectTypeOf(plain.topk.list('k', { withcount: some })).resolves.toExtend<string[] | CountedItem[]>()
    // @ts-expect-error
    void plain.topk.reserve('k', 1, { width: 8 })
    expectTypeOf(bigints.tdigest.rank('k', 1)).toEqualTypeOf<Promise<bigint[]>>()
    expectTypeOf(bigints.tdigest.quantile('k', 0.5)).toEqualTypeOf<Promise<number[]>>()
  })

  it('time series commands return samples and series', async () => {
    const sample = await bigints.ts.get('k')
    expectTypeOf(sample?.timestamp).toEqualTypeOf<bigint | undefined>()
    expectTypeOf(sample?.value).toEqualTypeOf<number | undefined>()
    const [series] = await bytes.ts.mrange('-', '+', 'a=b')
    expectTypeOf(series?.labels).toEqualTypeOf<Record<string, Buffer | null> | undefined>()
    expectTypeOf(series?.key).toEqualTypeOf<Buffer | undefined>()
    const [group] = await plain.ts.mrange('-', '+', 'a=b', { groupby: { label: 'a', reduce: 'max' } })
    expectTypeOf(group?.sources).toEqualTypeOf<string[] | undefined>()
    expectTypeOf(group).not.toHaveProperty('key')
    const details = await plain.ts.info('k', { debug: true })
    expectTypeOf(details.chunks[0]?.bytesPerSample).toEqualTypeOf<number | undefined>()
    expectTypeOf(plain.ts.info('k')).resolves.not.toHaveProperty('chunks')
    // @ts-expect-error
    void plain.ts.mget('a=b', { withlabels: true, selectedLabels: ['x'] })
  })
})
