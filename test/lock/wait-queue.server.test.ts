import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { Lock, type LockOptions, Redis } from '../../src/index.js'
import { keysOf } from '../../src/lock/keys.js'
import type { LockClient } from '../../src/lock/lock-client.js'
import { until } from '../rig/conditions.js'
import { useServer } from '../servers/vitest.js'
import { listening } from './listening.js'

const server = useServer()
const clients: Redis[] = []
let names = 0

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
})

function connect(): Redis {
  const redis = new Redis(server().url)
  clients.push(redis)
  return redis
}

const listener = (): ReturnType<typeof listening> => listening(connect(), server().port)

/** So long that a waiter that is not woken fails the test. */
const CALLED: LockOptions = { ttl: 60_000, wait: 8_000, retryDelay: 60_000 }

const waitingFor = (name: string): Promise<number> => server().command('ZCARD', keysOf(name).waiting)

async function countCalls(command: string, during: () => Promise<unknown>): Promise<number> {
  const count = async () => {
    const info = String(await server().command('INFO', 'commandstats'))
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(info)?.[1] ?? 0)
  }
  const before = await count()
  await during()
  return (await count()) - before
}

describe('waiting for a lock', () => {
  test.each([
    ['a socket of its own', () => listener()],
    ['redis.subscribe', () => connect()],
    ['a view', () => connect().bytes.bigints],
    ['a prefixed view', () => connect().prefixed('{tag}')],
  ])('waiters on %s are woken by releases, in order and one at a time', async (how, make) => {
    const name = `waiting:${++names}`
    const shared = make()
    const holder = await new Lock(make(), name, CALLED).acquire()
    const order: number[] = []
    const done: Promise<void>[] = []
    const waiting = () => waitingFor(how === 'a prefixed view' ? `{tag}${name}` : name)
    for (let i = 0; i < 10; i++) {
      // Some waiters share a client, others have their own.
      const client = i % 2 === 0 ? shared : make()
      done.push(
        new Lock(client, name, CALLED).using(() => {
          order.push(i)
        }),
      )
      await until(async () => (await waiting()) === i + 1)
    }
    const calls = await countCalls('evalsha', async () => {
      await holder.release()
      await Promise.all(done)
    })
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    // Each waiter asks once when it is woken, and releases the lock.
    expect(calls).toBe(1 + 2 * 10)
    expect(await waiting()).toBe(0)
  })

  test('a waiter that gives up when it is woken wakes the next one', async () => {
    for (let i = 0; i < 20; i++) {
      const name = `waiting:${++names}`
      const holder = await new Lock(connect(), name, CALLED).acquire()
      const controller = new AbortController()
      const client = listener()
      client.hearing.deaf = true
      const first = new Lock(client, name, CALLED).acquire({ signal: controller.signal })
      const gone = expect(first).rejects.toThrow('aborted')
      await until(async () => (await waitingFor(name)) === 1)
      const second = new Lock(listener(), name, CALLED).acquire()
      await until(async () => (await waitingFor(name)) === 2)
      await holder.release()
      await until(() => client.hearing.heard === 1)
      controller.abort()
      await gone
      await (await second).release()
    }
  })

  test('a waiter that gives up leaves no entry in the queue', async () => {
    const name = `waiting:${++names}`
    const holder = await new Lock(connect(), name, CALLED).acquire()
    const waiting = new Lock(listener(), name, { ...CALLED, wait: 100 }).acquire()
    await expect(waiting).rejects.toMatchObject({ reason: 'not acquired' })
    await until(async () => (await waitingFor(name)) === 0)
    await holder.release()
  })

  test('a waiter that is overtaken keeps its place', async () => {
    const name = `waiting:${++names}`
    const holder = await new Lock(connect(), name, CALLED).acquire()
    const [deaf, second] = [listener(), listener()]
    const order: string[] = []
    const waitFor = (who: string, client: typeof deaf, retryDelay: number) =>
      new Lock(client, name, { ...CALLED, retryDelay }).using(() => {
        order.push(who)
      })
    // The waiter misses its wake-up message and asks by itself later, when another client has taken the lock.
    const first = waitFor('first', deaf, 400)
    await until(async () => (await waitingFor(name)) === 1)
    const then = waitFor('second', second, 60_000)
    await until(async () => (await waitingFor(name)) === 2)
    deaf.hearing.deaf = true
    await holder.release()
    await until(() => deaf.hearing.heard === 1)
    const overtaker = await new Lock(connect(), name, CALLED).acquire()
    deaf.hearing.deaf = false
    await until(async () => (await waitingFor(name)) === 2)
    await overtaker.release()
    await Promise.all([first, then])
    expect(order).toEqual(['first', 'second'])
  })

  test('a waiter asks by itself when its wake-up message is lost', async () => {
    const name = `waiting:${++names}`
    const holder = await new Lock(connect(), name, CALLED).acquire()
    const client = listener()
    client.hearing.deaf = true
    const waiting = new Lock(client, name, { ...CALLED, retryDelay: 100 }).acquire()
    await until(async () => (await waitingFor(name)) === 1)
    await holder.release()
    await waiting
    expect(client.hearing.heard).toBe(1)
  })

  test('a waiter asks when the time of the holder is over, and not before', async () => {
    const name = `waiting:${++names}`
    await new Lock(connect(), name, { ttl: 400 }).acquire()
    const calls = await countCalls('evalsha', () => new Lock(listener(), name, CALLED).acquire())
    // At once, when it has subscribed, and when the time is over.
    expect(calls).toBe(3)
  })

  test('a waiter gets a lock that was deleted when it asks by itself', async () => {
    const name = `waiting:${++names}`
    await new Lock(connect(), name, CALLED).acquire()
    const waiting = new Lock(listener(), name, { ...CALLED, retryDelay: 50 }).acquire()
    await until(async () => (await waitingFor(name)) === 1)
    await server().command('DEL', name)
    await waiting
  })

  test('a client leaves its wake-up channel after a while without waiters, and reuses it before', async () => {
    const name = `waiting:${++names}`
    const client = listener()
    const { channels } = client.hearing
    for (let i = 0; i < 2; i++) {
      const holder = await new Lock(connect(), name, CALLED).acquire()
      const waiting = new Lock(client, name, CALLED).acquire()
      await until(async () => (await waitingFor(name)) === 1)
      expect(channels.size).toBe(1)
      await holder.release()
      await (await waiting).release()
    }
    expect(channels.size).toBe(1)
    await until(() => channels.size === 0)
  })

  test('a waiter that cannot subscribe polls', async () => {
    const name = `waiting:${++names}`
    const holder = await new Lock(connect(), name, CALLED).acquire()
    const client = listener()
    client.hearing.refused = true
    const waiting = new Lock(client, name, { ttl: 60_000, wait: 8_000 }).acquire()
    await sleep(50)
    await holder.release()
    await waiting
    expect(await waitingFor(name)).toBe(0)
  })

  test('a waiter is woken on the connection that replaces a lost one', async () => {
    const name = `waiting:${++names}`
    const holder = await new Lock(connect(), name, CALLED).acquire()
    const redis = connect()
    redis.on('error', () => {})
    const waiting = redis.lock(name, CALLED).acquire()
    await until(async () => (await waitingFor(name)) === 1)
    const subscriber = async () => /^id=(\d+)/.exec(await server().command('CLIENT', 'LIST', 'TYPE', 'pubsub'))?.[1]
    const lost = (await subscriber()) ?? ''
    await server().command('CLIENT', 'KILL', 'ID', lost)
    await until(async () => ![lost, undefined].includes(await subscriber()))
    await holder.release()
    await waiting
  })

  test('waiters that died are removed from the queue', async () => {
    const name = `waiting:${++names}`
    await new Lock(connect(), name, CALLED).acquire()
    const client = connect()
    const waiting = new Lock(listening(client, server().port), name, { ...CALLED, retryDelay: 100 }).acquire()
    const refused = expect(waiting).rejects.toMatchObject({ reason: 'aborted' })
    await until(async () => (await waitingFor(name)) === 1)
    client.destroy()
    await refused
    expect(await server().command('PTTL', keysOf(name).waiting)).toBeGreaterThan(0)
    await until(async () => (await waitingFor(name)) === 0)
  })

  test('a waiter rejects at once when its client is closed', async () => {
    const name = `waiting:${++names}`
    await connect().lock(name, CALLED).acquire()
    for (const end of ['close', 'destroy'] as const) {
      const redis = connect()
      const waiting = redis.lock(name, { ...CALLED, wait: 60_000 }).acquire()
      waiting.catch(() => {})
      await until(async () => (await waitingFor(name)) === 1)
      await server().command('DEL', keysOf(name).waiting)
      await redis[end]()
      await expect(waiting).rejects.toMatchObject({ name: 'LockError', reason: 'aborted', lockName: name })
    }
  })

  test.each([
    ['cannot subscribe', 1],
    ['waits on three servers', 3],
  ])('a waiter that %s rejects at once when its clients are closed, long before its next try', async (_, count) => {
    const name = `waiting:${++names}`
    await connect().lock(name, CALLED).acquire()
    const user = `waiting:${names}`
    await server().command('ACL', 'SETUSER', user, 'on', '>pass', '~*', '+@all', '-subscribe')
    for (const end of ['close', 'destroy'] as const) {
      const redis = Array.from({ length: count }, () => new Redis(server().url, { username: user, password: 'pass' }))
      clients.push(...redis)
      const waiting = new Lock(redis, name, { ...CALLED, wait: Number.POSITIVE_INFINITY }).acquire()
      const rejects = expect(waiting).rejects.toMatchObject({ name: 'LockError', reason: 'aborted' })
      await Promise.all(redis.map(each => until(() => each.status === 'ready' && each.stats.inflight === 0)))
      await sleep(50)
      await Promise.all(redis.map(each => each[end]()))
      await rejects
    }
    await server().command('ACL', 'DELUSER', user)
  })

  test('a client whose subscription has ended keeps no timer for its wake-up channel', async () => {
    const ends: (() => void)[] = []
    let unsubscribed = 0
    const client: LockClient = {
      run: async () => ({ left: 60_000, place: 1 }) as never,
      subscribe: async () => ({
        unsubscribe: async () => {
          unsubscribed++
        },
        once: (_, ended) => ends.push(ended),
      }),
    }
    const controller = new AbortController()
    const waiting = new Lock(client, 'ended', CALLED).acquire({ signal: controller.signal })
    await until(() => ends.length === 1)
    ends[0]?.()
    controller.abort()
    await expect(waiting).rejects.toThrow()
    // An unused subscription would be ended after a second.
    await sleep(1_100)
    expect(unsubscribed).toBe(0)
  })
})
