import { describe, expect, it } from 'vitest'
import { blockTime } from '../../src/commands/core/command.js'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

describe('arguments of list commands', () => {
  it('commands for one list send their arguments', () => {
    expectEncodings([
      [r.lindex('k', -1), 'LINDEX k -1'],
      [r.linsert('k', 'before', 'p', 'e'), 'LINSERT k before p e'],
      [r.linsert('k', 'after', 'p', 'e'), 'LINSERT k after p e'],
      [r.llen('k'), 'LLEN k'],
      [r.lpop('k'), 'LPOP k'],
      [r.lpop('k', 0), 'LPOP k 0'],
      [r.lpos('k', 'e'), 'LPOS k e'],
      [r.lpos('k', 'e', { rank: -1, maxlen: 10 }), 'LPOS k e RANK -1 MAXLEN 10'],
      [r.lpos('k', 'e', { rank: 2, count: 0, maxlen: 0 }), 'LPOS k e RANK 2 COUNT 0 MAXLEN 0'],
      [r.lpush('k', 'a', 1), 'LPUSH k a 1'],
      [r.lpush('k', ['a', 1]), 'LPUSH k a 1'],
      [r.lpushx('k', 'a'), 'LPUSHX k a'],
      [r.lrange('k', 0, -1), 'LRANGE k 0 -1'],
      [r.lrem('k', 0, 'e'), 'LREM k 0 e'],
      [r.lset('k', 0, 'e'), 'LSET k 0 e'],
      [r.ltrim('k', 0, 9), 'LTRIM k 0 9'],
      [r.rpop('k'), 'RPOP k'],
      [r.rpop('k', 2), 'RPOP k 2'],
      [r.rpush('k', ['a', 'b']), 'RPUSH k a b'],
      [r.rpushx('k', 'a', 'b'), 'RPUSHX k a b'],
    ])
  })

  it('commands for several lists send their arguments', () => {
    expectEncodings([
      [r.lmove('a', 'b', 'left', 'right'), 'LMOVE a b left right', 'a b'],
      [r.rpoplpush('a', 'b'), 'RPOPLPUSH a b', 'a b'],
      [r.lmpop('a', 'left'), 'LMPOP 1 a left', 'a'],
      [r.lmpop(['a', 'b'], 'right', { count: 5 }), 'LMPOP 2 a b right COUNT 5', 'a b'],
      [r.blmove('a', 'b', 'left', 'right', 0), 'BLMOVE a b left right 0', 'a b'],
      [r.brpoplpush('a', 'b', 1), 'BRPOPLPUSH a b 1', 'a b'],
      [r.blpop('a', 1), 'BLPOP a 1', 'a'],
      [r.blpop(['a', 'b'], 0.5), 'BLPOP a b 0.5', 'a b'],
      [r.brpop(['a', 'b'], 0), 'BRPOP a b 0', 'a b'],
      [r.blmpop('a', 'left', 2), 'BLMPOP 2 1 a left', 'a'],
      [r.blmpop(['a', 'b'], 'right', 0, { count: 5 }), 'BLMPOP 0 2 a b right COUNT 5', 'a b'],
    ])
  })

  it('blocking list commands report how long the server may block', () => {
    expect(
      [
        r.blmove('a', 'b', 'left', 'right', 1),
        r.brpoplpush('a', 'b', 2),
        r.blpop('a', 0.5),
        r.brpop(['a', 'b'], 0),
        r.blmpop('a', 'left', 3, { count: 9 }),
      ].map(({ command }) => blockTime(command)),
    ).toEqual([1000, 2000, 500, 0, 3000])
    expect([r.lmove('a', 'b', 'left', 'right'), r.lmpop('a', 'left')].map(({ command }) => blockTime(command))).toEqual(
      [undefined, undefined],
    )
  })
})

it('list commands reject missing keys, elements and timeouts', () => {
  expectRefusals(/At least one element is needed/, [r.lpush('k'), r.rpush('k', []), r.lpushx('k'), r.rpushx('k', [])])
  expectRefusals(/At least one key is needed/, [
    r.blpop([], 1),
    r.brpop([], 1),
    r.lmpop([], 'left'),
    r.blmpop([], 'left', 1),
  ])
  expectRefusals(/^Argument 2 of BLPOP is undefined/, [loosely(r, 'blpop', 'k')])
  expectRefusals(/^Argument 2 of BLPOP is the number Infinity/, [r.blpop('k', Number.POSITIVE_INFINITY)])
})

describe('decoding of list replies', () => {
  it('LPOP and RPOP become one element, or several elements with a count', () => {
    for (const method of ['lpop', 'rpop'] as const) {
      expect(r[method]('k').decode('e')).toBe('e')
      expect(r[method]('k').decode(null)).toBeNull()
      expect(r[method]('k', 2).decode(['e'])).toEqual(['e'])
      expect(r[method]('k', 2).decode(null)).toBeNull()
      expect(r[method]('k', 2).decode([Buffer.from('e')], { bytes: true })).toEqual([Buffer.from('e')])
    }
    expect(r.lrange('k', 0, -1).decode(['a', 'b'])).toEqual(['a', 'b'])
  })

  it('BLPOP becomes an element and its key without the prefix of the view', () => {
    for (const call of [r.blpop('k', 1), r.brpop('k', 1)]) {
      expect(call.decode(['app:k', 'app:e'], { prefix: 'app:' })).toEqual({ key: 'k', element: 'app:e' })
      expect(call.decode([Buffer.from('k'), Buffer.from('e')], { bytes: true })).toEqual({
        key: Buffer.from('k'),
        element: Buffer.from('e'),
      })
      expect(call.decode(null)).toBeNull()
    }
  })

  it('LMPOP becomes elements and their key without the prefix of the view', () => {
    for (const call of [r.lmpop('k', 'left'), r.blmpop('k', 'left', 1)]) {
      expect(call.decode(['app:k', ['a', 'app:b']], { prefix: 'app:' })).toEqual({ key: 'k', elements: ['a', 'app:b'] })
      expect(call.decode([Buffer.from('k'), [Buffer.from('e')]], { bytes: true })).toEqual({
        key: Buffer.from('k'),
        elements: [Buffer.from('e')],
      })
      expect(call.decode(null)).toBeNull()
    }
  })

  it('LPOS becomes one position, or several positions with a count', () => {
    expect(r.lpos('k', 'e').decode(2)).toBe(2)
    expect(r.lpos('k', 'e').decode(null, { bigints: true })).toBeNull()
    expect(r.lpos('k', 'e', { count: 0 }).decode([0, 2])).toEqual([0, 2])
    expect(r.lpos('k', 'e', { count: 0 }).decode([0, 2], { bigints: true })).toEqual([0n, 2n])
  })

  it('LSET and LTRIM become OK in every view', () => {
    for (const call of [r.lset('k', 0, 'e'), r.ltrim('k', 0, 1)]) {
      expect(call.decode(Buffer.from('OK'), { bytes: true })).toBe('OK')
    }
  })
})
