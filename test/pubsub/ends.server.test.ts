import { AsyncLocalStorage } from 'node:async_hooks'
import diagnostics from 'node:diagnostics_channel'
import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import type { RedisOptions } from '../../src/connection/options/options.js'
import { ConnectionError, PubSubError, TimeoutError } from '../../src/errors/errors.js'
import type { Subscription } from '../../src/pubsub/subscription.js'
import { until } from '../rig/conditions.js'
import { FakeRedis, resp } from '../rig/fake-redis.js'
import { ChaosProxy } from '../rig/proxy.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()
const open: { destroy(): void }[] = []
const stops: { stop(): Promise<void> }[] = []

function client(options: RedisOptions = {}): Redis {
  const redis = new Redis({ port: server().port, ...options })
  open.push(redis)
  return redis
}

afterEach(async () => {
  for (const redis of open.splice(0)) redis.destroy()
  for (const each of stops.splice(0)) await each.stop()
})

/** Publishes 0 to count - 1 in one command. */
async function publish(channel: string, count: number): Promise<void> {
  await server().command('EVAL', "for i = 1, ARGV[2] do redis.call('PUBLISH', ARGV[1], i - 1) end", 0, channel, count)
}

async function messages(loop: AsyncIterable<{ message: string }>): Promise<string[]> {
  const got: string[] = []
  for await (const { message } of loop) got.push(message)
  return got
}

describe('a channel whose SUBSCRIBE is in flight', () => {
  /** A client that is subscribed to `there`, and a server that confirms `slow` only when the test lets it. */
  async function listening(options: RedisOptions): Promise<{
    confirm: () => void
    fake: FakeRedis
    redis: Redis
    subscription: Subscription
  }> {
    let confirm = () => {}
    const confirmed = new Promise<void>(resolve => {
      confirm = resolve
    })
    const fake = await FakeRedis.start({
      async script([name = '', channel = '']) {
        if (name !== 'SUBSCRIBE' && name !== 'UNSUBSCRIBE') return undefined
        if (channel === 'slow') await confirmed
        return resp.push([resp.bulk(name.toLowerCase()), resp.bulk(channel), resp.integer(1)])
      },
    })
    stops.push(fake)
    const redis = client({ port: fake.port, ...options })
    return { confirm, fake, redis, subscription: await redis.subscribe('there') }
  }

  async function asked() {
    const { fake, subscription, ...rest } = await listening({ commandTimeout: 0 })
    const calls = [subscription.subscribe('slow'), subscription.subscribe('slow', 'there')]
    await fake.untilReceived('SUBSCRIBE', 2)
    return { ...rest, calls, subscription }
  }

  test('all calls that want a channel wait for its confirmation', async () => {
    const { calls, confirm } = await asked()
    let confirmed = false
    const settled = calls.map(call => call.then(() => expect(confirmed).toBe(true)))
    await new Promise(resolve => setTimeout(resolve, 30))
    confirmed = true
    confirm()
    await Promise.all(settled)
  })

  test('no call waits for the confirmation of a channel after it was left', async () => {
    const { calls, confirm, subscription } = await asked()
    const left = subscription.unsubscribe('slow')
    await Promise.all(calls)
    confirm()
    await left
    expect(subscription.channels).toEqual(['there'])
  })

  test('a channel stays subscribed when the first call that wanted it was aborted', async () => {
    const { confirm, fake, subscription } = await listening({ commandTimeout: 300 })
    const first = expect(subscription.subscribe('slow')).rejects.toBeInstanceOf(TimeoutError)
    await fake.untilReceived('SUBSCRIBE', 2)
    await new Promise(resolve => setTimeout(resolve, 150))
    const second = subscription.subscribe('slow')
    await first
    confirm()
    await second
    expect(subscription.channels).toEqual(['there', 'slow'])
  })

  test('a channel is subscribed again if listeners want it while it is being left, even between two messages of one read', async () => {
    const message = (channel: string) => resp.push([resp.bulk('message'), resp.bulk(channel), resp.bulk('x')])
    const said = (kind: string, channel: string) => resp.push([resp.bulk(kind), resp.bulk(channel), resp.integer(1)])
    const fake = await FakeRedis.start({
      script: ([name = '', ...channels]) => {
        if (name === 'UNSUBSCRIBE' && channels[0] === 'left') {
          return [message('one'), message('one'), said('unsubscribe', 'left'), message('two'), message('two')].join('')
        }
        if (!/SUBSCRIBE$/.test(name)) return undefined
        return channels.map(channel => said(name.toLowerCase(), channel)).join('')
      },
    })
    stops.push(fake)
    const redis = client({ port: fake.port })
    const full = { maxQueue: 1, whenFull: 'close' } as const
    const [one, two, left] = await Promise.all([
      redis.subscribe('one', full),
      redis.subscribe('two', full),
      redis.subscribe('left'),
    ])
    one.on('close', () => {
      const abort = new AbortController()
      redis.subscribe('left', { signal: abort.signal }).catch(() => {})
      abort.abort()
    })
    const again = new Promise<Subscription>(resolve => two.on('close', () => resolve(redis.subscribe('left'))))
    await left.unsubscribe()
    const subscription = await again
    fake.openConnections[0]?.send(message('left'))
    await until(() => subscription.received === 1)
  })

  test('all calls that wait for a channel reject when the client is destroyed', async () => {
    const { calls, redis } = await asked()
    const settled = Promise.allSettled(calls)
    redis.destroy()
    for (const each of await settled)
      expect(each).toMatchObject({ reason: { name: 'ConnectionError', command: 'SUBSCRIBE' } })
  })
})

describe('a full queue', () => {
  test("a full queue with 'drop-oldest' keeps the newest messages", async () => {
    const subscription = await client().subscribe('full', { maxQueue: 10 })
    await publish('full', 100)
    await until(() => subscription.received === 100)
    expect(subscription).toMatchObject({ queued: 10, dropped: 90, closed: false })
    await subscription.unsubscribe()
    expect(await messages(subscription)).toEqual(Array.from({ length: 10 }, (_, i) => String(90 + i)))
  })

  test("a full queue with 'drop-newest' keeps the oldest messages", async () => {
    const subscription = await client().subscribe('full', { maxQueue: 10, whenFull: 'drop-newest' })
    await publish('full', 100)
    await until(() => subscription.received === 100)
    expect(subscription).toMatchObject({ queued: 10, dropped: 90, closed: false })
    await subscription.unsubscribe()
    expect(await messages(subscription)).toEqual(Array.from({ length: 10 }, (_, i) => String(i)))
  })

  test("a full queue with 'close' leaves the channels, and the loop ends after the queued messages", async () => {
    const redis = client()
    const subscription = await redis.subscribe('full', { maxQueue: 10, whenFull: 'close' })
    await publish('full', 100)
    await until(() => subscription.closed)
    expect(subscription).toMatchObject({ received: 11, queued: 10, dropped: 1 })
    expect(await messages(subscription)).toHaveLength(10)
    await until(async () => (await redis.pubsubNumsub('full')).full === 0)
  })

  test("a full queue with 'error' leaves the channels, and the loop throws after the queued messages", async () => {
    const redis = client()
    const subscription = await redis.subscribe('full', { maxQueue: 10, whenFull: 'error' })
    await publish('full', 100)
    const got: string[] = []
    await expect(async () => {
      for await (const { message } of subscription) got.push(message)
    }).rejects.toThrow(PubSubError)
    // One message went to the waiting loop, ten were queued.
    expect(got).toHaveLength(11)
    await until(async () => (await redis.pubsubNumsub('full')).full === 0)
  })

  test("a full queue with 'error' and a handler emits an error event", async () => {
    const redis = client()
    const errors: unknown[] = []
    let release = () => {}
    const subscription = await redis.subscribe('full', () => new Promise<void>(resolve => (release = resolve)), {
      maxQueue: 2,
      whenFull: 'error',
    })
    subscription.on('error', error => errors.push(error))
    await publish('full', 10)
    await until(() => errors.length > 0)
    expect(errors[0]).toBeInstanceOf(PubSubError)
    release()
  })
})

describe('misuse of subscriptions', () => {
  test('a subscription without a channel is a PubSubError that says what to do', async () => {
    const redis = client()
    await expect(redis.subscribe([])).rejects.toThrow(PubSubError)
    await expect((redis.psubscribe as () => Promise<unknown>)()).rejects.toThrow(/psubscribe\(\) needs at least one/)
    const subscription = await redis.subscribe('a')
    await expect(subscription.unsubscribe([])).rejects.toThrow(PubSubError)
    await expect(subscription.subscribe()).rejects.toThrow(PubSubError)
    expect(subscription.channels).toEqual(['a'])
  })

  test('a second loop, and a loop in addition to a handler, are a PubSubError', async () => {
    const redis = client()
    const one = await redis.subscribe('a')
    one[Symbol.asyncIterator]()
    expect(() => one[Symbol.asyncIterator]()).toThrow(/an iterator already/)
    expect(() => one[Symbol.asyncIterator]()).toThrow(PubSubError)
    const two = await redis.subscribe('a', () => {})
    expect(() => two[Symbol.asyncIterator]()).toThrow(/the handler of this subscription/)
    expect(() => two[Symbol.asyncIterator]()).toThrow(PubSubError)
  })

  test('adding channels to an ended subscription is a PubSubError', async () => {
    const subscription = await client().subscribe('a')
    await subscription.unsubscribe()
    await expect(subscription.subscribe('b')).rejects.toThrow(PubSubError)
    await subscription.unsubscribe()
  })

  test('subscribing in a session rejects, and the error names subscribe() of the client', async () => {
    const redis = client()
    await redis.session(async session => {
      await expect((session as unknown as Redis).subscribe('a')).rejects.toThrow(/call subscribe\(\) of the client/)
    })
    await expect(redis.call('SUBSCRIBE', 'a')).rejects.toThrow(/redis.subscribe\(\)/)
  })
})

describe('handlers that fail', () => {
  test('handlers that fail emit errors and affect no other subscription', async () => {
    const redis = client()
    const atClient: unknown[] = []
    const atSubscription: unknown[] = []
    const observed: unknown[] = []
    const observe = (message: unknown) => observed.push((message as { error: unknown }).error)
    diagnostics.subscribe('respire:handler', observe)
    redis.on('error', error => atClient.push(error))
    const got: string[] = []
    const throwing = await redis.subscribe('h', message => {
      throw new Error(`thrown ${message}`)
    })
    throwing.on('error', error => atSubscription.push(error))
    await redis.subscribe('h', message => Promise.reject(new Error(`rejected ${message}`)))
    await redis.subscribe('h', message => got.push(message))
    await publish('h', 3)
    await until(() => got.length === 3 && atClient.length === 6)
    diagnostics.unsubscribe('respire:handler', observe)
    expect(atSubscription.map(String)).toEqual(['Error: thrown 0', 'Error: thrown 1', 'Error: thrown 2'])
    expect(atClient.map(String).sort()).toEqual(
      [0, 1, 2].flatMap(i => [`Error: rejected ${i}`, `Error: thrown ${i}`]).sort(),
    )
    expect(observed).toHaveLength(6)
    expect(throwing.closed).toBe(false)
  })

  test('an error listener that throws causes a process warning', async () => {
    const redis = client()
    const warnings: Error[] = []
    const warn = (warning: Error) => warnings.push(warning)
    process.on('warning', warn)
    redis.on('error', () => {
      throw new Error('of the listener')
    })
    await redis.subscribe('h', () => {
      throw new Error('of the handler')
    })
    await publish('h', 1)
    await until(() => warnings.length > 0)
    process.off('warning', warn)
    expect(warnings.map(String)).toEqual([expect.stringContaining('of the listener')])
  })
})

test('handlers and loops run in the async context of their subscribe call, not in that of the socket', async () => {
  const redis = client()
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  await storage.run('first request', () => redis.subscribe('ctx', () => seen.push(storage.getStore())))
  await storage.run('second request', () => redis.subscribe('ctx', async () => seen.push(storage.getStore())))
  const third = await storage.run('third request', () => redis.subscribe('ctx'))
  const loop = storage.run('third request', async () => {
    for await (const _ of third) {
      seen.push(storage.getStore())
      break
    }
  })
  await redis.subscribe('ctx', () => seen.push(storage.getStore()))
  await publish('ctx', 1)
  await loop
  await until(() => seen.length === 4)
  expect([...seen].sort()).toEqual(['first request', 'second request', 'third request', undefined])
})

describe('the end of a subscription', () => {
  test('close() ends loops after the queued messages, destroy() makes them throw', async () => {
    const closing = client()
    const gentle = await closing.subscribe('a')
    const handled: string[] = []
    await closing.subscribe('a', message => handled.push(message))
    await publish('a', 3)
    await until(() => gentle.queued === 3)
    const loop = messages(gentle)
    await closing.close()
    expect(await loop).toEqual(['0', '1', '2'])
    expect(handled).toEqual(['0', '1', '2'])
    await expect(closing.subscribe('a')).rejects.toThrow(ConnectionError)
    await gentle.unsubscribe()

    const destroyed = client()
    const waiting = messages(await destroyed.subscribe('a'))
    const late = await destroyed.subscribe('b')
    destroyed.destroy()
    await expect(waiting).rejects.toThrow(ConnectionError)
    await expect(messages(late)).rejects.toThrow(ConnectionError)
    await until(async () => !String(await server().command('CLIENT', 'LIST')).includes('sub=1'))
  })

  test('a waiting call rejects as not sent when the client is closed or destroyed', async () => {
    const fake = await FakeRedis.start({ script: ([name]) => (name === 'SUBSCRIBE' ? '' : undefined) })
    stops.push(fake)
    const redis = client({ port: fake.port })
    const waiting = redis.subscribe('a')
    await fake.untilReceived('SUBSCRIBE')
    redis.destroy()
    await expect(waiting).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
  })

  test('a signal ends a subscription, and its loop throws the reason', async () => {
    const redis = client()
    const controller = new AbortController()
    const subscription = await redis.subscribe('a', { signal: controller.signal })
    const loop = messages(subscription)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(loop).rejects.toBe(reason)
    await until(async () => (await redis.pubsubNumsub('a')).a === 0)
    await expect(redis.subscribe('a', { signal: controller.signal })).rejects.toBe(reason)
  })

  test('return() settles a waiting next()', async () => {
    const subscription = await client().subscribe('a')
    const iterator = subscription[Symbol.asyncIterator]()
    const waiting = [iterator.next(), iterator.next()]
    await iterator.return?.()
    expect(await Promise.all(waiting)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })
})

describe('deadlines of subscriptions', () => {
  test('a subscription that is not confirmed in time rejects, and is not subscribed later', async () => {
    const proxy = await ChaosProxy.start(server(), 1)
    stops.push(proxy)
    const redis = client({ port: proxy.port, commandTimeout: 150 })
    const live = await redis.subscribe('live')
    await proxy.set({ down: { mode: 'hold' } })
    const calls: string[] = []
    await expect(redis.subscribe('late', message => calls.push(message))).rejects.toMatchObject({
      name: 'TimeoutError',
      phase: 'written',
      outcome: 'unknown',
    })
    await proxy.calm()
    await until(async () => (await server().command('PUBSUB', 'NUMSUB', 'late')).join() === 'late,0')
    await publish('late', 1)
    await publish('live', 1)
    await until(() => live.received === 1)
    expect(calls).toEqual([])
  })

  test('a subscription without a server rejects at its deadline as not sent, and at once when aborted', async () => {
    const proxy = await ChaosProxy.start(server(), 1)
    stops.push(proxy)
    await proxy.refuse()
    const redis = client({ port: proxy.port, commandTimeout: 100 })
    redis.on('error', () => {})
    await expect(redis.subscribe('a')).rejects.toThrow(TimeoutError)
    await expect(redis.subscribe('a')).rejects.toMatchObject({ outcome: 'not sent', phase: 'connecting' })
    const controller = new AbortController()
    const call = redis.with({ signal: controller.signal, timeout: 0 }).subscribe('a')
    controller.abort('gone')
    await expect(call).rejects.toBe('gone')
    await proxy.accept()
    const alive = await redis.with({ timeout: 5_000 }).subscribe('b')
    expect(await server().command('PUBSUB', 'CHANNELS')).toEqual(['b'])
    await alive.unsubscribe()
  })

  test('a subscription with a wrong password rejects at once', async () => {
    const guarded = await FakeRedis.start({ password: 'right' })
    stops.push(guarded)
    const redis = client({ port: guarded.port, password: 'wrong' })
    redis.on('error', () => {})
    await expect(redis.subscribe('a')).rejects.toMatchObject({ name: 'AuthenticationError', outcome: 'not sent' })
  })
})
