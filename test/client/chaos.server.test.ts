/** Two rare events at once: errors under a watch, ends of blocking calls, freezes, hang-ups, databases, reused memory. */
import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../src/index.js'
import { Child } from '../rig/child.js'
import { until } from '../rig/conditions.js'
import { Ledger } from '../rig/ledger.js'
import { ChaosProxy } from '../rig/proxy.js'
import { type Random, seeded } from '../rig/random.mjs'
import { Tripwire } from '../rig/tripwire.js'
import { Watchdog } from '../rig/watchdog.js'
import { useServer } from '../servers/vitest.js'

/** `npm run chaos` runs the long form: ten times the work. */
const TIMES = process.env.CHAOS === 'long' ? 10 : 1

const server = useServer()
const stops: (() => unknown)[] = []

function client(port: number, options = {}): Redis {
  const redis = new Redis({ port, reconnect: { min: 1, max: 20 }, commandTimeout: 10_000, ...options })
  redis.on('error', () => {})
  stops.push(() => redis.destroy())
  return redis
}

async function proxied(random: Random): Promise<ChaosProxy> {
  const proxy = await ChaosProxy.start(server(), random.int(1, 1e9))
  stops.push(() => proxy.stop())
  return proxy
}

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/**
 * Calls `disturb` repeatedly until `work` is done. Between two calls the work makes some steps, at most `most`. So the calls are
 * further apart on a slow machine, and the work makes progress there too.
 */
async function during(
  work: Promise<unknown>,
  { steps, most, random }: { steps: () => number; most: number; random: Random },
  disturb: () => Promise<unknown>,
): Promise<void> {
  let working = true
  const over = work.finally(() => {
    working = false
  })
  // The rejection is awaited below.
  over.catch(() => {})
  while (working) {
    await disturb()
    const next = steps() + random.int(0, most)
    await until(() => !working || steps() >= next, { timeout: 30_000, what: 'progress of the work' })
  }
  await over
}

describe('chaos', () => {
  test('a node that is demoted and promoted under watches loses no update', { timeout: 60_000 * TIMES }, async () => {
    const random = seeded('promotion under watch')
    const proxy = await proxied(random)
    const redis = client(proxy.port, { pool: { max: 12 } })
    const ledger = new Ledger()
    const watchdog = new Watchdog()
    let switches = 0
    let steps = 0
    const worker = async (id: number) => {
      const key = `promoted:${id % 4}`
      for (let i = 0; i < 40 * TIMES || switches <= 3; i++) {
        const update = redis.transaction(key, async session => {
          const value = Number((await session.get(key)) ?? 0)
          const side = session.set(`audit:${id}`, i).catch(() => {})
          if (random.chance(0.5)) await side
          if (random.chance(0.2)) await pause(random.int(0, 4))
          const exec = session
            .multi()
            .set(key, value + 1)
            .exec()
          const another = random.chance(0.3) ? session.get(key).catch(() => {}) : undefined
          await exec
          await another
          await side
        })
        await ledger.book(key, watchdog.watch(update, 'transaction'))
        steps++
      }
    }
    const work = Promise.all(Array.from({ length: 12 }, (_, id) => worker(id)))
    await during(work, { steps: () => steps, most: 24, random }, async () => {
      switches++
      // A replica of an unreachable primary: writes are rejected with READONLY, and the data stays.
      await server().command('REPLICAOF', '127.0.0.1', '1')
      await pause(random.int(1, 6))
      await server().command('REPLICAOF', 'NO', 'ONE')
      if (random.chance(0.1)) await proxy.kill('rst')
    })
    await watchdog.expectAllSettled(5_000)
    console.log(`${await ledger.expectBalanced(server())}, ${switches} demotions`)
  })

  test('blocking calls that are aborted, time out or are closed lose no element and pop none twice', {
    timeout: 60_000 * TIMES,
  }, async () => {
    const random = seeded('ends of blocking calls')
    const proxy = await proxied(random)
    await proxy.set({ delay: 1, jitter: 3 })
    const JOBS = 400 * TIMES
    const taken: string[] = []
    const ends: Record<string, number> = { AbortError: 0, ConnectionError: 0, TimeoutError: 0 }
    let pushed = 0
    let over = false
    const consumer = async () => {
      while (!over) {
        const redis = client(proxy.port, { pool: { max: 3 } })
        for (let calls = random.int(1, 12); calls > 0 && !over; calls--) {
          const controller = new AbortController()
          const timeout = random.pick([0, 0, 15, 40])
          const pop = redis.with({ signal: controller.signal, timeout }).blpop(['jobs'], 0)
          // A call without a deadline is always aborted, so that it ends even if there is no element for it.
          const aborted = timeout === 0 || random.chance(0.5)
          const timer = aborted ? setTimeout(() => controller.abort(), random.int(0, 30)) : undefined
          if (calls === 1 && random.chance(0.5)) setTimeout(() => redis.close(), random.int(0, 10))
          await pop.then(
            popped => taken.push(String(popped?.element)),
            error => {
              ends[error.name] = (ends[error.name] ?? 0) + 1
            },
          )
          clearTimeout(timer)
          // Sometimes the event loop is blocked while replies are in the kernel.
          if (random.chance(0.02)) for (const end = performance.now() + 120; performance.now() < end; );
        }
        await redis.close()
      }
    }
    const producer = async () => {
      const raw = await server().connect()
      // Each call ends in a random way, so the test runs until all ways have occurred. The bound is for a way that never occurs.
      const missing = () => Object.values(ends).includes(0)
      while (pushed < JOBS || (missing() && pushed < 10 * JOBS)) {
        await raw.command('RPUSH', 'jobs', `${pushed++}`)
        if (random.chance(0.7)) await pause(random.int(0, 4))
      }
      await until(async () => (await raw.command('LLEN', 'jobs')) === 0, { timeout: 30_000, what: 'the list is empty' })
      over = true
      raw.close()
    }
    await Promise.all([producer(), ...Array.from({ length: 6 }, consumer)])
    console.log(`${pushed} jobs, ${JSON.stringify(ends)}`)
    expect(taken.toSorted()).toEqual(Array.from({ length: pushed }, (_, i) => `${i}`).toSorted())
    expect(Object.keys(ends).toSorted()).toEqual(['AbortError', 'ConnectionError', 'TimeoutError'])
    expect(Object.values(ends)).not.toContain(0)
  })

  test('a session that selects databases never uses another one when its connections are killed', {
    timeout: 60_000 * TIMES,
  }, async () => {
    const random = seeded('databases')
    const proxy = await proxied(random)
    const redis = client(proxy.port, { pool: { max: 8 } })
    for (let db = 0; db < 8; db++) {
      const raw = await server().connect()
      await raw.command('SELECT', `${db}`)
      await raw.command('SET', 'name of the database', `${db}`)
      raw.close()
    }
    const watchdog = new Watchdog()
    let wrong = 0
    let right = 0
    let steps = 0
    const worker = () =>
      redis.session(async session => {
        let db = 0
        for (let i = 0; i < 10; i++) {
          const next = random.int(0, 7)
          const selecting = watchdog.watch(session.select(next), 'select')
          // Called before the reply to SELECT.
          const reading = watchdog.watch(session.get('name of the database'), 'get')
          const writing = watchdog.watch(session.set(`only in ${next}`, '1'), 'set')
          const [selected, read] = await Promise.allSettled([selecting, reading, writing])
          steps++
          if (selected.status === 'fulfilled') db = next
          else if (read.status === 'fulfilled') wrong++
          const name = await watchdog.watch(session.get('name of the database'), 'get')
          if (name === `${db}`) right++
          else wrong++
        }
      })
    const work = Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let i = 0; i < 15 * TIMES || right <= 100; i++) await worker().catch(() => {})
      }),
    )
    await during(work, { steps: () => steps, most: 8, random }, async () => {
      if (random.chance(0.5)) await proxy.kill('rst')
      else await proxy.cutOpen({ direction: random.pick(['up', 'down']), after: random.int(0, 60), ending: 'rst' })
    })
    await watchdog.expectAllSettled(5_000)
    for (let db = 0; db < 8; db++) {
      const raw = await server().connect()
      await raw.command('SELECT', `${db}`)
      const strayed = ((await raw.command('KEYS', 'only in *')) as unknown[]).map(String)
      expect(strayed.filter(key => key !== `only in ${db}`)).toEqual([])
      raw.close()
    }
    console.log(`${right} right, ${wrong} wrong`)
    expect(wrong).toBe(0)
  })

  test('a buffer that is reused as soon as its call has settled does not change the bytes that were sent', {
    timeout: 60_000 * TIMES,
  }, async () => {
    const random = seeded('reused memory')
    const proxy = await proxied(random)
    await proxy.set({ up: { throttle: 40_000_000 } })
    const redis = client(proxy.port)
    const raw = await server().connect()
    let mixed = 0
    let stored = 0
    const worker = async (id: number) => {
      // Small values are joined, larger ones are chunks of their own, the largest exceed one write of the socket.
      const memory = Buffer.alloc(random.pick([900, 30_000, 400_000, 8_000_000]))
      for (let i = 0; i < 8 * TIMES || stored <= 10; i++) {
        memory.fill(i % 255)
        const controller = new AbortController()
        const calls = redis.with({ signal: controller.signal, timeout: random.pick([0, 20, 1_000]) })
        const key = `memory:${id}:${i}`
        const write = random.chance(0.3) ? calls.pipeline().set(key, memory).exec() : calls.set(key, memory)
        if (random.chance(0.6)) setTimeout(() => controller.abort(), random.int(0, 60))
        await Promise.resolve(write).catch(() => {})
        // The call has settled, so the caller may reuse the buffer.
        memory.fill(255)
        await until(async () => (await redis.ping()) === 'PONG', { what: 'all before it written' })
        const value = await redis.bytes.get(key)
        if (value === null) continue
        stored++
        if (!value.equals(Buffer.alloc(memory.length, i % 255))) mixed++
        await redis.del(key)
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, id) => worker(id)))
    raw.close()
    console.log(`${stored} stored, ${mixed} of them mixed`)
    expect(mixed).toBe(0)
  })

  test('a proxy that hangs up at one command fails that call, and other calls succeed soon', {
    timeout: 60_000 * TIMES,
  }, async () => {
    const random = seeded('hang-ups')
    const tripwire = await Tripwire.start(server(), 'poisoned')
    stops.push(() => tripwire.stop())
    const redis = client(tripwire.port)
    const ledger = new Ledger()
    const watchdog = new Watchdog()
    const POISON = 10 * TIMES
    let rejected = 0
    let working = true
    const worker = async (id: number) => {
      for (let i = 0; working; i++) {
        await ledger.book(`beside:${id}`, watchdog.watch(redis.incr(`beside:${id}`), 'incr'))
        const echo = `${id} ${i}`
        await watchdog.watch(redis.call('ECHO', echo), 'echo').then(
          reply => ledger.bookReply(reply, echo),
          () => {},
        )
      }
    }
    const workers = Array.from({ length: 16 }, (_, id) => worker(id))
    for (let i = 0; i < POISON; i++) {
      const error = await watchdog.watch(redis.get(`poisoned ${random.int(0, 9)}`), 'poisoned').catch(error => error)
      expect(error).toMatchObject({ name: 'ConnectionError', outcome: 'unknown', attempts: 3 })
      rejected++
      await pause(random.int(0, 30))
    }
    working = false
    await Promise.all(workers)
    await watchdog.expectAllSettled(5_000)
    console.log(`${await ledger.expectBalanced(server())}, ${tripwire.tripped} hang-ups for ${rejected} reads`)
    expect(tripwire.tripped).toBe(3 * POISON)
  })

  test('a process that is stopped and continued rejects only calls that the server rejected', {
    timeout: 60_000 * TIMES,
  }, async () => {
    const random = seeded('freezes')
    const child = new Child('test/rig/freezes.mjs', { args: [`${server().port}`], timeout: 55_000 * TIMES })
    await child.printed('working')
    // Shorter than the deadlines and the health check interval, longer than one of them, longer than both.
    const freezes = random.shuffle(Array.from({ length: 2 * TIMES }, () => [50, 450, 900]).flat())
    for (const freeze of freezes) {
      await pause(random.int(20, 200))
      child.signal('SIGSTOP')
      await pause(freeze)
      child.signal('SIGCONT')
    }
    child.say('enough')
    const result = await child.exited
    expect(result).toMatchObject({ code: 0, timedOut: false })
    const report = JSON.parse(String(result.stdout.trim().split('\n').at(-1)))
    let counted = 0
    for (let i = 0; i < 4; i++) counted += Number(await server().command('GET', `frozen:${i}`))
    console.log(`${freezes.length} freezes: ${JSON.stringify(report)}, counted ${counted}`)
    expect(report).toMatchObject({ unknown: 0, notSent: 0, wrong: 0, errors: {} })
    expect(counted).toBe(report.acked)
  })

  test('after a server is stopped and continued every call settles, and no command runs twice', {
    timeout: 60_000 * TIMES,
  }, async () => {
    const random = seeded('frozen server')
    const redis = client(server().port, { healthCheckInterval: 10_000 })
    const ledger = new Ledger()
    const watchdog = new Watchdog()
    let steps = 0
    const work = Promise.all(
      Array.from({ length: 16 }, async (_, id) => {
        for (let i = 0; i < 500 * TIMES; i++) {
          const timeout = random.pick([5, 10_000])
          await ledger.book(`thawed:${id}`, watchdog.watch(redis.with({ timeout }).incr(`thawed:${id}`), 'incr'))
          const echo = `${id} ${i}`
          await watchdog.watch(redis.call('ECHO', echo), 'echo').then(reply => ledger.bookReply(reply, echo))
          steps++
        }
      }),
    )
    let freezes = 0
    await during(work, { steps: () => steps, most: 700, random }, async () => {
      await server().pause()
      await pause(random.int(10, 120))
      await server().resume()
      freezes++
    })
    await watchdog.expectAllSettled(5_000)
    console.log(`${await ledger.expectBalanced(server())}, ${freezes} freezes`)
  })
})
