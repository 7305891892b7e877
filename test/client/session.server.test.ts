import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, test } from 'vitest'
import { inSlices } from '../../src/connection/call/time-slices.js'
import { ChildDeadlockedError, MaxConnectionsError, Redis, TimeoutError } from '../../src/index.js'
import { until } from '../rig/conditions.js'
import { ChaosProxy } from '../rig/proxy.js'
import { seeded } from '../rig/random.mjs'
import { standStill } from '../rig/stand-still.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()
const clients: Redis[] = []
const proxies: ChaosProxy[] = []

function client(options = {}, port = server().port): Redis {
  const redis = new Redis({ port, ...options })
  redis.on('error', () => {})
  clients.push(redis)
  return redis
}

afterEach(async () => {
  for (const redis of clients.splice(0)) redis.destroy()
  for (const proxy of proxies.splice(0)) await proxy.stop()
})

describe('sessions', () => {
  test('a session has a connection of its own, which is leased again after it', async () => {
    const redis = client()
    const shared = await redis.call('CLIENT', 'ID')
    const first = await redis.session(session => session.call('CLIENT', 'ID'))
    const second = await redis.session(session => session.call('CLIENT', 'ID'))
    expect(first).not.toBe(shared)
    expect(second).toBe(first)
    expect(redis.pool).toEqual({ size: 1, idle: 1, lent: 0, waiting: 0 })
  })

  test('the connection of a session is released with its first database and without watches', async () => {
    const redis = client({ pool: { max: 1 } })
    await redis.session(async session => {
      await session.select(5)
      await session.set('in five', '1')
      await session.watch('watched')
    })
    await redis.set('watched', 'changed')
    expect(await redis.session(session => session.multi().exists('in five').exec())).toEqual([0])
    await expect(
      redis.session(async session => {
        await session.select(5)
        throw new Error('mine')
      }),
    ).rejects.toThrow('mine')
    expect(await redis.session(session => session.exists('in five'))).toBe(0)
  })

  test('the connection of a session is released with its first database, even after a SELECT in a pipeline or transaction', async () => {
    const redis = client({ pool: { max: 1 } })
    const database = () =>
      redis.session(async session => /\bdb=(\d+)/.exec(String(await session.call('CLIENT', 'INFO')))?.[1])
    await redis.session(session => session.multi().call('SELECT', 4).set('in four', '1').exec())
    expect(await database()).toBe('0')
    await redis.session(session => session.pipeline().call('SELECT', 4).exec())
    expect(await database()).toBe('0')
    await redis.session(session => session.select(999).catch(() => {}))
    expect(await database()).toBe('0')
    expect(redis.pool.size).toBe(1)
  })

  test('the connection of a session is not released with its name or flags changed', async () => {
    const redis = client({ pool: { max: 1 } })
    const flagsAndName = () =>
      redis.session(async session => {
        const { flags, name } = await session.clientInfo()
        return [flags, name]
      })
    const clean = await flagsAndName()
    for (const mark of [
      redis.session(session => session.clientNoEvict(true)),
      redis.session(session => session.call('CLIENT', 'SETNAME', 'mine')),
      redis.session(session => session.multi().call('CLIENT', 'SETNAME', 'mine').exec()),
    ]) {
      await mark
      expect(await flagsAndName()).toEqual(clean)
    }
  })

  test('a session keeps its selected database when its connection is replaced', async () => {
    const redis = client({ pool: { max: 1 }, reconnect: { min: 1, max: 10 } })
    await redis.session(async session => {
      await session.select(6)
      await session.select(999).catch(() => {})
      await server().command('CLIENT', 'KILL', 'ID', String(await session.call('CLIENT', 'ID')))
      await until(() => session.set('in six', '1').catch(() => undefined), { what: 'a new connection' })
      expect(await session.call('CLIENT', 'INFO')).toContain(' db=6 ')
    })
    expect(await redis.exists('in six')).toBe(0)
    expect(await redis.session(session => session.call('CLIENT', 'INFO'))).toContain(' db=0 ')
  })

  test('a session waits for calls that its function did not await, then rejects new ones', async () => {
    const redis = client({ pool: { max: 1 } })
    let late: Promise<unknown> | undefined
    let kept: { get(key: string): Promise<unknown> } | undefined
    await redis.session(session => {
      late = session.set('late', '1')
      kept = session
    })
    expect(await late).toBe('OK')
    await expect(kept?.get('late')).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
    await until(() => redis.pool.lent === 0, { what: 'released' })
  })

  test('a session that is aborted rejects at once, and its connection is not leased again', async () => {
    const redis = client({ pool: { max: 1 } })
    const controller = new AbortController()
    const reason = new Error('enough')
    const waiting = redis.session(session => session.blpop(['nothing'], 0), { signal: controller.signal })
    await until(() => redis.pool.lent === 1, { what: 'leased' })
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect(await redis.session(session => session.call('ECHO', 'next'))).toBe('next')
    await expect(redis.session(() => 1, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test('a session that is aborted before its call is sent rejects no call of the next session', async () => {
    const proxy = await ChaosProxy.start(server(), 1)
    proxies.push(proxy)
    await proxy.set({ mode: 'hold' })
    const redis = client({ pool: { max: 1 } }, proxy.port)
    const controller = new AbortController()
    const reason = new Error('enough')
    const waiting = redis.session(session => session.blpop(['nothing'], 0), { signal: controller.signal })
    await until(() => redis.pool.lent === 1, { what: 'the connection is leased' })
    // Other work has used up the time of this turn, so work in slices goes on in the next turn.
    inSlices(() => false)
    standStill(20)
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    const next = redis.session(session => session.call('ECHO', 'next'))
    await until(() => redis.pool.lent === 1, { what: 'the connection is leased again' })
    await proxy.calm()
    expect(await next).toBe('next')
  })

  test('a session can be aborted between the lease of its connection and its first call', async () => {
    const redis = client()
    const reason = new Error('enough')
    for (let turns = 0; turns < 30; turns++) {
      const controller = new AbortController()
      const waiting = redis.session(() => new Promise(() => {}), { signal: controller.signal })
      for (let i = 0; i < turns; i++) await undefined
      controller.abort(reason)
      await expect(waiting).rejects.toBe(reason)
    }
    await until(() => redis.pool.lent === 0, { what: 'all released' })
  })

  test('an aborted session holds no connection, even if its function still runs', async () => {
    const redis = client({ pool: { max: 1 } })
    const controller = new AbortController()
    let later: Promise<string> | undefined
    const aborted = redis.session(
      () => {
        later = until(() => redis.pool.lent === 0).then(() => redis.session(() => 'leased again'))
        return later
      },
      { signal: controller.signal },
    )
    await until(() => redis.pool.lent === 1, { what: 'leased' })
    controller.abort()
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    expect(await later).toBe('leased again')
  })

  test('a session closes a silent connection, unless a blocking command runs on it', async () => {
    const redis = client({ commandTimeout: 0, healthCheckInterval: 50 })
    const asked = redis.session(async session => {
      expect(await session.blpop(['nothing'], 0.3)).toBeNull()
      await server().pause()
      return session.incr('asked')
    })
    await expect(asked).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'unknown' })
    await server().resume()
  })

  test('a session may run commands that the shared connection may not, but not all commands', async () => {
    const redis = client()
    await expect(redis.call('SELECT', 1)).rejects.toMatchObject({ name: 'DataError' })
    await expect(redis.call('wait', 0, 10)).rejects.toMatchObject({ name: 'DataError' })
    await redis.session(async session => {
      expect(await session.call('SELECT', 1)).toBe('OK')
      expect(await session.wait(0, 10)).toBe(0)
      await expect(session.call('CLIENT', 'REPLY', 'OFF')).rejects.toMatchObject({ name: 'DataError' })
      await expect(session.call('MULTI')).rejects.toMatchObject({ name: 'DataError' })
    })
  })

  test('a session has views, and pipelines that may block', async () => {
    const redis = client()
    await redis.rpush('q', 'a')
    const replies = await redis.session(session => session.bytes.pipeline().blpop(['q'], 1).call('ECHO', 'x').exec())
    expect(replies).toEqual([{ key: Buffer.from('q'), element: Buffer.from('a') }, Buffer.from('x')])
  })
})

describe('the pool of leased connections', () => {
  test('the pool rejects with MaxConnectionsError when no connection is free in time', async () => {
    const redis = client({ pool: { max: 1, acquireTimeout: 50, maxWaiting: 1 } })
    let release = () => {}
    const holder = redis.session(
      () =>
        new Promise<void>(resolve => {
          release = resolve
        }),
    )
    await until(() => redis.pool.lent === 1, { what: 'leased' })
    const waiting = redis.session(() => 1)
    const refused = redis.session(() => 1)
    await expect(refused).rejects.toMatchObject({
      name: 'MaxConnectionsError',
      outcome: 'not sent',
      message: expect.stringContaining('maxWaiting'),
    })
    const error = await waiting.catch(error => error)
    expect(error).toBeInstanceOf(MaxConnectionsError)
    expect(error.message).toContain('acquireTimeout')
    // A shorter deadline of the caller counts.
    await expect(redis.with({ timeout: 10 }).session(() => 1)).rejects.toBeInstanceOf(TimeoutError)
    await expect(redis.with({ timeout: 10 }).blpop(['q'], 0)).rejects.toMatchObject({
      name: 'TimeoutError',
      outcome: 'not sent',
      phase: 'queued',
    })
    release()
    await holder
    expect(await redis.session(() => 'free')).toBe('free')
  })

  test('a session that waits for connections of the sessions around it rejects with ChildDeadlockedError', async () => {
    const redis = client({ pool: { max: 1, acquireTimeout: 50 } })
    const nested = redis.session(async () => {
      await new Promise(resolve => setTimeout(resolve, 1))
      return redis.session(() => 'never')
    })
    await expect(nested).rejects.toBeInstanceOf(ChildDeadlockedError)
    await expect(redis.session(() => redis.blpop(['q'], 0))).rejects.toMatchObject({
      name: 'ChildDeadlockedError',
      outcome: 'not sent',
      message: expect.stringContaining('pool.acquireTimeout'),
    })
    const two = client({ pool: { max: 2, acquireTimeout: 50 } })
    expect(await two.session(() => two.session(() => 'deep'))).toBe('deep')
    await expect(two.session(() => two.session(() => two.session(() => 'deeper')))).rejects.toBeInstanceOf(
      ChildDeadlockedError,
    )
    // After the session no connection is held any more.
    let later: Promise<string> | undefined
    await redis.session(() => {
      later = new Promise(resolve => setTimeout(resolve, 20)).then(() => redis.session(() => 'after'))
    })
    expect(await later).toBe('after')
  })

  test('the pool serves a task that a session started and did not await, after the session has ended', async () => {
    const redis = client({ pool: { max: 1 } })
    let detached: Promise<string> | undefined
    await redis.session(async session => {
      detached = redis.session(() => 'served')
      await session.ping()
    })
    expect(await detached).toBe('served')
  })

  test('the pool keeps no memory of callers that stopped waiting', async () => {
    const redis = client({ pool: { max: 1 } })
    let release = () => {}
    const holder = redis.session(
      () =>
        new Promise<void>(resolve => {
          release = resolve
        }),
    )
    await until(() => redis.pool.lent === 1, { what: 'leased' })
    const giveUp = async (count: number) => {
      const controller = new AbortController()
      const waiting = Array.from({ length: count }, () => redis.session(() => 1, { signal: controller.signal }))
      await until(() => redis.pool.waiting === count, { what: 'all waiting' })
      controller.abort()
      await Promise.allSettled(waiting)
    }
    const heap = () => {
      gc?.()
      return process.memoryUsage().heapUsed
    }
    await giveUp(1_000)
    const before = heap()
    for (let i = 0; i < 10; i++) await giveUp(1_000)
    expect((heap() - before) / 10_000).toBeLessThan(200)
    release()
    await holder
  })

  test('the pool keeps no memory of ended sessions that were each started inside the one before', async () => {
    const redis = client()
    const chain = (length: number) =>
      new Promise<void>((resolve, reject) => {
        const job = (left: number): void => {
          redis
            .session(async session => {
              await session.ping()
              setImmediate(() => (left === 0 ? resolve() : job(left - 1)))
            })
            .catch(reject)
        }
        job(length)
      })
    const heap = () => {
      gc?.()
      return process.memoryUsage().heapUsed
    }
    // Inside a session, so that the second chain continues the first.
    await redis.session(async () => {
      await chain(1_000)
      const before = heap()
      await chain(6_000)
      expect((heap() - before) / 6_000).toBeLessThan(150)
    })
  })

  test('while the server is down the pool dials within the backoff, timers fire, and waiters reject at their deadline', async () => {
    const proxy = await ChaosProxy.start(server(), 1)
    proxies.push(proxy)
    await proxy.refuse()
    const redis = client({ commandTimeout: 1_000 }, proxy.port)
    let fired = 0
    const timer = setInterval(() => fired++, 10)
    const cpu = process.cpuUsage()
    const start = performance.now()
    let attempts = 0
    redis.on('reconnecting', () => attempts++)
    await expect(redis.session(session => session.get('k'))).rejects.toMatchObject({
      name: 'TimeoutError',
      outcome: 'not sent',
      phase: 'connecting',
    })
    const took = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    clearInterval(timer)
    expect(took).toBeGreaterThan(950)
    expect(fired).toBeGreaterThan(5)
    console.log(`CPU while down: ${((user + system) / 10 / took).toFixed(1)} %`)
    expect((user + system) / 1_000 / took).toBeLessThan(0.2)
    expect((await proxy.stats()).accepted).toBe(0)
  })

  test('ten waiting sessions dial a server that is down hardly more often than one call does', async () => {
    const proxy = await ChaosProxy.start(server(), 1)
    proxies.push(proxy)
    await proxy.refuse()
    const redis = client({ commandTimeout: 1_500 }, proxy.port)
    let dials = 0
    const count = () => dials++
    subscribe('tracing:respire:connect:start', count)
    try {
      const calls = [redis.get('k'), ...Array.from({ length: 10 }, () => redis.session(session => session.get('k')))]
      const outcomes = await Promise.allSettled(calls)
      expect(outcomes.map(({ status }) => status)).toEqual(Array(11).fill('rejected'))
    } finally {
      unsubscribe('tracing:respire:connect:start', count)
    }
    console.log(`${dials} dials in 1.5 s`)
    // Each session dials once before the client knows that the server is down. Then there are up to ten dials: the delay is random from 0.
    expect(dials).toBeLessThanOrEqual(11 + 15)
    await proxy.accept()
    const began = performance.now()
    // The next attempt may be two seconds away.
    const patient = redis.with({ timeout: 10_000 })
    await Promise.all(Array.from({ length: 10 }, () => patient.session(session => session.get('k'))))
    console.log(`all served ${Math.round(performance.now() - began)} ms after its return`)
  })

  test('idle connections are closed down to pool.min', async () => {
    const redis = client({ pool: { idleTimeout: 40 } })
    await redis.session(session => session.get('k'))
    expect(redis.pool.size).toBe(1)
    await until(() => redis.pool.size === 0, { what: 'the idle one closed' })
    const keeping = client({ pool: { min: 2, max: 3 } })
    await keeping.connect()
    await until(() => keeping.pool.size === 2, { what: 'two opened' })
  })

  test('the pool leases no dirty connection and loses none in random leases with aborts and kills', {
    timeout: process.env.CHAOS === 'long' ? 400_000 : 60_000,
  }, async () => {
    const LEASES = process.env.CHAOS === 'long' ? 100_000 : 10_000
    const MAX = 8
    const random = seeded('leases')
    const proxy = await ChaosProxy.start(server(), random.int(1, 1e9))
    proxies.push(proxy)
    const redis = client(
      { pool: { max: MAX, acquireTimeout: 20_000 }, reconnect: { min: 1, max: 5 }, commandTimeout: 10_000 },
      proxy.port,
    )
    let leases = 0
    let dirty = 0
    let most = 0
    const worker = async (id: number) => {
      while (leases < LEASES) {
        const serial = leases++
        if (serial % 500 === 499) await proxy.kill('rst')
        const controller = new AbortController()
        const what = random.int(0, 9)
        const lease = redis.session(
          async session => {
            most = Math.max(most, redis.pool.lent)
            // A clean connection is in database 0 and watches nothing.
            if (!String(await session.call('CLIENT', 'INFO')).includes(' db=0 ')) dirty++
            if (what === 0) controller.abort()
            if (what === 1) await session.select(3)
            if (what === 2) await session.watch(`w:${id}`)
            if (what === 3) void session.get('not awaited').catch(() => {})
            if (what === 4) throw new Error('mine')
            const reply = await session.call('ECHO', `${serial}`)
            if (reply !== `${serial}`) dirty++
          },
          { signal: controller.signal },
        )
        await lease.catch(() => {})
      }
    }
    await Promise.all(Array.from({ length: 24 }, (_, id) => worker(id)))
    await until(() => redis.pool.lent === 0, { what: 'all released' })
    expect(dirty).toBe(0)
    expect(most).toBeLessThanOrEqual(MAX)
    expect(redis.pool).toMatchObject({ lent: 0, waiting: 0 })
    expect(redis.pool.size).toBeLessThanOrEqual(MAX)
  })
})
