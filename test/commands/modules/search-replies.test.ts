import { describe, expect, it } from 'vitest'
import { MapReply, type Reply, SetReply } from '../../../src/commands/core/reply.js'
import { InvalidResponse } from '../../../src/errors/errors.js'
import { Recorder } from '../recorder.js'

const { ft } = new Recorder()

/** A RESP3 map from an object. */
function map(object: Readonly<Record<string, Reply>>): MapReply {
  return new MapReply(Object.entries(object).flat())
}

/** The RESP3 reply to a query with this number of results. */
function reply3(total: number, results: Reply[], warning: Reply[] = []): MapReply {
  return map({ attributes: [], total_results: total, format: 'STRING', results, warning })
}

/** The reply as it arrives in a bytes view. */
function asBytes(reply: Reply): Reply {
  if (typeof reply === 'string') return Buffer.from(reply)
  if (Array.isArray(reply)) return reply.map(asBytes)
  return reply instanceof MapReply ? new MapReply(reply.flat.map(asBytes)) : reply
}

describe('FT.SEARCH replies', () => {
  const { decode } = ft.search('i', '*')
  const resp2 = [2, 'p:doc2', ['f1', '3', 'f2', '2'], 'p:doc1', ['f1', '3']]
  const resp3 = reply3(2, [
    map({ id: 'p:doc2', extra_attributes: map({ f1: '3', f2: '2' }), values: [] }),
    map({ id: 'p:doc1', extra_attributes: map({ f1: '3' }), values: [] }),
  ])

  it('FT.SEARCH becomes documents, the same under both protocols', () => {
    const expected = {
      total: 2,
      documents: [
        { id: 'p:doc2', fields: { f1: '3', f2: '2' } },
        { id: 'p:doc1', fields: { f1: '3' } },
      ],
      warnings: [],
    }
    expect(decode(resp2)).toEqual(expected)
    expect(decode(resp3)).toEqual(expected)
    expect(decode([0])).toEqual({ total: 0, documents: [], warnings: [] })
    expect(decode(reply3(7, [], ['Timeout limit was reached']))).toEqual({
      total: 7,
      documents: [],
      warnings: ['Timeout limit was reached'],
    })
  })

  it('FT.SEARCH becomes Buffers, bigints and ids without prefix in a view', () => {
    for (const reply of [resp2, resp3]) {
      expect(decode(asBytes(reply), { bytes: true, bigints: true })).toEqual({
        total: 2n,
        documents: [
          { id: Buffer.from('p:doc2'), fields: { f1: Buffer.from('3'), f2: Buffer.from('2') } },
          { id: Buffer.from('p:doc1'), fields: { f1: Buffer.from('3') } },
        ],
        warnings: [],
      })
      expect(decode(reply, { prefix: 'p:' })).toMatchObject({ documents: [{ id: 'doc2' }, { id: 'doc1' }] })
    }
  })

  it('FT.SEARCH returns no fields for deleted documents and with nocontent', () => {
    expect(decode([1, 'doc', null])).toEqual({ total: 1, documents: [{ id: 'doc', fields: {} }], warnings: [] })
    expect(decode(reply3(1, [map({ id: 'doc', values: [] })]))).toMatchObject({
      documents: [{ id: 'doc', fields: {} }],
    })
    const expected = { total: 2, documents: [{ id: 's1' }, { id: 's2' }], warnings: [] }
    for (const call of [ft.search('i', '*', { nocontent: true }), ft.search('i', '*', { return: [] })]) {
      expect(call.decode([2, 's1', 's2'])).toEqual(expected)
      expect(call.decode(reply3(2, [map({ id: 's1', values: [] }), map({ id: 's2', values: [] })]))).toEqual(expected)
    }
  })

  it('FT.SEARCH returns the requested details in addition to the fields', () => {
    const explanation = ['Final TFIDF : …', ['(TFIDF 1.00 = Weight 1.00 * Frequency 1)']]
    const call = ft.search('i', '*', { withscores: true, explainscore: true, withpayloads: true, withsortkeys: true })
    const expected = {
      total: 1,
      documents: [{ id: 'd', score: 0.5, explanation, payload: null, sortkey: '$3', fields: { f: '3' } }],
      warnings: [],
    }
    expect(call.decode([1, 'd', ['0.5', explanation], null, '$3', ['f', '3']])).toEqual(expected)
    const document = {
      id: 'd',
      score: [0.5, explanation],
      payload: null,
      sortkey: '$3',
      extra_attributes: map({ f: '3' }),
    }
    expect(call.decode(reply3(1, [map(document)]))).toEqual(expected)
    const scores = ft.search('i', '*', { withscores: true, nocontent: true })
    expect(scores.decode([1, 'd', '2'])).toEqual({ total: 1, documents: [{ id: 'd', score: 2 }], warnings: [] })
    expect(scores.decode(reply3(1, [map({ id: 'd', score: 2 })]))).toMatchObject({ documents: [{ id: 'd', score: 2 }] })
  })

  it('FT.PROFILE becomes the reply of the search and a profile', () => {
    const call = ft.profileSearch('i', '*')
    const reply = { total: 2, documents: [{ id: 'p:doc2' }, { id: 'p:doc1' }] }
    expect(call.decode([resp2, ['Shards', []]])).toMatchObject({ reply, profile: ['Shards', []] })
    const profile = map({ Shards: [map({ 'Total profile time': 0.5 })], Coordinator: map({}) })
    const expected = { reply, profile: { Shards: [{ 'Total profile time': 0.5 }], Coordinator: {} } }
    expect(call.decode(map({ Results: resp3, Profile: profile }))).toMatchObject(expected)
    expect(call.decode(new MapReply([...resp3.flat, 'profile', profile]))).toMatchObject(expected)
  })
})

describe('FT.AGGREGATE replies', () => {
  const { decode } = ft.aggregate('i', '*')
  const resp2 = [284784, ['actor', 'ogate', 'num', '6449', 'all', ['a', 'b'], 'none', null], ['__key', 'p:doc']]
  const resp3 = reply3(284784, [
    map({ extra_attributes: map({ actor: 'ogate', num: '6449', all: ['a', 'b'], none: null }), values: [] }),
    map({ extra_attributes: map({ __key: 'p:doc' }), values: [] }),
  ])
  const expected = {
    total: 284784,
    rows: [{ actor: 'ogate', num: '6449', all: ['a', 'b'], none: null }, { __key: 'p:doc' }],
    warnings: [],
  }

  it('FT.AGGREGATE becomes rows, the same under both protocols', () => {
    expect(decode(resp2)).toEqual(expected)
    expect(decode(resp3)).toEqual(expected)
    expect(decode(resp3, { prefix: 'p:' })).toMatchObject({ rows: [{}, { __key: 'doc' }] })
    expect(decode(asBytes(resp2), { bytes: true })).toMatchObject({
      rows: [{ all: [Buffer.from('a'), Buffer.from('b')] }, {}],
    })
    expect(ft.profileAggregate('i', '*').decode([resp2, []])).toEqual({ reply: expected, profile: [] })
    expect(ft.profileAggregate('i', '*').decode(map({ Results: resp3, Profile: map({}) }))).toEqual({
      reply: expected,
      profile: {},
    })
  })

  it('FT.AGGREGATE with a cursor becomes a part and the cursor', () => {
    for (const call of [ft.aggregate('i', '*', { withcursor: true }), ft.cursorRead('i', '1')]) {
      expect(call.decode([resp2, 342459320])).toEqual({ ...expected, cursor: '342459320' })
      expect(call.decode([resp3, 9007199254740993n])).toEqual({ ...expected, cursor: '9007199254740993' })
      expect(call.decode([[0], 0])).toEqual({ total: 0, rows: [], warnings: [], cursor: '0' })
    }
    expect(ft.cursorDel('i', '1').decode('OK')).toBe('OK')
  })
})

it('FT.HYBRID becomes rows, the same under both protocols', () => {
  const { decode } = ft.hybrid('i', '*', { field: '@v', vector: '$v' })
  const expected = {
    total: 1,
    rows: [{ __key: 'p:doc', __score: '0.03' }],
    warnings: ['Timeout limit was reached'],
    executionTime: 0.25,
  }
  const warnings = ['Timeout limit was reached']
  const resp2 = [
    ...['total_results', 1, 'results', [['__key', 'p:doc', '__score', '0.03']]],
    ...['warnings', warnings, 'execution_time', '0.25'],
  ]
  const row = map({ __key: 'p:doc', __score: '0.03' })
  expect(decode(resp2)).toEqual(expected)
  expect(decode(map({ total_results: 1, results: [row], warnings, execution_time: 0.25 }))).toEqual(expected)
  expect(decode(resp2, { prefix: 'p:' })).toMatchObject({ rows: [{ __key: 'doc' }] })
})

it('FT.INFO becomes the same object under both protocols', () => {
  const { decode } = ft.info('i')
  const errors = ['indexing failures', 0, 'last indexing error', 'N/A', 'last indexing error key', 'p:doc']
  const head = ['index_name', 'idx', 'index_options', ['NOFREQS']]
  const tail = ['num_terms', 7, 'percent_indexed', '1', 'sortable_values_size_mb', '0.5', 'indexing', 0]
  const expected = {
    indexName: 'idx',
    indexOptions: ['NOFREQS'],
    indexDefinition: { keyType: 'HASH', prefixes: ['p:doc'], defaultScore: 1, indexesAll: 'false' },
    attributes: [
      { identifier: '1', attribute: '2', type: 'TEXT', weight: 1.5, flags: ['SORTABLE', 'NOSTEM'] },
      { identifier: 'v', attribute: 'v', type: 'VECTOR', algorithm: 'HNSW', dataType: 'FLOAT32', dim: 4, flags: [] },
      { identifier: 't', attribute: 't', type: 'TAG', separator: ',', flags: [] },
    ],
    numDocs: 3,
    gcStats: { bytes_collected: 0, average_cycle_time_ms: Number.NaN },
    cursorStats: { global_idle: 0 },
    dialectStats: { dialect_1: 0 },
    indexErrors: { indexingFailures: 0, lastIndexingError: 'N/A', lastIndexingErrorKey: 'p:doc' },
    fieldStatistics: [
      {
        identifier: '1',
        attribute: '2',
        indexErrors: { indexingFailures: 0, lastIndexingError: 'N/A', lastIndexingErrorKey: 'p:doc' },
      },
    ],
    numTerms: 7,
    percentIndexed: 1,
    sortableValuesSizeMb: 0.5,
    indexing: 0,
  }
  const text = ['identifier', '1', 'attribute', '2', 'type', 'TEXT', 'WEIGHT']
  const vector = [
    'identifier',
    'v',
    'attribute',
    'v',
    'type',
    'VECTOR',
    'algorithm',
    'HNSW',
    'data_type',
    'FLOAT32',
    'dim',
    4,
  ]
  const tag = ['identifier', 't', 'attribute', 't', 'type', 'TAG', 'SEPARATOR', ',']
  const resp2 = [
    ...head,
    ...['index_definition', ['key_type', 'HASH', 'prefixes', ['p:doc'], 'default_score', '1', 'indexes_all', 'false']],
    ...['attributes', [[...text, '1.5', 'SORTABLE', 'NOSTEM'], vector, tag]],
    ...['num_docs', '3', 'gc_stats', ['bytes_collected', '0', 'average_cycle_time_ms', '-nan']],
    ...['cursor_stats', ['global_idle', 0], 'dialect_stats', ['dialect_1', 0]],
    ...['Index Errors', errors, 'field statistics', [['identifier', '1', 'attribute', '2', 'Index Errors', errors]]],
    ...tail,
  ]
  const flags = { SORTABLE: ['SORTABLE', 'NOSTEM'], none: [] }
  const resp3 = new MapReply([
    ...head,
    'index_definition',
    map({ key_type: 'HASH', prefixes: ['p:doc'], default_score: 1, indexes_all: 'false' }),
    'attributes',
    [
      new MapReply([...text, 1.5, 'flags', flags.SORTABLE]),
      new MapReply([...vector, 'flags', flags.none]),
      new MapReply([...tag, 'flags', flags.none]),
    ],
    ...['num_docs', 3, 'gc_stats', map({ bytes_collected: 0, average_cycle_time_ms: Number.NaN })],
    ...['cursor_stats', map({ global_idle: 0 }), 'dialect_stats', map({ dialect_1: 0 })],
    ...['Index Errors', new MapReply(errors)],
    ...['field statistics', [map({ identifier: '1', attribute: '2', 'Index Errors': new MapReply(errors) })]],
    ...tail,
  ])
  expect(decode(resp2)).toEqual(expected)
  expect(decode(resp3)).toEqual(expected)
  expect(decode(asBytes(resp3), { bytes: true })).toMatchObject({
    indexName: Buffer.from('idx'),
    attributes: [{ identifier: '1', type: 'TEXT', flags: ['SORTABLE', 'NOSTEM'] }, {}, {}],
  })
  expect(decode(resp2, { prefix: 'p:' })).toMatchObject({
    indexDefinition: { prefixes: ['doc'] },
    indexErrors: { lastIndexingErrorKey: 'doc' },
  })
})

it('replies about spelling, synonyms and suggestions are the same under both protocols', () => {
  const check = ft.spellcheck('i', 'held')
  const corrections = [
    {
      term: 'held',
      suggestions: [
        { suggestion: 'hello', score: 0.66 },
        { suggestion: 'help', score: 0.33 },
      ],
    },
  ]
  const suggested = [
    ['0.66', 'hello'],
    ['0.33', 'help'],
  ]
  expect(check.decode([['TERM', 'held', suggested]])).toEqual(corrections)
  expect(check.decode(map({ results: map({ held: [map({ hello: 0.66 }), map({ help: 0.33 })] }) }))).toEqual(
    corrections,
  )
  expect(check.decode(map({ results: map({}) }))).toEqual([])
  expect(check.decode([['TERM', 'x', []]])).toEqual([{ term: 'x', suggestions: [] }])

  expect(ft.dictdump('d').decode(new SetReply(['a', 'b']))).toEqual(['a', 'b'])
  expect(ft.tagvals('i', 'f').decode(['a'])).toEqual(['a'])
  expect(ft.tagvals('i', 'f').decode(new SetReply(['a']), { bytes: true })).toEqual([Buffer.from('a')])
  expect(ft._list().decode(new SetReply(['i']))).toEqual(['i'])
  expect(ft.syndump('i').decode(['baby', ['id2'], 'child', ['id1', 'id2']])).toEqual({
    baby: ['id2'],
    child: ['id1', 'id2'],
  })
  expect(ft.syndump('i').decode(map({ baby: ['id2'] }))).toEqual({ baby: ['id2'] })

  expect(ft.sugget('k', 'h').decode(['hello', 'help'])).toEqual(['hello', 'help'])
  expect(ft.sugget('k', 'h').decode(null)).toBeNull()
  const scored = ft.sugget('k', 'h', { withscores: true })
  expect(scored.decode(['hello', '2.5', 'help', 1])).toEqual([
    { suggestion: 'hello', score: 2.5 },
    { suggestion: 'help', score: 1 },
  ])
  expect(scored.decode(null)).toBeNull()
  const payloads = ft.sugget('k', 'h', { withpayloads: true })
  expect(payloads.decode(['hello', 'p', 'help', null])).toEqual([
    { suggestion: 'hello', payload: 'p' },
    { suggestion: 'help', payload: null },
  ])
  const both = ft.sugget('k', 'h', { withscores: true, withpayloads: true })
  expect(both.decode(['hello', '1', 'p'])).toEqual([{ suggestion: 'hello', score: 1, payload: 'p' }])
})

it('FT.CONFIG becomes settings, the same under both protocols', () => {
  expect(
    ft.configGet('*').decode([
      ['TIMEOUT', '500'],
      ['EXTLOAD', null],
    ]),
  ).toEqual({ TIMEOUT: '500', EXTLOAD: null })
  expect(ft.configGet('TIMEOUT').decode([['TIMEOUT', '500']])).toEqual({ TIMEOUT: '500' })
  expect(ft.configGet('TIMEOUT').decode(map({ TIMEOUT: '500' }))).toEqual({ TIMEOUT: '500' })
  const help = { TIMEOUT: { description: 'Query (search) timeout', value: '500' } }
  const entry = ['Description', 'Query (search) timeout', 'Value', '500']
  expect(ft.configHelp('TIMEOUT').decode([['TIMEOUT', ...entry]])).toEqual(help)
  expect(ft.configHelp('TIMEOUT').decode(map({ TIMEOUT: new MapReply(entry) }))).toEqual(help)
  expect(ft.configSet('TIMEOUT', 1).decode('OK')).toBe('OK')
})

it('search commands reject replies of an unexpected type', () => {
  const calls = [
    ft.search('i', '*'),
    ft.aggregate('i', '*'),
    ft.aggregate('i', '*', { withcursor: true }),
    ft.hybrid('i', '*', { field: '@v', vector: '$v' }),
    ft.profileSearch('i', '*'),
    ft.info('i'),
    ft.spellcheck('i', '*'),
    ft.sugget('k', 'h', { withscores: true }),
    ft.syndump('i'),
    ft.configHelp('x'),
  ]
  for (const call of calls) expect(() => call.decode('odd')).toThrow(InvalidResponse)
})
