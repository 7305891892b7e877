import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { DataError, type Lock } from '../../src/index.js'
import { until } from '../rig/conditions.js'
import { refusal, useHolding } from './holding.js'

const { countCalls, free, steal } = useHolding()

describe('extend', () => {
  test('extend adds to the time left, or sets it', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 10_000 }).acquire()
    await lock.extend(20_000)
    expect(await redis.pttl(name)).toBeGreaterThan(29_000)
    expect(lock.validUntil - performance.now()).toBeGreaterThan(28_000)
    await lock.extend(5_000, { replace: true })
    expect(await redis.pttl(name)).toBeLessThanOrEqual(5_000)
    expect(lock.validUntil - performance.now()).toBeLessThanOrEqual(5_000)
    await lock.reacquire()
    expect(await redis.pttl(name)).toBeGreaterThan(9_000)
    expect(lock.validUntil - performance.now()).toBeGreaterThan(9_000)
  })

  test('an extended lock is never valid for longer than its key exists', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 1_000 }).acquire()
    for (const [ms, replace] of [
      [500, false],
      [300, true],
      [2_000, true],
      [1, false],
    ] as const) {
      await lock.extend(ms, { replace })
      const end = lock.validUntil
      expect(performance.now() + (await redis.pttl(name))).toBeGreaterThan(end)
    }
  })

  test('extend to a shorter time shortens validUntil before the reply arrives', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 60_000 }).acquire()
    const shortened = lock.extend(1_000, { replace: true })
    await Promise.resolve()
    expect(lock.validUntil - performance.now()).toBeLessThan(1_000)
    await shortened
  })

  test.each([
    ['extend', (lock: Lock) => lock.extend(1_000)],
    ['extend with replace', (lock: Lock) => lock.extend(1_000, { replace: true })],
    ['reacquire', (lock: Lock) => lock.reacquire()],
  ])('%s rejects without acquire, without a ttl, and after the lock was lost', async (_, extend) => {
    const { redis, name } = free()
    const lock = redis.lock(name, { ttl: 10_000 })
    expect(await refusal(extend(lock))).toEqual(['LockError', 'not locked'])
    const eternal = await redis.lock(`${name}:eternal`, { ttl: Number.POSITIVE_INFINITY }).acquire()
    expect(await refusal(extend(eternal))).toEqual(['LockError', 'no ttl'])

    await lock.acquire()
    await steal(name)
    expect(await refusal(extend(lock))).toEqual(['LockNotOwnedError', 'not owned'])
    expect(lock.signal.aborted).toBe(true)
    expect(lock.valid).toBe(false)
    expect(await refusal(lock.release())).toEqual(['LockNotOwnedError', 'not owned'])
    expect(await redis.get(name)).toBe('somebody else')

    await redis.del(name)
    await lock.acquire()
    await redis.del(name)
    expect(await refusal(extend(lock))).toEqual(['LockNotOwnedError', 'expired'])
    // A lost lock stays lost, even if its key has our token again.
    await redis.set(name, lock.token ?? '')
    expect(await refusal(extend(lock))).toEqual(['LockNotOwnedError', 'expired'])
  })

  test('reacquire restores a removed ttl, and extend rejects if the key has no ttl', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 10_000 }).acquire()
    await redis.persist(name)
    await lock.reacquire()
    expect(await redis.pttl(name)).toBeGreaterThan(9_000)
    await redis.persist(name)
    expect(await refusal(lock.extend(1_000))).toEqual(['LockNotOwnedError', 'not owned'])
  })

  test('extend rejects invalid times', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 10_000 }).acquire()
    for (const ms of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(lock.extend(ms)).rejects.toBeInstanceOf(DataError)
    }
    expect(lock.valid).toBe(true)
  })
})

describe('a lost lock', () => {
  test('the signal of a lock aborts at validUntil, and not before', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 100 }).acquire()
    const { validUntil, signal } = lock
    const abortedAt = await new Promise<number>(resolve => {
      signal.addEventListener('abort', () => resolve(performance.now()))
    })
    expect(abortedAt).toBeGreaterThanOrEqual(validUntil)
    expect(lock.valid).toBe(false)
    expect(signal.reason).toMatchObject({ name: 'LockNotOwnedError', reason: 'expired', lockName: name })
  })

  test('after a pause valid is false at once, and signal is aborted when it is read', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 40 }).acquire()
    const held = lock.signal
    const end = performance.now() + 60
    while (performance.now() < end);
    expect(lock.valid).toBe(false)
    expect(held.aborted).toBe(true)
  })

  test('owned detects that a lock was lost', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 10_000 }).acquire()
    await steal(name)
    expect(lock.valid).toBe(true)
    expect(await lock.owned()).toBe(false)
    expect([lock.valid, lock.signal.aborted]).toEqual([false, true])
  })
})

describe('autoExtend', () => {
  test('autoExtend extends a lock while it is held, and no longer', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 600, autoExtend: true }).acquire()
    const end = performance.now() + 1_500
    await until(() => {
      expect(lock.valid).toBe(true)
      return performance.now() > end
    })
    expect(await lock.owned()).toBe(true)
    await lock.release()
    const calls = await countCalls('evalsha', () => sleep(200))
    expect(calls).toBe(0)
  })

  test('autoExtend sends at most three extensions per ttl', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 300, autoExtend: true }).acquire()
    const start = performance.now()
    const calls = await countCalls('evalsha', () => sleep(650))
    expect(calls).toBeGreaterThan(0)
    expect(calls).toBeLessThanOrEqual((performance.now() - start) / 100)
    await lock.release()
  })

  test('autoExtend does not shorten a longer extension', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 200, autoExtend: true }).acquire()
    await lock.extend(10_000)
    await sleep(250)
    expect(await redis.pttl(name)).toBeGreaterThan(9_000)
    await lock.release()
  })

  test('autoExtend aborts the signal when another holder has the lock', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 150, autoExtend: true }).acquire()
    await steal(name)
    await until(() => lock.signal.aborted)
    expect(lock.signal.reason).toMatchObject({ reason: 'not owned' })
    expect(await redis.get(name)).toBe('somebody else')
  })
})
