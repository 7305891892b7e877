import { expect, it } from 'vitest'
import { overBothProtocols } from './protocols.js'

overBothProtocols(client => {
  it('PFADD and PFCOUNT count distinct elements', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.pfadd('a'),
        redis.pfadd('a', '1', '2', 3),
        redis.pfadd('a', ['1', '2']),
        redis.bigints.pfadd('b', '3', '4'),
        redis.pfcount('a'),
        redis.pfcount('none'),
        redis.bigints.pfcount('a', 'b'),
        redis.pfmerge('to', 'a', 'b'),
        redis.pfmerge('to'),
        redis.pfcount(['to']),
      ]),
    ).toStrictEqual([1, 1, 0, 1n, 3, 0, 4n, 'OK', 'OK', 4])
  })

  it('PFDEBUG returns internals of a HyperLogLog', async () => {
    const redis = client()
    await redis.pfadd('k', 'a', 'b')
    expect(await redis.pfdebug('encoding', 'k')).toBe('sparse')
    expect(await redis.bytes.pfdebug('decode', 'k')).toMatch(/^Z:\d+ v:/)
    expect(await redis.pfdebug('todense', 'k')).toBe(1)
    expect(await redis.pfdebug('encoding', 'k')).toBe('dense')
    const registers = await redis.pfdebug('getreg', 'k')
    expect(registers).toHaveLength(16384)
    expect(registers.filter(each => each > 0)).toHaveLength(2)
  })

  it('PFSELFTEST succeeds', async () => {
    expect(await client().with({ timeout: 60_000 }).pfselftest()).toBe('OK')
  })
})
