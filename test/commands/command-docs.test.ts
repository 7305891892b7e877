import { describe, expect, it } from 'vitest'
import { MapReply, type Reply } from '../../src/commands/core/reply.js'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

it('COMMAND and its subcommands send their arguments', () => {
  expectEncodings([
    [r.command(), 'COMMAND', ''],
    [r.commandCount(), 'COMMAND COUNT', ''],
    [r.commandDocs('get', 'set'), 'COMMAND DOCS get set', ''],
    [r.commandGetkeys('mset', 'a', 1), 'COMMAND GETKEYS mset a 1', ''],
    [r.commandGetkeysandflags('set', 'a', 1), 'COMMAND GETKEYSANDFLAGS set a 1', ''],
    [r.commandHelp(), 'COMMAND HELP', ''],
    [r.commandInfo(), 'COMMAND INFO', ''],
    [r.commandInfo('get'), 'COMMAND INFO get', ''],
    [r.commandList(), 'COMMAND LIST', ''],
    [r.commandList({ module: 'search' }), 'COMMAND LIST FILTERBY MODULE search', ''],
    [r.commandList({ aclcat: 'string' }), 'COMMAND LIST FILTERBY ACLCAT string', ''],
    [r.commandList({ pattern: 'x*' }), 'COMMAND LIST FILTERBY PATTERN x*', ''],
  ])
  expectRefusals(/exclude each other/, [loosely(r, 'commandList', { aclcat: 'string', pattern: 'x*' })])
})

describe('decoding of COMMAND replies', () => {
  // Replies of real servers about GET and CONFIG. Under RESP2 each map is a flat list of names and values.
  const answer = (map: (flat: Reply[]) => Reply): Reply => [
    [
      'get',
      2,
      ['readonly', 'fast'],
      1,
      1,
      1,
      ['@read', '@string'],
      ['nondeterministic_output'],
      [
        map([
          'flags',
          ['RO', 'access'],
          'begin_search',
          map(['type', 'index', 'spec', map(['index', 1])]),
          'find_keys',
          map(['type', 'range', 'spec', map(['lastkey', 0, 'keystep', 1, 'limit', 0])]),
        ]),
      ],
      [['get|sub', 2, [], 0, 0, 0, [], [], [], []]],
    ],
    null,
  ]

  const about = [
    {
      name: 'get',
      arity: 2,
      flags: ['readonly', 'fast'],
      firstKey: 1,
      lastKey: 1,
      step: 1,
      categories: ['@read', '@string'],
      tips: ['nondeterministic_output'],
      keySpecs: [
        {
          flags: ['RO', 'access'],
          beginSearch: { type: 'index', spec: { index: 1 } },
          findKeys: { type: 'range', spec: { lastkey: 0, keystep: 1, limit: 0 } },
        },
      ],
      subcommands: [
        {
          name: 'get|sub',
          arity: 2,
          flags: [],
          firstKey: 0,
          lastKey: 0,
          step: 0,
          categories: [],
          tips: [],
          keySpecs: [],
          subcommands: [],
        },
      ],
    },
    null,
  ]

  it('COMMAND and COMMAND INFO become the same objects under both protocols', () => {
    expect(r.commandInfo('get', 'none').decode(answer(flat => flat))).toEqual(about)
    expect(r.commandInfo('get', 'none').decode(answer(flat => new MapReply(flat)))).toEqual(about)
    expect(r.command().decode(answer(flat => flat))).toEqual(about)
  })

  it('COMMAND DOCS becomes the same objects under both protocols', () => {
    const docs = (map: (flat: Reply[]) => Reply): Reply =>
      map([
        'config',
        map([
          'summary',
          'A container',
          'since',
          '2.0.0',
          'history',
          [['7.0.0', 'Several']],
          'arguments',
          [map(['name', 'key', 'type', 'key', 'key_spec_index', 0, 'flags', ['multiple']])],
          'subcommands',
          map(['config|get', map(['summary', 'Gets', 'arity', -3])]),
        ]),
      ])
    const expected = {
      config: {
        summary: 'A container',
        since: '2.0.0',
        history: [['7.0.0', 'Several']],
        arguments: [{ name: 'key', type: 'key', keySpecIndex: 0, flags: ['multiple'] }],
        subcommands: { 'config|get': { summary: 'Gets', arity: -3 } },
      },
    }
    expect(r.commandDocs('config').decode(docs(flat => flat))).toEqual(expected)
    expect(r.commandDocs('config').decode(docs(flat => new MapReply(flat)))).toEqual(expected)
  })

  it('COMMAND GETKEYS and GETKEYSANDFLAGS become keys and their flags', () => {
    expect(r.commandGetkeys('get', 'a').decode([Buffer.from('a')], { bytes: true })).toEqual([Buffer.from('a')])
    expect(r.commandGetkeysandflags('set', 'a', 1).decode([['a', ['OW', 'update']]])).toEqual([
      { key: 'a', flags: ['OW', 'update'] },
    ])
  })
})
