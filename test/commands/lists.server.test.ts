import { expect, it } from 'vitest'
import { ResponseError } from '../../src/errors/errors.js'
import { overBothProtocols } from './protocols.js'

overBothProtocols(client => {
  it('list commands read and write elements', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.rpushx('l', 'a'),
        redis.lpushx('l', 'a'),
        redis.rpush('l', 'b', 'c'),
        redis.lpush('l', ['a']),
        redis.rpushx('l', 'd'),
        redis.bigints.lpushx('l', 0),
        redis.lrange('l', 0, -1),
        redis.bytes.lrange('l', 0, 0),
        redis.lrange('none', 0, -1),
        redis.llen('l'),
        redis.lindex('l', -1),
        redis.lindex('l', 9),
        redis.linsert('l', 'before', 'a', 'x'),
        redis.linsert('l', 'after', 'none', 'x'),
        redis.linsert('none', 'after', 'a', 'x'),
        redis.lset('l', 0, 'z'),
        redis.lrem('l', 0, 'x'),
        redis.ltrim('l', 0, 3),
        redis.lrange('l', 0, -1),
      ]),
    ).toStrictEqual([
      0,
      0,
      2,
      3,
      4,
      5n,
      ['0', 'a', 'b', 'c', 'd'],
      [Buffer.from('0')],
      [],
      5,
      'd',
      null,
      6,
      -1,
      0,
      'OK',
      1,
      'OK',
      ['z', 'a', 'b', 'c'],
    ])
    await expect(redis.lset('none', 0, 'x')).rejects.toBeInstanceOf(ResponseError)
  })

  it('LPOP and RPOP remove elements from both ends', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.rpush('l', 'a', 'b', 'c', 'd', 'e', 'f', 'g'),
        redis.lpop('l'),
        redis.rpop('l'),
        redis.bytes.lpop('l'),
        redis.lpop('l', 2),
        redis.rpop('l', 1),
        redis.rpop('l', 9),
        redis.lpop('l'),
        redis.lpop('l', 2),
        redis.rpop('l'),
        redis.rpop('l', 2),
      ]),
    ).toStrictEqual([7, 'a', 'g', Buffer.from('b'), ['c', 'd'], ['f'], ['e'], null, null, null, null])
  })

  it('LPOS finds the positions of an element', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.rpush('l', 'a', 'b', 'a', 'c', 'a'),
        redis.lpos('l', 'a'),
        redis.lpos('l', 'a', { rank: -1 }),
        redis.lpos('l', 'none'),
        redis.bigints.lpos('l', 'b'),
        redis.lpos('l', 'a', { count: 0 }),
        redis.bigints.lpos('l', 'a', { count: 2, rank: 2, maxlen: 4 }),
        redis.lpos('l', 'none', { count: 0 }),
        redis.lpos('none', 'a', { count: 0 }),
      ]),
    ).toStrictEqual([5, 0, 4, null, 1n, [0, 2, 4], [2n], [], []])
  })

  it('LMOVE moves an element between lists', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.rpush('a', '1', '2', '3'),
        redis.lmove('a', 'b', 'left', 'right'),
        redis.bytes.lmove('a', 'b', 'right', 'left'),
        redis.rpoplpush('a', 'b'),
        redis.rpoplpush('a', 'b'),
        redis.lmove('a', 'b', 'left', 'left'),
        redis.lrange('b', 0, -1),
      ]),
    ).toStrictEqual([3, '1', Buffer.from('3'), '2', null, null, ['2', '3', '1']])
  })

  it('LMPOP removes elements from the first list that is not empty', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.lmpop(['a', 'b'], 'left'),
        redis.rpush('b', '1', '2', '3', '4'),
        redis.lmpop(['a', 'b'], 'left'),
        redis.lmpop('b', 'right', { count: 2 }),
        redis.bytes.lmpop('b', 'left', { count: 9 }),
      ]),
    ).toStrictEqual([
      null,
      4,
      { key: 'b', elements: ['1'] },
      { key: 'b', elements: ['4', '3'] },
      { key: Buffer.from('b'), elements: [Buffer.from('2')] },
    ])
  })

  it('blocking list commands return at once if there is an element', async () => {
    const redis = client()
    await redis.rpush('l', '1', '2', '3', '4', '5', '6', '7', '8')
    expect(await redis.blpop('l', 1)).toStrictEqual({ key: 'l', element: '1' })
    expect(await redis.bytes.brpop(['none', 'l'], 1)).toStrictEqual({
      key: Buffer.from('l'),
      element: Buffer.from('8'),
    })
    expect(await redis.blmove('l', 'to', 'left', 'right', 1)).toBe('2')
    expect(await redis.brpoplpush('l', 'to', 1)).toBe('7')
    expect(await redis.blmpop(['none', 'l'], 'left', 1)).toStrictEqual({ key: 'l', elements: ['3'] })
    expect(await redis.blmpop('l', 'right', 1, { count: 2 })).toStrictEqual({ key: 'l', elements: ['6', '5'] })
  })

  it('blocking list commands return null when the time is over', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.blpop(['a', 'b'], 0.01),
        redis.brpop('a', 0.01),
        redis.blmove('a', 'b', 'left', 'right', 0.01),
        redis.brpoplpush('a', 'b', 0.01),
        redis.blmpop(['a', 'b'], 'left', 0.01),
      ]),
    ).toStrictEqual([null, null, null, null, null])
  })

  it('BLPOP waits for an element while other commands run', async () => {
    const redis = client()
    const waiting = redis.blpop(['a', 'b'], 0)
    expect(await redis.set('k', 'v')).toBe('OK')
    await redis.rpush('b', 'e')
    expect(await waiting).toStrictEqual({ key: 'b', element: 'e' })
  })
})
