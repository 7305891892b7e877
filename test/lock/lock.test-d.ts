import { describe, expectTypeOf, test } from 'vitest'
import {
  type AcquireOptions,
  Lock,
  type LockClient,
  LockError,
  LockNotOwnedError,
  type LockReason,
  type Redis,
  type RedisCommands,
  type View,
} from '../../src/index.js'

declare const redis: Redis
declare const lock: Lock

describe('types of locks', () => {
  test('acquire resolves with the lock itself', () => {
    expectTypeOf(redis.lock('job', { ttl: 1_000 })).toEqualTypeOf<Lock>()
    expectTypeOf(lock.acquire()).resolves.toEqualTypeOf<Lock>()
    expectTypeOf(lock.tryAcquire()).resolves.toEqualTypeOf<Lock | null>()
    expectTypeOf<AcquireOptions>().toEqualTypeOf<{ readonly signal?: AbortSignal | undefined }>()
  })

  test('a lock can be used with await using', async () => {
    await using held = await redis.lock('job', { ttl: 1_000 }).acquire()
    expectTypeOf(held).toEqualTypeOf<Lock>()
    await using tried = await redis.lock('job', { ttl: 1_000 }).tryAcquire()
    expectTypeOf(tried).toEqualTypeOf<Lock | null>()
    expectTypeOf(lock).toExtend<AsyncDisposable>()
  })

  test('using has the return type of its function', () => {
    expectTypeOf(lock.using(() => 1)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(lock.using(async (signal, held) => [signal, held] as const)).resolves.toEqualTypeOf<
      readonly [AbortSignal, Lock]
    >()
  })

  test('the properties of a lock have their types', () => {
    expectTypeOf(lock.token).toEqualTypeOf<string | null>()
    expectTypeOf(lock.fencingToken).toEqualTypeOf<number | null>()
    expectTypeOf(lock.validUntil).toEqualTypeOf<number>()
    expectTypeOf(lock.valid).toEqualTypeOf<boolean>()
    expectTypeOf(lock.signal).toEqualTypeOf<AbortSignal>()
    expectTypeOf(lock.owned()).resolves.toEqualTypeOf<boolean>()
    expectTypeOf(lock.locked()).resolves.toEqualTypeOf<boolean>()
    expectTypeOf(lock.extend(1, { replace: true })).resolves.toEqualTypeOf<void>()
    expectTypeOf(lock.reacquire()).resolves.toEqualTypeOf<void>()
    expectTypeOf(lock.release()).resolves.toEqualTypeOf<void>()
  })

  test('the options of a lock are checked', () => {
    // @ts-expect-error a lock needs a ttl
    redis.lock('job', {})
    // @ts-expect-error an unknown option
    redis.lock('job', { ttl: 1, retrydelay: 5 })
    // @ts-expect-error replace is a boolean
    lock.fencingToken = 1
  })

  test('a lock accepts any object that runs commands', () => {
    expectTypeOf<Redis>().toExtend<LockClient>()
    expectTypeOf<View>().toExtend<LockClient>()
    expectTypeOf<Redis['bytes']>().toExtend<LockClient>()
    expectTypeOf<Redis['bigints']>().toExtend<LockClient>()
    expectTypeOf<RedisCommands>().toExtend<LockClient>()
    expectTypeOf(new Lock([redis, redis.bytes], 'job', { ttl: 1 })).toEqualTypeOf<Lock>()
    expectTypeOf(new Lock(redis, 'job', { ttl: 1 })).toEqualTypeOf<Lock>()
  })

  test('the errors of a lock have their types', () => {
    const error: unknown = undefined
    if (error instanceof LockError) expectTypeOf(error.reason).toEqualTypeOf<LockReason>()
    if (error instanceof LockNotOwnedError) expectTypeOf(error.lockName).toEqualTypeOf<string>()
  })
})
