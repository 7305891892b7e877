import { expect, it } from 'vitest'
import { ResponseError } from '../../src/errors/errors.js'
import { needs, overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  it('SORT returns or stores sorted elements', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.rpush('ids', '2', '10', '1'),
        redis.mset({ weight_1: 30, weight_2: 20, weight_10: 10, name_1: 'one', name_10: 'ten' }),
        redis.sort('none'),
        redis.sort('ids'),
        redis.bytes.sort('ids', { desc: true, limit: { offset: 0, count: 1 } }),
        redis.sort('ids', { alpha: true }),
        redis.sort('ids', { by: 'weight_*' }),
        redis.sort('ids', { by: 'nosort' }),
        redis.sort('ids', { get: ['#', 'name_*'] }),
        redis.sort('ids', { by: 'weight_*', get: 'name_*', store: 'sorted' }),
        redis.lrange('sorted', 0, -1),
        redis.bigints.sort('ids', { store: 'sorted' }),
      ]),
    ).toStrictEqual([
      3,
      'OK',
      [],
      ['1', '2', '10'],
      [Buffer.from('10')],
      ['1', '10', '2'],
      ['10', '2', '1'],
      ['2', '10', '1'],
      ['1', 'one', '2', null, '10', 'ten'],
      3,
      ['ten', '', 'one'],
      3n,
    ])
    await redis.rpush('words', 'b', 'a')
    await expect(redis.sort('words')).rejects.toBeInstanceOf(ResponseError)
  })

  it('SORT_RO returns sorted elements', async context => {
    await needs(context, server(), 'SORT_RO')
    const redis = client()
    await redis.rpush('words', 'b', 'a')
    expect(await redis.sortRo('words', { alpha: true })).toStrictEqual(['a', 'b'])
    expect(await redis.sortRo('words', { alpha: true, desc: true, get: ['#', 'none_*'] })).toStrictEqual([
      'b',
      null,
      'a',
      null,
    ])
  })
})
