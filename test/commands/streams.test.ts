import { expect, it } from 'vitest'
import { blockTime } from '../../src/commands/core/command.js'
import { MapReply } from '../../src/commands/core/reply.js'
import { DataError, InvalidResponse } from '../../src/errors/errors.js'
import { expectEncodings, expectRefusals, keysOf, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

it('XADD sends its options and fields', () => {
  expectEncodings([
    [r.xadd('k', '*', { a: 1, b: 'x' }), 'XADD k * a 1 b x'],
    [r.xadd('k', '5-1', new Map([['a', 1]])), 'XADD k 5-1 a 1'],
    [r.xadd('k', 5, { a: 1 }, { nomkstream: true }), 'XADD k NOMKSTREAM 5 a 1'],
    [r.xadd('k', '*', { a: 1 }, { maxlen: 100 }), 'XADD k MAXLEN = 100 * a 1'],
    [
      r.xadd('k', '*', { a: 1 }, { nomkstream: true, minid: '5-0', approximate: true, limit: 0, acked: true }),
      'XADD k NOMKSTREAM ACKED MINID ~ 5-0 LIMIT 0 * a 1',
    ],
    [r.xadd('k', '*', { a: 1 }, { idmpauto: 'p', keepref: true }), 'XADD k KEEPREF IDMPAUTO p * a 1'],
    [r.xadd('k', '*', { a: 1 }, { idmp: { producer: 'p', id: 'i' }, maxlen: 5 }), 'XADD k IDMP p i MAXLEN = 5 * a 1'],
  ])
})

it('XREAD, XRANGE, XTRIM and XDEL send their arguments', () => {
  expectEncodings([
    [r.xlen('k'), 'XLEN k'],
    [r.xrange('k'), 'XRANGE k - +'],
    [r.xrange('k', '(1-1', 5, { count: 3 }), 'XRANGE k (1-1 5 COUNT 3'],
    [r.xrevrange('k'), 'XREVRANGE k + -'],
    [r.xrevrange('k', 5, '1-1', { count: 3 }), 'XREVRANGE k 5 1-1 COUNT 3'],
    [r.xtrim('k', { maxlen: 0 }), 'XTRIM k MAXLEN = 0'],
    [r.xtrim('k', { minid: '5', approximate: true, limit: 10, delref: true }), 'XTRIM k MINID ~ 5 LIMIT 10 DELREF'],
    [r.xdel('k', '1-1', 2), 'XDEL k 1-1 2'],
    [r.xdel('k', ['1-1', '2-1']), 'XDEL k 1-1 2-1'],
    [r.xdelex('k', '1-1'), 'XDELEX k IDS 1 1-1'],
    [r.xdelex('k', ['1-1', 2], { keepref: true }), 'XDELEX k KEEPREF IDS 2 1-1 2'],
    [r.xsetid('k', '9-1'), 'XSETID k 9-1'],
    [r.xsetid('k', 9, { entriesadded: 7, maxdeletedid: '3-1' }), 'XSETID k 9 ENTRIESADDED 7 MAXDELETEDID 3-1'],
    [r.xcfgset('k', { idmpDuration: 60, idmpMaxsize: 50 }), 'XCFGSET k IDMP-DURATION 60 IDMP-MAXSIZE 50'],
    [r.xinfoStream('k'), 'XINFO STREAM k'],
    [r.xinfoStream('k', { full: true }), 'XINFO STREAM k FULL'],
    [r.xinfoStream('k', { full: true, count: 0 }), 'XINFO STREAM k FULL COUNT 0'],
    [r.xinfoHelp(), 'XINFO HELP', ''],
  ])
})

it('XREAD finds keys and the block time even if streams are named like its options', () => {
  expectEncodings([
    [r.xread({ a: 0, b: '$' }), 'XREAD STREAMS a b 0 $', 'a b'],
    [r.xread(new Map([['BLOCK', '0']])), 'XREAD STREAMS BLOCK 0', 'BLOCK'],
    [r.xread({ STREAMS: '0' }, { count: 2, block: 50 }), 'XREAD COUNT 2 BLOCK 50 STREAMS STREAMS 0', 'STREAMS'],
  ])
  expect(blockTime(r.xread({ BLOCK: '7' }).command)).toBeUndefined()
  expect(blockTime(r.xread({ a: '7' }, { block: 50 }).command)).toBe(50)
  expect(blockTime(r.xread({ a: '7' }, { block: 0 }).command)).toBe(0)
  const bytes = Buffer.from([255])
  expect(r.xread(new Map([[bytes, '0']])).argv).toEqual(['XREAD', 'STREAMS', bytes, '0'])
})

it('stream commands reject arguments that conflict or are missing', () => {
  expectRefusals(/exclude each other/, [
    loosely(r, 'xadd', 'k', '*', { a: 1 }, { maxlen: 1, minid: 1 }),
    loosely(r, 'xadd', 'k', '*', { a: 1 }, { idmpauto: 'p', idmp: { producer: 'p', id: 'i' } }),
    loosely(r, 'xadd', 'k', '*', { a: 1 }, { keepref: true, acked: true }),
    loosely(r, 'xtrim', 'k', { maxlen: 1, minid: 1 }),
    loosely(r, 'xdelex', 'k', '1-1', { delref: true, acked: true }),
  ])
  expectRefusals(/limit needs the option approximate/, [
    loosely(r, 'xadd', 'k', '*', { a: 1 }, { maxlen: 1, limit: 5 }),
    loosely(r, 'xtrim', 'k', { maxlen: 1, limit: 5 }),
  ])
  expectRefusals(/need the option maxlen or minid/, [loosely(r, 'xadd', 'k', '*', { a: 1 }, { approximate: true })])
  expectRefusals(/One of the options maxlen and minid is needed/, [loosely(r, 'xtrim', 'k', { acked: true })])
  expectRefusals(/count needs the option full/, [loosely(r, 'xinfoStream', 'k', { count: 1 })])
  expectRefusals(/At least one field is needed/, [r.xadd('k', '*', {})])
  expectRefusals(/At least one stream is needed/, [r.xread({})])
  expectRefusals(/At least one id is needed/, [r.xdel('k'), r.xdelex('k', [])])
  expect(keysOf(r.xread({}))).toBe('')
})

it('stream replies become entries with their fields', () => {
  const two = [
    { id: '1-1', fields: { a: '1', b: '2' } },
    { id: '2-1', fields: {} },
  ]
  const reply = [
    ['1-1', ['a', '1', 'b', '2']],
    ['2-1', []],
  ]
  for (const call of [r.xrange('k'), r.xrevrange('k')]) expect(call.decode(reply)).toEqual(two)
  expect(r.xread({ a: 0 }).decode([['p:a', reply]], { prefix: 'p:' })).toEqual([{ key: 'a', entries: two }])
  expect(r.xread({ a: 0 }).decode(new MapReply(['p:a', reply]), { prefix: 'p:' })).toEqual([{ key: 'a', entries: two }])
  expect(r.xread({ a: 0 }).decode(null)).toBeNull()
  expect(() => r.xread({ a: 0 }).decode('odd')).toThrow(InvalidResponse)

  const bytes = Buffer.from([255])
  const inBytes = [[Buffer.from('1-1'), [Buffer.from('a'), bytes]]]
  expect(r.xrange('k').decode(inBytes, { bytes: true })).toEqual([{ id: '1-1', fields: { a: bytes } }])
  expect(r.xread({ a: 0 }).decode([[bytes, inBytes]], { bytes: true })).toEqual([
    { key: bytes, entries: [{ id: '1-1', fields: { a: bytes } }] },
  ])
  const fields = r.xrange('k').decode([['1-1', ['__proto__', '1']]]) as [{ fields: object }]
  expect(Object.getPrototypeOf(fields[0].fields)).toBe(Object.prototype)
  expect(Object.keys(fields[0].fields)).toEqual(['__proto__'])
  expect(() => r.xrange('k').decode([[Buffer.from('1-1'), [bytes, bytes]]], { bytes: true })).toThrow(DataError)
})

it('XINFO STREAM becomes an object with named fields, the same under both protocols', () => {
  const pairs = ['length', 1, 'radix-tree-keys', 1, 'last-generated-id', '1-1', 'groups', 0, 'new-field', ['x', 1]]
  const first = ['first-entry', ['1-1', ['a', '1']], 'last-entry', null]
  const info = {
    length: 1,
    radixTreeKeys: 1,
    lastGeneratedId: '1-1',
    groups: 0,
    newField: ['x', 1],
    firstEntry: { id: '1-1', fields: { a: '1' } },
    lastEntry: null,
  }
  expect(r.xinfoStream('k').decode([...pairs, ...first])).toEqual(info)
  expect(r.xinfoStream('k').decode(new MapReply([...pairs, ...first]))).toEqual(info)
  expect(r.xinfoStream('k').decode(['length', 3], { bigints: true })).toEqual({ length: 3n })

  const consumer = ['name', 'c', 'seen-time', 5, 'active-time', 6, 'pel-count', 1, 'pending', [['1-1', 6, 2]]]
  const group = ['name', 'g', 'last-delivered-id', '1-1', 'entries-read', 1, 'lag', null, 'pel-count', 1]
  const pending = ['pending', [['1-1', 'c', 6, 2]]]
  const full = {
    entries: [{ id: '1-1', fields: { a: '1' } }],
    groups: [
      {
        name: 'g',
        lastDeliveredId: '1-1',
        entriesRead: 1,
        lag: null,
        pelCount: 1,
        pending: [{ id: '1-1', consumer: 'c', deliveryTime: 6, deliveries: 2 }],
        consumers: [
          {
            name: 'c',
            seenTime: 5,
            activeTime: 6,
            pelCount: 1,
            pending: [{ id: '1-1', deliveryTime: 6, deliveries: 2 }],
          },
        ],
      },
    ],
  }
  const entries = [['1-1', ['a', '1']]]
  const call = r.xinfoStream('k', { full: true })
  expect(call.decode(['entries', entries, 'groups', [[...group, ...pending, 'consumers', [consumer]]]])).toEqual(full)
  const map = new MapReply([...group, ...pending, 'consumers', [new MapReply(consumer)]])
  expect(call.decode(new MapReply(['entries', entries, 'groups', [map]]))).toEqual(full)
})

it('stream replies become strings for ids and words, and integers of the view', () => {
  expect(r.xadd('k', '*', { a: 1 }).decode(Buffer.from('1-1'), { bytes: true })).toBe('1-1')
  for (const call of [r.xsetid('k', 1), r.xcfgset('k', {})]) {
    expect(call.decode(Buffer.from('OK'), { bytes: true })).toBe('OK')
  }
  expect(r.xadd('k', '*', { a: 1 }, { nomkstream: true }).decode(null)).toBeNull()
  expect(r.xinfoHelp().decode([Buffer.from('x')], { bytes: true })).toEqual(['x'])
  for (const call of [r.xlen('k'), r.xdel('k', 1), r.xtrim('k', { maxlen: 1 })]) {
    expect([call.decode(3), call.decode(3, { bigints: true })]).toEqual([3, 3n])
  }
  expect(r.xdelex('k', 1).decode([1, -1], { bigints: true })).toEqual([1n, -1n])
})
