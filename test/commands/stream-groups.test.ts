import { expect, it } from 'vitest'
import { blockTime } from '../../src/commands/core/command.js'
import { MapReply } from '../../src/commands/core/reply.js'
import { InvalidResponse } from '../../src/errors/errors.js'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

it('XREADGROUP sends its options and streams', () => {
  expectEncodings([
    [r.xreadgroup('g', 'c', { a: '>', b: '>' }), 'XREADGROUP GROUP g c STREAMS a b > >', 'a b'],
    [
      r.xreadgroup('g', 'c', { a: '>' }, { count: 2, block: 50, claim: 100, noack: true }),
      'XREADGROUP GROUP g c COUNT 2 BLOCK 50 CLAIM 100 NOACK STREAMS a >',
      'a',
    ],
    [r.xreadgroup('STREAMS', 'c', { a: 0 }), 'XREADGROUP GROUP STREAMS c STREAMS a 0', 'a'],
  ])
  expect(blockTime(r.xreadgroup('g', 'c', { BLOCK: '>' }).command)).toBeUndefined()
  expect(blockTime(r.xreadgroup('g', 'c', { a: '>' }, { block: 50 }).command)).toBe(50)
})

it('XACK, XCLAIM, XAUTOCLAIM and XNACK send their arguments', () => {
  expectEncodings([
    [r.xack('k', 'g', '1-1', 2), 'XACK k g 1-1 2'],
    [r.xack('k', 'g', ['1-1', '2-1']), 'XACK k g 1-1 2-1'],
    [r.xackdel('k', 'g', '1-1'), 'XACKDEL k g IDS 1 1-1'],
    [r.xackdel('k', 'g', ['1-1', 2], { acked: true }), 'XACKDEL k g ACKED IDS 2 1-1 2'],
    [r.xnack('k', 'g', 'fail', '1-1'), 'XNACK k g fail IDS 1 1-1'],
    [
      r.xnack('k', 'g', 'silent', ['1-1', '2-1'], { retrycount: 3, force: true }),
      'XNACK k g silent IDS 2 1-1 2-1 RETRYCOUNT 3 FORCE',
    ],
    [r.xclaim('k', 'g', 'c', 60_000, '1-1'), 'XCLAIM k g c 60000 1-1'],
    [
      r.xclaim('k', 'g', 'c', 0, ['1-1', 2], { idle: 5, retrycount: 1, force: true, justid: true, lastid: '9-1' }),
      'XCLAIM k g c 0 1-1 2 IDLE 5 RETRYCOUNT 1 FORCE JUSTID LASTID 9-1',
    ],
    [r.xclaim('k', 'g', 'c', 0, 1, { time: 7 }), 'XCLAIM k g c 0 1 TIME 7'],
    [r.xautoclaim('k', 'g', 'c', 60_000, '0-0'), 'XAUTOCLAIM k g c 60000 0-0'],
    [r.xautoclaim('k', 'g', 'c', 0, 0, { count: 5, justid: true }), 'XAUTOCLAIM k g c 0 0 COUNT 5 JUSTID'],
    [r.xpending('k', 'g'), 'XPENDING k g'],
    [r.xpending('k', 'g', '-', '+', 10), 'XPENDING k g - + 10'],
    [r.xpending('k', 'g', '-', '+', 10, { idle: 5, consumer: 'c' }), 'XPENDING k g IDLE 5 - + 10 c'],
  ])
})

it('XGROUP and XINFO commands send their arguments', () => {
  expectEncodings([
    [r.xgroupCreate('k', 'g', '$'), 'XGROUP CREATE k g $'],
    [r.xgroupCreate('k', 'g', 0, { mkstream: true, entriesread: 4 }), 'XGROUP CREATE k g 0 MKSTREAM ENTRIESREAD 4'],
    [r.xgroupCreateconsumer('k', 'g', 'c'), 'XGROUP CREATECONSUMER k g c'],
    [r.xgroupDelconsumer('k', 'g', 'c'), 'XGROUP DELCONSUMER k g c'],
    [r.xgroupDestroy('k', 'g'), 'XGROUP DESTROY k g'],
    [r.xgroupHelp(), 'XGROUP HELP', ''],
    [r.xgroupSetid('k', 'g', '5-1'), 'XGROUP SETID k g 5-1'],
    [r.xgroupSetid('k', 'g', '$', { entriesread: 4 }), 'XGROUP SETID k g $ ENTRIESREAD 4'],
    [r.xinfoConsumers('k', 'g'), 'XINFO CONSUMERS k g'],
    [r.xinfoGroups('k'), 'XINFO GROUPS k'],
  ])
})

it('consumer group commands reject arguments that conflict or are missing', () => {
  expectRefusals(/exclude each other/, [loosely(r, 'xackdel', 'k', 'g', 1, { acked: true, delref: true })])
  expectRefusals(/At least one id is needed/, [
    r.xack('k', 'g'),
    r.xackdel('k', 'g', []),
    r.xclaim('k', 'g', 'c', 0, []),
    r.xnack('k', 'g', 'fail', []),
  ])
  expectRefusals(/At least one stream is needed/, [r.xreadgroup('g', 'c', {})])
  expectRefusals(/undefined/, [loosely(r, 'xpending', 'k', 'g', '-'), loosely(r, 'xpending', 'k', 'g', '-', '+')])
})

it('XREADGROUP becomes entries: deleted ones have no fields, claimed ones have idle time and deliveries', () => {
  const reply = [
    ['1-1', ['a', '1']],
    ['2-1', null],
    ['3-1', ['a', '3'], 500, 2],
  ]
  const entries = [
    { id: '1-1', fields: { a: '1' } },
    { id: '2-1', fields: null },
    { id: '3-1', fields: { a: '3' }, idle: 500, deliveries: 2 },
  ]
  const call = r.xreadgroup('g', 'c', { a: 0 })
  expect(call.decode([['p:a', reply]], { prefix: 'p:' })).toEqual([{ key: 'a', entries }])
  expect(call.decode(new MapReply(['p:a', reply]), { prefix: 'p:' })).toEqual([{ key: 'a', entries }])
  expect(call.decode(null)).toBeNull()
  expect(call.decode([['a', [['3-1', [], 500, 2]]]], { bigints: true })).toEqual([
    { key: 'a', entries: [{ id: '3-1', fields: {}, idle: 500n, deliveries: 2n }] },
  ])
  expect(r.xclaim('k', 'g', 'c', 0, 1).decode(reply.slice(0, 1))).toEqual(entries.slice(0, 1))
  expect(r.xclaim('k', 'g', 'c', 0, 1, { justid: true }).decode([Buffer.from('1-1')], { bytes: true })).toEqual(['1-1'])
})

it('XAUTOCLAIM becomes a cursor, entries or ids, and deleted ids', () => {
  const call = r.xautoclaim('k', 'g', 'c', 0, 0)
  const entries = [{ id: '1-1', fields: { a: '1' } }]
  const deleted = ['2-1']
  expect(call.decode(['0-0', [['1-1', ['a', '1']]], deleted])).toEqual({ cursor: '0-0', entries, deleted })
  expect(call.decode(['0-0', [['1-1', ['a', '1']]]])).toEqual({ cursor: '0-0', entries, deleted: [] })
  expect(r.xautoclaim('k', 'g', 'c', 0, 0, { justid: true }).decode(['5-1', ['1-1'], []])).toEqual({
    cursor: '5-1',
    ids: ['1-1'],
    deleted: [],
  })
  // Servers before 7.0 reply with null for a deleted entry.
  const withNulls = [null, ['1-1', ['a', '1']], null]
  expect(call.decode(['0-0', withNulls])).toEqual({ cursor: '0-0', entries, deleted: [] })
  expect(r.xclaim('k', 'g', 'c', 0, ['1-1', '2-1']).decode(withNulls)).toEqual(entries)
  expect(() => call.decode(null)).toThrow(InvalidResponse)
})

it('XPENDING becomes a summary, or single entries for a range', () => {
  const summary = r.xpending('k', 'g')
  expect(summary.decode([2, '1-1', '2-1', [['c', '2']]])).toEqual({
    count: 2,
    min: '1-1',
    max: '2-1',
    consumers: [{ name: 'c', count: 2 }],
  })
  expect(summary.decode([0, null, null, null])).toEqual({ count: 0, min: null, max: null, consumers: [] })
  const c = Buffer.from('c')
  const wide = { bytes: true, bigints: true }
  expect(summary.decode([1, Buffer.from('1-1'), Buffer.from('1-1'), [[c, Buffer.from('1')]]], wide)).toEqual({
    count: 1n,
    min: '1-1',
    max: '1-1',
    consumers: [{ name: c, count: 1n }],
  })
  const one = r.xpending('k', 'g', '-', '+', 10)
  expect(one.decode([['1-1', 'c', 5, 1]])).toEqual([{ id: '1-1', consumer: 'c', idle: 5, deliveries: 1 }])
  expect(one.decode([[Buffer.from('1-1'), c, 5, 1]], wide)).toEqual([
    { id: '1-1', consumer: c, idle: 5n, deliveries: 1n },
  ])
})

it('XINFO GROUPS and XINFO CONSUMERS become objects with named fields', () => {
  const group = ['name', 'g', 'consumers', 1, 'pending', 2, 'last-delivered-id', '1-1', 'entries-read', 3, 'lag', null]
  const groups = [{ name: 'g', consumers: 1, pending: 2, lastDeliveredId: '1-1', entriesRead: 3, lag: null }]
  expect(r.xinfoGroups('k').decode([group])).toEqual(groups)
  expect(r.xinfoGroups('k').decode([new MapReply(group)])).toEqual(groups)
  const consumer = ['name', 'c', 'pending', 2, 'idle', 5, 'inactive', -1]
  expect(r.xinfoConsumers('k', 'g').decode([consumer])).toEqual([{ name: 'c', pending: 2, idle: 5, inactive: -1 }])
  expect(r.xinfoConsumers('k', 'g').decode([new MapReply(consumer)], { bigints: true })).toEqual([
    { name: 'c', pending: 2n, idle: 5n, inactive: -1n },
  ])
})

it('consumer group replies become strings for words, and integers of the view', () => {
  for (const call of [r.xgroupCreate('k', 'g', 0), r.xgroupSetid('k', 'g', 0)]) {
    expect(call.decode(Buffer.from('OK'), { bytes: true })).toBe('OK')
  }
  for (const call of [
    r.xack('k', 'g', 1),
    r.xgroupCreateconsumer('k', 'g', 'c'),
    r.xgroupDelconsumer('k', 'g', 'c'),
    r.xgroupDestroy('k', 'g'),
    r.xnack('k', 'g', 'fatal', 1),
  ]) {
    expect([call.decode(3), call.decode(3, { bigints: true })]).toEqual([3, 3n])
  }
  expect(r.xackdel('k', 'g', 1).decode([1, 2], { bigints: true })).toEqual([1n, 2n])
})
