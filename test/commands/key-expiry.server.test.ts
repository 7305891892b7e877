import { expect, it } from 'vitest'
import { overBothProtocols } from './protocols.js'

overBothProtocols(client => {
  it('EXPIRE, TTL and PERSIST set, read and remove the expiry of keys', async () => {
    const redis = client()
    const inAnHour = Math.ceil(Date.now() / 1000) + 3600
    const between = (least: number, most: number) => (value: number) => least <= value && value <= most
    expect(
      await Promise.all([
        redis.expire('none', 10),
        redis.set('k', 'v'),
        redis.ttl('none'),
        redis.pttl('none'),
        redis.ttl('k'),
        redis.bigints.pttl('k'),
        redis.expiretime('none'),
        redis.pexpiretime('k'),
        redis.expire('k', 100),
        redis.ttl('k').then(between(90, 100)),
        redis.pttl('k').then(between(90_000, 100_000)),
        redis.pexpire('k', 200_000),
        redis.ttl('k').then(between(190, 200)),
        redis.expireat('k', inAnHour),
        redis.expiretime('k'),
        redis.pexpireat('k', inAnHour * 1000 + 500),
        redis.pexpiretime('k'),
        redis.bigints.pexpiretime('k'),
        redis.persist('k'),
        redis.persist('k'),
        redis.pexpire('k', 0),
        redis.exists('k'),
      ]),
    ).toStrictEqual([
      0,
      'OK',
      -2,
      -2,
      -1,
      -1n,
      -2,
      -1,
      1,
      true,
      true,
      1,
      true,
      1,
      inAnHour,
      1,
      inAnHour * 1000 + 500,
      BigInt(inAnHour * 1000 + 500),
      1,
      0,
      1,
      0,
    ])
  })

  it('EXPIRE sets an expiry only if its condition holds', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.set('k', 'v'),
        redis.expire('k', 100, { xx: true }),
        redis.expire('k', 100, { gt: true }),
        redis.expire('k', 100, { nx: true }),
        redis.expire('k', 200, { nx: true }),
        redis.expire('k', 50, { gt: true }),
        redis.pexpire('k', 150_000, { gt: true }),
        redis.expireat('k', 9_999_999_999, { lt: true }),
        redis.pexpireat('k', 9_999_999_999_000, { xx: true, gt: true }),
        redis.expiretime('k'),
      ]),
    ).toStrictEqual(['OK', 0, 0, 1, 0, 0, 1, 0, 1, 9_999_999_999])
  })
})
