import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import {
  DataError,
  type Lock,
  LockError,
  LockNotOwnedError,
  type LockReason,
  NoPermissionError,
  Redis,
  type RedisOptions,
} from '../../src/index.js'
import { until } from '../rig/conditions.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()
const clients: Redis[] = []
let names = 0

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
})

function connect(options: RedisOptions = {}): Redis {
  const redis = new Redis({ port: server().port, ...options })
  redis.on('error', () => {})
  clients.push(redis)
  return redis
}

/** A client and the name of a lock that nobody has. */
function free(): { redis: Redis; name: string } {
  return { redis: connect(), name: `lock:${++names}` }
}

/** Another holder takes the key, as when ours had run out. */
async function steal(name: string): Promise<void> {
  await server().command('SET', name, 'somebody else')
}

async function refusal(promise: Promise<unknown>): Promise<[type: string, reason: LockReason]> {
  const error = await promise.then(
    () => Promise.reject(new Error('it was not refused')),
    error => error,
  )
  expect(error).toBeInstanceOf(LockError)
  return [error.name, error.reason]
}

describe('acquire and release', () => {
  test('the lock itself, with a token, a time and a number', async () => {
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

  test('taken by another: null at once, LockError when the wait is over', async () => {
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

  test('wait: 0 tries once', async () => {
    const { redis, name } = free()
    await redis.lock(name, { ttl: 10_000 }).acquire()
    const calls = await countCalls('evalsha', async () => {
      expect(await refusal(redis.lock(name, { ttl: 1_000, wait: 0 }).acquire())).toEqual(['LockError', 'not acquired'])
    })
    expect(calls).toBe(1)
  })

  test('the same lock again after a release, not while it is held or being acquired', async () => {
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

  test('the same lock again after it was lost', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 50, wait: 1_000 }).acquire()
    await until(() => lock.signal.aborted)
    expect(await lock.acquire()).toBe(lock)
    expect(lock.valid).toBe(true)
  })

  test('a value of another type is somebody else', async () => {
    const { redis, name } = free()
    const lock = redis.lock(name, { ttl: 10_000, wait: 0 })
    await redis.rpush(name, 'element')
    expect(await lock.tryAcquire()).toBeNull()
    expect([await lock.locked(), await lock.owned()]).toEqual([true, false])
    await redis.del(name)
    await lock.acquire()
    await redis.del(name)
    await redis.rpush(name, 'element')
    expect(await lock.owned()).toBe(false)
    expect(await refusal(lock.release())).toEqual(['LockNotOwnedError', 'not owned'])
  })

  test('a token of your own', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 10_000, token: 'mine' }).acquire()
    expect([lock.token, await redis.get(name)]).toEqual(['mine', 'mine'])
    await lock.release()
    expect(await redis.exists(name)).toBe(0)
  })

  test('tokens of 1,000 holders are different', async () => {
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

  test('in views, also of bytes, bigints and prefixes', async () => {
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

  test('for ever', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: Number.POSITIVE_INFINITY, autoExtend: true }).acquire()
    expect([lock.validUntil, lock.valid, await redis.pttl(name)]).toEqual([Number.POSITIVE_INFINITY, true, -1])
    await lock.release()
    expect(await redis.exists(name)).toBe(0)
  })
})

describe('release is refused', () => {
  test('without acquire, and twice', async () => {
    const { redis, name } = free()
    const lock = redis.lock(name, { ttl: 10_000 })
    expect(await refusal(lock.release())).toEqual(['LockError', 'not locked'])
    await lock.acquire()
    await lock.release()
    expect(await refusal(lock.release())).toEqual(['LockError', 'not locked'])
  })

  test("when the key is gone, and another's is left alone", async () => {
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

  test('after the ttl, when another has it', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 60 }).acquire()
    const other = await redis.lock(name, { ttl: 10_000, wait: 5_000 }).acquire()
    expect(lock.valid).toBe(false)
    expect(await refusal(lock.release())).toEqual(['LockNotOwnedError', 'not owned'])
    expect(await other.owned()).toBe(true)
  })

  test('two at once are one', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 10_000 }).acquire()
    const calls = await countCalls('evalsha', () => Promise.all([lock.release(), lock.release()]))
    expect(calls).toBe(1)
  })
})

describe('extend', () => {
  test('adds to what is left, or sets it', async () => {
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

  test('never says that it is valid longer than the key lives', async () => {
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

  test('is sooner over while a shorter time is under way', async () => {
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
  ])('%s is refused without acquire, without ttl, and when it was lost', async (_, extend) => {
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
    // Lost is lost, even if the key is ours again.
    await redis.set(name, lock.token ?? '')
    expect(await refusal(extend(lock))).toEqual(['LockNotOwnedError', 'expired'])
  })

  test('a key whose ttl was taken away', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 10_000 }).acquire()
    await redis.persist(name)
    await lock.reacquire()
    expect(await redis.pttl(name)).toBeGreaterThan(9_000)
    await redis.persist(name)
    expect(await refusal(lock.extend(1_000))).toEqual(['LockNotOwnedError', 'not owned'])
  })

  test('bad times', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 10_000 }).acquire()
    for (const ms of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(lock.extend(ms)).rejects.toBeInstanceOf(DataError)
    }
    expect(lock.valid).toBe(true)
  })
})

describe('when it is lost', () => {
  test('the signal aborts at validUntil, not before', async () => {
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

  test('after a pause: valid is false at once, and so is the signal that is asked for', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 40 }).acquire()
    const held = lock.signal
    const end = performance.now() + 60
    while (performance.now() < end);
    expect(lock.valid).toBe(false)
    expect(held.aborted).toBe(true)
  })

  test('owned finds it out', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 10_000 }).acquire()
    await steal(name)
    expect(lock.valid).toBe(true)
    expect(await lock.owned()).toBe(false)
    expect([lock.valid, lock.signal.aborted]).toEqual([false, true])
  })
})

describe('autoExtend', () => {
  test('holds it as long as it is held, and no longer', async () => {
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

  test('asks three times in the ttl at most', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 300, autoExtend: true }).acquire()
    const start = performance.now()
    const calls = await countCalls('evalsha', () => sleep(650))
    expect(calls).toBeGreaterThan(0)
    expect(calls).toBeLessThanOrEqual((performance.now() - start) / 100)
    await lock.release()
  })

  test('leaves a longer extension alone', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 200, autoExtend: true }).acquire()
    await lock.extend(10_000)
    await sleep(250)
    expect(await redis.pttl(name)).toBeGreaterThan(9_000)
    await lock.release()
  })

  test('aborts the signal when the lock is another one’s', async () => {
    const { redis, name } = free()
    const lock = await redis.lock(name, { ttl: 150, autoExtend: true }).acquire()
    await steal(name)
    await until(() => lock.signal.aborted)
    expect(lock.signal.reason).toMatchObject({ reason: 'not owned' })
    expect(await redis.get(name)).toBe('somebody else')
  })
})

describe('using', () => {
  test('resolves with what the function gives, extends meanwhile, gives back', async () => {
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

  test('rejects with the error of the function, and gives back', async () => {
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

  test('rejects if it was lost, although the function returned', async () => {
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

  test('rejects if it was lost while its key is still there', async () => {
    const { redis, name } = free()
    const lost = redis.lock(name, { ttl: 100 }).using(async () => {
      // The event loop stands still for too long; meanwhile somebody kind makes the key live on.
      await redis.persist(name)
      const end = performance.now() + 150
      while (performance.now() < end);
    })
    expect(await refusal(lost)).toEqual(['LockNotOwnedError', 'expired'])
    expect(await redis.exists(name)).toBe(0)
  })

  test('is no trouble if the function gave it back itself', async () => {
    const { redis, name } = free()
    expect(await redis.lock(name, { ttl: 10_000 }).using((_, lock) => lock.release())).toBeUndefined()
  })

  test('that could not give it back is over with the ttl, and can be used again', async () => {
    await server().command('ACL', 'SETUSER', 'weak', 'on', '>weak', '~*', '&*', '+@all', '-del')
    const redis = connect({ username: 'weak', password: 'weak' })
    const lock = redis.lock(`lock:${++names}`, { ttl: 200, retryDelay: 20 })
    expect(await lock.using(() => 'first')).toBe('first')
    // The key is still there, and runs out.
    expect(await lock.locked()).toBe(true)
    expect(await lock.using(() => 'second')).toBe('second')
    await lock.acquire()
    expect(await refusal(lock.release())).toEqual(['LockError', 'unreachable'])
    expect(await refusal(lock.acquire())).toEqual(['LockError', 'already locked'])
    await until(async () => !(await lock.locked()), { what: 'run out' })
    await lock.acquire()
    expect(lock.valid).toBe(true)
  })

  test('rejects if it is not acquired, without running the function', async () => {
    const { redis, name } = free()
    await steal(name)
    let ran = false
    const using = redis.lock(name, { ttl: 10_000, wait: 0 }).using(() => {
      ran = true
    })
    expect(await refusal(using)).toEqual(['LockError', 'not acquired'])
    expect(ran).toBe(false)
  })

  test('the signal of the caller is one of the function too', async () => {
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
  test('gives back at the end of the block', async () => {
    const { redis, name } = free()
    {
      await using lock = await redis.lock(name, { ttl: 10_000 }).acquire()
      expect(await lock.locked()).toBe(true)
    }
    expect(await redis.exists(name)).toBe(0)
  })

  test('nothing is left to do after a release', async () => {
    const { redis, name } = free()
    await using lock = await redis.lock(name, { ttl: 10_000 }).acquire()
    await lock.release()
  })

  test('tells that it was lost', async () => {
    const { redis, name } = free()
    const block = async () => {
      await using _ = await redis.lock(name, { ttl: 10_000 }).acquire()
      await steal(name)
    }
    expect(await refusal(block())).toEqual(['LockNotOwnedError', 'not owned'])
  })
})

describe('fencing tokens', () => {
  test('grow with every holder, whoever it is', async () => {
    const { redis, name } = free()
    const tokens: number[] = []
    for (let i = 0; i < 200; i++) {
      const lock = await redis.lock(name, { ttl: 10_000 }).acquire()
      tokens.push(lock.fencingToken ?? 0)
      await lock.release()
    }
    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b))
    expect(tokens.every(Number.isSafeInteger)).toBe(true)
  })

  test('grow although the last one is ahead of the clock, or was lost', async () => {
    const { redis, name } = free()
    const lock = redis.lock(name, { ttl: 10_000 })
    const next = async () => {
      await lock.acquire()
      const { fencingToken } = lock
      await lock.release()
      return fencingToken ?? 0
    }
    const first = await next()
    await redis.set(`{${name}}:fencing`, first + 10 ** 9)
    expect(await next()).toBe(first + 10 ** 9 + 1)
    await redis.del(`{${name}}:fencing`)
    expect(await next()).toBeGreaterThan(first)
    expect(await redis.ttl(`{${name}}:fencing`)).toBeGreaterThan(86_000)
  })
})

describe('errors', () => {
  test('an abort before and while it waits rejects with the reason of the signal', async () => {
    const { redis, name } = free()
    await steal(name)
    const lock = redis.lock(name, { ttl: 10_000, wait: Number.POSITIVE_INFINITY })
    const reason = { a: 'reason' }
    await expect(lock.acquire({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const waiting = lock.acquire({ signal: controller.signal })
    setTimeout(() => controller.abort(reason), 30)
    await expect(waiting).rejects.toBe(reason)
    // It may be acquired again.
    await redis.del(name)
    await lock.acquire()
  })

  test('an abort while a try is under way gives back what was taken', async () => {
    const { redis, name } = free()
    await redis.connect()
    for (let i = 0; i < 50; i++) {
      const controller = new AbortController()
      const lock = redis.lock(name, { ttl: 60_000 })
      const acquiring = lock.acquire({ signal: controller.signal })
      // Before it is written, while it is on its way, or about when its reply comes.
      for (let turns = i % 4; turns > 0; turns--) await new Promise(setImmediate)
      controller.abort()
      await acquiring.then(
        () => lock.release(),
        error => expect(error.name).toBe('AbortError'),
      )
      await until(async () => (await redis.exists(name)) === 0)
    }
  })

  test('what the server forbids is told at once', async () => {
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

  test('one who may not publish gives back all the same', async () => {
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

/** How many commands of this name the server ran meanwhile. */
async function countCalls(command: string, during: () => Promise<unknown>): Promise<number> {
  const count = async () => {
    const info = String(await server().command('INFO', 'commandstats'))
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(info)?.[1] ?? 0)
  }
  const before = await count()
  await during()
  return (await count()) - before
}
