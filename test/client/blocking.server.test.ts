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

describe('blocking commands', () => {
  test('a blocking command uses a leased connection, also through call(), and releases it', async () => {
    const redis = client()
    const waiting = redis.blpop(['q'], 5)
    const raw = redis.call('blpop', 'q2', 5)
    expect(await redis.call('ECHO', 'not blocked')).toBe('not blocked')
    await redis.rpush('q', 'a')
    await redis.rpush('q2', 'b')
    expect(await waiting).toEqual({ key: 'q', element: 'a' })
    expect(await raw).toEqual(['q2', 'b'])
    expect(redis.pool).toMatchObject({ lent: 0, size: 2, idle: 2 })
  })

  test('the blocking time of a command is added to its deadline', async () => {
    const redis = client({ commandTimeout: 200 })
    expect(await redis.blpop(['nothing'], 0.4)).toBeNull()
    const start = performance.now()
    await expect(redis.with({ timeout: 100 }).blpop(['nothing'], 0)).rejects.toMatchObject({
      name: 'TimeoutError',
      outcome: 'unknown',
    })
    expect(performance.now() - start).toBeLessThan(5_000)
    // The server still blocks on the connection, so it is not leased again.
    await until(() => redis.pool.size <= 1, { what: 'the connection closed' })
  })

  test('a blocking command that is aborted frees its connection, and no element is lost', async () => {
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

  test('a blocking command that is aborted while the list is empty rejects with the reason', async () => {
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

  test('a blocking command that is aborted in a session pops no element, and the session stays usable', async () => {
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

  test('a blocking command with a timeout that is not a number is rejected by the server, and not by a deadline', async () => {
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

  test('a blocking command on a silent connection outlives the health check', async () => {
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

  test('XREAD uses a leased connection only with BLOCK', async () => {
    const redis = client()
    await redis.call('XREAD', 'COUNT', 1, 'STREAMS', 's', '0')
    expect(redis.pool.size).toBe(0)
    const waiting = redis.call('XREAD', 'BLOCK', 5_000, 'STREAMS', 's', '$')
    await until(async () => (await blocked()) > 0, { what: 'blocked' })
    await redis.call('XADD', 's', '*', 'f', 'v')
    expect(await waiting).not.toBeNull()
    expect(redis.pool.size).toBe(1)
  })

  test('close() ends a blocking command', async () => {
    const redis = client()
    const waiting = redis.blpop(['nothing'], 0)
    await until(async () => (await blocked()) > 0, { what: 'blocked' })
    await redis.close({ timeout: 1_000 })
    await expect(waiting).rejects.toMatchObject({ name: 'ConnectionError' })
  })
})
