import { expect, it } from 'vitest'
import { needs, overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  const e = (id: string, fields: Record<string, string | Buffer>) => ({ id, fields })

  it('XADD appends entries, and XRANGE and XREAD return them', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.xadd('s', '1-1', { a: 1, b: 'x' }),
        redis.xadd('s', '2', new Map([['a', '2']]), { nomkstream: true }),
        redis.xadd('none', '*', { a: 1 }, { nomkstream: true }),
        redis.xadd('s', '*', { a: 3 }),
      ]),
    ).toStrictEqual(['1-1', '2-0', null, expect.stringMatching(/^\d+-0$/)])
    expect(
      await Promise.all([
        redis.xlen('s'),
        redis.bigints.xlen('none'),
        redis.xrange('s', '-', 2),
        redis.xrange('s', '(1-1', '+', { count: 1 }),
        redis.xrange('none'),
        redis.bytes.xrevrange('s', '1-1'),
        redis.xread({ s: 1, none: '0' }, { count: 1 }),
        redis.xread({ none: '0' }),
      ]),
    ).toEqual([
      3,
      0n,
      [e('1-1', { a: '1', b: 'x' }), e('2-0', { a: '2' })],
      [e('2-0', { a: '2' })],
      [],
      [e('1-1', { a: Buffer.from('1'), b: Buffer.from('x') })],
      [{ key: 's', entries: [e('1-1', { a: '1', b: 'x' })] }],
      null,
    ])
    const [only] = await redis.xrange('s', '-', '+', { count: 1 })
    expect(Object.getPrototypeOf(only?.fields)).toBe(Object.prototype)
    const prefixed = redis.prefixed('pre:')
    await prefixed.xadd('s', '1-1', { a: 1 })
    expect(await prefixed.xread({ s: 0 })).toEqual([{ key: 's', entries: [e('1-1', { a: '1' })] }])
  })

  it('XREAD with block waits for an entry', async () => {
    const redis = client()
    const waiting = redis.xread({ s: '$', t: '$' }, { block: 5_000 })
    await expect.poll(async () => (await server().command('INFO', 'clients')) as string).toMatch(/blocked_clients:1/)
    await redis.xadd('t', '5-1', { a: 1 })
    expect(await waiting).toEqual([{ key: 't', entries: [e('5-1', { a: '1' })] }])
    expect(await redis.xread({ s: '$' }, { block: 1 })).toBeNull()
  })

  it('XTRIM and XDEL delete entries', async () => {
    const redis = client()
    const fill = () => Promise.all(['1-1', '2-1', '3-1', '4-1'].map(id => redis.xadd('s', id, { a: 1 })))
    await fill()
    expect(
      await Promise.all([
        redis.xtrim('s', { maxlen: 3 }),
        redis.xtrim('s', { maxlen: 1, approximate: true, limit: 10 }),
        redis.bigints.xtrim('s', { minid: '3' }),
        redis.xadd('s', '5-1', { a: 1 }, { maxlen: 2 }),
        redis.xdel('s', '4-1', '9-9'),
        redis.bigints.xdel('s', ['9-9']),
        redis.xrange('s'),
        redis.xsetid('s', '9-1'),
        redis.xadd('s', '9-*', { a: 1 }),
      ]),
    ).toEqual([1, 0, 1n, '5-1', 1, 0n, [e('5-1', { a: '1' })], 'OK', '9-2'])
  })

  it('XDELEX deletes entries depending on their references', async context => {
    await needs(context, server(), 'XDELEX')
    const redis = client()
    await redis.xadd('s', '1-1', { a: 1 })
    await redis.xadd('s', '2-1', { a: 1 })
    await redis.xgroupCreate('s', 'g', 0)
    expect(await redis.xdelex('s', ['1-1', '9-9'], { acked: true })).toStrictEqual([2, -1])
    expect(await redis.bigints.xdelex('s', '1-1', { delref: true })).toStrictEqual([1n])
    expect(await redis.xadd('s', '3-1', { a: 1 }, { maxlen: 1, delref: true })).toBe('3-1')
    expect(await redis.xtrim('s', { maxlen: 0, keepref: true })).toBe(1)
  })

  it('XADD with the same idempotent id adds only one entry', async context => {
    await needs(context, server(), 'XCFGSET')
    const redis = client()
    const options = { idmp: { producer: 'p', id: 'i' } }
    const id = await redis.xadd('s', '*', { a: 1 }, options)
    expect(await redis.xcfgset('s', { idmpDuration: 60, idmpMaxsize: 50 })).toBe('OK')
    expect(await redis.xadd('s', '*', { a: 1 }, { idmpauto: 'p' })).not.toBe(id)
    expect(await redis.xinfoStream('s')).toMatchObject({ idmpDuration: 60, idmpMaxsize: 50 })
  })

  it('XINFO STREAM describes a stream', async context => {
    const redis = client()
    if (!server().atLeast(7)) context.skip('XINFO STREAM before 7.0 has fewer fields')
    await redis.xadd('s', '1-1', { a: 1 })
    await redis.xadd('s', '2-1', { a: 2 })
    await redis.xgroupCreate('s', 'g', 0)
    await redis.xreadgroup('g', 'c', { s: '>' }, { count: 1 })
    const facts = {
      length: 2,
      radixTreeKeys: 1,
      radixTreeNodes: 2,
      lastGeneratedId: '2-1',
      maxDeletedEntryId: '0-0',
      entriesAdded: 2,
      recordedFirstEntryId: '1-1',
    }
    const [first, last] = [e('1-1', { a: '1' }), e('2-1', { a: '2' })]
    expect(await redis.xinfoStream('s')).toMatchObject({ ...facts, groups: 1, firstEntry: first, lastEntry: last })
    expect(await redis.bigints.xinfoStream('s')).toMatchObject({ length: 2n, groups: 1n, entriesAdded: 2n })
    const pending = { id: '1-1', deliveryTime: expect.any(Number), deliveries: 1 }
    expect(await redis.xinfoStream('s', { full: true, count: 0 })).toMatchObject({
      ...facts,
      entries: [first, last],
      groups: [
        {
          name: 'g',
          lastDeliveredId: '1-1',
          entriesRead: 1,
          lag: 1,
          pelCount: 1,
          pending: [{ ...pending, consumer: 'c' }],
          consumers: [{ name: 'c', seenTime: expect.any(Number), pelCount: 1, pending: [pending] }],
        },
      ],
    })
    const [group] = (await redis.bytes.xinfoStream('s', { full: true })).groups
    expect([group?.name, group?.lastDeliveredId, group?.consumers[0]?.name]).toStrictEqual([
      Buffer.from('g'),
      '1-1',
      Buffer.from('c'),
    ])
    expect(await redis.xinfoHelp()).toContainEqual(expect.stringMatching(/^STREAM/))
  })
})
