/** Count-min sketches, top-k lists and t-digests. */
import { describe, expect, it } from 'vitest'
import { MapReply } from '../../../src/commands/core/reply.js'
import { expectEncodings, expectRefusals, loosely } from '../encoding.js'
import { Recorder } from '../recorder.js'

const { cms, topk, tdigest } = new Recorder()

describe('Count-min sketches', () => {
  it('Count-min commands send their arguments', () => {
    expectEncodings([
      [cms.initbydim('k', 2000, 5), 'CMS.INITBYDIM k 2000 5'],
      [cms.initbyprob('k', 0.001, 0.01), 'CMS.INITBYPROB k 0.001 0.01'],
      [cms.incrby('k', { a: 1, b: 2 }), 'CMS.INCRBY k a 1 b 2'],
      [cms.incrby('k', new Map([[Buffer.from('a'), 3]])), 'CMS.INCRBY k a 3'],
      [cms.query('k', 'a', 'b'), 'CMS.QUERY k a b'],
      [cms.merge('d', ['a', 'b']), 'CMS.MERGE d 2 a b', 'd a b'],
      [cms.merge('d', ['a', 'b'], { weights: [1, 2] }), 'CMS.MERGE d 2 a b WEIGHTS 1 2', 'd a b'],
      [cms.info('k'), 'CMS.INFO k'],
    ])
    expectRefusals('one weight for each source', [cms.merge('d', ['a', 'b'], { weights: [1] })])
    expectRefusals('At least one', [cms.merge('d', []), cms.query('k'), cms.incrby('k', {})])
  })

  it('Count-min replies become integers of the view', () => {
    expect(cms.incrby('k', { a: 1 }).decode([3])).toEqual([3])
    expect(cms.query('k', 'a').decode([3], { bigints: true })).toEqual([3n])
    const flat = ['width', 2000, 'depth', 5, 'count', 0]
    expect(cms.info('k').decode(flat)).toEqual({ width: 2000, depth: 5, count: 0 })
    expect(cms.info('k').decode(new MapReply(flat))).toEqual({ width: 2000, depth: 5, count: 0 })
  })
})

describe('top-k lists', () => {
  it('top-k commands send their arguments', () => {
    expectEncodings([
      [topk.reserve('k', 50), 'TOPK.RESERVE k 50'],
      [topk.reserve('k', 50, { width: 2000, depth: 7, decay: 0.925 }), 'TOPK.RESERVE k 50 2000 7 0.925'],
      [topk.add('k', 'a', 'b'), 'TOPK.ADD k a b'],
      [topk.incrby('k', { a: 3, b: 1 }), 'TOPK.INCRBY k a 3 b 1'],
      [topk.query('k', 'a'), 'TOPK.QUERY k a'],
      [topk.count('k', ['a', 'b']), 'TOPK.COUNT k a b'],
      [topk.list('k'), 'TOPK.LIST k'],
      [topk.list('k', { withcount: true }), 'TOPK.LIST k WITHCOUNT'],
      [topk.info('k'), 'TOPK.INFO k'],
    ])
    expectRefusals('must be given together', [loosely(topk, 'reserve', 'k', 50, { width: 8 })])
    expectRefusals('At least one item', [topk.add('k'), topk.query('k'), topk.count('k'), topk.incrby('k', {})])
  })

  it('top-k replies become items and booleans', () => {
    expect(topk.add('k', 'a', 'b').decode([null, 'baz'])).toEqual([null, 'baz'])
    expect(topk.incrby('k', { a: 1 }).decode(['x'], { bytes: true })).toEqual([Buffer.from('x')])
    expect(topk.query('k', 'a', 'b').decode([1, 0])).toEqual([true, false])
    expect(topk.query('k', 'a', 'b').decode([true, false])).toEqual([true, false])
    expect(topk.list('k').decode(['foo', '42'])).toEqual(['foo', '42'])
    expect(topk.list('k', { withcount: true }).decode(['foo', 12, '42', 7])).toEqual([
      { item: 'foo', count: 12 },
      { item: '42', count: 7 },
    ])
    const info = { k: 50, width: 2000, depth: 7, decay: 0.925 }
    expect(topk.info('k').decode(['k', 50, 'width', 2000, 'depth', 7, 'decay', '0.925'])).toEqual(info)
    expect(topk.info('k').decode(new MapReply(['k', 50, 'width', 2000, 'depth', 7, 'decay', 0.925]))).toEqual(info)
  })
})

describe('t-digests', () => {
  it('t-digest commands send their arguments', () => {
    expectEncodings([
      [tdigest.create('k'), 'TDIGEST.CREATE k'],
      [tdigest.create('k', { compression: 200 }), 'TDIGEST.CREATE k COMPRESSION 200'],
      [tdigest.reset('k'), 'TDIGEST.RESET k'],
      [tdigest.add('k', 1, 2.5), 'TDIGEST.ADD k 1 2.5'],
      [tdigest.merge('d', ['a', 'b']), 'TDIGEST.MERGE d 2 a b', 'd a b'],
      [
        tdigest.merge('d', ['a'], { compression: 50, override: true }),
        'TDIGEST.MERGE d 1 a COMPRESSION 50 OVERRIDE',
        'd a',
      ],
      [tdigest.min('k'), 'TDIGEST.MIN k'],
      [tdigest.max('k'), 'TDIGEST.MAX k'],
      [tdigest.quantile('k', 0.5, 0.99), 'TDIGEST.QUANTILE k 0.5 0.99'],
      [tdigest.cdf('k', [1, 2]), 'TDIGEST.CDF k 1 2'],
      [tdigest.trimmedMean('k', 0.1, 0.9), 'TDIGEST.TRIMMED_MEAN k 0.1 0.9'],
      [tdigest.rank('k', 10), 'TDIGEST.RANK k 10'],
      [tdigest.revrank('k', 10), 'TDIGEST.REVRANK k 10'],
      [tdigest.byrank('k', 0, 1), 'TDIGEST.BYRANK k 0 1'],
      [tdigest.byrevrank('k', 0), 'TDIGEST.BYREVRANK k 0'],
      [tdigest.info('k'), 'TDIGEST.INFO k'],
    ])
    expectRefusals('At least one value', [tdigest.add('k'), tdigest.cdf('k'), tdigest.rank('k'), tdigest.revrank('k')])
    expectRefusals('At least one', [
      tdigest.merge('d', []),
      tdigest.quantile('k'),
      tdigest.byrank('k'),
      tdigest.byrevrank('k'),
    ])
  })

  it('t-digest replies become doubles, and NaN for an empty digest', () => {
    expect(tdigest.min('k').decode('nan')).toBeNaN()
    expect(tdigest.max('k').decode(5)).toBe(5)
    expect(tdigest.quantile('k', 0.5).decode(['3', 'nan'])).toEqual([3, Number.NaN])
    expect(tdigest.quantile('k', 0.5).decode([3, Number.NaN])).toEqual([3, Number.NaN])
    expect(tdigest.byrank('k', 9).decode(['inf'])).toEqual([Number.POSITIVE_INFINITY])
    expect(tdigest.byrevrank('k', 9).decode(['-inf'])).toEqual([Number.NEGATIVE_INFINITY])
    expect(tdigest.trimmedMean('k', 0, 1).decode('2.5')).toBe(2.5)
    expect(tdigest.rank('k', 1).decode([0, -1, -2])).toEqual([0, -1, -2])
    expect(tdigest.rank('k', 1).decode([0], { bigints: true })).toEqual([0n])
  })

  it('TDIGEST.INFO becomes an object, the same under both protocols', () => {
    const flat = [
      ...['Compression', 100, 'Capacity', 610, 'Merged nodes', 0, 'Unmerged nodes', 5, 'Merged weight', 0],
      ...['Unmerged weight', 5, 'Observations', 5, 'Total compressions', 0, 'Memory usage', 9768],
    ]
    const expected = {
      compression: 100,
      capacity: 610,
      mergedNodes: 0,
      unmergedNodes: 5,
      mergedWeight: 0,
      unmergedWeight: 5,
      observations: 5,
      totalCompressions: 0,
      memoryUsage: 9768,
    }
    expect(tdigest.info('k').decode(flat)).toEqual(expected)
    expect(tdigest.info('k').decode(new MapReply(flat))).toEqual(expected)
  })
})
