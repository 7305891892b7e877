import { expect, it } from 'vitest'
import { DataError, ResponseError } from '../../src/errors/errors.js'
import { startSingle } from '../servers/servers.mjs'
import { needs, overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  it('key commands delete, count and rename keys', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.mset({ a: 1, b: 2, c: 3 }),
        redis.exists('a', 'a', 'none'),
        redis.bigints.exists(['a', 'b']),
        redis.touch('a', 'none'),
        redis.del('a', 'none'),
        redis.unlink(['b']),
        redis.rename('c', 'd'),
        redis.set('e', 5),
        redis.renamenx('d', 'e'),
        redis.renamenx('d', 'f'),
        redis.type('f'),
        redis.bytes.type('none'),
      ]),
    ).toStrictEqual(['OK', 2, 2n, 1, 1, 1, 'OK', 'OK', 0, 1, 'string', 'none'])
    await expect(redis.rename('none', 'x')).rejects.toBeInstanceOf(ResponseError)
  })

  it('COPY and MOVE copy and move keys', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.set('a', 1),
        redis.copy('none', 'b'),
        redis.copy('a', 'b'),
        redis.copy('a', 'b'),
        redis.copy('a', 'b', { replace: true }),
        redis.copy('a', 'a', { db: 1 }),
        redis.move('a', 1),
        redis.move('b', 2),
      ]),
    ).toStrictEqual(['OK', 0, 1, 0, 1, 1, 0, 1])
  })

  it('KEYS and RANDOMKEY find keys', async () => {
    const redis = client()
    expect(await redis.randomkey()).toBeNull()
    expect(await redis.keys('*')).toStrictEqual([])
    await Promise.all([redis.mset({ 'user:1': 1, 'user:2': 2, other: 3 }), redis.lpush('user:list', 'a')])
    expect((await redis.keys('user:?')).sort()).toStrictEqual(['user:1', 'user:2'])
    expect(await redis.bytes.keys('other')).toStrictEqual([Buffer.from('other')])
    expect(['user:1', 'user:2', 'user:list', 'other']).toContain(await redis.randomkey())
    expect(await redis.bytes.randomkey()).toBeInstanceOf(Buffer)
  })

  it('SCAN iterates over all keys', async () => {
    const redis = client()
    await Promise.all([redis.mset({ 'user:1': 1, 'user:2': 2, other: 3 }), redis.lpush('user:list', 'a')])
    const found = new Set<string>()
    let cursor = '0'
    do {
      const step = await redis.scan(cursor, { match: 'user:*', count: 1, type: 'string' })
      expect(step).toStrictEqual({ cursor: expect.any(String), keys: expect.any(Array) })
      for (const key of step.keys) found.add(key)
      cursor = step.cursor
    } while (cursor !== '0')
    expect([...found].sort()).toStrictEqual(['user:1', 'user:2'])
    expect(await redis.bytes.scan(0, { match: 'other', count: 1000 })).toStrictEqual({
      cursor: '0',
      keys: [Buffer.from('other')],
    })
  })

  it('RESTORE restores the bytes of DUMP', async () => {
    const redis = client()
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    expect(await redis.dump('none')).toBeNull()
    await redis.set('k', every)
    const dump = await redis.dump('k')
    expect(dump).toBeInstanceOf(Buffer)
    expect(await redis.bytes.dump('k')).toStrictEqual(dump)
    expect(await redis.restore('copy', 0, dump as Buffer)).toBe('OK')
    expect(await redis.bytes.get('copy')).toStrictEqual(every)
    await expect(redis.restore('copy', 0, dump as Buffer)).rejects.toThrow('BUSYKEY')
    const inAnHour = Date.now() + 3_600_000
    const options = { replace: true, absttl: true, idletime: 100 }
    expect(await redis.restore('copy', inAnHour, dump as Buffer, options)).toBe('OK')
    expect(await redis.objectIdletime('copy')).toBeGreaterThanOrEqual(100)
    expect(await redis.pexpiretime('copy')).toBe(inAnHour)
  })

  it('TYPE and OBJECT return the type and the encoding of values', async () => {
    const redis = client()
    await redis.set('n', 12345678)
    expect(
      await Promise.all([
        redis.objectEncoding('n'),
        redis.bytes.objectEncoding('n'),
        redis.objectEncoding('none'),
        redis.objectRefcount('n'),
        redis.bigints.objectRefcount('n'),
        redis.objectRefcount('none'),
        redis.objectIdletime('n'),
        redis.objectIdletime('none'),
      ]),
    ).toStrictEqual(['int', 'int', null, 1, 1n, null, 0, null])
    const help = await redis.objectHelp()
    expect(help.every(line => typeof line === 'string')).toBe(true)
    expect(help.join('\n')).toContain('IDLETIME')
    await expect(redis.objectFreq('n')).rejects.toThrow('LFU')
    await server().command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu')
    try {
      await redis.set('m', 1)
      expect(await Promise.all([redis.objectFreq('m'), redis.objectFreq('none')])).toStrictEqual([
        expect.any(Number),
        null,
      ])
    } finally {
      await server().command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    }
  })

  it('MIGRATE moves keys to another server', async context => {
    if (server().kind === 'docker')
      context.skip('a server in a container cannot reach the other server at this address')
    const redis = client()
    const other = await startSingle()
    try {
      await redis.mset({ a: 1, b: 2, c: 3 })
      expect(await redis.migrate(other.host, other.port, 'none', 0, 5000)).toBe('NOKEY')
      expect(await redis.migrate(other.host, other.port, 'a', 0, 5000, { copy: true })).toBe('OK')
      expect(await redis.migrate(other.host, other.port, ['a', 'b', 'c'], 0, 5000, { replace: true })).toBe('OK')
      expect(await redis.exists('a', 'b', 'c')).toBe(0)
      expect(await other.command('MGET', 'a', 'b', 'c')).toEqual(['1', '2', '3'])
    } finally {
      await other.stop()
    }
  })

  it('WAIT and WAITAOF run only in a session', async context => {
    const redis = client()
    await expect(redis.wait(0, 10)).rejects.toBeInstanceOf(DataError)
    await expect(redis.waitaof(0, 0, 10)).rejects.toBeInstanceOf(DataError)
    expect(await redis.session(session => session.wait(0, 10))).toBe(0)
    expect(await redis.session(session => session.wait(1, 10))).toBe(0)
    await needs(context, server(), 'WAITAOF')
    expect(await redis.session(session => session.waitaof(0, 0, 10))).toStrictEqual([0, 0])
  })
})
