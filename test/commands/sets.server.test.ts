import { expect, it } from 'vitest'
import { needs, overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  const sorted = <T extends string | Buffer>(members: T[]): string[] => members.map(String).sort()

  it('set commands read and write members', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.sadd('s', 'a', 'b', 3),
        redis.bigints.sadd('s', ['b', 'c']),
        redis.scard('s'),
        redis.sismember('s', 'a'),
        redis.sismember('s', 'none'),
        redis.smismember('s', 'a', 'none'),
        redis.bigints.smismember('s', ['a', 'none']),
        redis.smembers('s').then(sorted),
        redis.smembers('none'),
        redis.smove('s', 't', 'a'),
        redis.smove('s', 't', 'none'),
        redis.bytes.smembers('t'),
        redis.srem('s', 'b', 'none'),
        redis.smembers('s').then(sorted),
      ]),
    ).toStrictEqual([
      3,
      1n,
      4,
      1,
      0,
      [1, 0],
      [1n, 0n],
      ['3', 'a', 'b', 'c'],
      [],
      1,
      0,
      [Buffer.from('a')],
      1,
      ['3', 'c'],
    ])
  })

  it('SINTER, SUNION and SDIFF combine sets', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.sadd('a', '1', '2', '3'),
        redis.sadd('b', '2', '3', '4'),
        redis.sinter('a', 'b').then(sorted),
        redis.sunion(['a', 'b']).then(sorted),
        redis.sdiff('a', 'b'),
        redis.bytes.sdiff('b', 'a'),
        redis.sinter('a', 'none'),
        redis.sinterstore('to', 'a', 'b'),
        redis.sunionstore('to', ['a', 'b']),
        redis.bigints.sdiffstore('to', 'a', 'b'),
        redis.smembers('to'),
      ]),
    ).toStrictEqual([3, 3, ['2', '3'], ['1', '2', '3', '4'], ['1'], [Buffer.from('4')], [], 2, 4, 1n, ['1']])
  })

  it('SINTERCARD counts the common members of sets', async context => {
    await needs(context, server(), 'SINTERCARD')
    const redis = client()
    await Promise.all([redis.sadd('a', '1', '2', '3'), redis.sadd('b', '2', '3', '4')])
    expect(await redis.sintercard(['a', 'b'])).toBe(2)
    expect(await redis.sintercard(['a', 'b'], { limit: 1 })).toBe(1)
    expect(await redis.bigints.sintercard('a')).toBe(3n)
  })

  it('SRANDMEMBER and SPOP return random members', async () => {
    const redis = client()
    await redis.sadd('s', 'a', 'b', 'c')
    expect(['a', 'b', 'c']).toContain(await redis.srandmember('s'))
    expect(sorted(await redis.srandmember('s', 9))).toStrictEqual(['a', 'b', 'c'])
    expect(await redis.bytes.srandmember('s', -5)).toStrictEqual(Array.from({ length: 5 }, () => expect.any(Buffer)))
    const one = await redis.spop('s')
    const others = await redis.spop('s', 9)
    expect(sorted([one as string, ...others])).toStrictEqual(['a', 'b', 'c'])
    expect(
      await Promise.all([redis.srandmember('s'), redis.srandmember('s', 2), redis.spop('s'), redis.spop('s', 2)]),
    ).toStrictEqual([null, [], null, []])
  })

  it('SSCAN iterates over all members', async () => {
    const redis = client()
    await redis.sadd('s', 'a', 'b')
    expect(await redis.sscan('none', 0)).toStrictEqual({ cursor: '0', members: [] })
    expect(await redis.sscan('s', 0, { match: 'a*', count: 100 })).toStrictEqual({ cursor: '0', members: ['a'] })
    expect(await redis.bytes.sscan('s', '0', { match: 'b' })).toStrictEqual({
      cursor: '0',
      members: [Buffer.from('b')],
    })
  })
})
