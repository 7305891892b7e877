import { expect, it } from 'vitest'
import { overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  it('SETBIT, GETBIT, BITCOUNT and BITPOS write, read and count bits', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.setbit('b', 7, 1),
        redis.setbit('b', 7, 1),
        redis.bigints.setbit('b', 8, 1),
        redis.getbit('b', 7),
        redis.getbit('b', 100),
        redis.bitcount('b'),
        redis.bitcount('none'),
        redis.bitcount('b', 0, 0),
        redis.bitpos('b', 1),
        redis.bitpos('b', 0, 1),
        redis.bitpos('none', 1),
        redis.bigints.bitpos('b', 1, 1, -1),
      ]),
    ).toStrictEqual([0, 1, 0n, 1, 0, 2, 0, 1, 7, 9, -1, 8n])
  })

  it('BITCOUNT and BITPOS accept ranges in bits', async context => {
    if (!server().atLeast(7)) context.skip('ranges in bits need Redis 7.0')
    const redis = client()
    await redis.set('b', Buffer.from([0b00000001, 0b10000000]))
    expect(await redis.bitcount('b', 7, 7, 'bit')).toBe(1)
    expect(await redis.bitcount('b', 1, 1, 'byte')).toBe(1)
    expect(await redis.bitpos('b', 1, 8, 15, 'bit')).toBe(8)
  })

  it('BITOP combines bitmaps', async () => {
    const redis = client()
    await Promise.all([redis.set('a', Buffer.from([0b1100])), redis.set('b', Buffer.from([0b1010]))])
    const result = async (length: Promise<number>): Promise<[number, number | undefined]> => [
      await length,
      (await redis.bytes.get('to'))?.[0],
    ]
    expect(await result(redis.bitop('and', 'to', 'a', 'b'))).toStrictEqual([1, 0b1000])
    expect(await result(redis.bitop('or', 'to', ['a', 'b']))).toStrictEqual([1, 0b1110])
    expect(await result(redis.bitop('xor', 'to', 'a', 'b'))).toStrictEqual([1, 0b0110])
    expect(await result(redis.bitop('not', 'to', 'a'))).toStrictEqual([1, 0b11110011])
  })

  it('BITOP combines bitmaps with the four operations of Redis 8.2', async context => {
    const on = server()
    if (on.flavour !== 'redis' || !on.atLeast(8, 2))
      context.skip(`${on.flavour} ${on.version.join('.')} has no such operations`)
    const redis = client()
    await Promise.all([redis.set('a', Buffer.from([0b1100])), redis.set('b', Buffer.from([0b1010]))])
    for (const [operation, bits] of [
      ['diff', 0b0100],
      ['diff1', 0b0010],
      ['andor', 0b1000],
      ['one', 0b0110],
    ] as const) {
      expect(await redis.bitop(operation, 'to', 'a', 'b')).toBe(1)
      expect(await redis.bytes.get('to')).toStrictEqual(Buffer.from([bits]))
    }
  })

  it('BITFIELD reads and writes integers of any width', async () => {
    const redis = client()
    expect(await redis.bitfield('f', [])).toStrictEqual([])
    expect(
      await redis.bitfield('f', [
        { set: 'u8', offset: 0, value: 255 },
        { get: 'u8', offset: 0 },
        { get: 'i8', offset: '#0' },
        { incrby: 'u2', offset: '#4', increment: 3 },
        { incrby: 'u2', offset: '#4', increment: 1, overflow: 'sat' },
        { incrby: 'u2', offset: '#4', increment: 1, overflow: 'fail' },
        { incrby: 'u2', offset: '#4', increment: 1 },
        { set: 'i64', offset: '#1', value: -(2n ** 53n) + 1n },
      ]),
    ).toStrictEqual([0, 255, -1, 3, 3, null, 0, 0])
    expect(await redis.bigints.bitfield('f', [{ get: 'i64', offset: '#1' }])).toStrictEqual([-(2n ** 53n) + 1n])
    expect(
      await redis.bitfieldRo('f', [
        { get: 'u8', offset: 0 },
        { get: 'u4', offset: '#1' },
      ]),
    ).toStrictEqual([255, 15])
  })
})
