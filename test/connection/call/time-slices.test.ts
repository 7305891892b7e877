import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import type { RedisOptions } from '../../../src/connection/options/options.js'
import { FakeRedis } from '../../rig/fake-redis.js'
import { expectShortTurns, LoopWatch } from '../../rig/slices.js'

/** `BULK=1000000 npm test` runs it with a million calls. */
const CALLS = Number(process.env.BULK ?? 60_000)

const clients: Redis[] = []
const fakes: FakeRedis[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  for (const fake of fakes.splice(0)) await fake.stop()
})

async function silent(options: RedisOptions = {}): Promise<{ redis: Redis; fake: FakeRedis }> {
  const fake = await FakeRedis.start()
  fakes.push(fake)
  const redis = new Redis({ port: fake.port, ...options }).on('error', () => {})
  clients.push(redis)
  await redis.connect()
  for (const connection of fake.connections) connection.onData = () => {}
  return { redis, fake }
}

/** A client whose server is not running: its calls wait. */
async function nowhere(): Promise<Redis> {
  const redis = new Redis({ port: 1, reconnect: { min: 60_000, max: 60_000 } }).on('error', () => {})
  clients.push(redis)
  await redis.connect().catch(() => {})
  return redis
}

interface Outcomes {
  readonly all: Promise<unknown>
  left: number
  readonly errors: { name: string; outcome: string; stack: string | undefined }[]
}

/** Makes CALLS calls, and keeps one error of each kind. */
function calls(redis: Redis, options: { idempotent?: boolean; timeout?: number } = {}): Outcomes {
  const view = redis.with(options)
  let settle = () => {}
  const outcomes: Outcomes = { all: new Promise<void>(resolve => (settle = resolve)), left: CALLS, errors: [] }
  const rejected = (error: { name: string; outcome: string; stack: string | undefined }) => {
    if (outcomes.errors.every(({ name, outcome }) => name !== error.name || outcome !== error.outcome))
      outcomes.errors.push(error)
    if (--outcomes.left === 0) settle()
  }
  for (let i = 0; i < CALLS; i++) view.set('k', 'v').catch(rejected)
  return outcomes
}

/** Enough for three runs with a million calls. */
const LONG = { timeout: 20_000 + CALLS / 2 }

describe('rejecting very many calls at once', () => {
  test('many calls that time out at once do not block the event loop', LONG, async () => {
    await expectShortTurns(async () => {
      const { redis } = await silent()
      const outcomes = calls(redis, { timeout: 500 + CALLS / 200 })
      while (redis.stats.queued > 0) await new Promise(resolve => setTimeout(resolve, 5))
      expect(outcomes.left).toBe(CALLS)
      const watch = new LoopWatch()
      await outcomes.all
      const holds = await watch.stop()
      expect(outcomes.errors.every(({ name }) => name === 'TimeoutError')).toBe(true)
      expect(outcomes.errors[0]?.stack).toMatch(/^TimeoutError: SET timed out.*$/)
      expect(redis.stats).toMatchObject({ queued: 0, queuedBytes: 0 })
      return holds
    })
  })

  test(
    'destroy() rejects many waiting calls without blocking the event loop, and emits close after the last of them',
    LONG,
    async () => {
      await expectShortTurns(async () => {
        const redis = await nowhere()
        const outcomes = calls(redis, { timeout: 0 })
        await new Promise(resolve => setImmediate(resolve))
        expect(redis.stats.queued).toBe(CALLS)
        const watch = new LoopWatch()
        let leftAtClose = -1
        const closed = new Promise<void>(resolve => {
          redis.on('close', () => {
            leftAtClose = redis.stats.queued
            resolve()
          })
        })
        redis.destroy()
        expect(redis.status).toBe('closed')
        const { queued } = redis.stats
        expect(queued).toBeGreaterThan(0)
        await Promise.resolve()
        expect(outcomes.left).toBeLessThanOrEqual(CALLS)
        expect(outcomes.left).toBeGreaterThanOrEqual(queued)
        await expect(redis.get('k')).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
        await closed
        await outcomes.all
        const holds = await watch.stop()
        expect(leftAtClose).toBe(0)
        expect(outcomes.errors).toEqual([expect.objectContaining({ name: 'ConnectionError', outcome: 'not sent' })])
        return holds
      })
    },
  )

  test(
    'many calls of a lost connection reject without blocking the event loop, and a later call is answered before the last of them',
    LONG,
    async () => {
      await expectShortTurns(async () => {
        const { fake, redis } = await silent({ reconnect: { min: 1, max: 10 } })
        const outcomes = calls(redis, { timeout: 0 })
        while (redis.stats.queued > 0) await new Promise(resolve => setTimeout(resolve, 5))
        const lost = new Promise(resolve => redis.once('error', resolve))
        for (const connection of fake.openConnections) connection.reset()
        await lost
        const watch = new LoopWatch()
        let leftAtAnswer = -1
        const after = redis.ping().finally(() => {
          leftAtAnswer = outcomes.left
        })
        await outcomes.all
        const holds = await watch.stop()
        expect(outcomes.errors).toEqual([expect.objectContaining({ name: 'ConnectionError', outcome: 'unknown' })])
        expect(await after).toBe('PONG')
        expect(leftAtAnswer).toBeGreaterThan(0)
        expect(redis.stats).toMatchObject({ inflight: 0, queued: 0 })
        return holds
      })
    },
  )

  test('many reads of a lost connection wait for the next one without blocking the event loop', LONG, async () => {
    await expectShortTurns(async () => {
      const { fake, redis } = await silent({ reconnect: { min: 60_000, max: 60_000 } })
      const outcomes = calls(redis, { idempotent: true, timeout: 0 })
      while (redis.stats.queued > 0) await new Promise(resolve => setTimeout(resolve, 5))
      const lost = new Promise(resolve => redis.once('error', resolve))
      await fake.stop()
      const watch = new LoopWatch()
      await lost
      while (redis.stats.inflight > 0) await new Promise(resolve => setImmediate(resolve))
      const holds = await watch.stop()
      expect(redis.stats.queued).toBe(CALLS)
      expect(outcomes.left).toBe(CALLS)
      redis.destroy()
      await outcomes.all
      return holds
    })
  })

  test(
    'destroy() rejects a few calls before it returns, and close() resolves after the last of many',
    LONG,
    async () => {
      const { redis } = await silent()
      // A turn of its own: the slice of the turn in which the client connected may be used up.
      for (let i = 0; i < 2; i++) await new Promise(resolve => setImmediate(resolve))
      let rejected = 0
      for (let i = 0; i < 10; i++) redis.set('k', 'v').catch(() => rejected++)
      redis.destroy()
      expect(redis.stats).toMatchObject({ inflight: 0, queued: 0 })
      await new Promise(resolve => setImmediate(resolve))
      expect(rejected).toBe(10)
      const { redis: other } = await silent()
      const outcomes = calls(other, { timeout: 0 })
      await other.close({ timeout: 1 })
      expect(other.stats).toMatchObject({ inflight: 0, queued: 0 })
      await outcomes.all
    },
  )

  test('a rejected call does not change the stack limit of the application', async () => {
    const before = Error.stackTraceLimit
    const { redis } = await silent()
    await expect(redis.with({ timeout: 1 }).get('k')).rejects.toThrow()
    expect(Error.stackTraceLimit).toBe(before)
    expect(new Error('mine').stack).toContain('time-slices.test')
  })
})
