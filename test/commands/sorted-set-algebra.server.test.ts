import { beforeEach, expect, it } from 'vitest'
import { needs, overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  beforeEach(async () => {
    await client().zadd('a', [
      { member: 'x', score: 1 },
      { member: 'y', score: 2 },
    ])
    await client().zadd('b', [
      { member: 'y', score: 10 },
      { member: 'z', score: 20 },
    ])
  })

  it('ZDIFF, ZINTER and ZUNION combine sorted sets', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.zdiff(['a', 'b']),
        redis.zdiff('a', { withscores: true }),
        redis.zinter(['a', 'b']),
        redis.zinter(['a', 'b'], { weights: [2, 0.5], withscores: true }),
        redis.bytes.zinter(['a', 'b'], { aggregate: 'min', withscores: true }),
        redis.zunion(['a', 'b']),
        redis.zunion(['a', 'b'], { aggregate: 'max', withscores: true }),
      ]),
    ).toStrictEqual([
      ['x'],
      [
        { member: 'x', score: 1 },
        { member: 'y', score: 2 },
      ],
      ['y'],
      [{ member: 'y', score: 9 }],
      [{ member: Buffer.from('y'), score: 2 }],
      ['x', 'y', 'z'],
      [
        { member: 'x', score: 1 },
        { member: 'y', score: 10 },
        { member: 'z', score: 20 },
      ],
    ])
  })

  it('ZDIFFSTORE, ZINTERSTORE, ZUNIONSTORE and ZINTERCARD store and count combinations', async context => {
    await needs(context, server(), 'ZINTERCARD')
    const redis = client()
    expect(
      await Promise.all([
        redis.zdiffstore('to', ['a', 'b']),
        redis.zrange('to', 0, -1, { withscores: true }),
        redis.zinterstore('to', ['a', 'b'], { weights: [1, 2] }),
        redis.zrange('to', 0, -1, { withscores: true }),
        redis.bigints.zunionstore('to', ['a', 'b'], { aggregate: 'min' }),
        redis.zrange('to', 0, -1),
        redis.zintercard(['a', 'b']),
        redis.bigints.zintercard('a', { limit: 1 }),
      ]),
    ).toStrictEqual([1, [{ member: 'x', score: 1 }], 1, [{ member: 'y', score: 22 }], 3n, ['x', 'y', 'z'], 1, 1n])
  })
})
