import { expect, it } from 'vitest'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()
const limit = { offset: 1, count: -1 }

it('ZRANGE and its variants send ranges by index, score and name', () => {
  expectEncodings([
    [r.zrange('k', 0, -1), 'ZRANGE k 0 -1'],
    [r.zrange('k', 0, -1, { rev: true, withscores: true }), 'ZRANGE k 0 -1 REV WITHSCORES'],
    [r.zrange('k', '(1', Infinity, { byscore: true, limit }), 'ZRANGE k (1 +inf BYSCORE LIMIT 1 -1'],
    [
      r.zrange('k', Infinity, -Infinity, { byscore: true, rev: true, limit, withscores: true }),
      'ZRANGE k +inf -inf BYSCORE REV LIMIT 1 -1 WITHSCORES',
    ],
    [r.zrange('k', '[a', '+', { bylex: true, limit, rev: false }), 'ZRANGE k [a + BYLEX LIMIT 1 -1'],
    [r.zrangebylex('k', '-', '(b'), 'ZRANGEBYLEX k - (b'],
    [r.zrangebylex('k', '-', '(b', { limit }), 'ZRANGEBYLEX k - (b LIMIT 1 -1'],
    [r.zrangebyscore('k', -Infinity, 2), 'ZRANGEBYSCORE k -inf 2'],
    [r.zrangebyscore('k', 1, 2, { limit, withscores: true }), 'ZRANGEBYSCORE k 1 2 WITHSCORES LIMIT 1 -1'],
    [r.zrevrange('k', 0, 1), 'ZREVRANGE k 0 1'],
    [r.zrevrange('k', 0, 1, { withscores: true }), 'ZREVRANGE k 0 1 WITHSCORES'],
    [r.zrevrangebylex('k', '+', '-', { limit }), 'ZREVRANGEBYLEX k + - LIMIT 1 -1'],
    [r.zrevrangebyscore('k', '(2', 1), 'ZREVRANGEBYSCORE k (2 1'],
    [r.zrevrangebyscore('k', 2, 1, { limit, withscores: true }), 'ZREVRANGEBYSCORE k 2 1 WITHSCORES LIMIT 1 -1'],
  ])
})

it('ZCOUNT, ZREMRANGEBY commands and ZRANGESTORE send their ranges', () => {
  expectEncodings([
    [r.zcount('k', '(1', Infinity), 'ZCOUNT k (1 +inf'],
    [r.zlexcount('k', '-', '[b'), 'ZLEXCOUNT k - [b'],
    [r.zremrangebylex('k', '[a', '+'), 'ZREMRANGEBYLEX k [a +'],
    [r.zremrangebyrank('k', 0, -2), 'ZREMRANGEBYRANK k 0 -2'],
    [r.zremrangebyscore('k', -Infinity, 1), 'ZREMRANGEBYSCORE k -inf 1'],
    [r.zrangestore('to', 'k', 0, -1), 'ZRANGESTORE to k 0 -1', 'to k'],
    [
      r.zrangestore('to', 'k', 5, 1, { byscore: true, rev: true, limit }),
      'ZRANGESTORE to k 5 1 BYSCORE REV LIMIT 1 -1',
      'to k',
    ],
  ])
})

it('ZRANGE rejects options that conflict', () => {
  expectRefusals(/byscore and bylex exclude each other/, [
    loosely(r, 'zrange', 'k', 0, 1, { byscore: true, bylex: true }),
    loosely(r, 'zrangestore', 'to', 'k', 0, 1, { byscore: true, bylex: true }),
  ])
  expectRefusals(/bylex and withscores exclude each other/, [
    loosely(r, 'zrange', 'k', '-', '+', { bylex: true, withscores: true }),
  ])
  expectRefusals(/limit needs the option byscore or bylex/, [
    loosely(r, 'zrange', 'k', 0, 1, { limit }),
    loosely(r, 'zrangestore', 'to', 'k', 0, 1, { limit }),
  ])
})

it('ZRANGE becomes names, or members with scores, the same under both protocols', () => {
  const b = Buffer.from([255])
  for (const call of [
    r.zrange('k', 0, 1, { withscores: true }),
    r.zrangebyscore('k', 0, 1, { withscores: true }),
    r.zrevrange('k', 0, 1, { withscores: true }),
    r.zrevrangebyscore('k', 1, 0, { withscores: true }),
  ]) {
    expect(call.decode(['a', '1', 'b', '-inf'])).toStrictEqual([
      { member: 'a', score: 1 },
      { member: 'b', score: -Infinity },
    ])
    expect(call.decode([['a', 1]])).toStrictEqual([{ member: 'a', score: 1 }])
    expect(call.decode([[b, 1]], { bytes: true })).toStrictEqual([{ member: b, score: 1 }])
    expect(call.decode([])).toStrictEqual([])
  }
  for (const call of [
    r.zrange('k', 0, 1),
    r.zrangebylex('k', '-', '+'),
    r.zrangebyscore('k', 0, 1),
    r.zrevrange('k', 0, 1),
    r.zrevrangebylex('k', '+', '-'),
    r.zrevrangebyscore('k', 1, 0),
  ]) {
    expect(call.decode(['a', 'b'])).toStrictEqual(['a', 'b'])
    expect(call.decode([b], { bytes: true })).toStrictEqual([b])
  }
  for (const call of [
    r.zcount('k', 0, 1),
    r.zlexcount('k', '-', '+'),
    r.zremrangebylex('k', '-', '+'),
    r.zremrangebyrank('k', 0, 1),
    r.zremrangebyscore('k', 0, 1),
    r.zrangestore('to', 'k', 0, 1),
  ]) {
    expect([call.decode(3), call.decode(3, { bigints: true })]).toEqual([3, 3n])
  }
})
