import { Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { HIGH_WATER_MARK } from '../../src/connection/socket/dial.js'
import { Pipeline, Redis, ResponseError } from '../../src/index.js'
import { until } from '../rig/conditions.js'
import { FakeRedis, resp } from '../rig/fake-redis.js'
import { ChaosProxy } from '../rig/proxy.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()
const clients: Redis[] = []
const proxies: ChaosProxy[] = []

function client(port = server().port, options = {}): Redis {
  const redis = new Redis({ port, ...options })
  redis.on('error', () => {})
  clients.push(redis)
  return redis
}

afterEach(async () => {
  for (const redis of clients.splice(0)) redis.destroy()
  for (const proxy of proxies.splice(0)) await proxy.stop()
})

describe('pipelines', () => {
  test('a pipeline resolves with its replies in order', async () => {
    const redis = client()
    const pipeline = redis.pipeline().set('a', '1').incr('a').get('a').call('ECHO', 'x')
    expect(pipeline).toBeInstanceOf(Pipeline)
    expect(pipeline.length).toBe(4)
    expect(await pipeline.exec()).toEqual(['OK', 2, '2', 'x'])
  })

  test('a pipeline rejects with the error of its first failed command, its index and the results of all', async () => {
    const redis = client()
    await redis.set('text', 'abc')
    const error = await redis
      .pipeline()
      .get('text')
      .incr('text')
      .hget('text', 'f')
      .get('text')
      .exec()
      .catch(error => error)
    expect(error).toBeInstanceOf(ResponseError)
    expect(error).toMatchObject({ command: 'INCR', index: 1, code: 'ERR' })
    expect(error.results).toEqual([
      'abc',
      error,
      expect.objectContaining({ code: 'WRONGTYPE', command: 'HGET' }),
      'abc',
    ])
    expect(JSON.stringify(error)).not.toContain('abc')
  })

  test('a pipeline with settle resolves with each reply or error', async () => {
    const redis = client()
    await redis.set('text', 'abc')
    const results = await redis.pipeline().get('text').incr('text').exec({ settle: true })
    expect(results).toEqual(['abc', expect.objectContaining({ name: 'ResponseError', command: 'INCR' })])
  })

  test('an empty pipeline sends nothing', async () => {
    const redis = client(1)
    expect(await redis.pipeline().exec()).toEqual([])
    expect(redis.status).toBe('idle')
  })

  test('a pipeline can be executed only once', async () => {
    const pipeline = client().pipeline().get('a')
    await pipeline.exec()
    await expect(pipeline.exec()).rejects.toMatchObject({ name: 'DataError' })
    expect(() => pipeline.get('b')).toThrow(/create a new one/)
  })

  test('a pipeline sends nothing if one of its commands cannot be sent', async () => {
    const redis = client()
    await redis.del('sent')
    const error = await redis
      .pipeline()
      .set('sent', '1')
      .set('sent', {} as string)
      .exec()
      .catch(error => error)
    expect(error).toMatchObject({ name: 'DataError', index: 1, command: 'SET' })
    await expect(redis.pipeline().call('multi').exec()).rejects.toThrow(/redis\.multi\(\)/)
    await expect(redis.pipeline().blpop(['q'], 1).exec()).rejects.toThrow(/would block the connection/)
    expect(await redis.exists('sent')).toBe(0)
  })

  test('a pipeline can be built in a loop or with each()', async () => {
    const redis = client()
    const keys = Array.from({ length: 50 }, (_, i) => `loop:${i}`)
    await redis
      .pipeline()
      .each(keys, (p, key) => p.set(key, key))
      .exec()
    let pipeline: Pipeline<(string | null)[]> = redis.pipeline()
    for (const key of keys) pipeline = pipeline.get(key)
    expect(await pipeline.exec()).toEqual(keys)
    expect(
      await redis.bytes
        .pipeline()
        .each(keys, (p, key) => p.get(key))
        .exec(),
    ).toEqual(keys.map(key => Buffer.from(key)))
  })

  test('a pipeline of a million commands is written in chunks', { timeout: 60_000 }, async () => {
    const proxy = await ChaosProxy.start(server(), 1)
    proxies.push(proxy)
    const redis = client(proxy.port, { commandTimeout: 50_000 })
    await redis.set('million', 'x')
    let pipeline: Pipeline<(string | null)[]> = redis.pipeline()
    for (let i = 0; i < 1_000_000; i++) pipeline = pipeline.get('million')
    let most = 0
    const { write } = Socket.prototype
    Socket.prototype.write = function (this: Socket, ...args: Parameters<typeof write>) {
      const result = write.apply(this, args)
      if (this.remotePort === proxy.port) most = Math.max(most, this.writableLength)
      return result
    } as typeof write
    await proxy.set({ up: { mode: 'hold' } })
    const executed = pipeline.exec()
    await until(() => redis.stats.inflight > 0 && most > 0, { what: 'a full socket' })
    await proxy.calm()
    const replies = await executed
    Socket.prototype.write = write
    expect(replies).toHaveLength(1_000_000)
    expect(replies.every(reply => reply === 'x')).toBe(true)
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(HIGH_WATER_MARK)
  })

  test('after a lost connection the outcome of written commands is unknown, and the rest of the pipeline is not sent', async () => {
    const proxy = await ChaosProxy.start(server(), 1)
    proxies.push(proxy)
    const redis = client(proxy.port, { reconnect: { min: 1, max: 10 } })
    await redis.del('counted')
    await proxy.set({ mode: 'hold' })
    // More than one write of a socket: the end stays unwritten.
    const big = 'x'.repeat(1024 * 1024)
    let pipeline: Pipeline<unknown[]> = redis.pipeline().incr('counted')
    for (let i = 0; i < 40; i++) pipeline = pipeline.set('big', big)
    pipeline = pipeline.incr('counted')
    const results = pipeline.exec({ settle: true })
    await until(() => redis.stats.inflight > 0 && redis.stats.queued > 0, { what: 'half of it written' })
    await proxy.kill()
    await proxy.calm()
    const outcomes = (await results).map(error => (error as { outcome?: string }).outcome)
    expect(outcomes[0]).toBe('unknown')
    expect(outcomes.at(-1)).toBe('not sent')
    expect(outcomes.lastIndexOf('unknown')).toBeLessThan(outcomes.indexOf('not sent'))
    expect(Number(await redis.get('counted'))).toBeLessThan(2)
  })

  test('a pipeline of reads is sent again after a lost connection', async () => {
    const proxy = await ChaosProxy.start(server(), 1)
    proxies.push(proxy)
    const redis = client(proxy.port, { reconnect: { min: 1, max: 10 } })
    await redis.set('a', '1')
    await proxy.set({ mode: 'hold' })
    const results = redis.pipeline().get('a').exists('a').exec()
    await until(() => redis.stats.inflight === 2, { what: 'written' })
    await proxy.kill()
    await proxy.calm()
    expect(await results).toEqual(['1', 1])
  })

  test('a pipeline that is rejected as a whole while the server loads is sent again as a whole', async () => {
    let loading = 3
    const fake = await FakeRedis.start({
      script: argv => {
        if (argv[0] !== 'SET' && argv[0] !== 'GET') return undefined
        if (loading > 0) {
          if (argv[0] === 'GET') loading--
          return resp.error('LOADING Redis is loading the dataset in memory')
        }
        return argv[0] === 'SET' ? resp.ok : resp.bulk('v')
      },
    })
    const redis = client(fake.port)
    expect(await redis.pipeline().set('a', 'v').get('a').exec()).toEqual(['OK', 'v'])
    expect(fake.received('SET')).toHaveLength(4)
    await fake.stop()
  })

  test('an aborted pipeline rejects as a whole, with the reason', async () => {
    const redis = client()
    await redis.connect()
    const controller = new AbortController()
    const reason = new Error('enough')
    const results = redis.with({ signal: controller.signal }).pipeline().set('ab', '1').set('ac', '1').exec()
    controller.abort(reason)
    const settled = redis.with({ signal: controller.signal }).pipeline().set('ab', '1').exec({ settle: true })
    await expect(settled).rejects.toBe(reason)
    await expect(results).rejects.toBe(reason)
    expect(await redis.exists('ab', 'ac')).toBe(0)
  })

  test('pipelines can share a signal, and do not change its reason', async () => {
    const redis = client()
    await redis.connect()
    for (const reason of [Object.freeze(new Error('enough')), 'enough']) {
      const controller = new AbortController()
      const aborting = redis.with({ signal: controller.signal })
      const written = aborting.session(session => session.pipeline().call('ECHO', 'x').blpop(['nothing'], 0).exec())
      await until(() => redis.pool.lent === 1, { what: 'the session' })
      const calls = [
        written,
        aborting.get('k'),
        aborting.pipeline().get('k').exec(),
        aborting.pipeline().get('k').exec(),
      ]
      controller.abort(reason)
      for (const call of await Promise.allSettled(calls)) expect(call).toEqual({ status: 'rejected', reason })
    }
  })

  test('a pipeline that does not fit into the queue is not sent in part', async () => {
    const redis = client(server().port, { queue: { maxBytes: 1_000 } })
    const results = await redis.pipeline().set('big', 'x'.repeat(2_000)).set('small', '1').exec({ settle: true })
    expect(results).toMatchObject([
      { name: 'ConnectionError', outcome: 'not sent' },
      { name: 'ConnectionError', outcome: 'not sent', message: expect.stringContaining('maxBytes') },
    ])
    expect(await redis.exists('big', 'small')).toBe(0)
  })
})
