import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../src/index.js'
import { until } from '../rig/conditions.js'
import { FakeRedis } from '../rig/fake-redis.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()
const clients: Redis[] = []

function client(options = {}): Redis {
  const redis = new Redis({ port: server().port, ...options })
  redis.on('error', () => {})
  clients.push(redis)
  return redis
}

afterEach(() => {
  for (const redis of clients.splice(0)) redis.destroy()
})

const blocked = async (): Promise<number> =>
  Number(/blocked_clients:(\d+)/.exec(String(await server().command('INFO', 'clients')))?.[1])

describe('a blocking command', () => {
  test('leaves on a connection of its own, also through call(), and gives it back', async () => {
    const redis = client()
    const waiting = redis.blpop(['q'], 5)
    const raw = redis.call('blpop', 'q2', 5)
    expect(await redis.call('ECHO', 'not held up')).toBe('not held up')
    await redis.rpush('q', 'a')
    await redis.rpush('q2', 'b')
    expect(await waiting).toEqual({ key: 'q', element: 'a' })
    expect(await raw).toEqual(['q2', 'b'])
    expect(redis.pool).toMatchObject({ lent: 0, size: 2, idle: 2 })
  })

  test('has the time it may block on top of its deadline', async () => {
    const redis = client({ commandTimeout: 200 })
    expect(await redis.blpop(['nothing'], 0.4)).toBeNull()
    const start = performance.now()
    await expect(redis.with({ timeout: 100 }).blpop(['nothing'], 0)).rejects.toMatchObject({
      name: 'TimeoutError',
      outcome: 'unknown',
    })
    expect(performance.now() - start).toBeLessThan(5_000)
    // The server still blocks on it: such a connection is not lent again.
    await until(() => redis.pool.size <= 1, { what: 'the connection dropped' })
  })

  test('that is aborted frees its connection, and no element is lost', async () => {
    const redis = client()
    const ELEMENTS = 200
    let popped = 0
    let aborted = 0
    for (let i = 0; i < ELEMENTS; i++) {
      const controller = new AbortController()
      const waiting = redis.with({ signal: controller.signal }).blpop(['race'], 0)
      await until(async () => (await blocked()) > 0, { what: 'blocked' })
      const pushed = redis.rpush('race', `${i}`)
      controller.abort()
      await waiting.then(
        () => popped++,
        () => aborted++,
      )
      await pushed
    }
    expect(popped + (await redis.llen('race'))).toBe(ELEMENTS)
    expect(popped + aborted).toBe(ELEMENTS)
    expect(redis.pool.lent).toBe(0)
    expect(redis.pool.size).toBeLessThanOrEqual(2)
  })

  test('aborted while nothing comes rejects with the reason', async () => {
    const redis = client()
    const reason = new Error('enough')
    const controller = new AbortController()
    const waiting = redis.with({ signal: controller.signal }).blpop(['nothing'], 0)
    await until(async () => (await blocked()) > 0, { what: 'blocked' })
    const id = redis.pool.size
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect(redis.pool).toMatchObject({ lent: 0, size: id })
  })

  test('that is aborted in a session takes no element, and the session goes on', async () => {
    const redis = client()
    const reason = new Error('enough')
    await redis.session(async session => {
      const id = await session.call('CLIENT', 'ID')
      for (const call of [
        (signal: AbortSignal) => session.with({ signal }).blpop(['later'], 0),
        (signal: AbortSignal) => session.with({ signal }).pipeline().blpop(['later'], 0).exec(),
      ]) {
        const controller = new AbortController()
        const waiting = call(controller.signal)
        await until(async () => (await blocked()) > 0, { what: 'blocked' })
        controller.abort(reason)
        await expect(waiting).rejects.toBe(reason)
        await until(async () => (await blocked()) === 0, { what: 'unblocked' })
      }
      await redis.rpush('later', 'element')
      expect(await session.call('CLIENT', 'ID')).toBe(id)
    })
    expect(await redis.llen('later')).toBe(1)
  })

  test('with a time-out that is no number is refused by the server, not by a deadline', async () => {
    const redis = client()
    await expect(redis.call('BLPOP', 'nothing', 'soon')).rejects.toMatchObject({ name: 'ResponseError' })
    const fake = await FakeRedis.start({ script: argv => (argv[0] === 'BLPOP' ? null : undefined) })
    const waiting = new Redis({ port: fake.port, commandTimeout: 50 })
    await expect(waiting.call('BLPOP', 'nothing', 'soon')).rejects.toMatchObject({
      name: 'TimeoutError',
      message: expect.stringMatching(/after \d+ ms/),
    })
    waiting.destroy()
    await fake.stop()
  })

  test('that is silent outlives the health check on one connection', async () => {
    const redis = client({ healthCheckInterval: 50 })
    const waiting = redis.blpop(['silent'], 0)
    await until(async () => (await blocked()) > 0, { what: 'blocked' })
    const ids = async () =>
      String(await server().command('CLIENT', 'LIST'))
        .match(/id=\d+ .*cmd=blpop/g)
        ?.map(line => line.split(' ')[0])
    const before = await ids()
    await new Promise(resolve => setTimeout(resolve, 300))
    expect(await ids()).toEqual(before)
    await redis.rpush('silent', 'x')
    expect(await waiting).toEqual({ key: 'silent', element: 'x' })
  })

  test('XREAD leaves only with BLOCK', async () => {
    const redis = client()
    await redis.call('XREAD', 'COUNT', 1, 'STREAMS', 's', '0')
    expect(redis.pool.size).toBe(0)
    const waiting = redis.call('XREAD', 'BLOCK', 5_000, 'STREAMS', 's', '$')
    await until(async () => (await blocked()) > 0, { what: 'blocked' })
    await redis.call('XADD', 's', '*', 'f', 'v')
    expect(await waiting).not.toBeNull()
    expect(redis.pool.size).toBe(1)
  })

  test('close() aborts it', async () => {
    const redis = client()
    const waiting = redis.blpop(['nothing'], 0)
    await until(async () => (await blocked()) > 0, { what: 'blocked' })
    await redis.close({ timeout: 1_000 })
    await expect(waiting).rejects.toMatchObject({ name: 'ConnectionError' })
  })
})
