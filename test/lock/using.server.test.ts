import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { until } from '../rig/conditions.js'
import { refusal, useHolding } from './holding.js'

const { connect, free, server, steal } = useHolding()

describe('using', () => {
  test('using resolves with the value of the function, extends the lock meanwhile and releases it', async () => {
    const { redis, name } = free()
    const lock = redis.lock(name, { ttl: 500 })
    const value = await lock.using(async (signal, held) => {
      expect(held).toBe(lock)
      await sleep(1_200)
      expect([signal.aborted, await lock.owned()]).toEqual([false, true])
      return 'value'
    })
    expect(value).toBe('value')
    expect([await lock.locked(), lock.token]).toEqual([false, null])
  })

  test('using rejects with the error of the function and releases the lock', async () => {
    const { redis, name } = free()
    const lock = redis.lock(name, { ttl: 10_000 })
    const error = new Error('of the function')
    await expect(lock.using(() => Promise.reject(error))).rejects.toBe(error)
    await expect(
      lock.using(() => {
        throw error
      }),
    ).rejects.toBe(error)
    expect(await lock.locked()).toBe(false)
  })

  test('using rejects if the lock was lost, even if the function returned', async () => {
    const { redis, name } = free()
    const lock = redis.lock(name, { ttl: 10_000 })
    const stolen = lock.using(() => steal(name))
    expect(await refusal(stolen)).toEqual(['LockNotOwnedError', 'not owned'])
    await redis.del(name)
    const blocked = redis.lock(name, { ttl: 40 }).using(() => {
      const end = performance.now() + 80
      while (performance.now() < end);
    })
    expect(await refusal(blocked)).toEqual(['LockNotOwnedError', 'expired'])
  })

  test('using rejects if the lock was lost while its key still exists', async () => {
    const { redis, name } = free()
    const lost = redis.lock(name, { ttl: 100 }).using(async () => {
      // The event loop is blocked for too long; meanwhile another client extends the key.
      await redis.persist(name)
      const end = performance.now() + 150
      while (performance.now() < end);
    })
    expect(await refusal(lost)).toEqual(['LockNotOwnedError', 'expired'])
    expect(await redis.exists(name)).toBe(0)
  })

  test('using resolves if the function released the lock itself', async () => {
    const { redis, name } = free()
    expect(await redis.lock(name, { ttl: 10_000 }).using((_, lock) => lock.release())).toBeUndefined()
  })

  test('a lock that using could not release ends with its ttl, and can be used again', async () => {
    await server().command('ACL', 'SETUSER', 'weak', 'on', '>weak', '~*', '&*', '+@all', '-del')
    const redis = connect({ username: 'weak', password: 'weak' })
    const lock = redis.lock(free().name, { ttl: 200, retryDelay: 20 })
    expect(await lock.using(() => 'first')).toBe('first')
    // The key still exists, and expires.
    expect(await lock.locked()).toBe(true)
    expect(await lock.using(() => 'second')).toBe('second')
    await lock.acquire()
    expect(await refusal(lock.release())).toEqual(['LockError', 'unreachable'])
    expect(await refusal(lock.acquire())).toEqual(['LockError', 'already locked'])
    await until(async () => !(await lock.locked()), { what: 'run out' })
    await lock.acquire()
    expect(lock.valid).toBe(true)
  })

  test('using rejects without running the function if the lock is not acquired', async () => {
    const { redis, name } = free()
    await steal(name)
    let ran = false
    const using = redis.lock(name, { ttl: 10_000, wait: 0 }).using(() => {
      ran = true
    })
    expect(await refusal(using)).toEqual(['LockError', 'not acquired'])
    expect(ran).toBe(false)
  })

  test('the signal of the caller also aborts the signal of the function', async () => {
    const { redis, name } = free()
    const controller = new AbortController()
    const reason = new Error('enough')
    const using = redis.lock(name, { ttl: 10_000 }).using(
      signal =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          controller.abort(reason)
        }),
      { signal: controller.signal },
    )
    await expect(using).rejects.toBe(reason)
    expect(await redis.exists(name)).toBe(0)
  })
})

describe('await using', () => {
  test('await using releases the lock at the end of the block', async () => {
    const { redis, name } = free()
    {
      await using lock = await redis.lock(name, { ttl: 10_000 }).acquire()
      expect(await lock.locked()).toBe(true)
    }
    expect(await redis.exists(name)).toBe(0)
  })

  test('await using does nothing after a release', async () => {
    const { redis, name } = free()
    await using lock = await redis.lock(name, { ttl: 10_000 }).acquire()
    await lock.release()
  })

  test('await using throws if the lock was lost', async () => {
    const { redis, name } = free()
    const block = async () => {
      await using _ = await redis.lock(name, { ttl: 10_000 }).acquire()
      await steal(name)
    }
    expect(await refusal(block())).toEqual(['LockNotOwnedError', 'not owned'])
  })
})
