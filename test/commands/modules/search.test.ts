import { describe, expect, it } from 'vitest'
import { expectEncodings, expectRefusals, loosely, wordsOf } from '../encoding.js'
import { Recorder } from '../recorder.js'

const { ft } = new Recorder()
const NO_KEYS = ''

describe('arguments of FT.CREATE and FT.ALTER', () => {
  it('FT.CREATE sends its options', () => {
    expectEncodings([
      [ft.create('i', { title: 'TEXT' }), 'FT.CREATE i SCHEMA title TEXT', NO_KEYS],
      [
        ft.create(
          'i',
          { title: 'TEXT' },
          {
            on: 'JSON',
            prefix: ['a:', 'b:'],
            filter: '@x > 1',
            language: 'german',
            languageField: 'lang',
            score: 0.5,
            scoreField: 'rank',
            payloadField: 'pay',
            maxtextfields: true,
            temporary: 60,
            nooffsets: true,
            nohl: true,
            nofields: true,
            nofreqs: true,
            stopwords: ['the', 'a'],
            skipinitialscan: true,
            indexall: 'ENABLE',
          },
        ),
        'FT.CREATE i ON JSON PREFIX 2 a: b: FILTER @x > 1 LANGUAGE german LANGUAGE_FIELD lang SCORE 0.5 SCORE_FIELD rank ' +
          'PAYLOAD_FIELD pay MAXTEXTFIELDS TEMPORARY 60 NOOFFSETS NOHL NOFIELDS NOFREQS STOPWORDS 2 the a SKIPINITIALSCAN ' +
          'INDEXALL ENABLE SCHEMA title TEXT',
        NO_KEYS,
      ],
      [ft.create('i', { a: 'TAG' }, { stopwords: [] }), 'FT.CREATE i STOPWORDS 0 SCHEMA a TAG', NO_KEYS],
      [ft.alter('i', { a: 'NUMERIC' }), 'FT.ALTER i SCHEMA ADD a NUMERIC', NO_KEYS],
      [
        ft.alter('i', { a: { type: 'GEO' } }, { skipinitialscan: true }),
        'FT.ALTER i SKIPINITIALSCAN SCHEMA ADD a GEO',
        NO_KEYS,
      ],
      [ft.dropindex('i'), 'FT.DROPINDEX i', NO_KEYS],
      [ft.dropindex('i', { dd: true }), 'FT.DROPINDEX i DD', NO_KEYS],
      [ft.info('i'), 'FT.INFO i', NO_KEYS],
      [ft._list(), 'FT._LIST', NO_KEYS],
      [ft.aliasadd('a', 'i'), 'FT.ALIASADD a i', NO_KEYS],
      [ft.aliasupdate('a', 'i'), 'FT.ALIASUPDATE a i', NO_KEYS],
      [ft.aliasdel('a'), 'FT.ALIASDEL a', NO_KEYS],
      [ft.tagvals('i', 'f'), 'FT.TAGVALS i f', NO_KEYS],
    ])
  })

  it('FT.CREATE sends fields of every type', () => {
    const fields = (call: ReturnType<typeof ft.create>): string => wordsOf(call).split('SCHEMA ')[1] ?? ''
    const vector = { type: 'VECTOR', dim: 4, distanceMetric: 'COSINE' } as const
    expect(
      fields(
        ft.create('i', {
          a: {
            type: 'TEXT',
            as: 'b',
            nostem: true,
            weight: 2,
            phonetic: 'dm:en',
            withsuffixtrie: true,
            indexempty: true,
            indexmissing: true,
            sortable: 'UNF',
            noindex: true,
          },
          c: {
            type: 'TAG',
            separator: ';',
            casesensitive: true,
            withsuffixtrie: true,
            indexempty: true,
            indexmissing: true,
            sortable: true,
          },
          d: { type: 'NUMERIC', sortable: false, noindex: true },
          e: { type: 'GEOSHAPE', coordinates: 'FLAT', indexmissing: true },
        }),
      ),
    ).toBe(
      'a AS b TEXT NOSTEM WEIGHT 2 PHONETIC dm:en WITHSUFFIXTRIE INDEXEMPTY INDEXMISSING SORTABLE UNF NOINDEX ' +
        'c TAG SEPARATOR ; CASESENSITIVE WITHSUFFIXTRIE INDEXEMPTY INDEXMISSING SORTABLE ' +
        'd NUMERIC NOINDEX ' +
        'e GEOSHAPE FLAT INDEXMISSING',
    )
    expect(fields(ft.create('i', { v: { ...vector, algorithm: 'FLAT', initialCap: 9, blockSize: 8 } }))).toBe(
      'v VECTOR FLAT 10 TYPE FLOAT32 DIM 4 DISTANCE_METRIC COSINE INITIAL_CAP 9 BLOCK_SIZE 8',
    )
    expect(
      fields(
        ft.create('i', {
          '$.v': {
            ...vector,
            as: 'v',
            algorithm: 'HNSW',
            datatype: 'FLOAT64',
            initialCap: 9,
            m: 16,
            efConstruction: 200,
            efRuntime: 10,
            epsilon: 0.01,
            indexmissing: true,
          },
        }),
      ),
    ).toBe(
      '$.v AS v VECTOR HNSW 16 TYPE FLOAT64 DIM 4 DISTANCE_METRIC COSINE INITIAL_CAP 9 M 16 EF_CONSTRUCTION 200 ' +
        'EF_RUNTIME 10 EPSILON 0.01 INDEXMISSING',
    )
    expect(
      fields(
        ft.create('i', {
          v: {
            ...vector,
            algorithm: 'SVS-VAMANA',
            compression: 'LeanVec4x8',
            constructionWindowSize: 200,
            graphMaxDegree: 32,
            searchWindowSize: 10,
            epsilon: 0.01,
            trainingThreshold: 10240,
            reduce: 2,
          },
        }),
      ),
    ).toBe(
      'v VECTOR SVS-VAMANA 20 TYPE FLOAT32 DIM 4 DISTANCE_METRIC COSINE COMPRESSION LeanVec4x8 CONSTRUCTION_WINDOW_SIZE 200 ' +
        'GRAPH_MAX_DEGREE 32 SEARCH_WINDOW_SIZE 10 EPSILON 0.01 TRAINING_THRESHOLD 10240 REDUCE 2',
    )
    expect(
      fields(
        ft.create('i', [
          { name: 'a', type: 'TEXT' },
          { name: 'a', as: 'tag', type: 'TAG' },
        ]),
      ),
    ).toBe('a TEXT a AS tag TAG')
  })

  it('FT.CREATE and FT.ALTER reject an empty list of fields or prefixes', () => {
    expectRefusals('At least one field', [ft.create('i', {}), ft.alter('i', [])])
    expectRefusals('At least one prefix', [ft.create('i', { a: 'TEXT' }, { prefix: [] })])
  })
})

describe('arguments of FT.SEARCH', () => {
  it('FT.SEARCH sends its options', () => {
    const vector = new Float32Array([0, 1]).subarray(1)
    expectEncodings([
      [ft.search('i', 'hello'), 'FT.SEARCH i hello', NO_KEYS],
      [ft.search('i', '*', { nocontent: true }), 'FT.SEARCH i * NOCONTENT', NO_KEYS],
      [ft.search('i', '*', { sortby: { by: 'n', withcount: false } }), 'FT.SEARCH i * SORTBY n WITHOUTCOUNT', NO_KEYS],
      [
        ft.search('i', 'q', {
          verbatim: true,
          nostopwords: true,
          withscores: true,
          explainscore: true,
          withpayloads: true,
          withsortkeys: true,
          filter: { field: 'n', min: '(1', max: '+inf' },
          geofilter: [{ field: 'g', longitude: 1, latitude: 2, radius: 3, unit: 'km' }],
          inkeys: ['a', 'b'],
          infields: ['t'],
          return: ['t', { field: '$.x', as: 'x' }],
          slop: 1,
          timeout: 100,
          inorder: true,
          language: 'french',
          expander: 'e',
          scorer: 'BM25',
          payload: 'p',
          sortby: { by: 'n', order: 'DESC', withcount: true },
          limit: { offset: 10, count: 5 },
          params: { a: 1, b: 'x' },
          dialect: 2,
        }),
        'FT.SEARCH i q INKEYS 2 a b VERBATIM NOSTOPWORDS WITHSCORES WITHPAYLOADS WITHSORTKEYS FILTER n (1 +inf ' +
          'GEOFILTER g 1 2 3 km INFIELDS 1 t RETURN 4 t $.x AS x SLOP 1 TIMEOUT 100 INORDER LANGUAGE french EXPANDER e ' +
          'SCORER BM25 EXPLAINSCORE PAYLOAD p SORTBY n DESC WITHCOUNT LIMIT 10 5 PARAMS 4 a 1 b x DIALECT 2',
        NO_KEYS,
      ],
      [
        ft.search('i', 'q', {
          summarize: { fields: ['t'], frags: 2, len: 20, separator: '…' },
          highlight: { fields: ['t'], tags: ['<i>', '</i>'] },
          sortby: 'n',
          return: [],
        }),
        'FT.SEARCH i q RETURN 0 SUMMARIZE FIELDS 1 t FRAGS 2 LEN 20 SEPARATOR … HIGHLIGHT FIELDS 1 t TAGS <i> </i> SORTBY n',
        NO_KEYS,
      ],
      [ft.search('i', 'q', { summarize: true, highlight: true }), 'FT.SEARCH i q SUMMARIZE HIGHLIGHT', NO_KEYS],
      [ft.search('i', 'q', { summarize: false, highlight: {} }), 'FT.SEARCH i q HIGHLIGHT', NO_KEYS],
      [
        ft.search('i', 'q', {
          filter: [
            { field: 'a', min: 1, max: 2 },
            { field: 'b', min: 3, max: 4 },
          ],
        }),
        'FT.SEARCH i q FILTER a 1 2 FILTER b 3 4',
        NO_KEYS,
      ],
    ])
    expect(ft.search('i', 'q', { params: new Map([['v', vector]]), dialect: 2 }).argv).toEqual([
      ...['FT.SEARCH', 'i', 'q', 'PARAMS', 2, 'v', Buffer.from([0, 0, 0x80, 0x3f]), 'DIALECT', 2],
    ])
  })

  it('FT.SEARCH rejects missing options and empty lists', () => {
    expectRefusals('explainscore needs the option withscores', [ft.search('i', 'q', { explainscore: true })])
    expectRefusals('At least one', [
      ft.search('i', 'q', { params: {} }),
      ft.search('i', 'q', { inkeys: [] }),
      ft.search('i', 'q', { infields: [] }),
    ])
  })

  it('FT.PROFILE and FT.EXPLAIN send their arguments', () => {
    expectEncodings([
      [ft.profileSearch('i', 'q'), 'FT.PROFILE i SEARCH QUERY q', NO_KEYS],
      [
        ft.profileSearch('i', 'q', { limited: true, nocontent: true, dialect: 2 }),
        'FT.PROFILE i SEARCH LIMITED QUERY q NOCONTENT DIALECT 2',
        NO_KEYS,
      ],
      [ft.profileAggregate('i', 'q', { load: '*' }), 'FT.PROFILE i AGGREGATE QUERY q LOAD *', NO_KEYS],
      [ft.profileAggregate('i', 'q', { limited: true }), 'FT.PROFILE i AGGREGATE LIMITED QUERY q', NO_KEYS],
      [ft.explain('i', 'q'), 'FT.EXPLAIN i q', NO_KEYS],
      [ft.explain('i', 'q', { dialect: 2 }), 'FT.EXPLAIN i q DIALECT 2', NO_KEYS],
      [ft.explaincli('i', 'q', { dialect: 2 }), 'FT.EXPLAINCLI i q DIALECT 2', NO_KEYS],
    ])
  })
})

describe('arguments of FT.AGGREGATE', () => {
  it('FT.AGGREGATE sends its options', () => {
    expectEncodings([
      [ft.aggregate('i', '*'), 'FT.AGGREGATE i *', NO_KEYS],
      [
        ft.aggregate('i', '*', {
          verbatim: true,
          withcount: true,
          load: ['@a', { field: '$.b', as: 'b' }],
          timeout: 100,
          steps: [
            { filter: '@a > 1' },
            {
              groupby: ['@b', '@c'],
              reduce: [
                { function: 'COUNT', as: 'n' },
                { function: 'QUANTILE', args: ['@a', 0.5], as: 'median' },
                { function: 'SUM', args: '@a' },
              ],
            },
            { groupby: [], reduce: { function: 'MAX', args: ['@n'] } },
            { groupby: '@b' },
            { apply: '@n * 2', as: 'm' },
            { sortby: ['@b', { by: '@n', order: 'DESC' }], max: 10 },
            { sortby: '@m' },
            { load: ['@z'] },
            { limit: { offset: 0, count: 5 } },
          ],
          params: { p: 1 },
          scorer: 'TFIDF',
          addscores: true,
          dialect: 4,
        }),
        'FT.AGGREGATE i * VERBATIM WITHCOUNT SCORER TFIDF ADDSCORES LOAD 4 @a $.b AS b TIMEOUT 100 FILTER @a > 1 ' +
          'GROUPBY 2 @b @c REDUCE COUNT 0 AS n REDUCE QUANTILE 2 @a 0.5 AS median REDUCE SUM 1 @a ' +
          'GROUPBY 0 REDUCE MAX 1 @n GROUPBY 1 @b APPLY @n * 2 AS m SORTBY 3 @b @n DESC MAX 10 ' +
          'SORTBY 1 @m LOAD 1 @z LIMIT 0 5 PARAMS 2 p 1 DIALECT 4',
        NO_KEYS,
      ],
      [
        ft.aggregate('i', '*', { withcount: false, steps: [{ sortby: '@a' }] }),
        'FT.AGGREGATE i * WITHOUTCOUNT SORTBY 1 @a',
        NO_KEYS,
      ],
      [ft.aggregate('i', '*', { withcursor: true }), 'FT.AGGREGATE i * WITHCURSOR', NO_KEYS],
      [
        ft.aggregate('i', '*', { load: '*', withcursor: { count: 10, maxidle: 1000 }, dialect: 2 }),
        'FT.AGGREGATE i * LOAD * WITHCURSOR COUNT 10 MAXIDLE 1000 DIALECT 2',
        NO_KEYS,
      ],
      [ft.cursorRead('i', '42'), 'FT.CURSOR READ i 42', NO_KEYS],
      [ft.cursorRead('i', 42n, { count: 5 }), 'FT.CURSOR READ i 42 COUNT 5', NO_KEYS],
      [ft.cursorDel('i', '42'), 'FT.CURSOR DEL i 42', NO_KEYS],
    ])
    expectRefusals('Unknown step: expected one of', [loosely(ft, 'aggregate', 'i', '*', { steps: [{ sort: '@a' }] })])
  })

  it('FT.CURSOR READ is not repeatable', () => {
    expect(ft.aggregate('i', '*').command.spec.repeatable).toBe(true)
    expect(ft.cursorRead('i', '1').command.spec.repeatable).toBe(false)
    expect(ft.cursorDel('i', '1').command.spec.repeatable).toBe(false)
  })
})

describe('arguments of FT.HYBRID', () => {
  const vector = new Float32Array([1])
  const blob = Buffer.from([0, 0, 0x80, 0x3f])

  it('FT.HYBRID sends its options', () => {
    expect(ft.hybrid('i', 'shoes', { field: '@v', vector }).argv).toEqual([
      ...['FT.HYBRID', 'i', 'SEARCH', 'shoes', 'VSIM', '@v', '$respire_vector', 'PARAMS', 2, 'respire_vector', blob],
    ])
    expect(ft.hybrid('i', 'shoes', { field: '@v', vector: blob }, { params: { a: 1 } }).argv).toEqual([
      ...['FT.HYBRID', 'i', 'SEARCH', 'shoes', 'VSIM', '@v', '$respire_vector'],
      ...['PARAMS', 4, 'a', 1, 'respire_vector', blob],
    ])
    expectEncodings([
      [
        ft.hybrid(
          'i',
          { query: '@t:shoes', scorer: 'BM25STD', yieldScoreAs: 'ts' },
          { field: '@v', vector: '$v', knn: { k: 20, efRuntime: 200 }, filter: '@p:[1 2]', yieldScoreAs: 'vs' },
          {
            combine: { rrf: { constant: 60, window: 50, yieldScoreAs: 'hs' } },
            load: ['@t'],
            steps: [
              { apply: '@p * 2', as: 'q' },
              { sortby: { by: '@hs', order: 'DESC' } },
              { limit: { offset: 0, count: 5 } },
            ],
            params: { v: 'x' },
            timeout: 100,
          },
        ),
        'FT.HYBRID i SEARCH @t:shoes SCORER BM25STD YIELD_SCORE_AS ts VSIM @v $v KNN 4 K 20 EF_RUNTIME 200 FILTER @p:[1 2] ' +
          'YIELD_SCORE_AS vs COMBINE RRF 6 CONSTANT 60 WINDOW 50 YIELD_SCORE_AS hs LOAD 1 @t APPLY @p * 2 AS q ' +
          'SORTBY 2 @hs DESC LIMIT 0 5 PARAMS 2 v x TIMEOUT 100',
        NO_KEYS,
      ],
      [
        ft.hybrid(
          'i',
          '*',
          { field: '@v', vector: '$v', range: { radius: 0.8, epsilon: 0.1 } },
          { combine: { linear: { alpha: 0.7, beta: 0.3, window: 20, yieldScoreAs: 's' } }, nosort: true, load: '*' },
        ),
        'FT.HYBRID i SEARCH * VSIM @v $v RANGE 4 RADIUS 0.8 EPSILON 0.1 ' +
          'COMBINE LINEAR 8 ALPHA 0.7 BETA 0.3 WINDOW 20 YIELD_SCORE_AS s LOAD * NOSORT',
        NO_KEYS,
      ],
      [
        ft.hybrid('i', '*', { field: '@v', vector: '$v' }, { combine: { rrf: {} } }),
        'FT.HYBRID i SEARCH * VSIM @v $v',
        NO_KEYS,
      ],
    ])
  })

  it('FT.HYBRID rejects options that conflict', () => {
    const two = { knn: { k: 1 }, range: { radius: 1 } }
    expectRefusals('knn and range exclude', [loosely(ft, 'hybrid', 'i', '*', { field: '@v', vector: '$v', ...two })])
    expectRefusals('rrf and linear exclude', [
      loosely(ft, 'hybrid', 'i', '*', { field: '@v', vector: '$v' }, { combine: { rrf: {}, linear: {} } }),
    ])
    expectRefusals('one of rrf and linear', [
      loosely(ft, 'hybrid', 'i', '*', { field: '@v', vector: '$v' }, { combine: {} }),
    ])
  })
})

it('commands for spelling, synonyms and suggestions send their arguments', () => {
  expectEncodings([
    [ft.spellcheck('i', 'helo'), 'FT.SPELLCHECK i helo', NO_KEYS],
    [
      ft.spellcheck('i', 'helo', { distance: 2, terms: [{ include: 'a' }, { exclude: 'b' }], dialect: 2 }),
      'FT.SPELLCHECK i helo DISTANCE 2 TERMS INCLUDE a TERMS EXCLUDE b DIALECT 2',
      NO_KEYS,
    ],
    [ft.spellcheck('i', 'x', { terms: { include: 'a' } }), 'FT.SPELLCHECK i x TERMS INCLUDE a', NO_KEYS],
    [ft.dictadd('d', 'a', 'b'), 'FT.DICTADD d a b', NO_KEYS],
    [ft.dictdel('d', ['a']), 'FT.DICTDEL d a', NO_KEYS],
    [ft.dictdump('d'), 'FT.DICTDUMP d', NO_KEYS],
    [ft.synupdate('i', 'g', ['a', 'b']), 'FT.SYNUPDATE i g a b', NO_KEYS],
    [ft.synupdate('i', 'g', 'a', { skipinitialscan: true }), 'FT.SYNUPDATE i g SKIPINITIALSCAN a', NO_KEYS],
    [ft.syndump('i'), 'FT.SYNDUMP i', NO_KEYS],
    [ft.sugadd('k', 'hello', 1), 'FT.SUGADD k hello 1'],
    [ft.sugadd('k', 'hello', 1.5, { incr: true, payload: 'p' }), 'FT.SUGADD k hello 1.5 INCR PAYLOAD p'],
    [ft.sugget('k', 'he'), 'FT.SUGGET k he'],
    [
      ft.sugget('k', 'he', { fuzzy: true, withscores: true, withpayloads: true, max: 3 }),
      'FT.SUGGET k he FUZZY WITHSCORES WITHPAYLOADS MAX 3',
    ],
    [ft.sugdel('k', 'hello'), 'FT.SUGDEL k hello'],
    [ft.suglen('k'), 'FT.SUGLEN k'],
    [ft.configGet('*'), 'FT.CONFIG GET *', NO_KEYS],
    [ft.configSet('TIMEOUT', 500), 'FT.CONFIG SET TIMEOUT 500', NO_KEYS],
    [ft.configHelp('TIMEOUT'), 'FT.CONFIG HELP TIMEOUT', NO_KEYS],
  ])
  expectRefusals('At least one term', [ft.dictadd('d'), ft.dictdel('d'), ft.synupdate('i', 'g', [])])
})
