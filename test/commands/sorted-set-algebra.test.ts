import { expect, it } from 'vitest'
import { expectEncodings, expectRefusals } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

it('ZUNION, ZINTER, ZDIFF and their variants send their options', () => {
  expectEncodings([
    [r.zdiff(['a', 'b']), 'ZDIFF 2 a b', 'a b'],
    [r.zdiff('a', { withscores: true }), 'ZDIFF 1 a WITHSCORES', 'a'],
    [r.zinter(['a', 'b']), 'ZINTER 2 a b', 'a b'],
    [
      r.zinter(['a', 'b'], { weights: [2, -Infinity], aggregate: 'min', withscores: true }),
      'ZINTER 2 a b WEIGHTS 2 -inf AGGREGATE min WITHSCORES',
      'a b',
    ],
    [r.zunion(['a', 'b'], { aggregate: 'sum' }), 'ZUNION 2 a b AGGREGATE sum', 'a b'],
    [r.zunion(['a', 'b'], { weights: [1, 2], withscores: true }), 'ZUNION 2 a b WEIGHTS 1 2 WITHSCORES', 'a b'],
    [r.zintercard(['a', 'b']), 'ZINTERCARD 2 a b', 'a b'],
    [r.zintercard('a', { limit: 5 }), 'ZINTERCARD 1 a LIMIT 5', 'a'],
    [r.zdiffstore('to', ['a', 'b']), 'ZDIFFSTORE to 2 a b', 'to a b'],
    [r.zinterstore('to', 'a'), 'ZINTERSTORE to 1 a', 'to a'],
    [
      r.zinterstore('to', ['a', 'b'], { weights: [1, 2], aggregate: 'max' }),
      'ZINTERSTORE to 2 a b WEIGHTS 1 2 AGGREGATE max',
      'to a b',
    ],
    [
      r.zunionstore('to', ['a', 'b'], { weights: [1, 2], aggregate: 'max' }),
      'ZUNIONSTORE to 2 a b WEIGHTS 1 2 AGGREGATE max',
      'to a b',
    ],
  ])
})

it('ZUNION and ZINTER reject missing keys and a wrong number of weights', () => {
  expectRefusals(/At least one key is needed/, [
    r.zdiff([]),
    r.zinter([]),
    r.zunion([]),
    r.zintercard([]),
    r.zdiffstore('to', []),
    r.zinterstore('to', []),
    r.zunionstore('to', []),
  ])
  expectRefusals(/2 keys and 1 weights were given/, [
    r.zinter(['a', 'b'], { weights: [1] }),
    r.zunion(['a', 'b'], { weights: [1] }),
    r.zinterstore('to', ['a', 'b'], { weights: [1] }),
    r.zunionstore('to', ['a', 'b'], { weights: [1] }),
  ])
})

it('ZUNION becomes names, or members with scores, the same under both protocols', () => {
  const b = Buffer.from([255])
  for (const call of [r.zdiff('k'), r.zinter('k'), r.zunion('k')]) {
    expect(call.decode(['a', 'b'])).toStrictEqual(['a', 'b'])
    expect(call.decode([b], { bytes: true })).toStrictEqual([b])
  }
  for (const call of [
    r.zdiff('k', { withscores: true }),
    r.zinter('k', { withscores: true }),
    r.zunion('k', { withscores: true }),
  ]) {
    expect(call.decode(['a', '1.5'])).toStrictEqual([{ member: 'a', score: 1.5 }])
    expect(call.decode([['a', 1.5]])).toStrictEqual([{ member: 'a', score: 1.5 }])
    expect(call.decode([b, Buffer.from('2')], { bytes: true })).toStrictEqual([{ member: b, score: 2 }])
  }
  for (const call of [r.zintercard('k'), r.zdiffstore('to', 'k'), r.zinterstore('to', 'k'), r.zunionstore('to', 'k')]) {
    expect([call.decode(3), call.decode(3, { bigints: true })]).toEqual([3, 3n])
  }
})
