import { expect, it } from 'vitest'
import { DataError } from '../../src/errors/errors.js'
import { overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  it('hash commands read and write fields', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.hset('h', { a: 1, b: 'x' }),
        redis.bigints.hset('h', new Map([['c', 'é']])),
        redis.hset('h', { a: 2 }),
        redis.hmset('h', { b: 'y' }),
        redis.hsetnx('h', 'a', 3),
        redis.hsetnx('h', 'd', 3),
        redis.hget('h', 'a'),
        redis.bytes.hget('h', 'c'),
        redis.hget('h', 'none'),
        redis.hmget('h', 'a', 'none', 'b'),
        redis.bytes.hmget('h', ['a', 'none']),
        redis.hexists('h', 'a'),
        redis.hexists('h', 'none'),
        redis.hlen('h'),
        redis.hstrlen('h', 'c'),
        redis.hkeys('h').then(fields => fields.sort()),
        redis.hvals('h').then(values => values.sort()),
        redis.hdel('h', 'd', 'none'),
        redis.hincrby('h', 'a', 5),
        redis.bigints.hincrby('h', 'n', 9007199254740993n),
        redis.hincrbyfloat('h', 'f', 0.5),
        redis.bytes.hincrbyfloat('h', 'f', 1),
      ]),
    ).toStrictEqual([
      2,
      1n,
      0,
      'OK',
      0,
      1,
      '2',
      Buffer.from('é'),
      null,
      ['2', null, 'y'],
      [Buffer.from('2'), null],
      1,
      0,
      4,
      2,
      ['a', 'b', 'c', 'd'],
      ['2', '3', 'y', 'é'],
      1,
      7,
      9007199254740993n,
      0.5,
      1.5,
    ])
  })

  it('HGETALL returns a plain object with own properties only', async () => {
    const redis = client()
    await redis.hset(
      'h',
      new Map([
        ['__proto__', '1'],
        ['a', '2'],
      ]),
    )
    const hash = await redis.hgetall('h')
    expect(hash).toStrictEqual({ ['__proto__']: '1', a: '2' })
    expect(new Map(Object.entries(hash))).toStrictEqual(
      new Map([
        ['__proto__', '1'],
        ['a', '2'],
      ]),
    )
    expect(Object.entries(await redis.hgetall('none'))).toStrictEqual([])
    expect(new Map(Object.entries(await redis.bytes.hgetall('h'))).get('a')).toStrictEqual(Buffer.from('2'))
    await redis.hset('bytes', new Map([[Buffer.from([0xff]), '1']]))
    await expect(redis.bytes.hgetall('bytes')).rejects.toBeInstanceOf(DataError)
  })

  it('records of every kind reject two field names that are invalid UTF-8 and would become one', async () => {
    const redis = client()
    const names = new Map([
      [Buffer.from([0xff]), 'a'],
      [Buffer.from([0xfe]), 'b'],
    ])
    await redis.hset('binary', names)
    await redis.xadd('binary stream', '1-1', names)
    for (const read of [
      () => redis.hgetall('binary'),
      () => redis.xrange('binary stream'),
      () => redis.xread({ 'binary stream': 0 }),
    ]) {
      await expect(read()).rejects.toThrow(
        expect.objectContaining({ name: 'DataError', message: expect.stringContaining('bytes') }),
      )
    }
    expect(await redis.bytes.hvals('binary')).toHaveLength(2)
    // In a stream the same field may occur twice: then the last value counts.
    await redis.call('XADD', 'twice', '1-1', 'é', '1', 'é', '2')
    expect(await redis.xrange('twice')).toEqual([{ id: '1-1', fields: { é: '2' } }])
  })

  it('HRANDFIELD returns random fields', async () => {
    const redis = client()
    await redis.hset('h', { a: 1, b: 2 })
    expect(['a', 'b']).toContain(await redis.hrandfield('h'))
    expect(await redis.hrandfield('none')).toBeNull()
    expect(await redis.hrandfield('none', 2)).toStrictEqual([])
    expect(await redis.hrandfield('none', 2, { withvalues: true })).toStrictEqual([])
    expect((await redis.hrandfield('h', 5)).sort()).toStrictEqual(['a', 'b'])
    const both = await redis.hrandfield('h', 5, { withvalues: true })
    expect(both.sort((x, y) => x.field.localeCompare(y.field))).toStrictEqual([
      { field: 'a', value: '1' },
      { field: 'b', value: '2' },
    ])
    const repeated = await redis.bytes.hrandfield('h', -7, { withvalues: true })
    expect(repeated).toStrictEqual(
      Array.from({ length: 7 }, () => ({ field: expect.any(Buffer), value: expect.any(Buffer) })),
    )
  })

  it('HSCAN iterates over all fields', async context => {
    const redis = client()
    await redis.hset('h', { a: 1, b: 2 })
    expect(await redis.hscan('none', 0)).toStrictEqual({ cursor: '0', entries: [] })
    expect(await redis.hscan('h', 0, { match: 'a*', count: 100 })).toStrictEqual({
      cursor: '0',
      entries: [{ field: 'a', value: '1' }],
    })
    expect(await redis.bytes.hscan('h', '0', { match: 'b' })).toStrictEqual({
      cursor: '0',
      entries: [{ field: Buffer.from('b'), value: Buffer.from('2') }],
    })
    if (server().flavour === 'redis' ? !server().atLeast(7, 4) : !server().atLeast(8)) {
      context.skip(`${server().flavour} ${server().version.join('.')} has no NOVALUES`)
    }
    const { cursor, fields } = await redis.hscan('h', 0, { novalues: true })
    expect({ cursor, fields: fields.sort() }).toStrictEqual({ cursor: '0', fields: ['a', 'b'] })
  })
})
