import { expect, it } from 'vitest'
import { ResponseError } from '../../src/errors/errors.js'
import { needs, overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  it('string commands read and write text', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.get('k'),
        redis.set('k', 'héllo'),
        redis.get('k'),
        redis.bytes.get('k'),
        redis.append('k', '!'),
        redis.strlen('k'),
        redis.bigints.strlen('k'),
        redis.strlen('none'),
        redis.getrange('k', 0, 0),
        redis.getrange('none', 0, -1),
        redis.substr('k', -1, -1),
        redis.setrange('k', 9, 'x'),
        redis.get('k'),
        redis.getset('k', 'new'),
        redis.getset('other', 1),
        redis.getdel('k'),
        redis.getdel('k'),
      ]),
    ).toStrictEqual([
      null,
      'OK',
      'héllo',
      Buffer.from('héllo'),
      7,
      7,
      7n,
      0,
      'h',
      '',
      '!',
      10,
      'héllo!\0\0x',
      'héllo!\0\0x',
      null,
      'new',
      null,
    ])
  })

  it('string commands transmit every byte unchanged', async () => {
    const redis = client()
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    expect(await redis.set(every, every)).toBe('OK')
    expect(await redis.bytes.get(every)).toStrictEqual(every)
    expect(await redis.bytes.set('k', every, { get: true })).toBeNull()
    expect(await redis.bytes.set('k', 'v', { get: true })).toStrictEqual(every)
  })

  it('INCR, DECR and their variants count', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.incr('n'),
        redis.incrby('n', 10),
        redis.decr('n'),
        redis.decrby('n', 20),
        redis.bigints.incrby('n', 9007199254740993n + 10n),
        redis.bigints.incr('n'),
        redis.incrbyfloat('f', 1.5),
        redis.incrbyfloat('f', -3),
        redis.bytes.incrbyfloat('f', 0.25),
      ]),
    ).toStrictEqual([1, 11, 10, -10, 9007199254740993n, 9007199254740994n, 1.5, -1.5, -1.25])
    await expect(redis.set('text', 'a').then(() => redis.incr('text'))).rejects.toBeInstanceOf(ResponseError)
  })

  it('SET obeys conditions and expiry options', async () => {
    const redis = client()
    const inAnHour = Date.now() + 3_600_000
    expect(
      await Promise.all([
        redis.set('k', 1, { xx: true }),
        redis.set('k', 1, { nx: true }),
        redis.set('k', 2, { nx: true }),
        redis.set('k', 2, { xx: true, get: true }),
        redis.set('none', 2, { get: true }),
        redis.set('k', 3, { ex: 100 }),
        redis.expiretime('k').then(seconds => seconds > 0),
        redis.set('k', 3, { px: 100_000, get: true }),
        redis.set('k', 3, { exat: Math.ceil(inAnHour / 1000) }),
        redis.expiretime('k'),
        redis.set('k', 3, { pxat: inAnHour }),
        redis.pexpiretime('k'),
        redis.set('k', 4, { keepttl: true }),
        redis.pexpiretime('k'),
        redis.set('k', 5),
        redis.pexpiretime('k'),
        redis.setnx('k', 1),
        redis.setnx('new', 1),
        redis.setex('k', 100, 'a'),
        redis.psetex('k', 100_000, 'b'),
      ]),
    ).toStrictEqual([
      null,
      'OK',
      null,
      '1',
      null,
      'OK',
      true,
      '3',
      'OK',
      Math.ceil(inAnHour / 1000),
      'OK',
      inAnHour,
      'OK',
      inAnHour,
      'OK',
      -1,
      0,
      1,
      'OK',
      'OK',
    ])
  })

  it('GETEX changes the expiry of a key', async () => {
    const redis = client()
    const inAnHour = Date.now() + 3_600_000
    expect(
      await Promise.all([
        redis.getex('none', { ex: 1 }),
        redis.set('k', 'v'),
        redis.getex('k', { pxat: inAnHour }),
        redis.pexpiretime('k'),
        redis.getex('k'),
        redis.pexpiretime('k'),
        redis.getex('k', { persist: true }),
        redis.pexpiretime('k'),
        redis.getex('k', { ex: 100 }),
        redis.getex('k', { px: 100_000 }),
        redis.getex('k', { exat: Math.ceil(inAnHour / 1000) }),
        redis.expiretime('k'),
      ]),
    ).toStrictEqual([null, 'OK', 'v', inAnHour, 'v', inAnHour, 'v', -1, 'v', 'v', 'v', Math.ceil(inAnHour / 1000)])
  })

  it('MGET, MSET and MSETNX read and write several keys', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.mset({ a: 1, b: 'x' }),
        redis.mset(new Map([['c', 2]])),
        redis.mget('a', 'none', 'b'),
        redis.bytes.mget(['c', 'none']),
        redis.msetnx({ a: 2, d: 1 }),
        redis.msetnx({ d: 1, e: 2 }),
      ]),
    ).toStrictEqual(['OK', 'OK', ['1', null, 'x'], [Buffer.from('2'), null], 0, 1])
  })

  it('LCS compares two values', async () => {
    const redis = client()
    await redis.mset({ a: 'ohmytext', b: 'mynewtext' })
    expect(await redis.lcs('a', 'b')).toBe('mytext')
    expect(await redis.bytes.lcs('a', 'b')).toStrictEqual(Buffer.from('mytext'))
    expect(await redis.lcs('a', 'b', { len: true })).toBe(6)
    expect(await redis.lcs('a', 'b', { idx: true })).toEqual({
      matches: [
        { key1: [4, 7], key2: [5, 8] },
        { key1: [2, 3], key2: [0, 1] },
      ],
      len: 6,
    })
    expect(await redis.bigints.lcs('a', 'b', { idx: true, minmatchlen: 4, withmatchlen: true })).toEqual({
      matches: [{ key1: [4n, 7n], key2: [5n, 8n], length: 4n }],
      len: 6n,
    })
  })

  it('SET and DELEX compare the old value (Redis 8.4)', async context => {
    await needs(context, server(), 'DIGEST', 'DELEX')
    const redis = client()
    await redis.set('k', 'v')
    const digest = await redis.digest('k')
    expect(digest).toMatch(/^[0-9a-f]{16}$/)
    expect(
      await Promise.all([
        redis.digest('none'),
        redis.set('k', 'w', { ifeq: 'x' }),
        redis.set('k', 'w', { ifeq: 'v' }),
        redis.set('k', 'v', { ifne: 'w' }),
        redis.set('k', 'v', { ifne: 'x', get: true }),
        redis.set('k', 'v', { ifdeq: digest as string }),
        redis.set('k', 'v', { ifdne: digest as string }),
        redis.delex('k', { ifne: 'v' }),
        redis.delex('k', { ifdne: digest as string }),
        redis.delex('k', { ifeq: 'v' }),
        redis.delex('k'),
      ]),
    ).toStrictEqual([null, null, 'OK', null, 'w', 'OK', null, 0, 0, 1, 0])
  })

  it('SET with ifeq compares the old value (Valkey 8.1)', async context => {
    const on = server()
    if (on.flavour !== 'valkey' || !on.atLeast(8, 1)) {
      context.skip(`${on.flavour} ${on.version.join('.')} is not Valkey 8.1 or later`)
    }
    const redis = client()
    expect(
      await Promise.all([
        redis.set('k', 'v'),
        redis.set('k', 'w', { ifeq: 'x' }),
        redis.set('k', 'w', { ifeq: 'v' }),
        redis.set('k', 'x', { ifeq: 'w', get: true }),
      ]),
    ).toStrictEqual(['OK', null, 'OK', 'w'])
  })

  it('DELIFEQ compares the old value (Valkey 9.0)', async context => {
    await needs(context, server(), 'DELIFEQ')
    const redis = client()
    expect(await Promise.all([redis.set('k', 'v'), redis.delifeq('k', 'w'), redis.delifeq('k', 'v')])).toStrictEqual([
      'OK',
      0,
      1,
    ])
  })

  it('MSETEX sets several keys with one expiry (Redis 8.4)', async context => {
    await needs(context, server(), 'MSETEX')
    const redis = client()
    expect(
      await Promise.all([
        redis.msetex({ a: 1, b: 2 }, { ex: 100, nx: true }),
        redis.msetex({ b: 1, c: 2 }, { nx: true }),
        redis.ttl('b').then(seconds => seconds > 0),
      ]),
    ).toStrictEqual([1, 0, true])
  })
})
