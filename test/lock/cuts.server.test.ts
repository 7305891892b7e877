import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { LockError, Redis } from '../../src/index.js'
import { until } from '../rig/conditions.js'
import { ChaosProxy, type Ending } from '../rig/proxy.js'
import { type Random, seeded } from '../rig/random.mjs'
import { useServer } from '../servers/vitest.js'

/** `npm run chaos` also cuts after every byte of the script's text; other runs cut after some of them. */
const LONG = process.env.CHAOS === 'long'

const server = useServer()
let proxy: ChaosProxy
const clients: Redis[] = []

beforeAll(async () => {
  proxy = await ChaosProxy.start(server(), 1)
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await proxy.calm()
})
afterAll(() => proxy.stop())

async function connect(): Promise<Redis> {
  const redis = new Redis({ port: proxy.port, reconnect: { min: 1, max: 8 } })
  redis.on('error', () => {})
  clients.push(redis)
  await redis.connect()
  return redis
}

const isFree = (name: string) => async () => (await server().command('EXISTS', name)) === 0
const ENDINGS: readonly Ending[] = ['rst', 'fin']

/**
 * Runs `act` repeatedly. When it calls `cut`, the connection is cut after `after` more bytes in the given direction, one byte
 * later in each run, until the cut comes too late. `act` resolves with whether its connection survived.
 */
async function sweep(
  direction: 'up' | 'down',
  random: Random,
  act: (redis: Redis, cut: () => Promise<unknown>) => Promise<boolean>,
): Promise<number> {
  let cuts = 0
  for (let after = 0, spared = 0; spared < 3; after += after < 250 || LONG ? 1 : random.int(1, 60)) {
    const redis = await connect()
    if (await act(redis, () => proxy.cutOpen({ direction, after, ending: random.pick(ENDINGS) }))) spared++
    else {
      spared = 0
      cuts++
    }
    redis.destroy()
  }
  return cuts
}

describe.each(['up', 'down'] as const)('cuts of the connection after every byte, %s', direction => {
  test('a lock whose acquire is cut is free again at once, long before its ttl', { timeout: 120_000 }, async () => {
    const random = seeded(`cuts of acquire ${direction}`)
    const cuts = await sweep(direction, random, async (redis, cut) => {
      // Then the text of the script is sent as well.
      if (random.chance(0.5)) await server().command('SCRIPT', 'FLUSH')
      await cut()
      const lock = redis.lock('cut', { ttl: 60_000, wait: random.pick([0, 5_000]), retryDelay: 1, jitter: 5 })
      const refused = await lock.acquire().then(
        () => undefined,
        error => error,
      )
      if (refused === undefined) {
        expect(await server().command('GET', 'cut')).toBe(lock.token)
        await lock.release()
      } else {
        expect(refused).toBeInstanceOf(LockError)
        expect(refused.reason).toBe('unreachable')
      }
      await until(isFree('cut'), { what: 'the lock is free' })
      return refused === undefined && redis.stats.reconnects === 0
    })
    expect(cuts).toBeGreaterThan(direction === 'up' ? 200 : 10)
  })

  test('a lock whose extend is cut is never valid for longer than its key exists', { timeout: 60_000 }, async () => {
    const random = seeded(`cuts of extend ${direction}`)
    await sweep(direction, random, async (redis, cut) => {
      const lock = await redis.lock('cut', { ttl: 60_000, wait: 0 }).acquire()
      await cut()
      const extended = await lock.extend(random.int(1, 90_000), { replace: random.chance(0.5) }).then(
        () => true,
        error => {
          expect(error).toMatchObject({ name: 'LockError', reason: 'unreachable' })
          return false
        },
      )
      const { validUntil } = lock
      const left = Number(await server().command('PTTL', 'cut'))
      expect(performance.now() + left).toBeGreaterThan(validUntil)
      await lock.release()
      return extended
    })
  })

  test('a lock whose release is cut is released', { timeout: 60_000 }, async () => {
    const random = seeded(`cuts of release ${direction}`)
    const cuts = await sweep(direction, random, async (redis, cut) => {
      const lock = await redis.lock('cut', { ttl: 60_000, wait: 0 }).acquire()
      await cut()
      await lock.release()
      expect(await isFree('cut')()).toBe(true)
      return redis.stats.reconnects === 0
    })
    expect(cuts).toBeGreaterThan(3)
  })
})

test('using with killed connections leaves no unhandled rejection and no lock', { timeout: 120_000 }, async () => {
  const random = seeded('using under kills')
  const redis = await connect()
  const SECTIONS = LONG ? 10_000 : 1_000
  const KILLS = SECTIONS / 20
  const names = Array.from({ length: 40 }, (_, i) => `using:${i}`)
  let entered = 0
  let failed = 0
  let kills = 0
  const worker = async (name: string) => {
    // With a short ttl a forgotten lock would expire before it is found.
    const lock = redis.lock(name, { ttl: 60_000, wait: random.pick([0, 2_000]), retryDelay: 5 })
    while (entered < SECTIONS || failed === 0) {
      if (entered / SECTIONS > kills / KILLS) {
        kills++
        if (random.chance(0.5)) await proxy.kill(random.pick(ENDINGS))
        else await proxy.cutOpen({ direction: random.pick(['up', 'down']), after: random.int(0, 900) })
      }
      entered++
      const using = lock.using(async () => {
        if (random.chance(0.3)) await lock.extend(random.int(1, 1_000)).catch(expectLockError)
        return name
      })
      await using.then(value => expect(value).toBe(name), expectLockError)
    }
  }
  const expectLockError = (error: unknown) => {
    expect(error).toBeInstanceOf(LockError)
    failed++
  }
  await Promise.all(names.map(worker))
  await until(async () => (await server().command('EXISTS', ...names)) === 0, { timeout: 10_000, what: 'all are free' })
})

describe('delays longer than the ttl', () => {
  test.each([0, 600])('a delay longer than the ttl makes acquire reject and leaves no lock (wait: %d)', async wait => {
    await proxy.set({ delay: 80 })
    const redis = await connect()
    const lock = redis.lock('slow', { ttl: 100, wait })
    await expect(lock.acquire()).rejects.toMatchObject({ name: 'LockError', reason: 'unreachable' })
    expect(lock.valid).toBe(false)
    await until(isFree('slow'))
  })

  test('a delay of the reply does not make a lock valid for longer', async () => {
    await proxy.set({ down: { delay: 60 } })
    const lock = await (await connect()).lock('slow reply', { ttl: 1_000 }).acquire()
    const left = Number(await server().command('PTTL', 'slow reply'))
    expect(performance.now() + left).toBeGreaterThan(lock.validUntil)
    await lock.reacquire()
    const leftThen = Number(await server().command('PTTL', 'slow reply'))
    expect(performance.now() + leftThen).toBeGreaterThan(lock.validUntil)
    await lock.release()
  })

  test('with varying delays every acquired lock is valid', { timeout: 60_000 }, async () => {
    const random = seeded('delays')
    await proxy.set({ delay: 0, jitter: 60 })
    const redis = await connect()
    let acquired = 0
    let refused = 0
    let late = 0
    for (let i = 0; i < 80 || acquired < 10 || refused < 10; i++) {
      const lock = redis.lock(`late:${i}`, { ttl: 60, wait: random.pick([0, 0, 30]) })
      await lock.acquire().then(
        () => {
          if (lock.validUntil < performance.now() - 20) late++
          acquired++
          return lock.release().catch(error => expect(error).toBeInstanceOf(LockError))
        },
        error => {
          expect(error).toBeInstanceOf(LockError)
          refused++
        },
      )
    }
    // Another process may run between the reply and this line, now and then. If validity were counted from the reply, every fourth
    // lock would be over.
    expect(late).toBeLessThan(acquired / 8)
  })

  test('acquire rejects if the event loop is blocked for longer than the ttl when the reply arrives', async () => {
    const redis = await connect()
    await proxy.set({ delay: 10 })
    const lock = redis.lock('stalled', { ttl: 40, wait: 0 })
    for (let i = 0; i < 10; i++) {
      const acquiring = lock.acquire()
      await new Promise(setImmediate)
      const end = performance.now() + 60
      while (performance.now() < end);
      await expect(acquiring).rejects.toBeInstanceOf(LockError)
    }
    await until(isFree('stalled'))
  })
})

test('the calls of a lock reject at once when its client is closed, whatever the wait', async () => {
  const redis = await connect()
  const lock = await redis.lock('closed', { ttl: 60_000, wait: Number.POSITIVE_INFINITY }).acquire()
  redis.destroy()
  await expect(lock.release()).rejects.toMatchObject({ name: 'LockError', reason: 'aborted' })
  const other = redis.lock('other', { ttl: 60_000, wait: Number.POSITIVE_INFINITY })
  await expect(other.acquire()).rejects.toMatchObject({ name: 'LockError', reason: 'aborted' })
  await server().command('DEL', 'closed')
})

test('release is retried for the ttl when the server is unreachable, and using still resolves with its value', async () => {
  const redis = await connect()
  const value = await redis.lock('gone', { ttl: 300 }).using(async () => {
    await proxy.refuse()
    await proxy.kill()
    return 'value'
  })
  expect(value).toBe('value')
  await proxy.accept()
  await until(isFree('gone'))
})
