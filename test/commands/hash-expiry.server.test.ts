import { expect, it } from 'vitest'
import { needs, overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  it('HEXPIRE, HTTL and HPERSIST set, read and remove the expiry of fields', async context => {
    await needs(context, server(), 'HEXPIRE')
    const redis = client()
    const inAnHour = Math.ceil(Date.now() / 1000) + 3600
    const fields = ['a', 'b', 'none']
    await redis.hset('h', { a: 1, b: 2, c: 3 })
    expect(
      await Promise.all([
        redis.httl('h', fields),
        redis.hpttl('none', ['a', 'b']),
        redis.hexpire('h', 100, fields, { xx: true }),
        redis.hexpire('h', 100, fields),
        redis.hpexpire('h', 200_000, ['a'], { nx: true }),
        redis.bigints.hpexpire('h', 200_000, 'a', { gt: true }),
        redis.httl('h', 'b').then(([seconds = 0]) => seconds > 90 && seconds <= 100),
        redis.hpttl('h', 'a').then(([ms = 0]) => ms > 190_000 && ms <= 200_000),
        redis.hexpireat('h', inAnHour, 'a', { lt: true }),
        redis.hexpireat('h', inAnHour, 'a'),
        redis.hexpiretime('h', fields).then(([a]) => a),
        redis.hpexpireat('h', inAnHour * 1000 + 5, 'a'),
        redis.bigints.hpexpiretime('h', 'a'),
        redis.hpersist('h', ['a', 'c', 'none']),
        redis.hpersist('h', 'a'),
        redis.hexpire('h', 0, 'c'),
        redis.hexists('h', 'c'),
      ]),
    ).toStrictEqual([
      [-1, -1, -2],
      [-2, -2],
      [0, 0, -2],
      [1, 1, -2],
      [0],
      [1n],
      true,
      true,
      [0],
      [1],
      inAnHour,
      [1],
      [BigInt(inAnHour * 1000 + 5)],
      [1, -1, -2],
      [-1],
      [2],
      0,
    ])
  })

  it('HSETEX, HGETEX and HGETDEL write, read and delete fields with an expiry', async context => {
    await needs(context, server(), 'HGETEX', 'HSETEX', 'HGETDEL')
    const redis = client()
    const inAnHour = Math.ceil(Date.now() / 1000) + 3600
    expect(
      await Promise.all([
        redis.hsetex('h', { a: 1, b: 2 }, { fnx: true, exat: inAnHour }),
        redis.hsetex('h', { a: 3, c: 4 }, { fnx: true }),
        redis.bigints.hsetex('h', { a: 5 }, { fxx: true, keepttl: true }),
        redis.hexpiretime('h', ['a', 'b']),
        redis.hgetex('h', ['a', 'none'], { persist: true }),
        redis.bytes.hgetex('h', 'b', { ex: 100 }),
        redis.hgetex('none', ['a', 'b']),
        redis.httl('h', 'a'),
        redis.hgetdel('h', ['a', 'none']),
        redis.bytes.hgetdel('h', 'b'),
        redis.hgetdel('h', 'b'),
        redis.exists('h'),
      ]),
    ).toStrictEqual([
      1,
      0,
      1n,
      [inAnHour, inAnHour],
      ['5', null],
      [Buffer.from('2')],
      [null, null],
      [-1],
      ['5', null],
      [Buffer.from('2')],
      [null],
      0,
    ])
  })
})
