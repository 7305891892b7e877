import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import type { RedisOptions } from '../../../src/connection/options/options.js'
import { until } from '../../rig/conditions.js'
import { FakeRedis, type FakeScript, resp } from '../../rig/fake-redis.js'

const clients: Redis[] = []
const fakes: FakeRedis[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  for (const fake of fakes.splice(0)) await fake.stop()
})

async function start(script: FakeScript, options: RedisOptions = {}): Promise<{ fake: FakeRedis; redis: Redis }> {
  const fake = await FakeRedis.start({ script })
  fakes.push(fake)
  const redis = new Redis({ port: fake.port, reconnect: { min: 5, max: 50 }, ...options }).on('error', () => {})
  clients.push(redis)
  return { fake, redis }
}

/** Resets the connection at `GET poison`. */
const poisoned: FakeScript = (argv, connection) => {
  if (argv[0] === 'GET' && argv[1] === 'poison') {
    connection.reset()
    return null
  }
  if (argv[0] === 'GET') return resp.bulk(`value of ${argv[1]}`)
  return argv[0] === 'INCR' ? resp.integer(1) : undefined
}

describe('a read whose connection is lost', () => {
  test('a lost read is resent once with the others, then alone, and rejects at the third loss', async () => {
    const { fake, redis } = await start(poisoned)
    await redis.connect()
    const poison = redis.with({ timeout: 0 }).get('poison')
    const others = Array.from({ length: 50 }, (_, i) => redis.get(`k${i}`))
    await expect(poison).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'unknown', attempts: 3 })
    expect(await Promise.all(others)).toEqual(others.map((_, i) => `value of k${i}`))
    const sent = fake.received('GET').filter(({ argv }) => argv[1] === 'poison')
    expect(sent).toHaveLength(3)
    // The third time it was alone on its connection.
    const last = sent[2]?.connection
    expect(fake.received('GET').filter(({ connection }) => connection === last)).toHaveLength(1)
    expect(new Set(sent.map(({ connection }) => connection)).size).toBe(3)
  })

  test('few writes are lost with a read that breaks connections, and none after it was lost twice', async () => {
    const { redis } = await start(poisoned)
    await redis.connect()
    const poison = redis.get('poison').catch(error => error)
    let lost = 0
    let answered = 0
    for (let i = 0; i < 60; i++) {
      redis.incr('n').then(
        () => answered++,
        () => lost++,
      )
      await new Promise(resolve => setTimeout(resolve, 2))
    }
    expect(await poison).toMatchObject({ attempts: 3 })
    await until(() => answered + lost === 60, { what: 'all are settled' })
    expect(answered).toBeGreaterThan(lost)
  })

  test('a read that was lost twice is answered when the server works again', async () => {
    let losses = 2
    const { fake, redis } = await start((argv, connection) => {
      if (argv[0] !== 'GET') return undefined
      if (losses-- > 0) {
        connection.reset()
        return null
      }
      return resp.bulk('at last')
    })
    expect(await redis.get('a')).toBe('at last')
    expect(fake.received('GET')).toHaveLength(3)
  })

  test('several reads that were lost twice are resent one by one', async () => {
    let losses = 2
    const answers: (() => void)[] = []
    const { fake, redis } = await start((argv, connection) => {
      if (argv[0] !== 'GET') return undefined
      if (connection.id < 2) {
        if (losses-- > 0) connection.reset()
        return null
      }
      return new Promise(resolve => answers.push(() => resolve(resp.bulk(argv[1] as string))))
    })
    const calls = ['a', 'b', 'c'].map(key => redis.get(key))
    for (let i = 0; i < 3; i++) {
      await until(() => answers.length === i + 1, { what: `call ${i} came` })
      expect(redis.stats).toMatchObject({ inflight: 1, queued: 2 - i })
      answers[i]?.()
    }
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c'])
    expect(fake.connections.length).toBeGreaterThanOrEqual(3)
  })
})

describe('the backoff of a node', () => {
  test('the delays grow while connections are lost before they have answered a caller', async () => {
    // The server completes the handshake, and resets the connection at the first call.
    const { fake, redis } = await start(
      (argv, connection) => {
        if (argv[0] !== 'SET') return undefined
        connection.reset()
        return null
      },
      { reconnect: { min: 20, max: 10_000 } },
    )
    const end = performance.now() + 1_500
    while (performance.now() < end) await redis.set('k', 'v').catch(() => {})
    // Without growing delays there would be a hundred attempts.
    expect(fake.connections.length).toBeLessThan(30)
  })

  test('the delays begin anew after a connection has answered, and a ready connection is used without delay', async () => {
    const { fake, redis } = await start(argv => (argv[0] === 'SET' ? resp.ok : undefined), {
      reconnect: { min: 50, max: 60_000 },
    })
    for (let i = 0; i < 10; i++) {
      expect(await redis.set('k', 'v')).toBe('OK')
      const lost = new Promise(resolve => redis.once('error', resolve))
      for (const connection of fake.openConnections) connection.reset()
      await lost
    }
    expect(await redis.set('k', 'v')).toBe('OK')
  })
})

describe('a read that was resent alone and gets no reply', () => {
  /** Resets the first two connections, and is silent after that. */
  async function lostTwice(): Promise<{ fake: FakeRedis; redis: Redis }> {
    let count = 0
    const { fake, redis } = await start((argv, connection) => {
      if (argv[0] === 'SET') return resp.ok
      if (argv[0] !== 'GET') return undefined
      if (++count < 3) connection.reset()
      return null
    })
    await redis.connect()
    return { fake, redis }
  }

  test('the connection of a read that was resent alone is replaced when the read times out', async () => {
    const { fake, redis } = await lostTwice()
    const read = redis.with({ timeout: 400 }).get('k')
    const rejected = expect(read).rejects.toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
    await fake.untilReceived('GET', 3)
    const write = redis.set('k', 'v')
    await rejected
    expect(await write).toBe('OK')
    expect(fake.received('SET')).toHaveLength(1)
  })

  test('the connection of a read that was resent alone is replaced when the read is aborted', async () => {
    const { fake, redis } = await lostTwice()
    const controller = new AbortController()
    const read = redis.with({ signal: controller.signal, timeout: 0 }).get('k')
    const rejected = expect(read).rejects.toThrow('enough')
    await fake.untilReceived('GET', 3)
    const write = redis.set('k', 'v')
    controller.abort(new Error('enough'))
    await rejected
    expect(await write).toBe('OK')
  })
})

describe('the limits of the queue', () => {
  test('commands that wait for a retry count for the limits of the queue, and in the stats', async () => {
    let loading = true
    const { redis } = await start(
      argv => {
        if (argv[0] !== 'SET') return undefined
        return loading ? resp.error('LOADING Redis is loading the dataset in memory') : resp.ok
      },
      { queue: { maxCommands: 40, maxBytes: 1_000_000 }, commandTimeout: 20_000 },
    )
    await redis.connect()
    const errors: unknown[] = []
    const accepted: Promise<unknown>[] = []
    for (let round = 0; round < 15; round++) {
      for (let i = 0; i < 10; i++) {
        const call = redis.set('k', 'x'.repeat(1_000))
        call.catch(error => errors.push(error))
        accepted.push(call)
      }
      // They are written at the end of the turn that made them.
      await new Promise(resolve => setImmediate(resolve))
      await until(() => redis.stats.inflight === 0, { what: 'all were refused' })
      expect(redis.stats.queued).toBeLessThanOrEqual(40)
      expect(redis.stats.queuedBytes).toBeGreaterThanOrEqual(redis.stats.queued * 1_000)
    }
    await until(() => errors.length === 110, { what: 'the rest was rejected' })
    expect(errors[0]).toMatchObject({ outcome: 'not sent', message: expect.stringContaining('queue.maxCommands (40)') })
    loading = false
    const settled = await Promise.allSettled(accepted)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(40)
    expect(redis.stats).toMatchObject({ queued: 0, queuedBytes: 0 })
  })

  test('commands that a loading server rejects late are retried if the queue has room, and reject otherwise', async () => {
    let loading = true
    let refuse = () => {}
    const late = new Promise<void>(resolve => (refuse = resolve))
    const { fake, redis } = await start(
      async argv => {
        if (argv[0] !== 'SET') return undefined
        await late
        return loading ? resp.error('LOADING Redis is loading the dataset in memory') : resp.ok
      },
      { queue: { maxCommands: 50, maxBytes: 1_000_000 }, commandTimeout: 20_000 },
    )
    await redis.connect()
    const errors: Error[] = []
    const calls: Promise<unknown>[] = []
    for (let round = 0; round < 8; round++) {
      for (let i = 0; i < 50; i++) {
        const call = redis.set('k', 'v')
        call.catch(error => errors.push(error))
        calls.push(call)
      }
      await until(() => redis.stats.queued === 0, { what: 'all were written' })
    }
    expect(errors).toEqual([])
    refuse()
    await until(() => errors.length === 350, { what: 'the commands without room in the queue rejected' })
    expect(redis.stats.queued + redis.stats.inflight).toBe(50)
    for (const error of errors) {
      expect(error).toMatchObject({
        name: 'ConnectionError',
        outcome: 'not sent',
        message: expect.stringContaining('queue.maxCommands (50)'),
        cause: expect.objectContaining({ name: 'BusyLoadingError' }),
      })
    }
    // One command is resent for all while the server is loading.
    const before = fake.received('SET').length
    await until(() => fake.received('SET').length >= before + 2, { what: 'it was tried again twice' })
    expect(redis.stats.queued + redis.stats.inflight).toBe(50)
    expect(fake.received('SET').length).toBeLessThan(before + 10)
    loading = false
    const settled = await Promise.allSettled(calls)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(50)
  })
})
