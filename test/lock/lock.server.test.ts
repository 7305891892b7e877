import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { LockNotOwnedError, NoPermissionError } from '../../src/index.js'
import { until } from '../rig/conditions.js'
import { refusal, useHolding } from './holding.js'

const { connect, countCalls, free, server, steal } = useHolding()

describe('acquire and release', () => {
  test('acquire resolves with the lock, which has a token, a time and a fencing token', async () => {
    const { redis, name } = free()
    const lock = redis.lock(name, { ttl: 10_000 })
    expect([lock.token, lock.fencingToken, lock.validUntil, lock.valid]).toEqual([null, null, 0, false])
    expect(lock.signal.aborted).toBe(true)
    const before = performance.now()
    expect(await lock.acquire()).toBe(lock)
    // 10 s less 1 % and 2 ms, from before the request.
    expect(lock.validUntil).toBeGreaterThanOrEqual(before + 9_898)
    expect(lock.validUntil).toBeLessThanOrEqual(performance.now() + 9_898)
    expect(lock.valid).toBe(true)
    expect(lock.signal.aborted).toBe(false)
    expect(Buffer.from(lock.token ?? '', 'base64url')).toHaveLength(16)
    expect(await redis.get(name)).toBe(lock.token)
    expect(await redis.pttl(name)).toBeGreaterThan(9_000)
    expect([await lock.owned(), await lock.locked()]).toEqual([true, true])
    const { signal } = lock
    await lock.release()
    expect([lock.token, lock.fencingToken, lock.validUntil, lock.valid]).toEqual([null, null, 0, false])
    expect([await lock.owned(), await lock.locked(), await redis.exists(name)]).toEqual([false, false, 0])
    expect(signal.aborted).toBe(false)
  })

  test('a held lock makes tryAcquire resolve with null and acquire reject after the wait', async () => {
    const { redis, name } = free()
    await redis.lock(name, { ttl: 10_000 }).acquire()
    const other = redis.lock(name, { ttl: 10_000, wait: 60 })
    expect(await other.tryAcquire()).toBeNull()
    const start = performance.now()
    expect(await refusal(other.acquire())).toEqual(['LockError', 'not acquired'])
    expect(performance.now() - start).toBeGreaterThanOrEqual(59)
    expect([other.token, await other.owned(), await other.locked()]).toEqual([null, false, true])
    await expect(other.acquire()).rejects.toMatchObject({ lockName: name })
  })

  test('acquire with wait 0 tries once', async () => {
    const { redis, name } = free()
    await redis.lock(name, { ttl: 10_000 }).acquire()
    const calls = await countCalls('evalsha', async () => {
      expect(await refusal(redis.lock(name, { ttl: 1_000, wait: 0 }).acquire())).toEqual(['LockError', 'not acquired'])
    })
    expect(calls).toBe(1)
  })

  test('a lock can be acquired again after its release, but not while it is held or being acquired', async () => {
    const { redis, name } = free()
    const lock = redis.lock(name, { ttl: 10_000, wait: 0 })
    const [first, second] = await Promise.allSettled([lock.acquire(), lock.acquire()])
    expect(first.status).toBe('fulfilled')
    expect(second).toMatchObject({ reason: { name: 'LockError', reason: 'already locked' } })
    expect(await refusal(lock.acquire())).toEqual(['LockError', 'already locked'])
    expect(await refusal(lock.tryAcquire())).toEqual(['LockError', 'already locked'])
    const { token, signal, fencingToken } = lock
    await lock.release()
    await lock.acquire()
    expect(lock.token).not.toBe(token)
    expect(lock.signal).not.toBe(signal)
    expect(lock.fencingToken).toBeGreaterThan(fencingToken ?? Number.POSITIVE_INFINITY)
  })

  test('a lock can be acquired again after it was lost', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 50, wait: 1_000 }).acquire()
    await until(() => lock.signal.aborted)
    expect(await lock.acquire()).toBe(lock)
    expect(lock.valid).toBe(true)
  })

  test('a lock whose key became a list is lost', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 10_000, wait: 0 }).acquire()
    await redis.del(name)
    await redis.rpush(name, 'element')
    expect(await lock.owned()).toBe(false)
    expect(await refusal(lock.release())).toEqual(['LockNotOwnedError', 'not owned'])
  })

  test('a lock uses the token from its options', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 10_000, token: 'mine' }).acquire()
    expect([lock.token, await redis.get(name)]).toEqual(['mine', 'mine'])
    await lock.release()
    expect(await redis.exists(name)).toBe(0)
  })

  test('1,000 holders have different tokens', async () => {
    const { redis, name } = free()
    const lock = redis.lock(name, { ttl: 10_000 })
    const tokens = new Set<string | null>()
    for (let i = 0; i < 1_000; i++) {
      await lock.acquire()
      tokens.add(lock.token)
      await lock.release()
    }
    expect(tokens.size).toBe(1_000)
  })

  test('locks work on views with bytes, bigints and prefixes', async () => {
    const { redis, name } = free()
    for (const view of [redis.bytes, redis.bigints, redis.bytes.bigints, redis.prefixed('app:').bytes]) {
      const lock = await view.lock(name, { ttl: 10_000 }).acquire()
      expect(typeof lock.fencingToken).toBe('number')
      await lock.extend(1_000)
      expect([await lock.owned(), await lock.locked()]).toEqual([true, true])
      expect(await view.exists(name)).toSatisfy(found => Number(found) === 1)
      await lock.release()
      expect(await lock.locked()).toBe(false)
    }
    const lock = await redis.prefixed('app:').lock(name, { ttl: 10_000 }).acquire()
    expect(await redis.get(`app:${name}`)).toBe(lock.token)
  })

  test('a lock with an infinite ttl has a key without expiry', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: Number.POSITIVE_INFINITY, autoExtend: true }).acquire()
    expect([lock.validUntil, lock.valid, await redis.pttl(name)]).toEqual([Number.POSITIVE_INFINITY, true, -1])
    await lock.release()
    expect(await redis.exists(name)).toBe(0)
  })
})

describe('release that rejects', () => {
  test('release rejects without acquire, and the second time', async () => {
    const { redis, name } = free()
    const lock = redis.lock(name, { ttl: 10_000 })
    expect(await refusal(lock.release())).toEqual(['LockError', 'not locked'])
    await lock.acquire()
    await lock.release()
    expect(await refusal(lock.release())).toEqual(['LockError', 'not locked'])
  })

  test("release rejects when the key was deleted, and does not touch another holder's key", async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 10_000 }).acquire()
    await redis.del(name)
    expect(await refusal(lock.release())).toEqual(['LockNotOwnedError', 'expired'])
    expect(lock.signal).toMatchObject({ aborted: true, reason: { name: 'LockNotOwnedError', reason: 'expired' } })
    expect(await refusal(lock.release())).toEqual(['LockError', 'not locked'])
    await lock.acquire()
    await steal(name)
    expect(await refusal(lock.release())).toEqual(['LockNotOwnedError', 'not owned'])
    expect(lock.signal.reason).toBeInstanceOf(LockNotOwnedError)
    expect(await redis.get(name)).toBe('somebody else')
  })

  test('release rejects after the ttl when another holder has the lock', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 60 }).acquire()
    const other = await redis.lock(name, { ttl: 10_000, wait: 5_000 }).acquire()
    expect(lock.valid).toBe(false)
    expect(await refusal(lock.release())).toEqual(['LockNotOwnedError', 'not owned'])
    expect(await other.owned()).toBe(true)
  })

  test('two releases at once send one', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 10_000 }).acquire()
    const calls = await countCalls('evalsha', () => Promise.all([lock.release(), lock.release()]))
    expect(calls).toBe(1)
  })
})

describe('errors', () => {
  test('an abort before or during the wait rejects acquire with the reason of the signal', async () => {
    const { redis, name } = free()
    await steal(name)
    const lock = redis.lock(name, { ttl: 10_000, wait: Number.POSITIVE_INFINITY })
    const reason = { a: 'reason' }
    await expect(lock.acquire({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const waiting = lock.acquire({ signal: controller.signal })
    setTimeout(() => controller.abort(reason), 30)
    await expect(waiting).rejects.toBe(reason)
    // The lock can be acquired again.
    await redis.del(name)
    await lock.acquire()
  })

  test('an abort during an attempt releases the lock if it was taken', async () => {
    const { redis, name } = free()
    await redis.connect()
    for (let i = 0; i < 50; i++) {
      const controller = new AbortController()
      const lock = redis.lock(name, { ttl: 60_000 })
      const acquiring = lock.acquire({ signal: controller.signal })
      // Before the command is written, while it is in flight, or about when its reply arrives.
      for (let turns = i % 4; turns > 0; turns--) await new Promise(setImmediate)
      controller.abort()
      await acquiring.then(
        () => lock.release(),
        error => expect(error.name).toBe('AbortError'),
      )
      await until(async () => (await redis.exists(name)) === 0)
    }
  })

  test('acquire rejects at once if the server denies permission', async () => {
    const { name } = free()
    await server().command('ACL', 'SETUSER', 'poor', 'on', '>secret', '~other:*', '+@all')
    const redis = connect({ username: 'poor', password: 'secret' })
    const lock = redis.lock(name, { ttl: 10_000 })
    const error = await lock.acquire().catch(error => error)
    expect(error).toMatchObject({ name: 'LockError', reason: 'unreachable', lockName: name })
    expect(error.cause).toBeInstanceOf(NoPermissionError)
    expect(await refusal(lock.tryAcquire())).toEqual(['LockError', 'unreachable'])
    expect(await refusal(lock.locked())).toEqual(['LockError', 'unreachable'])
  })

  test('a user without permission to publish can release a lock', async () => {
    const { redis, name } = free()
    await server().command('ACL', 'SETUSER', 'mute', 'on', '>secret', '~*', 'resetchannels', '+@all')
    const mute = connect({ username: 'mute', password: 'secret' })
    const lock = await mute.lock(name, { ttl: 10_000 }).acquire()
    const waiting = redis.lock(name, { ttl: 10_000 }).acquire()
    await sleep(20)
    await lock.release()
    await waiting
  })
})
