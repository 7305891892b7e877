import { expect, it } from 'vitest'
import { ResponseError } from '../../src/errors/errors.js'
import { needs, overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  it('LATENCY commands return the latency of a slow command', async () => {
    const redis = client()
    expect(await redis.latencyReset()).toBeGreaterThanOrEqual(0)
    expect(await redis.latencyLatest()).toEqual([])
    expect(await redis.latencyHistory('command')).toEqual([])
    await redis.configSet({ 'latency-monitor-threshold': 1 })
    // This command certainly takes longer than the threshold.
    await redis.eval('local s = 0; for i = 1, 5e6 do s = s + i end; return s', [], [])
    await redis.configSet({ 'latency-monitor-threshold': 0 })
    const latest = await redis.latencyLatest()
    const event = latest.find(each => each.event === 'command') ?? latest[0]
    expect(event).toMatchObject({ event: expect.any(String), timestamp: expect.any(Number) })
    expect(event?.max).toBeGreaterThanOrEqual(event?.latest ?? Number.NaN)
    const name = event?.event ?? ''
    const [sample] = await redis.latencyHistory(name)
    expect(sample).toStrictEqual({ timestamp: expect.any(Number), latency: expect.any(Number) })
    expect(await redis.latencyGraph(name)).toContain(name)
    expect(await redis.latencyDoctor()).toEqual(expect.any(String))
    expect(await redis.bigints.latencyReset(name)).toBe(1n)
    expect((await redis.latencyHelp())[0]).toMatch(/^LATENCY <subcommand>/)
    const histogram = await redis.latencyHistogram('config|set', 'none')
    expect(Object.keys(histogram)).toEqual(['config|set'])
    const { calls, histogramUsec } = histogram['config|set'] ?? { calls: 0, histogramUsec: {} }
    expect(calls).toBeGreaterThanOrEqual(2)
    expect(Math.max(...Object.values(histogramUsec))).toBe(calls)
  })

  it('SLOWLOG returns slow commands', async () => {
    const redis = client()
    await redis.configSet({ 'slowlog-log-slower-than': 0 })
    expect(await redis.slowlogReset()).toBe('OK')
    await redis.set('k', Buffer.from([0xff]))
    await redis.configSet({ 'slowlog-log-slower-than': 10_000 })
    const slow = (await redis.slowlogGet(-1)).find(entry => entry.args[0] === 'SET')
    expect(slow).toStrictEqual({
      id: expect.any(Number),
      timestamp: expect.any(Number),
      duration: expect.any(Number),
      args: ['SET', 'k', '\ufffd'],
      client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      name: '',
    })
    const bytes = (await redis.bytes.slowlogGet()).find(entry => entry.id === slow?.id)
    expect(bytes?.args).toEqual([Buffer.from('SET'), Buffer.from('k'), Buffer.from([0xff])])
    expect(await redis.slowlogGet(1)).toHaveLength(1)
    expect(await redis.slowlogLen()).toBeGreaterThanOrEqual(2)
    expect((await redis.slowlogHelp())[0]).toMatch(/^SLOWLOG <subcommand>/)
    await redis.slowlogReset()
    expect(await redis.bigints.slowlogLen()).toBe(0n)
  })

  it('COMMANDLOG returns large requests and replies', async context => {
    await needs(context, server(), 'COMMANDLOG')
    const redis = client()
    await redis.configSet({ 'commandlog-request-larger-than': 100 })
    expect(await redis.commandlogReset('large-request')).toBe('OK')
    await redis.set('k', 'x'.repeat(200))
    const [entry] = await redis.commandlogGet(1, 'large-request')
    expect(entry).toMatchObject({ args: ['SET', 'k', expect.stringContaining('xxx')] })
    expect(entry?.duration).toBeGreaterThan(200)
    expect(await redis.commandlogLen('large-request')).toBe(1)
    expect(await redis.commandlogGet(1, 'large-reply')).toEqual([])
    expect((await redis.commandlogHelp())[0]).toMatch(/^COMMANDLOG <subcommand>/)
  })

  it('MEMORY commands return the memory use of the server and of keys', async () => {
    const redis = client()
    await redis.set('k', 'v')
    expect(await redis.memoryUsage('k')).toBeGreaterThan(16)
    expect(await redis.bigints.memoryUsage('k', { samples: 0 })).toBeGreaterThan(16n)
    expect(await redis.memoryUsage('none')).toBeNull()
    const stats = await redis.memoryStats()
    expect(stats).toMatchObject({
      'peak.allocated': expect.any(Number),
      'keys.count': 1,
      'dataset.percentage': expect.any(Number),
      fragmentation: expect.any(Number),
      'db.0': { 'overhead.hashtable.main': expect.any(Number) },
    })
    expect(await redis.memoryDoctor()).toEqual(expect.any(String))
    expect(await redis.memoryMallocStats()).toEqual(expect.any(String))
    expect(await redis.memoryPurge()).toBe('OK')
    expect((await redis.memoryHelp())[0]).toMatch(/^MEMORY <subcommand>/)
  })

  it('MODULE commands list modules and reject invalid ones', async () => {
    const redis = client()
    for (const module of await redis.moduleList()) {
      expect(module).toMatchObject({
        name: expect.any(String),
        ver: expect.any(Number),
        path: expect.any(String),
        args: expect.any(Array),
      })
    }
    expect((await redis.moduleHelp())[0]).toMatch(/^MODULE <subcommand>/)
    // Rejected by the server's configuration, or because there is no such file.
    await expect(redis.moduleLoad('/none.so')).rejects.toBeInstanceOf(ResponseError)
    await expect(redis.moduleLoadex('/none.so', { config: { a: 'b' }, args: ['c'] })).rejects.toBeInstanceOf(
      ResponseError,
    )
    await expect(redis.moduleUnload('none')).rejects.toBeInstanceOf(ResponseError)
  })
})
