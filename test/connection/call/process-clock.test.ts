import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import { processTime } from '../../../src/connection/call/process-clock.js'
import { TimeLimit } from '../../../src/connection/call/time-limit.js'
import type { RedisOptions } from '../../../src/connection/options/options.js'
import { FakeRedis, resp } from '../../rig/fake-redis.js'
import { standStill } from '../../rig/stand-still.js'

const clients: Redis[] = []
const fakes: FakeRedis[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  for (const fake of fakes.splice(0)) await fake.stop()
})

/** A server that completes the handshake, then reads and sends nothing. */
async function silent(options: RedisOptions = {}): Promise<Redis> {
  const fake = await FakeRedis.start({ script: () => undefined })
  fakes.push(fake)
  const redis = new Redis({ port: fake.port, ...options }).on('error', () => {})
  clients.push(redis)
  await redis.connect()
  for (const connection of fake.connections) connection.onData = () => {}
  return redis
}

/** How long `promise` took to reject. */
async function rejectedAfter(promise: Promise<unknown>): Promise<number> {
  const start = performance.now()
  await expect(promise).rejects.toMatchObject({ name: 'TimeoutError' })
  return performance.now() - start
}

const nextTurn = () => new Promise(resolve => setImmediate(resolve))

// Other processes only add to the times, so that one run within the bounds is enough.
describe("the process's own time", { retry: 4 }, () => {
  test('a call to a silent server gets the time of a blocked event loop back once, and then times out', async () => {
    const redis = await silent()
    const slow = rejectedAfter(redis.with({ timeout: 200 }).get('a'))
    await nextTurn()
    standStill(500)
    const took = await slow
    expect(took).toBeGreaterThan(650)
    expect(took).toBeLessThan(950)
  })

  test('a call made after the event loop was blocked gets no time back, and delays no other call', async () => {
    const redis = await silent()
    const before = rejectedAfter(redis.with({ timeout: 1_000 }).get('a'))
    await nextTurn()
    standStill(600)
    const after = rejectedAfter(redis.with({ timeout: 200 }).get('b'))
    expect(await after).toBeLessThan(400)
    const other = rejectedAfter(redis.with({ timeout: 200 }).get('c'))
    expect(await other).toBeLessThan(400)
    expect(await before).toBeLessThan(1_900)
  })

  test('calls time out in a process that is slow all the time', async () => {
    const redis = await silent()
    let busy = true
    const stand = () => {
      if (!busy) return
      standStill(90)
      setImmediate(stand)
    }
    setImmediate(stand)
    const took = await rejectedAfter(redis.with({ timeout: 400 }).get('a'))
    busy = false
    expect(took).toBeLessThan(2_500)
  })

  test('the field elapsed of a TimeoutError counts from the call', async () => {
    const redis = await silent()
    const error = await redis
      .with({ timeout: 150 })
      .get('a')
      .catch(reason => reason)
    expect(error.elapsed).toBeGreaterThanOrEqual(150)
    expect(error.elapsed).toBeLessThan(400)
    expect(error.message).toContain(`after ${error.elapsed} ms`)
  })

  test('a call that is overdue while a listener of ready blocks the event loop is answered', async () => {
    const fake = await FakeRedis.start({ script: ([name]) => (name === 'GET' ? resp.bulk('v') : undefined) })
    fakes.push(fake)
    const redis = new Redis({ port: fake.port }).on('error', () => {})
    clients.push(redis)
    redis.once('ready', () => standStill(300))
    expect(await redis.with({ timeout: 250 }).get('a')).toBe('v')
  })

  test('many calls to a silent server time out at their deadline, and so does every other call', async () => {
    const redis = await silent({ commandTimeout: 1_000 })
    const start = performance.now()
    const value = 'x'.repeat(500)
    let pending = 100_000
    const flood = Array.from({ length: pending }, () =>
      redis.set('k', value).then(
        () => {},
        () => pending--,
      ),
    )
    const called = performance.now() - start
    await Promise.all(flood)
    expect(pending).toBe(0)
    // A machine that makes the calls slowly rejects them slowly too.
    expect(performance.now() - start).toBeLessThan(3_000 + 4 * called)
    const other = await silent({ commandTimeout: 1_000 })
    expect(await rejectedAfter(other.get('a'))).toBeLessThan(1_600)
  })

  test('a time limit ends once and in time, unless it is cancelled', async () => {
    const start = processTime()
    let cancelled = true
    const early = new TimeLimit(20, () => {
      cancelled = false
    })
    early.cancel()
    await new Promise<void>(resolve => new TimeLimit(100, resolve))
    expect(processTime() - start).toBeGreaterThanOrEqual(100)
    expect(processTime() - start).toBeLessThan(300)
    expect(cancelled).toBe(true)
    new TimeLimit(Number.POSITIVE_INFINITY, () => expect.unreachable()).cancel()
  })
})
