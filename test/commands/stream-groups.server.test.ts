import { beforeEach, expect, it } from 'vitest'
import { needs, overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  const one = { id: '1-1', fields: { a: '1' } }
  const two = { id: '2-1', fields: { a: '2' } }

  beforeEach(async () => {
    await client().xadd('s', '1-1', { a: 1 })
    await client().xadd('s', '2-1', { a: 2 })
    await client().xgroupCreate('s', 'g', 0)
  })

  it('XREADGROUP delivers entries to consumers, and XACK acknowledges them', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.xreadgroup('g', 'c', { s: '>' }, { count: 1 }),
        redis.bytes.xreadgroup('g', 'd', { s: '>' }),
        redis.xreadgroup('g', 'c', { s: '>' }),
        redis.xreadgroup('g', 'c', { s: 0 }),
        redis.xdel('s', '1-1'),
        redis.xreadgroup('g', 'c', { s: '0' }),
        redis.xack('s', 'g', '1-1', '9-9'),
        redis.bigints.xack('s', 'g', ['2-1']),
        redis.xreadgroup('g', 'c', { s: '0' }),
        redis.xadd('s', '3-1', { a: 3 }),
        redis.xreadgroup('g', 'c', { s: '>' }, { noack: true }),
        redis.xpending('s', 'g'),
      ]),
    ).toEqual([
      [{ key: 's', entries: [one] }],
      [{ key: Buffer.from('s'), entries: [{ id: '2-1', fields: { a: Buffer.from('2') } }] }],
      null,
      [{ key: 's', entries: [one] }],
      1,
      [{ key: 's', entries: [{ id: '1-1', fields: null }] }],
      1,
      1n,
      [{ key: 's', entries: [] }],
      '3-1',
      [{ key: 's', entries: [{ id: '3-1', fields: { a: '3' } }] }],
      { count: 0, min: null, max: null, consumers: [] },
    ])
  })

  it('XREADGROUP with block waits for an entry', async () => {
    const redis = client()
    await redis.xgroupSetid('s', 'g', '$')
    const waiting = redis.xreadgroup('g', 'c', { s: '>' }, { block: 5_000 })
    await expect.poll(async () => (await server().command('INFO', 'clients')) as string).toMatch(/blocked_clients:1/)
    await redis.xadd('s', '5-1', { a: 5 })
    expect(await waiting).toEqual([{ key: 's', entries: [{ id: '5-1', fields: { a: '5' } }] }])
    expect(await redis.xreadgroup('g', 'c', { s: '>' }, { block: 1 })).toBeNull()
  })

  it('XPENDING returns pending entries', async () => {
    const redis = client()
    await redis.xreadgroup('g', 'c', { s: '>' })
    const pending = (id: string) => ({ id, consumer: 'c', idle: expect.any(Number), deliveries: 1 })
    expect(
      await Promise.all([
        redis.xpending('s', 'g'),
        redis.bytes.xpending('s', 'g'),
        redis.bigints.xpending('s', 'g'),
        redis.xpending('s', 'g', '-', '+', 10),
        redis.xpending('s', 'g', '(1-1', '+', 10, { idle: 0, consumer: 'c' }),
        redis.xpending('s', 'g', '-', '+', 10, { consumer: 'none' }),
        redis.bigints.xpending('s', 'g', '-', '+', 1),
      ]),
    ).toStrictEqual([
      { count: 2, min: '1-1', max: '2-1', consumers: [{ name: 'c', count: 2 }] },
      { count: 2, min: '1-1', max: '2-1', consumers: [{ name: Buffer.from('c'), count: 2 }] },
      { count: 2n, min: '1-1', max: '2-1', consumers: [{ name: 'c', count: 2n }] },
      [pending('1-1'), pending('2-1')],
      [pending('2-1')],
      [],
      [{ id: '1-1', consumer: 'c', idle: expect.any(BigInt), deliveries: 1n }],
    ])
  })

  it('XCLAIM and XAUTOCLAIM claim entries of other consumers', async context => {
    if (!server().atLeast(7)) context.skip('XAUTOCLAIM before 7.0 does not return deleted ids')
    const redis = client()
    await redis.xreadgroup('g', 'c', { s: '>' })
    expect(
      await Promise.all([
        redis.xclaim('s', 'g', 'd', 0, '1-1'),
        redis.bytes.xclaim('s', 'g', 'd', 0, ['1-1'], { retrycount: 7, idle: 5 }),
        redis.xclaim('s', 'g', 'd', 3_600_000, ['1-1', '2-1']),
        redis.xclaim('s', 'g', 'd', 0, '2-1', { justid: true, time: 0, force: true, lastid: '2-1' }),
        redis.xautoclaim('s', 'g', 'e', 0, '0', { count: 1 }),
        redis.xautoclaim('s', 'g', 'e', 0, '2-1'),
        redis.xautoclaim('s', 'g', 'e', 0, '0', { justid: true }),
        redis.xdel('s', '1-1'),
        redis.bytes.xautoclaim('s', 'g', 'e', 0, 0),
      ]),
    ).toEqual([
      [one],
      [{ id: '1-1', fields: { a: Buffer.from('1') } }],
      [],
      ['2-1'],
      { cursor: '2-1', entries: [one], deleted: [] },
      { cursor: '0-0', entries: [two], deleted: [] },
      { cursor: '0-0', ids: ['1-1', '2-1'], deleted: [] },
      1,
      { cursor: '0-0', entries: [{ id: '2-1', fields: { a: Buffer.from('2') } }], deleted: ['1-1'] },
    ])
  })

  it('XGROUP and XINFO manage and describe groups and consumers', async context => {
    if (!server().atLeast(7)) context.skip('XINFO GROUPS before 7.0 has fewer fields')
    const redis = client()
    await redis.xreadgroup('g', 'c', { s: '>' }, { count: 1 })
    expect(
      await Promise.all([
        redis.xgroupCreate('new', 'h', '$', { mkstream: true, entriesread: 0 }),
        redis.xgroupCreateconsumer('s', 'g', 'd'),
        redis.bigints.xgroupCreateconsumer('s', 'g', 'd'),
        redis.xinfoGroups('s'),
        redis.bigints.xinfoGroups('s'),
        redis.xgroupDelconsumer('s', 'g', 'd'),
        redis.xgroupSetid('s', 'g', '0', { entriesread: 0 }),
        redis.xgroupDestroy('new', 'h'),
        redis.bigints.xgroupDestroy('new', 'h'),
        redis.xinfoGroups('new'),
      ]),
    ).toEqual([
      'OK',
      1,
      0n,
      [{ name: 'g', consumers: 2, pending: 1, lastDeliveredId: '1-1', entriesRead: 1, lag: 1 }],
      [{ name: 'g', consumers: 2n, pending: 1n, lastDeliveredId: '1-1', entriesRead: 1n, lag: 1n }],
      0,
      'OK',
      1,
      0n,
      [],
    ])
    const [consumer, ...others] = await redis.bytes.xinfoConsumers('s', 'g')
    expect(others).toEqual([])
    expect(consumer).toMatchObject({ name: Buffer.from('c'), pending: 1, idle: expect.any(Number) })
    expect(await redis.xgroupHelp()).toContainEqual(expect.stringMatching(/^CREATE /))
  })

  it('XACKDEL acknowledges and deletes entries', async context => {
    await needs(context, server(), 'XACKDEL')
    const redis = client()
    await redis.xreadgroup('g', 'c', { s: '>' })
    expect(await redis.xackdel('s', 'g', ['1-1', '9-9'], { acked: true })).toStrictEqual([1, -1])
    expect(await redis.bigints.xackdel('s', 'g', '2-1')).toStrictEqual([1n])
  })

  it('XREADGROUP with claim also claims pending entries', async context => {
    if (server().flavour !== 'redis' || !server().atLeast(8, 4)) {
      context.skip(`${server().flavour} ${server().version.join('.')} has no XREADGROUP CLAIM`)
    }
    const redis = client()
    await redis.xreadgroup('g', 'c', { s: '>' }, { count: 1 })
    const [found] = (await redis.xreadgroup('g', 'd', { s: '>' }, { claim: 0 })) ?? []
    expect(found?.entries).toMatchObject([{ ...one, idle: expect.any(Number), deliveries: 1 }, two])
  })

  it('XNACK releases pending entries', async context => {
    await needs(context, server(), 'XNACK')
    const redis = client()
    await redis.xreadgroup('g', 'c', { s: '>' })
    expect(await redis.xnack('s', 'g', 'fail', ['1-1', '9-9'])).toBe(1)
    expect(await redis.bigints.xnack('s', 'g', 'silent', '2-1', { retrycount: 2 })).toBe(1n)
  })
})
