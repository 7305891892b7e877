import { beforeEach, expect, it } from 'vitest'
import { overBothProtocols } from './protocols.js'

overBothProtocols(client => {
  const limit = { offset: 1, count: 1 }
  const [a, b, c] = [
    { member: 'a', score: -Infinity },
    { member: 'b', score: 1.5 },
    { member: 'c', score: 3 },
  ] as const

  beforeEach(async () => {
    await client().zadd('z', [a, b, c])
    await client().zadd('lex', [
      { member: 'a', score: 0 },
      { member: 'b', score: 0 },
      { member: 'c', score: 0 },
    ])
  })

  it('ZRANGE and its variants return ranges', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.zrange('z', 0, -1),
        redis.zrange('z', 0, 1, { withscores: true }),
        redis.zrange('z', 0, 0, { rev: true, withscores: true }),
        redis.zrange('z', '(1.5', Infinity, { byscore: true }),
        redis.bytes.zrange('z', Infinity, -Infinity, { byscore: true, rev: true, limit, withscores: true }),
        redis.zrange('lex', '[b', '+', { bylex: true }),
        redis.zrange('lex', '+', '-', { bylex: true, rev: true, limit }),
        redis.zrange('none', 0, -1, { withscores: true }),
        redis.zrevrange('z', 0, 0),
        redis.zrevrange('z', 0, 0, { withscores: true }),
        redis.zrangebyscore('z', -Infinity, 1.5),
        redis.zrangebyscore('z', 0, 5, { limit, withscores: true }),
        redis.zrevrangebyscore('z', 5, '(1.5'),
        redis.zrevrangebyscore('z', 5, -Infinity, { limit, withscores: true }),
        redis.zrangebylex('lex', '-', '(c'),
        redis.zrangebylex('lex', '-', '+', { limit }),
        redis.bytes.zrevrangebylex('lex', '(c', '-', { limit }),
      ]),
    ).toStrictEqual([
      ['a', 'b', 'c'],
      [a, b],
      [c],
      ['c'],
      [{ member: Buffer.from('b'), score: 1.5 }],
      ['b', 'c'],
      ['b'],
      [],
      ['c'],
      [c],
      ['a', 'b'],
      [c],
      ['c'],
      [b],
      ['a', 'b'],
      ['b'],
      [Buffer.from('a')],
    ])
  })

  it('ZCOUNT, ZRANGESTORE and ZREMRANGEBY commands count, store and remove ranges', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.zcount('z', -Infinity, '(3'),
        redis.bigints.zlexcount('lex', '[b', '+'),
        redis.zrangestore('to', 'z', 0, 1),
        redis.zrange('to', 0, -1, { withscores: true }),
        redis.bigints.zrangestore('to', 'z', 3, 0, { byscore: true, rev: true, limit }),
        redis.zrange('to', 0, -1),
        redis.zremrangebyscore('z', 2, Infinity),
        redis.zremrangebyrank('z', 0, 0),
        redis.zrange('z', 0, -1),
        redis.zremrangebylex('lex', '-', '[b'),
        redis.zrange('lex', 0, -1),
      ]),
    ).toStrictEqual([2, 2n, 2, [a, b], 1n, ['b'], 1, 1, ['b'], 2, ['c']])
  })
})
