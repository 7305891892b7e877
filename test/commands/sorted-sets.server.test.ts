import { expect, it } from 'vitest'
import { needs, overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  it('ZSCAN with noscores returns only members', async context => {
    if (server().flavour !== 'valkey' || !server().atLeast(8)) {
      context.skip(`${server().flavour} ${server().version.join('.')} has no NOSCORES`)
    }
    const redis = client()
    await redis.zadd('z', [
      { member: 'a', score: 1 },
      { member: 'b', score: 2 },
    ])
    expect(await redis.zscan('z', 0, { noscores: true })).toStrictEqual({ cursor: '0', members: ['a', 'b'] })
    const members: unknown[] = []
    for await (const member of redis.zscan('z')) members.push(member)
    expect(members).toStrictEqual([
      { member: 'a', score: 1 },
      { member: 'b', score: 2 },
    ])
  })

  it('sorted set commands add and read members', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.zadd('z', [
          { member: 'a', score: 1 },
          { member: 'b', score: 2.5 },
          { member: 'c', score: Infinity },
        ]),
        redis.bigints.zadd('z', { member: 'a', score: 0.5 }, { ch: true, lt: true }),
        redis.zadd('z', { member: 'a', score: 1 }, { incr: true }),
        redis.zadd('z', { member: 'a', score: 1 }, { incr: true, nx: true }),
        redis.zadd('z', { member: 'new', score: 1 }, { xx: true }),
        redis.zincrby('z', -0.5, 'a'),
        redis.zcard('z'),
        redis.zscore('z', 'c'),
        redis.zscore('z', 'none'),
        redis.zmscore('z', 'a', 'none', 'b'),
        redis.zrank('z', 'b'),
        redis.bigints.zrank('z', 'b'),
        redis.zrank('z', 'none'),
        redis.zrevrank('z', 'b'),
        redis.zrandmember('none'),
        redis.zrandmember('none', 2),
        redis.zrem('z', 'c', 'none'),
        redis.zscan('z', 0),
        redis.bytes.zscan('z', 0, { match: 'a', count: 10 }),
      ]),
    ).toStrictEqual([
      3,
      1n,
      1.5,
      null,
      0,
      1,
      3,
      Infinity,
      null,
      [1, null, 2.5],
      1,
      1n,
      null,
      1,
      null,
      [],
      1,
      {
        cursor: '0',
        members: [
          { member: 'a', score: 1 },
          { member: 'b', score: 2.5 },
        ],
      },
      { cursor: '0', members: [{ member: Buffer.from('a'), score: 1 }] },
    ])
  })

  it('ZRANK and ZREVRANK return the score in addition to the rank', async context => {
    const redis = client()
    if (server().flavour === 'redis' ? !server().atLeast(7, 2) : !server().atLeast(7)) {
      context.skip(`${server().flavour} ${server().version.join('.')} has no ZRANK WITHSCORE`)
    }
    await redis.zadd('z', { member: 'a', score: 1.5 })
    expect(
      await Promise.all([
        redis.zrank('z', 'a', { withscore: true }),
        redis.bigints.zrevrank('z', 'a', { withscore: true }),
        redis.zrank('z', 'none', { withscore: true }),
      ]),
    ).toStrictEqual([{ rank: 0, score: 1.5 }, { rank: 0n, score: 1.5 }, null])
  })

  it('ZRANDMEMBER returns random members', async () => {
    const redis = client()
    await redis.zadd('z', { member: 'a', score: 1.5 })
    expect(
      await Promise.all([
        redis.zrandmember('z'),
        redis.bytes.zrandmember('z', 2),
        redis.zrandmember('z', -2),
        redis.zrandmember('z', 2, { withscores: true }),
      ]),
    ).toStrictEqual(['a', [Buffer.from('a')], ['a', 'a'], [{ member: 'a', score: 1.5 }]])
  })

  it('ZPOPMIN, ZPOPMAX, ZMPOP and their blocking variants remove members', async context => {
    await needs(context, server(), 'ZMPOP', 'BZMPOP')
    const redis = client()
    const fill = () =>
      redis.zadd(
        'z',
        ['a', 'b', 'c', 'd'].map((member, score) => ({ member, score })),
      )
    await fill()
    expect(
      await Promise.all([
        redis.zpopmin('z'),
        redis.zpopmax('z'),
        redis.zpopmin('none'),
        redis.zpopmin('z', 2),
        redis.bytes.zpopmax('z', 2),
        fill(),
        redis.zmpop(['none', 'z'], 'min'),
        redis.bytes.zmpop('z', 'max', { count: 2 }),
        redis.zmpop('none', 'min'),
      ]),
    ).toStrictEqual([
      { member: 'a', score: 0 },
      { member: 'd', score: 3 },
      null,
      [
        { member: 'b', score: 1 },
        { member: 'c', score: 2 },
      ],
      [],
      4,
      { key: 'z', members: [{ member: 'a', score: 0 }] },
      {
        key: Buffer.from('z'),
        members: [
          { member: Buffer.from('d'), score: 3 },
          { member: Buffer.from('c'), score: 2 },
        ],
      },
      null,
    ])
    await fill()
    expect(await redis.bzpopmin(['none', 'z'], 1)).toStrictEqual({ key: 'z', member: 'a', score: 0 })
    expect(await redis.bytes.bzpopmax('z', 1)).toStrictEqual({
      key: Buffer.from('z'),
      member: Buffer.from('d'),
      score: 3,
    })
    expect(await redis.bzmpop(['none', 'z'], 'max', 1, { count: 5 })).toStrictEqual({
      key: 'z',
      members: [
        { member: 'c', score: 2 },
        { member: 'b', score: 1 },
      ],
    })
    expect(
      await Promise.all([redis.bzpopmin('z', 0.01), redis.bzpopmax('z', 0.01), redis.bzmpop('z', 'min', 0.01)]),
    ).toEqual([null, null, null])
  })
})
