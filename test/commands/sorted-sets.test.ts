import { expect, it } from 'vitest'
import { blockTime } from '../../src/commands/core/command.js'
import { MapReply } from '../../src/commands/core/reply.js'
import { InvalidResponse } from '../../src/errors/errors.js'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()
const a = { member: 'a', score: 1 }

it('ZADD sends its options and members', () => {
  expectEncodings([
    [r.zadd('k', a), 'ZADD k 1 a'],
    [r.zadd('k', [a, { member: 2, score: -1.5 }]), 'ZADD k 1 a -1.5 2'],
    [
      r.zadd('k', [
        { member: 'x', score: Infinity },
        { member: 'y', score: -Infinity },
      ]),
      'ZADD k +inf x -inf y',
    ],
    [r.zadd('k', a, { nx: true, ch: true }), 'ZADD k NX CH 1 a'],
    [r.zadd('k', a, { xx: true, gt: true }), 'ZADD k XX GT 1 a'],
    [r.zadd('k', a, { lt: true, incr: true }), 'ZADD k LT INCR 1 a'],
    [r.zadd('k', a, { incr: false }), 'ZADD k 1 a'],
    [r.zincrby('k', -0.5, 'a'), 'ZINCRBY k -0.5 a'],
    [r.zincrby('k', Infinity, 'a'), 'ZINCRBY k +inf a'],
  ])
})

it('commands for members of one sorted set send their arguments', () => {
  expectEncodings([
    [r.zcard('k'), 'ZCARD k'],
    [r.zmscore('k', 'a', 'b'), 'ZMSCORE k a b'],
    [r.zmscore('k', ['a', 'b']), 'ZMSCORE k a b'],
    [r.zpopmax('k'), 'ZPOPMAX k'],
    [r.zpopmax('k', 2), 'ZPOPMAX k 2'],
    [r.zpopmin('k'), 'ZPOPMIN k'],
    [r.zpopmin('k', 0), 'ZPOPMIN k 0'],
    [r.zrandmember('k'), 'ZRANDMEMBER k'],
    [r.zrandmember('k', -2), 'ZRANDMEMBER k -2'],
    [r.zrandmember('k', 2, { withscores: true }), 'ZRANDMEMBER k 2 WITHSCORES'],
    [r.zrank('k', 'a'), 'ZRANK k a'],
    [r.zrank('k', 'a', { withscore: true }), 'ZRANK k a WITHSCORE'],
    [r.zrevrank('k', 'a'), 'ZREVRANK k a'],
    [r.zrevrank('k', 'a', { withscore: true }), 'ZREVRANK k a WITHSCORE'],
    [r.zrem('k', 'a', 'b'), 'ZREM k a b'],
    [r.zrem('k', ['a', 1]), 'ZREM k a 1'],
    [r.zscan('k', 0), 'ZSCAN k 0'],
    [r.zscan('k', '7', { match: 'a*', count: 9 }), 'ZSCAN k 7 MATCH a* COUNT 9'],
    [r.zscan('k', 0, { noscores: true }), 'ZSCAN k 0 NOSCORES'],
    [r.zscore('k', 'a'), 'ZSCORE k a'],
  ])
})

it('ZMPOP, BZMPOP and BZPOPMIN send their keys and report how long they may block', () => {
  expectEncodings([
    [r.zmpop(['a', 'b'], 'min'), 'ZMPOP 2 a b min', 'a b'],
    [r.zmpop('a', 'max', { count: 3 }), 'ZMPOP 1 a max COUNT 3', 'a'],
    [r.bzmpop(['a', 'b'], 'max', 1.5), 'BZMPOP 1.5 2 a b max', 'a b'],
    [r.bzmpop('a', 'min', 0, { count: 3 }), 'BZMPOP 0 1 a min COUNT 3', 'a'],
    [r.bzpopmax(['a', 'b'], 2), 'BZPOPMAX a b 2', 'a b'],
    [r.bzpopmin('a', 0.25), 'BZPOPMIN a 0.25', 'a'],
  ])
  const calls = [r.bzmpop('a', 'min', 1.5), r.bzpopmax('a', 2), r.bzpopmin('a', 0), r.zmpop('a', 'min')]
  expect(calls.map(({ command }) => blockTime(command))).toEqual([1500, 2000, 0, undefined])
})

it('sorted set commands reject options that conflict or are missing', () => {
  expectRefusals(/exclude each other/, [
    loosely(r, 'zadd', 'k', a, { nx: true, xx: true }),
    loosely(r, 'zadd', 'k', a, { nx: true, gt: true }),
    loosely(r, 'zadd', 'k', a, { gt: true, lt: true }),
  ])
  expectRefusals(/incr takes exactly one member/, [loosely(r, 'zadd', 'k', [a, a], { incr: true })])
  expectRefusals(/At least one member is needed/, [r.zadd('k', []), r.zmscore('k'), r.zrem('k', [])])
  expectRefusals(/At least one key is needed/, [r.zmpop([], 'min'), r.bzmpop([], 'min', 1), r.bzpopmin([], 1)])
  expectRefusals(/NaN/, [r.zadd('k', { member: 'a', score: NaN })])
})

it('scores become numbers, the same under both protocols', () => {
  const two = [
    { member: 'a', score: 1.5 },
    { member: 'b', score: Infinity },
  ]
  const resp2 = ['a', '1.5', 'b', 'inf']
  const resp3 = [
    ['a', 1.5],
    ['b', Infinity],
  ]
  for (const call of [r.zpopmax('k', 2), r.zpopmin('k', 2), r.zrandmember('k', 2, { withscores: true })]) {
    expect(call.decode(resp2)).toStrictEqual(two)
    expect(call.decode(resp3)).toStrictEqual(two)
    expect(call.decode([])).toStrictEqual([])
  }
  for (const call of [r.zmpop('k', 'min'), r.bzmpop('k', 'min', 1)]) {
    expect(call.decode(['k', resp3])).toStrictEqual({ key: 'k', members: two })
    expect(
      call.decode(
        [
          'p:k',
          [
            ['a', '1.5'],
            ['b', 'inf'],
          ],
        ],
        { prefix: 'p:' },
      ),
    ).toStrictEqual({ key: 'k', members: two })
    expect(call.decode(null)).toBeNull()
  }
  for (const call of [r.bzpopmax('k', 1), r.bzpopmin('k', 1)]) {
    expect(call.decode(['p:k', 'a', '-inf'], { prefix: 'p:' })).toStrictEqual({
      key: 'k',
      member: 'a',
      score: -Infinity,
    })
    expect(call.decode(['k', 'a', 2])).toStrictEqual({ key: 'k', member: 'a', score: 2 })
    expect(call.decode(null)).toBeNull()
  }
  for (const call of [r.zpopmax('k'), r.zpopmin('k')]) {
    expect(call.decode(['a', '1.5'])).toStrictEqual(two[0])
    expect(call.decode(['a', 1.5])).toStrictEqual(two[0])
    expect(call.decode([])).toBeNull()
  }
  expect(r.zscan('k', 0).decode(['0', resp2])).toStrictEqual({ cursor: '0', members: two })
  expect(r.zscan('k', 0, { noscores: true }).decode(['0', ['a']])).toStrictEqual({ cursor: '0', members: ['a'] })
  expect([r.zincrby('k', 1, 'a').decode('2.5'), r.zincrby('k', 1, 'a').decode(2.5)]).toEqual([2.5, 2.5])
  for (const call of [r.zscore('k', 'a'), r.zadd('k', a, { incr: true })]) {
    expect([call.decode('2.5'), call.decode(2.5), call.decode(null)]).toEqual([2.5, 2.5, null])
  }
  expect(r.zmscore('k', 'a').decode(['1', 2, null])).toEqual([1, 2, null])
  for (const call of [r.zrank('k', 'a', { withscore: true }), r.zrevrank('k', 'a', { withscore: true })]) {
    expect(call.decode([0, '1'])).toStrictEqual({ rank: 0, score: 1 })
    expect(call.decode([0, 1], { bigints: true })).toStrictEqual({ rank: 0n, score: 1 })
    expect(call.decode(null)).toBeNull()
  }
})

it('sorted set replies become Buffers and bigints in a view that asks for them', () => {
  const b = Buffer.from([0, 255])
  const score = Buffer.from('1')
  expect(r.zpopmin('k', 1).decode([b, score], { bytes: true })).toStrictEqual([{ member: b, score: 1 }])
  expect(r.zpopmin('k').decode([b, score], { bytes: true })).toStrictEqual({ member: b, score: 1 })
  expect(r.bzpopmin('k', 1).decode([b, b, score], { bytes: true })).toStrictEqual({ key: b, member: b, score: 1 })
  expect(r.zrandmember('k').decode(b, { bytes: true })).toBe(b)
  expect(r.zrandmember('k', 1).decode([b], { bytes: true })).toEqual([b])
  expect(r.zscan('k', 0).decode([Buffer.from('9'), [b, score]], { bytes: true })).toStrictEqual({
    cursor: '9',
    members: [{ member: b, score: 1 }],
  })
  for (const call of [r.zadd('k', a), r.zcard('k'), r.zrem('k', 'a'), r.zrank('k', 'a'), r.zrevrank('k', 'a')]) {
    expect([call.decode(3), call.decode(3, { bigints: true })]).toEqual([3, 3n])
  }
})

it('sorted set commands reject a reply of an unexpected type', () => {
  const odd = new MapReply([])
  for (const call of [r.zmpop('k', 'min'), r.bzpopmin('k', 1), r.zrank('k', 'a', { withscore: true }), r.zcard('k')]) {
    expect(() => call.decode(odd)).toThrow(InvalidResponse)
  }
  expect(() => r.zpopmin('k').decode('odd')).toThrow(InvalidResponse)
})
