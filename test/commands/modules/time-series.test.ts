import { describe, expect, it } from 'vitest'
import { MapReply, SetReply } from '../../../src/commands/core/reply.js'
import { ResponseError } from '../../../src/errors/errors.js'
import { expectEncodings, expectRefusals, loosely } from '../encoding.js'
import { Recorder } from '../recorder.js'

const { ts } = new Recorder()

describe('arguments of time series commands', () => {
  it('commands that create, change and fill series send their arguments', () => {
    const series = {
      retention: 60_000,
      encoding: 'UNCOMPRESSED',
      chunkSize: 128,
      duplicatePolicy: 'MAX',
      ignore: { maxTimeDiff: 10, maxValDiff: 0.5 },
      labels: { room: 'study', type: 'temperature' },
    } as const
    const common = 'CHUNK_SIZE 128 DUPLICATE_POLICY MAX'
    const rest = 'IGNORE 10 0.5 LABELS room study type temperature'
    expectEncodings([
      [ts.create('k'), 'TS.CREATE k'],
      [ts.create('k', series), `TS.CREATE k RETENTION 60000 ENCODING UNCOMPRESSED ${common} ${rest}`],
      [ts.alter('k', { retention: 0 }), 'TS.ALTER k RETENTION 0'],
      [ts.alter('k', { labels: {} }), 'TS.ALTER k LABELS'],
      [ts.alter('k', { labels: new Map([['a', 'b']]) }), 'TS.ALTER k LABELS a b'],
      [ts.alter('k', { labels: new Map() }), 'TS.ALTER k LABELS'],
      [ts.add('k', '*', 1.5), 'TS.ADD k * 1.5'],
      [
        ts.add('k', 1000, 2, { ...series, onDuplicate: 'LAST' }),
        `TS.ADD k 1000 2 RETENTION 60000 ENCODING UNCOMPRESSED ${common} ON_DUPLICATE LAST ${rest}`,
      ],
      [
        ts.madd([
          { key: 'a', timestamp: 1, value: 2 },
          { key: 'b', timestamp: '*', value: '3' },
        ]),
        'TS.MADD a 1 2 b * 3',
        'a b',
      ],
      [ts.incrby('k', 1), 'TS.INCRBY k 1'],
      [ts.incrby('k', 1, { timestamp: 5, retention: 9 }), 'TS.INCRBY k 1 TIMESTAMP 5 RETENTION 9'],
      [ts.decrby('k', 0.5, { timestamp: '*', labels: { a: 1 } }), 'TS.DECRBY k 0.5 TIMESTAMP * LABELS a 1'],
      [ts.del('k', '-', '+'), 'TS.DEL k - +'],
      [ts.createrule('a', 'b', 'avg', 60_000), 'TS.CREATERULE a b AGGREGATION avg 60000', 'a b'],
      [ts.createrule('a', 'b', 'std.p', 1000, 5), 'TS.CREATERULE a b AGGREGATION std.p 1000 5', 'a b'],
      [ts.deleterule('a', 'b'), 'TS.DELETERULE a b', 'a b'],
    ])
  })

  it('commands that read samples send their arguments', () => {
    const options = {
      latest: true,
      filterByTs: [1, 2],
      filterByValue: { min: -1, max: 1 },
      count: 3,
      aggregation: { aggregator: 'twa', bucketDuration: 1000, align: 'start', bucketTimestamp: 'mid', empty: true },
    } as const
    const selection = 'LATEST FILTER_BY_TS 1 2 FILTER_BY_VALUE -1 1'
    const buckets = 'COUNT 3 ALIGN start AGGREGATION twa 1000 BUCKETTIMESTAMP mid EMPTY'
    expectEncodings([
      [ts.range('k', '-', '+'), 'TS.RANGE k - +'],
      [ts.range('k', 0, 9n, options), `TS.RANGE k 0 9 ${selection} ${buckets}`],
      [ts.revrange('k', 0, 9, options), `TS.REVRANGE k 0 9 ${selection} ${buckets}`],
      [ts.range('k', 0, 9, { filterByTs: 5 }), 'TS.RANGE k 0 9 FILTER_BY_TS 5'],
      [ts.mrange('-', '+', 'type=stock'), 'TS.MRANGE - + FILTER type=stock', ''],
      [
        ts.mrange(0, 9, ['a=b', 'c!='], { ...options, withlabels: true }),
        `TS.MRANGE 0 9 ${selection} ${buckets} WITHLABELS FILTER a=b c!=`,
        '',
      ],
      [
        ts.mrevrange(0, 9, ['a=b'], { selectedLabels: ['x', 'y'], groupby: { label: 'x', reduce: 'max' } }),
        'TS.MREVRANGE 0 9 SELECTED_LABELS x y FILTER a=b GROUPBY x REDUCE max',
        '',
      ],
      [
        ts.mrange(0, 9, 'a=b', {
          selectedLabels: 'x',
          aggregation: { aggregator: 'avg', bucketDuration: 10, align: 0 },
        }),
        'TS.MRANGE 0 9 ALIGN 0 AGGREGATION avg 10 SELECTED_LABELS x FILTER a=b',
        '',
      ],
      [ts.mrevrange(0, 9, 'a=b', { selectedLabels: 'x' }), 'TS.MREVRANGE 0 9 SELECTED_LABELS x FILTER a=b', ''],
      [ts.get('k'), 'TS.GET k'],
      [ts.get('k', { latest: true }), 'TS.GET k LATEST'],
      [ts.mget('a=b'), 'TS.MGET FILTER a=b', ''],
      [ts.mget(['a=b', 'c='], { latest: true, withlabels: true }), 'TS.MGET LATEST WITHLABELS FILTER a=b c=', ''],
      [ts.mget('a=b', { selectedLabels: ['x'] }), 'TS.MGET SELECTED_LABELS x FILTER a=b', ''],
      [ts.info('k'), 'TS.INFO k'],
      [ts.info('k', { debug: true }), 'TS.INFO k DEBUG'],
      [ts.queryindex(['a=b', 'c=']), 'TS.QUERYINDEX a=b c=', ''],
    ])
  })

  it('time series commands reject options that conflict or are missing', () => {
    expectRefusals('exclude each other', [
      loosely(ts, 'mget', 'a=b', { withlabels: true, selectedLabels: ['x'] }),
      loosely(ts, 'mrange', 0, 1, 'a=b', { withlabels: true, selectedLabels: ['x'] }),
    ])
    expectRefusals('At least one', [ts.madd([]), ts.mget([]), ts.mrange(0, 1, []), ts.queryindex([])])
    expectRefusals('NaN', [ts.add('k', '*', Number.NaN)])
  })
})

describe('decoding of time series replies', () => {
  const samples = [
    { timestamp: 1000, value: 30 },
    { timestamp: 1010, value: 35.5 },
  ]
  const resp2 = [
    [1000, '30'],
    [1010, '35.5'],
  ]
  const resp3 = [
    [1000, 30],
    [1010, 35.5],
  ]

  it('TS.ADD and TS.MADD return timestamps, with errors as values', () => {
    const error = new ResponseError('ERR TSDB: the key does not exist')
    expect(ts.add('k', '*', 1).decode(1000)).toBe(1000)
    expect(ts.madd([{ key: 'k', timestamp: 1, value: 1 }]).decode([1000, error])).toEqual([1000, error])
    expect(ts.incrby('k', 1).decode(1000, { bigints: true })).toBe(1000n)
  })

  it('TS.RANGE becomes samples, the same under both protocols', () => {
    expect(ts.range('k', '-', '+').decode(resp2)).toEqual(samples)
    expect(ts.revrange('k', '-', '+').decode(resp3)).toEqual(samples)
    expect(ts.range('k', '-', '+').decode([[1000, 'NaN']])).toEqual([{ timestamp: 1000, value: Number.NaN }])
    expect(ts.range('k', '-', '+').decode([])).toEqual([])
    expect(ts.range('k', '-', '+').decode(resp3, { bigints: true })).toEqual([
      { timestamp: 1000n, value: 30 },
      { timestamp: 1010n, value: 35.5 },
    ])
    expect(ts.get('k').decode([1000, '30'])).toEqual({ timestamp: 1000, value: 30 })
    expect(ts.get('k').decode([])).toBeNull()
  })

  it('TS.MRANGE becomes series with their labels', () => {
    const call = ts.mrange('-', '+', 'type=stock', { selectedLabels: ['type', 'team'] })
    const expected = [{ key: 'p:stock:A', labels: { type: 'stock', team: null }, samples }]
    const labels = [
      ['type', 'stock'],
      ['team', null],
    ]
    const map = new MapReply(['type', 'stock', 'team', null])
    const aggregators = new MapReply(['aggregators', []])
    const inMap = new MapReply(['p:stock:A', [map, aggregators, resp3]])
    expect(call.decode([['p:stock:A', labels, resp2]])).toEqual(expected)
    expect(call.decode(inMap)).toEqual(expected)
    expect(call.decode(inMap, { prefix: 'p:' })).toEqual([{ ...expected[0], key: 'stock:A' }])
    expect(call.decode([['k', [], []]])).toEqual([{ key: 'k', labels: {}, samples: [] }])
    expect(call.decode(new MapReply([]))).toEqual([])
  })

  it('TS.MGET becomes series with their last samples', () => {
    const call = ts.mget('type=stock')
    const expected = [
      { key: 'a', labels: { type: 'stock' }, sample: { timestamp: 1000, value: 30 } },
      { key: 'b', labels: {}, sample: null },
    ]
    expect(
      call.decode([
        ['a', [['type', 'stock']], [1000, '30']],
        ['b', [], []],
      ]),
    ).toEqual(expected)
    expect(
      call.decode(new MapReply(['a', [new MapReply(['type', 'stock']), [1000, 30]], 'b', [new MapReply([]), []]])),
    ).toEqual(expected)
  })

  it('TS.MRANGE with groupby becomes groups of series', () => {
    const call = ts.mrange('-', '+', 'type=stock', { withlabels: true, groupby: { label: 'type', reduce: 'max' } })
    const expected = [{ group: 'type=stock', labels: { type: 'stock' }, sources: ['p:A', 'p:B'], samples }]
    const inList = [
      [
        'type=stock',
        [
          ['type', 'stock'],
          ['__reducer__', 'max'],
          ['__source__', 'p:A,p:B'],
        ],
        resp2,
      ],
    ]
    const details = [
      new MapReply(['type', 'stock']),
      new MapReply(['reducers', ['max']]),
      new MapReply(['sources', ['p:A', 'p:B']]),
      resp3,
    ]
    expect(call.decode(inList)).toEqual(expected)
    expect(call.decode(new MapReply(['type=stock', details]))).toEqual(expected)
    expect(call.decode(inList, { prefix: 'p:' })).toEqual([{ ...expected[0], sources: ['A', 'B'] }])
    const bytes = [[Buffer.from('a=b'), [[Buffer.from('__source__'), Buffer.from([0xff, 0x2c, 0x41])]], []]]
    expect(call.decode(bytes, { bytes: true })).toEqual([
      { group: Buffer.from('a=b'), labels: {}, sources: [Buffer.from([0xff]), Buffer.from('A')], samples: [] },
    ])
    expect(call.decode([['a=b', [], []]])).toEqual([{ group: 'a=b', labels: {}, sources: [], samples: [] }])
  })

  it('TS.MRANGE distinguishes a label named sources from the sources', () => {
    const call = ts.mrange('-', '+', 'a=b', { withlabels: true, groupby: { label: 'sources', reduce: 'sum' } })
    const details = [
      new MapReply(['sources', 'x']),
      new MapReply(['reducers', ['sum']]),
      new MapReply(['sources', ['k']]),
      [],
    ]
    expect(call.decode(new MapReply(['sources=x', details]))).toEqual([
      { group: 'sources=x', labels: { sources: 'x' }, sources: ['k'], samples: [] },
    ])
  })

  it('TS.INFO becomes the same object under both protocols', () => {
    const head = [
      ...['totalSamples', 2, 'memoryUsage', 4246, 'firstTimestamp', 0, 'lastTimestamp', 9, 'retentionTime', 0],
      ...['chunkCount', 1, 'chunkSize', 4096, 'chunkType', 'compressed', 'duplicatePolicy', null],
    ]
    const expected = {
      totalSamples: 2,
      memoryUsage: 4246,
      firstTimestamp: 0,
      lastTimestamp: 9,
      retentionTime: 0,
      chunkCount: 1,
      chunkSize: 4096,
      chunkType: 'compressed',
      duplicatePolicy: null,
      labels: { room: 'kitchen' },
      sourceKey: 'p:src',
      rules: [{ key: 'p:dst', bucketDuration: 1000, aggregator: 'AVG', alignment: 5 }],
      ignoreMaxTimeDiff: 0,
      ignoreMaxValDiff: 0.5,
      keySelfName: 'p:k',
      chunks: [
        { startTimestamp: 0, endTimestamp: 0, samples: 0, size: 4096, bytesPerSample: Number.POSITIVE_INFINITY },
      ],
    }
    const chunk = ['startTimestamp', 0, 'endTimestamp', 0, 'samples', 0, 'size', 4096, 'bytesPerSample']
    const resp2 = [
      ...head,
      ...['labels', [['room', 'kitchen']], 'sourceKey', 'p:src', 'rules', [['p:dst', 1000, 'AVG', 5]]],
      ...['ignoreMaxTimeDiff', 0, 'ignoreMaxValDiff', '0.5'],
      ...['keySelfName', 'p:k', 'Chunks', [[...chunk, 'inf']]],
    ]
    const resp3 = new MapReply([
      ...head,
      ...['labels', new MapReply(['room', 'kitchen']), 'sourceKey', 'p:src'],
      ...['rules', new MapReply(['p:dst', [1000, 'AVG', 5]]), 'ignoreMaxTimeDiff', 0, 'ignoreMaxValDiff', 0.5],
      ...['keySelfName', 'p:k', 'Chunks', [new MapReply([...chunk, Number.POSITIVE_INFINITY])]],
    ])
    const { decode } = ts.info('k', { debug: true })
    expect(decode(resp2)).toEqual(expected)
    expect(decode(resp3)).toEqual(expected)
    expect(decode(resp2, { prefix: 'p:' })).toMatchObject({
      sourceKey: 'src',
      rules: [{ key: 'dst' }],
      keySelfName: 'k',
    })
    expect(decode(['labels', null, 'rules', [], 'sourceKey', null])).toEqual({ labels: {}, rules: [], sourceKey: null })
  })

  it('TS.QUERYINDEX returns keys without the prefix', () => {
    expect(ts.queryindex('a=b').decode(['p:a', 'p:b'], { prefix: 'p:' })).toEqual(['a', 'b'])
    expect(ts.queryindex('a=b').decode(new SetReply(['a', 'b']))).toEqual(['a', 'b'])
  })
})
