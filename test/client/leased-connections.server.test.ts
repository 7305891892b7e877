import { afterEach, describe, expect, test } from 'vitest'
import { Redis, WatchError } from '../../src/index.js'
import { until } from '../rig/conditions.js'
import { ChaosProxy } from '../rig/proxy.js'
import { startSingle } from '../servers/servers.mjs'
import { useServer } from '../servers/vitest.js'

const server = useServer()
const clients: Redis[] = []
const proxies: ChaosProxy[] = []

function client(port = server().port, options = {}): Redis {
  const redis = new Redis({ port, reconnect: { min: 1, max: 10 }, ...options })
  redis.on('error', () => {})
  clients.push(redis)
  return redis
}

async function slow(delay: number): Promise<number> {
  const proxy = await ChaosProxy.start(server(), 1)
  proxies.push(proxy)
  await proxy.set({ delay })
  return proxy.port
}

afterEach(async () => {
  for (const redis of clients.splice(0)) redis.destroy()
  for (const proxy of proxies.splice(0)) await proxy.stop()
})

const isBlocked = async (): Promise<boolean> =>
  !String(await server().command('INFO', 'clients')).includes('blocked_clients:0')

/** Blocks the event loop: bytes that arrive meanwhile stay in the kernel. */
function standStill(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** Returns the elements that were pushed, and are neither in a reply nor left in the list. */
async function lost(trials: number, trial: (element: string) => Promise<unknown>): Promise<number> {
  let missing = 0
  for (let i = 0; i < trials; i++) {
    await server().command('DEL', 'jobs')
    const element = `job ${i}`
    const got = (await trial(element)) as { element?: string } | undefined
    // A connection that was closed while it blocked would pop its element soon.
    if (got?.element !== element && (await server().command('LPOP', 'jobs')) === null) missing++
  }
  return missing
}

const settled = (promise: Promise<unknown>): Promise<unknown> => promise.catch(error => error)
const push = (element: string): Promise<unknown> => server().command('RPUSH', 'jobs', element)

describe('elements that are on their way to a caller', () => {
  test('close() does not lose an element that is on its way', async () => {
    const port = await slow(20)
    const missing = await lost(8, async element => {
      const redis = client(port)
      const popped = settled(redis.blpop(['jobs'], 0))
      await until(isBlocked, { what: 'blocked' })
      const closed = redis.close()
      await push(element)
      await closed
      return popped
    })
    expect(missing).toBe(0)
  })

  test('an element is not lost if its reply is in the kernel at close(), or at an abort before the event loop blocks', async () => {
    // Its socket is open already, so the push is on its way before the event loop blocks.
    const other = await server().connect()
    const push = (element: string): Promise<unknown> => other.command('RPUSH', 'jobs', element)
    const missing = await lost(6, async element => {
      const redis = client()
      const popped = settled(redis.blpop(['jobs'], 0))
      await until(isBlocked, { what: 'blocked' })
      const pushed = push(element)
      standStill(20)
      await redis.close()
      await pushed
      return popped
    })
    expect(missing).toBe(0)
    const redis = client()
    const missingAtAbort = await lost(4, async element => {
      const controller = new AbortController()
      const popped = settled(redis.with({ signal: controller.signal }).blpop(['jobs'], 0))
      await until(isBlocked, { what: 'blocked' })
      const pushed = push(element)
      standStill(10)
      controller.abort()
      standStill(250)
      await pushed
      return popped
    })
    expect(missingAtAbort).toBe(0)
    other.close()
  })

  test('an element is not lost when its call times out', async () => {
    const port = await slow(20)
    const redis = client(port)
    await redis.ping()
    const missing = await lost(8, async element => {
      const popped = settled(redis.with({ timeout: 150 }).blpop(['jobs'], 0))
      await until(isBlocked, { what: 'blocked' })
      const pushed = new Promise(resolve => setTimeout(resolve, 40)).then(() => push(element))
      const got = await popped
      await pushed
      return got
    })
    expect(missing).toBe(0)
  })

  test('an element is not lost when its session is aborted, or ends without waiting for the call', async () => {
    const port = await slow(20)
    const redis = client(port)
    await redis.ping()
    const missing = await lost(8, async element => {
      const controller = new AbortController()
      let popped: Promise<unknown> = Promise.resolve()
      const session = settled(
        redis.session(
          held => {
            popped = settled(held.blpop(['jobs'], 0))
            return popped
          },
          { signal: controller.signal },
        ),
      )
      await until(isBlocked, { what: 'blocked' })
      controller.abort()
      await push(element)
      await session
      return popped
    })
    expect(missing).toBe(0)
    const missingAtEnd = await lost(8, async element => {
      let popped: Promise<unknown> = Promise.resolve()
      await redis.session(async held => {
        popped = settled(held.blpop(['jobs'], 0))
        await until(isBlocked, { what: 'blocked' })
      })
      await push(element)
      return popped
    })
    expect(missingAtEnd).toBe(0)
  })

  test('an aborted pipeline of a session resolves with the element that it popped', async () => {
    const redis = client(await slow(20))
    await redis.ping()
    const missing = await lost(6, element =>
      redis.session(async session => {
        const controller = new AbortController()
        const outcome = session
          .with({ signal: controller.signal })
          .pipeline()
          .blpop(['jobs'], 0)
          .get('k')
          .exec({ settle: true })
          .then(
            ([popped]) => popped,
            (error: Error) => error,
          )
        await until(isBlocked, { what: 'blocked' })
        controller.abort()
        await push(element)
        return outcome
      }),
    )
    expect(missing).toBe(0)
  })

  test('an element is not lost when BLMOVE or XREADGROUP is aborted', async () => {
    const redis = client(await slow(20))
    await redis.ping()
    await server().command('DEL', 'jobs', 'taken', 's')
    await server().command('XGROUP', 'CREATE', 's', 'g', '$', 'MKSTREAM')
    const controller = new AbortController()
    const signalled = redis.with({ signal: controller.signal })
    const moved = settled(signalled.blmove('jobs', 'taken', 'left', 'right', 0))
    const read = settled(signalled.xreadgroup('g', 'c', { s: '>' }, { block: 0 }))
    await until(async () => String(await server().command('INFO', 'clients')).includes('blocked_clients:2'), {
      what: 'both blocked',
    })
    controller.abort()
    await push('x')
    await server().command('XADD', 's', '*', 'f', 'v')
    const [element, entries] = await Promise.all([moved, read])
    const taken = await server().command('LRANGE', 'taken', '0', '-1')
    expect(String(element) === 'x' ? 1 : 0).toBe((taken as unknown[]).length)
    const [pending] = (await server().command('XPENDING', 's', 'g')) as [number]
    expect(Array.isArray(entries) ? 1 : 0).toBe(Number(pending))
  })
})

describe('close() and leased connections', () => {
  test('close() serves sessions that wait for a connection, and rejects blocking calls that wait for one', async () => {
    const redis = client(server().port, { pool: { max: 1 } })
    let go = () => {}
    const first = redis.session(
      held =>
        new Promise<string>(resolve => {
          go = () => resolve(held.set('first', '1'))
        }),
    )
    await until(() => redis.pool.lent === 1, { what: 'leased' })
    const second = redis.session(held => held.set('second', '1'))
    const blocking = redis.blpop(['nothing'], 0)
    await until(() => redis.pool.waiting === 2, { what: 'both waiting' })
    const closed = redis.close()
    await expect(blocking).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
    go()
    expect(await Promise.all([first, second])).toEqual(['OK', 'OK'])
    await closed
    expect(redis.pool).toMatchObject({ lent: 0, waiting: 0 })
  })

  test('close() inside a session does not wait for that session', async () => {
    const redis = client()
    const start = performance.now()
    expect(
      await redis.session(async held => {
        await held.set('k', 'v')
        await redis.close()
        return 'closed'
      }),
    ).toBe('closed')
    expect(performance.now() - start).toBeLessThan(2_000)
  })

  test('close() ends a blocking call of a session', async () => {
    const redis = client()
    let closed: Promise<void> | undefined
    const outcome = redis.session(async held => {
      await held.ping()
      closed = redis.close()
      return held.blpop(['nothing'], 0)
    })
    await expect(outcome).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
    await closed
  })
})

describe('WAIT', () => {
  test('WAIT that is aborted rejects with the reason, even if replicas have acknowledged', async () => {
    const redis = client()
    await redis.session(async session => {
      await session.set('a', 1)
      for (const call of [
        (signal: AbortSignal) => session.with({ signal }).wait(1, 0),
        (signal: AbortSignal) => session.with({ signal }).pipeline().wait(1, 0).exec(),
      ]) {
        const controller = new AbortController()
        const waiting = call(controller.signal)
        await until(isBlocked, { what: 'blocked' })
        controller.abort(new Error('mine'))
        await expect(waiting).rejects.toThrow('mine')
      }
      expect(await session.get('a')).toBe('1')
    })
  })
})

describe('a watch on a server that is demoted and promoted', () => {
  test('a watch on a server that is promoted again rejects with WatchError if a key was written meanwhile', async () => {
    const replica = await startSingle()
    try {
      await server().command('SET', 'stock', '10')
      await replica.command('REPLICAOF', '127.0.0.1', String(server().port))
      await until(async () => String(await replica.command('GET', 'stock')) === '10', { what: 'replicated' })
      const redis = client(replica.port)
      const outcome = redis.session(async session => {
        await session.watch('stock')
        const stock = Number(await session.get('stock'))
        await expect(session.set('audit', 'x')).rejects.toMatchObject({ code: 'READONLY' })
        await replica.command('REPLICAOF', 'NO', 'ONE')
        await replica.command('SET', 'stock', '3')
        return session
          .multi()
          .set('stock', stock - 1)
          .exec()
      })
      await expect(outcome).rejects.toBeInstanceOf(WatchError)
      expect(String(await replica.command('GET', 'stock'))).toBe('3')
    } finally {
      await replica.stop()
    }
  })
})
