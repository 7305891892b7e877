import { expect, it } from 'vitest'
import { SetReply } from '../../src/commands/core/reply.js'
import { expectEncodings, expectRefusals } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

it('commands for one set send their arguments', () => {
  expectEncodings([
    [r.sadd('k', 'a', 1), 'SADD k a 1'],
    [r.sadd('k', ['a', 1]), 'SADD k a 1'],
    [r.scard('k'), 'SCARD k'],
    [r.sismember('k', 'a'), 'SISMEMBER k a'],
    [r.smembers('k'), 'SMEMBERS k'],
    [r.smismember('k', 'a', 'b'), 'SMISMEMBER k a b'],
    [r.spop('k'), 'SPOP k'],
    [r.spop('k', 0), 'SPOP k 0'],
    [r.srandmember('k'), 'SRANDMEMBER k'],
    [r.srandmember('k', -3), 'SRANDMEMBER k -3'],
    [r.srem('k', ['a', 'b']), 'SREM k a b'],
    [r.sscan('k', 0), 'SSCAN k 0'],
    [r.sscan('k', '7', { match: 'a*', count: 9 }), 'SSCAN k 7 MATCH a* COUNT 9'],
  ])
})

it('commands for several sets send their arguments', () => {
  expectEncodings([
    [r.sdiff('a', 'b'), 'SDIFF a b', 'a b'],
    [r.sinter(['a', 'b']), 'SINTER a b', 'a b'],
    [r.sunion('a', 'b'), 'SUNION a b', 'a b'],
    [r.sdiffstore('to', 'a', 'b'), 'SDIFFSTORE to a b', 'to a b'],
    [r.sinterstore('to', ['a', 'b']), 'SINTERSTORE to a b', 'to a b'],
    [r.sunionstore('to', 'a', 'b'), 'SUNIONSTORE to a b', 'to a b'],
    [r.sintercard('a'), 'SINTERCARD 1 a', 'a'],
    [r.sintercard(['a', 'b'], { limit: 3 }), 'SINTERCARD 2 a b LIMIT 3', 'a b'],
    [r.smove('a', 'b', 'm'), 'SMOVE a b m', 'a b'],
  ])
})

it('set commands reject an empty list of keys or members', () => {
  expectRefusals(/At least one member is needed/, [r.sadd('k'), r.srem('k', []), r.smismember('k')])
  expectRefusals(/At least one key is needed/, [
    r.sdiff(),
    r.sinter([]),
    r.sunion(),
    r.sdiffstore('to'),
    r.sinterstore('to', []),
    r.sunionstore('to'),
    r.sintercard([]),
  ])
})

it('SMEMBERS becomes a list of members, the same under both protocols', () => {
  for (const call of [
    r.smembers('k'),
    r.sdiff('k'),
    r.sinter('k'),
    r.sunion('k'),
    r.spop('k', 2),
    r.srandmember('k', 2),
  ]) {
    for (const reply of [['a', 'b'], new SetReply(['a', 'b'])]) expect(call.decode(reply)).toEqual(['a', 'b'])
    expect(call.decode(new SetReply([Buffer.from('a')]), { bytes: true })).toEqual([Buffer.from('a')])
    expect(call.decode(new SetReply([]))).toEqual([])
  }
})

it('SPOP and SRANDMEMBER become one member, or null', () => {
  for (const call of [r.spop('k'), r.srandmember('k')]) {
    expect(call.decode('a')).toBe('a')
    expect(call.decode(null)).toBeNull()
  }
})

it('set replies become integers of the view', () => {
  expect(r.sadd('k', 'a').decode(1, { bigints: true })).toBe(1n)
  expect(r.sismember('k', 'a').decode(1)).toBe(1)
  expect(r.smismember('k', 'a', 'b').decode([1, 0])).toEqual([1, 0])
  expect(r.smismember('k', 'a', 'b').decode([1, 0], { bigints: true })).toEqual([1n, 0n])
})

it('SSCAN becomes a cursor and members', () => {
  expect(r.sscan('k', 0).decode(['7', ['a']])).toEqual({ cursor: '7', members: ['a'] })
  expect(r.sscan('k', 0).decode([Buffer.from('7'), [Buffer.from('a')]], { bytes: true })).toEqual({
    cursor: '7',
    members: [Buffer.from('a')],
  })
})
