import { expect, it } from 'vitest'
import { needs, overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  it('vector set commands add, read and remove elements', async context => {
    await needs(context, server(), 'VADD')
    const redis = client()
    expect(
      await Promise.all([
        redis.vadd('v', [1, 0, 0], 'a', { noquant: true, setattr: '{"x":1}' }),
        redis.vadd('v', new Float32Array([0, 1, 0]), 'b', { noquant: true, cas: true, ef: 50 }),
        redis.vadd('v', [0, 2, 0], 'b', { noquant: true }),
        redis.vcard('v'),
        redis.bigints.vdim('v'),
        redis.vemb('v', 'b'),
        redis.vemb('v', 'none'),
        redis.vgetattr('v', 'a'),
        redis.bytes.vgetattr('v', 'a'),
        redis.vgetattr('v', 'b'),
        redis.vsetattr('v', 'b', '{"x":2}'),
        redis.vsetattr('v', 'none', '{}'),
        redis.vismember('v', 'a'),
        redis.vismember('v', 'none'),
        redis.vrandmember('none'),
        redis.vrandmember('none', 2),
        redis.vrem('v', 'a'),
        redis.vrem('v', 'a'),
        redis.vrandmember('v'),
        redis.bytes.vrandmember('v', 5),
      ]),
    ).toStrictEqual([
      true,
      true,
      false,
      2,
      3n,
      [0, 2, 0],
      null,
      '{"x":1}',
      Buffer.from('{"x":1}'),
      null,
      true,
      false,
      true,
      false,
      null,
      [],
      true,
      false,
      'b',
      [Buffer.from('b')],
    ])
  })

  it('VEMB with raw returns the stored vector', async context => {
    await needs(context, server(), 'VADD')
    const redis = client()
    await redis.vadd('q8', [3, 4], 'a', { q8: true })
    await redis.vadd('bin', [3, 4], 'a', { bin: true, reduce: 1, m: 8 })
    expect(await redis.vemb('q8', 'a', { raw: true })).toStrictEqual({
      quantization: 'int8',
      data: Buffer.from([95, 127]),
      norm: 5,
      range: expect.closeTo(0.8, 5),
    })
    expect(await redis.vemb('bin', 'a', { raw: true })).toStrictEqual({
      quantization: 'bin',
      data: expect.any(Buffer),
      norm: expect.any(Number),
    })
    expect(await redis.vinfo('q8')).toMatchObject({
      quantType: 'int8',
      hnswM: 16,
      vectorDim: 2,
      projectionInputDim: 0,
      size: 1,
      maxLevel: expect.any(Number),
      attributesCount: 0,
      vsetUid: expect.any(Number),
      hnswMaxNodeUid: expect.any(Number),
    })
    expect(await redis.bigints.vinfo('bin')).toMatchObject({ quantType: 'bin', hnswM: 8n, projectionInputDim: 2n })
    expect(await redis.vinfo('none')).toBeNull()
  })

  it('VSIM finds similar elements', async context => {
    await needs(context, server(), 'VADD')
    const redis = client()
    await redis.vadd('v', [1, 0], 'a', { noquant: true, setattr: '{"x":1}' })
    await redis.vadd('v', [-1, 0], 'b', { noquant: true })
    const scored = [
      { element: 'a', score: 1 },
      { element: 'b', score: 0 },
    ]
    expect(
      await Promise.all([
        redis.vsim('v', 'a'),
        redis.bytes.vsim('v', [2, 0], { count: 1 }),
        redis.vsim('v', 'a', { withscores: true, truth: true, nothread: true, ef: 20 }),
        redis.bytes.vsim('v', new Float32Array([1, 0]), { withscores: true, filter: '.x == 1', filterEf: 10 }),
        redis.vsim('none', 'a', { withscores: true }),
        redis.vlinks('v', 'none'),
      ]),
    ).toStrictEqual([['a', 'b'], [Buffer.from('a')], scored, [{ element: Buffer.from('a'), score: 1 }], [], null])
    const names = await redis.vlinks('v', 'a')
    expect(names?.at(-1)).toStrictEqual(['b'])
    expect((await redis.vlinks('v', 'a', { withscores: true }))?.at(-1)).toStrictEqual([{ element: 'b', score: 0 }])
    if (!server().atLeast(8, 2)) return
    expect(await redis.vsim('v', 'a', { withattribs: true })).toStrictEqual([
      { element: 'a', attributes: '{"x":1}' },
      { element: 'b', attributes: null },
    ])
    expect(await redis.vsim('v', 'a', { withscores: true, withattribs: true, epsilon: 0.5 })).toStrictEqual([
      { element: 'a', score: 1, attributes: '{"x":1}' },
    ])
  })

  it('VRANGE returns ranges of names', async context => {
    await needs(context, server(), 'VRANGE')
    const redis = client()
    await redis.vadd('v', [1, 0], 'a')
    await redis.vadd('v', [0, 1], 'b')
    expect(await redis.vrange('v', '-', '+')).toStrictEqual(['a', 'b'])
    expect(await redis.bytes.vrange('v', '(a', '+', 1)).toStrictEqual([Buffer.from('b')])
  })
})
