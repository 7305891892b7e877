import { describe, expect, test } from 'vitest'
import { Lock, LockError, type Redis } from '../../src/index.js'
import { keysOf } from '../../src/lock/keys.js'
import { until } from '../rig/conditions.js'
import { refusal, useHolding } from './holding.js'

const { connect, free, server } = useHolding()

/** Checks that locks of different names can be held at once, and that each is released by its own holder. */
async function holdTogether(redis: Redis, names: readonly string[]): Promise<void> {
  const locks = names.map(name => redis.lock(name, { ttl: 60_000, wait: 0 }))
  for (const lock of locks) await lock.acquire()
  for (const lock of locks) expect(await lock.owned(), lock.name).toBe(true)
  const fencing = locks.map(lock => lock.fencingToken ?? 0)
  for (const lock of locks) await lock.release()
  for (const [i, lock] of locks.entries()) {
    await lock.acquire()
    expect(lock.fencingToken, lock.name).toBeGreaterThan(fencing[i] ?? 0)
    await lock.release()
  }
}

describe('locks of different names', () => {
  test('locks do not use the keys of each other, even if a name is the key of another lock', async () => {
    const redis = connect()
    const names = [
      'job',
      '{job}',
      'user:{job}',
      '{job}:fencing',
      '{job}:waiting',
      '{job}:lock',
      'job}',
      'job%7D',
      '{job%7D}',
    ]
    const keys = new Set<string>()
    for (const name of names) {
      const lock = await redis.lock(name, { ttl: 60_000 }).acquire()
      for await (const key of redis.scan()) keys.add(key)
      await lock.release()
    }
    await redis.flushall()
    await holdTogether(redis, [...new Set([...names, ...keys])])
    await redis.flushall()
    await holdTogether(redis, [...new Set([...keys, ...names])].reverse())
  })

  test('lock names that differ in one byte are different locks', async () => {
    await holdTogether(connect(), [
      'a',
      'A',
      ' a',
      'a ',
      'a\0',
      'a\r\n',
      'ä',
      'a\u0308',
      '\ufffd',
      '😀',
      '{',
      '}',
      '{}',
      '}{',
      '{}{}',
      '{{}}',
    ])
  })

  test('the release of a lock wakes only a waiter for the same name', async () => {
    const redis = connect()
    const options = { ttl: 60_000, wait: 8_000, retryDelay: 60_000 }
    const held = await redis.lock('seat', options).acquire()
    const tagged = await redis.lock('{seat}', options).acquire()
    const waiting = redis.lock('{seat}', options).acquire()
    await until(async () => (await server().command('ZCARD', keysOf('{seat}').waiting)) === 1)
    await held.release()
    await tagged.release()
    await (await waiting).release()
  })
})

test('a lock created from a prefixed view is the lock of that view', async () => {
  const redis = connect()
  const app = redis.prefixed('app:')
  const locks = [
    app.lock('job', { ttl: 60_000 }),
    new Lock(app, 'job', { ttl: 60_000 }),
    redis.lock('app:job', { ttl: 60_000 }),
  ]
  await redis.flushall()
  const keys = new Set<string>()
  let last = 0
  for (const lock of locks) {
    await lock.acquire()
    expect(lock.fencingToken).toBeGreaterThan(last)
    last = lock.fencingToken ?? 0
    expect(await redis.get('app:job')).toBe(lock.token)
    for (const other of locks) if (other !== lock) expect(await other.tryAcquire()).toBeNull()
    for await (const key of redis.scan()) keys.add(key)
    await lock.release()
  }
  expect([...keys].sort()).toEqual(['app:job', '{app:job}:lock:fencing'])
})

describe('keys with values that are not locks', () => {
  test.each([
    ['hash', (redis: Redis, key: string) => redis.hset(key, { total: 1 })],
    ['list', (redis: Redis, key: string) => redis.rpush(key, 'element')],
    ['set', (redis: Redis, key: string) => redis.sadd(key, 'member')],
    ['zset', (redis: Redis, key: string) => redis.zadd(key, { member: 'm', score: 1 })],
    ['stream', (redis: Redis, key: string) => redis.xadd(key, '*', { field: 'value' })],
  ])(
    'acquire rejects at once if the key holds a %s, names the type, and leaves the key unchanged',
    async (type, write) => {
      const { redis, name } = free()
      await write(redis, name)
      const lock = redis.lock(name, { ttl: 10_000, wait: 60_000 })
      const start = performance.now()
      for (const acquire of [() => lock.acquire(), () => lock.tryAcquire(), () => lock.using(() => 'never')]) {
        const error = await acquire().then(Promise.reject, error => error)
        expect(error).toBeInstanceOf(LockError)
        expect(error).toMatchObject({ reason: 'not a lock', lockName: name })
        expect(error.message).toContain(`the lock "${name}"`)
        expect(error.message).toContain(type)
      }
      expect(performance.now() - start).toBeLessThan(5_000)
      expect(await redis.type(name)).toBe(type)
      expect([await lock.locked(), await lock.owned()]).toEqual([true, false])
      await redis.del(name)
      await lock.acquire()
    },
  )

  test.each(['a word', '', '-1', '1.5', '0x10', '9007199254740993', '99999999999999999999'])(
    'acquire does not overwrite the text %j in the key of the last fencing token',
    async text => {
      const { redis, name } = free()
      const { fencing } = keysOf(name)
      await redis.set(fencing, text)
      const lock = redis.lock(name, { ttl: 10_000 })
      expect(await refusal(lock.acquire())).toEqual(['LockError', 'not a lock'])
      await expect(lock.acquire()).rejects.toThrow(`"${fencing}"`)
      expect([await redis.get(fencing), await redis.exists(name)]).toEqual([text, 0])
    },
  )

  test('acquire does not change a hash in the key of the last fencing token', async () => {
    const { redis, name } = free()
    const { fencing } = keysOf(name)
    await redis.hset(fencing, { a: 1 })
    expect(await refusal(redis.lock(name, { ttl: 10_000 }).acquire())).toEqual(['LockError', 'not a lock'])
    expect([await redis.hgetall(fencing), await redis.exists(name)]).toEqual([{ a: '1' }, 0])
  })

  test('waiting rejects if the key of the waiters holds another value, and the holder can release the lock', async () => {
    const { redis, name } = free()
    const { waiting } = keysOf(name)
    await redis.hset(waiting, { a: 1 })
    const lock = await redis.lock(name, { ttl: 60_000 }).acquire()
    const start = performance.now()
    expect(await refusal(redis.lock(name, { ttl: 60_000, wait: 60_000 }).acquire())).toEqual([
      'LockError',
      'not a lock',
    ])
    expect(performance.now() - start).toBeLessThan(5_000)
    await lock.release()
    expect([await redis.exists(name), await redis.hgetall(waiting)]).toEqual([0, { a: '1' }])
  })

  test('the error says that a text without a ttl may not be a lock', async () => {
    const { redis, name } = free()
    await redis.set(name, 'data')
    const lock = redis.lock(name, { ttl: 10_000, wait: 0 })
    expect(await lock.tryAcquire()).toBeNull()
    await expect(lock.acquire()).rejects.toMatchObject({
      reason: 'not acquired',
      message: expect.stringContaining('no ttl'),
    })
    expect(await redis.get(name)).toBe('data')
  })

  test('a value that replaces the lock ends the wait for it', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 60_000 }).acquire()
    const waiting = redis.lock(name, { ttl: 60_000, wait: 60_000 }).acquire()
    waiting.catch(() => {})
    await until(async () => (await server().command('ZCARD', keysOf(name).waiting)) === 1)
    await redis.multi().del(name).hset(name, { a: 1 }).exec()
    expect(await refusal(waiting)).toEqual(['LockError', 'not a lock'])
    expect(await refusal(lock.release())).toEqual(['LockNotOwnedError', 'not owned'])
  })
})

test('1,000 locks that are used once leave one key each for a minute', async () => {
  const redis = connect()
  await redis.flushall()
  const names = Array.from({ length: 1_000 }, (_, i) => `order:${i}`)
  await Promise.all(names.map(name => redis.lock(name, { ttl: 10_000 }).using(() => {})))
  const left: number[] = []
  for await (const key of redis.scan({ count: 1_000 })) left.push(await redis.pttl(key))
  expect(left).toHaveLength(1_000)
  expect(Math.min(...left)).toBeGreaterThan(0)
  expect(Math.max(...left)).toBeLessThanOrEqual(60_000)
})
