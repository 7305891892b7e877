import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Redis } from '../../src/index.js'
import { ChaosProxy } from '../rig/proxy.js'
import { seeded } from '../rig/random.mjs'
import { Watchdog } from '../rig/watchdog.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()
let proxy: ChaosProxy

beforeAll(async () => {
  proxy = await ChaosProxy.start(server(), 1)
})
afterAll(() => proxy.stop())

const SCRIPT = 'return redis.call("INCR", KEYS[1])'

/** Twelve commands, each with the names of the counters that it increments. */
async function twelve(
  redis: Redis,
  sha: string,
  watchdog: Watchdog,
): Promise<{ counters: string[]; outcome: string }[]> {
  const calls: [string[], Promise<unknown>][] = [
    [[], redis.set('cut:s', '1')],
    [['cut:a'], redis.incr('cut:a')],
    [['cut:m1', 'cut:m2', 'cut:m3'], redis.multi().incr('cut:m1').incr('cut:m2').incr('cut:m3').exec()],
    [[], redis.get('cut:s')],
    [['cut:e'], redis.call('EVALSHA', sha, 1, 'cut:e')],
    [['cut:l'], redis.lpush('cut:l', 'x')],
    [['cut:b'], redis.incr('cut:b')],
    [['cut:h'], redis.hincrby('cut:h', 'f', 1)],
    [[], redis.exists('cut:s')],
    [['cut:c'], redis.call('INCR', 'cut:c')],
    [[], redis.mget('cut:s', 'cut:s')],
    [['cut:d'], redis.incrby('cut:d', 1)],
  ]
  return Promise.all(
    calls.map(async ([counters, call]) => ({
      counters,
      outcome: await watchdog.watch(call, counters.join() || 'read').then(
        () => 'acked',
        error => error.outcome ?? `other: ${error.message}`,
      ),
    })),
  )
}

describe('connections that are cut after every byte', () => {
  test.each(['up', 'down'] as const)(
    '%s: all or nothing of a transaction, and the book balances',
    { timeout: 60_000 },
    async direction => {
      const random = seeded(`cut sweep ${direction}`)
      const watchdog = new Watchdog()
      const raw = await server().connect()
      const sha = String(await raw.command('SCRIPT', 'LOAD', SCRIPT))
      const number = async (key: string) => {
        if (key === 'cut:l') return Number(await raw.command('LLEN', key))
        return Number(key === 'cut:h' ? await raw.command('HGET', key, 'f') : await raw.command('GET', key))
      }
      let unknown = 0
      // As long as a cut hits something: after the last byte of the exchange every command has its reply.
      for (let after = 0, untouched = 0; untouched < 3; after++) {
        await raw.command('FLUSHALL')
        const redis = new Redis({ port: proxy.port, reconnect: { min: 1, max: 4 }, commandTimeout: 5_000 })
        redis.on('error', () => {})
        await redis.connect()
        await proxy.cutOpen({ direction, after, ending: random.pick(['rst', 'fin']) })
        const outcomes = await twelve(redis, sha, watchdog)
        const moved = await Promise.all(['cut:m1', 'cut:m2', 'cut:m3'].map(number))
        expect(new Set(moved).size, `a transaction in part, cut ${after}`).toBe(1)
        for (const { counters, outcome } of outcomes) {
          for (const key of counters) {
            const value = await number(key)
            if (outcome === 'acked') expect(value, `${key}, cut ${after}`).toBe(1)
            else if (outcome === 'not sent') expect(value, `${key}, cut ${after}`).toBe(0)
            else {
              expect(outcome, `${key}, cut ${after}`).toBe('unknown')
              expect(value).toBeLessThanOrEqual(1)
              unknown++
            }
          }
          if (counters.length === 0) expect(outcome, `a read, cut ${after}`).toMatch(/acked|unknown/)
        }
        untouched = outcomes.every(({ outcome }) => outcome === 'acked') ? untouched + 1 : 0
        redis.destroy()
      }
      await watchdog.expectAllSettled()
      expect(unknown).toBeGreaterThan(0)
      raw.close()
    },
  )
})

test('aborting 30 % of 20,000 commands makes no later reply wrong and leaves no listener', {
  timeout: 60_000,
}, async () => {
  const random = seeded('abort storm')
  await proxy.set({ delay: 1, jitter: 10 })
  const redis = new Redis({ port: proxy.port, commandTimeout: 20_000 })
  const watchdog = new Watchdog()
  let wrong = 0
  let aborted = 0
  let issued = 0
  const added: AbortSignal[] = []
  let listeners = 0
  const { addEventListener, removeEventListener } = AbortSignal.prototype
  AbortSignal.prototype.addEventListener = function (this: AbortSignal, ...args: Parameters<typeof addEventListener>) {
    listeners++
    added.push(this)
    return addEventListener.apply(this, args)
  } as typeof addEventListener
  AbortSignal.prototype.removeEventListener = function (
    this: AbortSignal,
    ...args: Parameters<typeof removeEventListener>
  ) {
    listeners--
    return removeEventListener.apply(this, args)
  } as typeof removeEventListener
  try {
    await Promise.all(
      Array.from({ length: 200 }, async () => {
        while (issued < 20_000) {
          const serial = issued++
          const controller = new AbortController()
          const call = watchdog.watch(redis.with({ signal: controller.signal }).call('ECHO', `${serial}`), 'echo')
          if (random.chance(0.3)) setTimeout(() => controller.abort(), random.int(0, 15))
          await call.then(
            reply => {
              if (reply !== `${serial}`) wrong++
            },
            () => aborted++,
          )
        }
      }),
    )
  } finally {
    AbortSignal.prototype.addEventListener = addEventListener
    AbortSignal.prototype.removeEventListener = removeEventListener
  }
  await watchdog.expectAllSettled()
  expect(wrong).toBe(0)
  expect(aborted).toBeGreaterThan(1_000)
  expect(added.length).toBe(20_000)
  expect(listeners).toBe(0)
  redis.destroy()
  await proxy.calm()
})
