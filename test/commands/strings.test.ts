import { describe, expect, it } from 'vitest'
import { MapReply } from '../../src/commands/core/reply.js'
import { DataError } from '../../src/errors/errors.js'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

describe('arguments of string commands', () => {
  it('string commands for one key send their arguments', () => {
    expectEncodings([
      [r.append('k', 'v'), 'APPEND k v'],
      [r.decr('k'), 'DECR k'],
      [r.decrby('k', 2), 'DECRBY k 2'],
      [r.decrby('k', 9007199254740993n), 'DECRBY k 9007199254740993'],
      [r.delifeq('k', 'v'), 'DELIFEQ k v'],
      [r.digest('k'), 'DIGEST k'],
      [r.get('k'), 'GET k'],
      [r.get(Buffer.from('bytes')), 'GET bytes'],
      [r.getdel('k'), 'GETDEL k'],
      [r.getrange('k', 0, -1), 'GETRANGE k 0 -1'],
      [r.getset('k', 'v'), 'GETSET k v'],
      [r.incr('k'), 'INCR k'],
      [r.incrby('k', -2), 'INCRBY k -2'],
      [r.incrbyfloat('k', 1.5), 'INCRBYFLOAT k 1.5'],
      [r.psetex('k', 10, 'v'), 'PSETEX k 10 v'],
      [r.setex('k', 10, 'v'), 'SETEX k 10 v'],
      [r.setnx('k', 'v'), 'SETNX k v'],
      [r.setrange('k', 5, 'v'), 'SETRANGE k 5 v'],
      [r.strlen('k'), 'STRLEN k'],
      [r.substr('k', 0, 1), 'SUBSTR k 0 1'],
    ])
  })

  it('SET sends its options', () => {
    expectEncodings([
      [r.set('k', 'v'), 'SET k v'],
      [r.set('k', 1, {}), 'SET k 1'],
      [r.set('k', 'v', { ex: 10 }), 'SET k v EX 10'],
      [r.set('k', 'v', { px: 10, nx: true }), 'SET k v NX PX 10'],
      [r.set('k', 'v', { exat: 10, xx: true, get: true }), 'SET k v XX GET EXAT 10'],
      [r.set('k', 'v', { pxat: 10, get: false, nx: false }), 'SET k v PXAT 10'],
      [r.set('k', 'v', { keepttl: true, xx: false }), 'SET k v KEEPTTL'],
      [r.set('k', 'v', { ifeq: '' }), 'SET k v IFEQ '],
      [r.set('k', 'v', { ifne: 1, ex: 5 }), 'SET k v IFNE 1 EX 5'],
      [r.set('k', 'v', { ifdeq: '00ff', get: true }), 'SET k v IFDEQ 00ff GET'],
      [r.set('k', 'v', { ifdne: '00ff' }), 'SET k v IFDNE 00ff'],
    ])
  })

  it('GETEX and DELEX send their options', () => {
    expectEncodings([
      [r.getex('k'), 'GETEX k'],
      [r.getex('k', { ex: 1 }), 'GETEX k EX 1'],
      [r.getex('k', { px: 1 }), 'GETEX k PX 1'],
      [r.getex('k', { exat: 1 }), 'GETEX k EXAT 1'],
      [r.getex('k', { pxat: 1 }), 'GETEX k PXAT 1'],
      [r.getex('k', { persist: true }), 'GETEX k PERSIST'],
      [r.delex('k'), 'DELEX k'],
      [r.delex('k', { ifeq: 'v' }), 'DELEX k IFEQ v'],
      [r.delex('k', { ifne: 'v' }), 'DELEX k IFNE v'],
      [r.delex('k', { ifdeq: '00ff' }), 'DELEX k IFDEQ 00ff'],
      [r.delex('k', { ifdne: '00ff' }), 'DELEX k IFDNE 00ff'],
    ])
  })

  it('string commands for several keys send their arguments', () => {
    expectEncodings([
      [r.mget('a', 'b'), 'MGET a b', 'a b'],
      [r.mget(['a', 'b']), 'MGET a b', 'a b'],
      [r.mset({ a: 1, b: 'x' }), 'MSET a 1 b x', 'a b'],
      [r.mset(new Map([['a', 1]])), 'MSET a 1', 'a'],
      [r.msetnx({ a: 1, b: 'x' }), 'MSETNX a 1 b x', 'a b'],
      [r.msetex({ a: 1, b: 'x' }), 'MSETEX 2 a 1 b x', 'a b'],
      [r.msetex({ a: 1 }, { nx: true, ex: 5 }), 'MSETEX 1 a 1 NX EX 5', 'a'],
      [r.msetex({ a: 1 }, { xx: true, keepttl: true }), 'MSETEX 1 a 1 XX KEEPTTL', 'a'],
      [r.lcs('a', 'b'), 'LCS a b', 'a b'],
      [r.lcs('a', 'b', { len: true }), 'LCS a b LEN', 'a b'],
      [r.lcs('a', 'b', { idx: true }), 'LCS a b IDX', 'a b'],
      [
        r.lcs('a', 'b', { idx: true, minmatchlen: 4, withmatchlen: true }),
        'LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN',
        'a b',
      ],
    ])
  })

  it('only commands that the server can run in parts are split by slot', () => {
    expect(r.mget('a').command.spec).toMatchObject({ requestPolicy: 'multi_shard', readonly: true })
    expect(r.mset({ a: 1 }).command.spec).toMatchObject({ requestPolicy: 'multi_shard', readonly: false })
    expect(r.msetnx({ a: 1 }).command.spec.requestPolicy).toBeUndefined()
    expect(r.msetex({ a: 1 }).command.spec.requestPolicy).toBeUndefined()
  })
})

describe('string commands reject invalid arguments', () => {
  it('SET and GETEX reject more than one expiry option', () => {
    const two = { ex: 1, pxat: 2 }
    expectRefusals(/ex and pxat exclude each other/, [
      loosely(r, 'set', 'k', 'v', two),
      loosely(r, 'getex', 'k', two),
      loosely(r, 'msetex', { a: 1 }, two),
    ])
    expectRefusals(/px and keepttl exclude/, [loosely(r, 'set', 'k', 'v', { px: 1, keepttl: true })])
    expectRefusals(/ex and persist exclude/, [loosely(r, 'getex', 'k', { ex: 1, persist: true })])
  })

  it('SET and DELEX reject more than one condition', () => {
    expectRefusals(/nx and xx exclude/, [
      loosely(r, 'set', 'k', 'v', { nx: true, xx: true }),
      loosely(r, 'msetex', { a: 1 }, { nx: true, xx: true }),
    ])
    expectRefusals(/nx and ifeq exclude/, [loosely(r, 'set', 'k', 'v', { nx: true, ifeq: 'v' })])
    expectRefusals(/ifeq and ifdne exclude/, [loosely(r, 'delex', 'k', { ifeq: 'v', ifdne: '0' })])
  })

  it('LCS rejects options that conflict', () => {
    expectRefusals(/len and idx exclude/, [loosely(r, 'lcs', 'a', 'b', { len: true, idx: true })])
    expectRefusals(/need the option idx/, [
      r.lcs('a', 'b', { minmatchlen: 1 }),
      r.lcs('a', 'b', { len: true, withmatchlen: true }),
    ])
  })

  it('MGET and MSET reject an empty list of keys', () => {
    expectRefusals(/At least one key is needed/, [r.mget(), r.mget([]), r.mset({}), r.msetnx(new Map()), r.msetex({})])
  })

  it('string commands reject values that are not arguments', () => {
    expectRefusals(/^Argument 2 of SET is undefined/, [loosely(r, 'set', 'k')])
    expectRefusals(/^Argument 1 of GET is null/, [loosely(r, 'get', null)])
  })
})

describe('decoding of string replies', () => {
  it('string replies become text or null', () => {
    expect(r.get('k').decode('v')).toBe('v')
    expect(r.get('k').decode(null)).toBeNull()
    expect(r.get('k').decode(Buffer.from('v'), { bytes: true })).toEqual(Buffer.from('v'))
    expect(r.mget('a').decode(['v', null])).toEqual(['v', null])
    expect(r.mget('a').decode([Buffer.from('v'), null], { bytes: true })).toEqual([Buffer.from('v'), null])
  })

  it('string replies become integers of the view', () => {
    expect(r.incr('k').decode(1)).toBe(1)
    expect(r.incr('k').decode(1, { bigints: true })).toBe(1n)
    expect(r.incr('k').decode(9007199254740993n, { bigints: true })).toBe(9007199254740993n)
    expect(() => r.incr('k').decode(9007199254740993n)).toThrow(DataError)
  })

  it('INCRBYFLOAT becomes a double', () => {
    expect(r.incrbyfloat('k', 1).decode('10.5')).toBe(10.5)
    expect(r.incrbyfloat('k', 1).decode(Buffer.from('10.5'), { bytes: true })).toBe(10.5)
    expect(r.incrbyfloat('k', 1).decode('5e3', { bigints: true })).toBe(5000)
  })

  it('string replies that are words are strings in every view', () => {
    for (const call of [r.set('k', 'v'), r.mset({ a: 1 }), r.setex('k', 1, 'v')]) {
      expect(call.decode('OK')).toBe('OK')
      expect(call.decode(Buffer.from('OK'), { bytes: true })).toBe('OK')
    }
    expect(r.set('k', 'v', { nx: true }).decode(null)).toBeNull()
    expect(r.digest('k').decode(Buffer.from('b6acb9d84a38ff74'), { bytes: true })).toBe('b6acb9d84a38ff74')
  })

  it('SET with get returns the old value', () => {
    const call = r.set('k', 'v', { get: true })
    expect(call.decode('OK')).toBe('OK')
    expect(call.decode(null)).toBeNull()
    expect(call.decode(Buffer.from('OK'), { bytes: true })).toEqual(Buffer.from('OK'))
  })

  it('LCS becomes text, a length or matches, depending on its options', () => {
    const flat = [
      'matches',
      [
        [
          [4, 7],
          [5, 8],
        ],
        [
          [2, 3],
          [0, 1],
        ],
      ],
      'len',
      6,
    ]
    const matches = [
      { key1: [4, 7], key2: [5, 8] },
      { key1: [2, 3], key2: [0, 1] },
    ]
    expect(r.lcs('a', 'b').decode('mytext')).toBe('mytext')
    expect(r.lcs('a', 'b', { len: true }).decode(6, { bigints: true })).toBe(6n)
    for (const reply of [flat, new MapReply(flat)]) {
      expect({ ...(r.lcs('a', 'b', { idx: true }).decode(reply) as object) }).toEqual({ matches, len: 6 })
    }
    const measured = new MapReply(['matches', [[[4, 7], [5, 8], 4]], 'len', 6])
    expect({
      ...(r.lcs('a', 'b', { idx: true, withmatchlen: true }).decode(measured, { bigints: true }) as object),
    }).toEqual({ matches: [{ key1: [4n, 7n], key2: [5n, 8n], length: 4n }], len: 6n })
  })
})
