import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import type { RedisOptions } from '../../src/connection/options/options.js'
import { DataError, NoPermissionError } from '../../src/errors/errors.js'
import { until } from '../rig/conditions.js'
import { useServer } from '../servers/vitest.js'

const server = useServer({ acl: { narrow: 'on >secret +@all ~* resetchannels &public:*' } })
const open: Redis[] = []

function client(options: RedisOptions = {}): Redis {
  const redis = new Redis({ port: server().port, ...options })
  open.push(redis)
  return redis
}

/** Reads `count` messages without ending the iteration. */
async function take<M>(iterator: AsyncIterator<M>, count: number): Promise<M[]> {
  const items: M[] = []
  while (items.length < count) items.push((await iterator.next()).value)
  return items
}

afterEach(() => {
  for (const redis of open.splice(0)) redis.destroy()
})

describe.each([3, 2] as const)('under RESP%i', protocol => {
  test('a loop gets the messages of its channels, and unsubscribes when it ends', async () => {
    const redis = client({ protocol })
    const news = await redis.subscribe(['news', 'weather'])
    expect(await redis.pubsubNumsub('news', 'weather')).toEqual({ news: 1, weather: 1 })
    await redis.publish('news', 'one')
    await redis.publish('weather', 'two')
    await redis.publish('other', 'three')
    await redis.publish('news', 'four')
    const got: unknown[] = []
    for await (const item of news) {
      got.push(item)
      if (got.length === 3) break
    }
    expect(got).toStrictEqual([
      { channel: 'news', message: 'one' },
      { channel: 'weather', message: 'two' },
      { channel: 'news', message: 'four' },
    ])
    expect(news.closed).toBe(true)
    expect(await redis.pubsubChannels()).toEqual([])
  })

  test('a handler gets message, channel and pattern', async () => {
    const redis = client({ protocol })
    const calls: unknown[][] = []
    await redis.subscribe('a', 'b', (...call) => calls.push(call))
    await redis.psubscribe('[ab]', (message, channel, pattern) => calls.push([message, channel, pattern]))
    await redis.publish('b', 'hello')
    await until(() => calls.length === 2)
    expect(calls).toEqual([
      ['hello', 'b', undefined],
      ['hello', 'b', '[ab]'],
    ])
  })

  test('shard channels get only messages of spublish', async () => {
    const redis = client({ protocol })
    const shard = await redis.ssubscribe('orders')
    await redis.publish('orders', 'not this')
    await redis.spublish('orders', 'this')
    expect(await take(shard[Symbol.asyncIterator](), 1)).toEqual([{ channel: 'orders', message: 'this' }])
    await shard.unsubscribe()
    expect(await redis.pubsubShardnumsub('orders')).toEqual({ orders: 0 })
  })

  test('bytes are delivered unchanged on the bytes view, and as text on the client', async () => {
    const redis = client({ protocol })
    const channel = Buffer.from([0xff, 0x00, 0xfe])
    const other = Buffer.from([0xfe, 0x00, 0xff])
    const text = await redis.subscribe('plain')
    const bytes = await redis.bytes.subscribe(['plain', channel])
    const strange = await redis.subscribe(other)
    await redis.publish('plain', Buffer.from([0xc3, 0x28]))
    await redis.publish(channel, Buffer.from([1, 2]))
    await redis.publish(other, 'näh')
    expect(await take(bytes[Symbol.asyncIterator](), 2)).toEqual([
      { channel: Buffer.from('plain'), message: Buffer.from([0xc3, 0x28]) },
      { channel, message: Buffer.from([1, 2]) },
    ])
    expect(await take(text[Symbol.asyncIterator](), 1)).toEqual([{ channel: 'plain', message: '\ufffd(' }])
    expect(await take(strange[Symbol.asyncIterator](), 1)).toEqual([{ channel: '\ufffd\0\ufffd', message: 'näh' }])
    await bytes.unsubscribe(channel)
    expect(bytes.channels).toEqual([Buffer.from('plain')])
  })

  test('a prefix is added to channels and removed from messages', async () => {
    const redis = client({ protocol })
    const app = redis.prefixed('app:')
    const one = await app.subscribe('news')
    const all = await app.psubscribe('n*')
    expect(await redis.pubsubChannels()).toEqual(['app:news'])
    await app.publish('news', 'x')
    await redis.publish('news', 'y')
    await redis.publish('app:nix', 'z')
    expect(await take(one[Symbol.asyncIterator](), 1)).toEqual([{ channel: 'news', message: 'x' }])
    expect(await take(all[Symbol.asyncIterator](), 2)).toEqual([
      { channel: 'news', pattern: 'n*', message: 'x' },
      { channel: 'nix', pattern: 'n*', message: 'z' },
    ])
    await one.unsubscribe('news')
    expect(one.closed).toBe(true)
  })

  test('many subscriptions share one connection; the last to leave a channel unsubscribes', async () => {
    const redis = client({ protocol })
    const subscriptions = await Promise.all(Array.from({ length: 50 }, (_, i) => redis.subscribe('shared', `own:${i}`)))
    const listeners = String(await server().command('CLIENT', 'LIST', 'TYPE', 'pubsub'))
    expect(listeners.trim().split('\n')).toHaveLength(1)
    await redis.publish('shared', 'all')
    await until(() => subscriptions.every(({ received }) => received === 1))
    for (const subscription of subscriptions.slice(1)) await subscription.unsubscribe('shared')
    expect(await redis.pubsubNumsub('shared')).toEqual({ shared: 1 })
    await subscriptions[0]?.unsubscribe('shared')
    expect(await redis.pubsubNumsub('shared')).toEqual({ shared: 0 })
    expect(await redis.pubsubChannels()).toHaveLength(50)
    for (const subscription of subscriptions) await subscription.unsubscribe()
    expect(await redis.pubsubChannels()).toEqual([])
  })

  test('channels can be added, and queued messages are read before the end', async () => {
    const redis = client({ protocol })
    const subscription = await redis.subscribe('a')
    await subscription.subscribe(['b', 'a'])
    expect(subscription.channels).toEqual(['a', 'b'])
    await redis.publish('b', '1')
    await redis.publish('a', '2')
    await until(() => subscription.queued === 2)
    await subscription.unsubscribe('a', 'unknown')
    await redis.publish('a', 'never')
    await subscription.unsubscribe()
    const got: string[] = []
    for await (const { message } of subscription) got.push(message)
    expect(got).toEqual(['1', '2'])
    expect(subscription).toMatchObject({ received: 2, queued: 0, dropped: 0, closed: true })
  })

  test('await using unsubscribes at the end of the block', async () => {
    const redis = client({ protocol })
    {
      await using subscription = await redis.subscribe('scoped')
      expect(subscription.channels).toEqual(['scoped'])
      expect(await redis.pubsubNumsub('scoped')).toEqual({ scoped: 1 })
    }
    expect(await redis.pubsubNumsub('scoped')).toEqual({ scoped: 0 })
  })

  test('an error reply rejects only the call that caused it', async () => {
    const redis = client({ protocol, username: 'narrow', password: 'secret' })
    const asked = await Promise.allSettled([
      redis.subscribe('public:a'),
      redis.subscribe('secret'),
      redis.subscribe('public:b', 'public:c'),
    ])
    expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    const [, refused] = asked
    expect((refused as PromiseRejectedResult).reason).toBeInstanceOf(NoPermissionError)
    expect(((await server().command('PUBSUB', 'CHANNELS')) as string[]).sort()).toEqual([
      'public:a',
      'public:b',
      'public:c',
    ])
  })
})

describe('handlers of messages', () => {
  test('an async handler gets one message at a time, in order', async () => {
    const redis = client()
    let running = 0
    let most = 0
    const done: string[] = []
    await redis.subscribe('slow', async message => {
      most = Math.max(most, ++running)
      await sleep(message === '0' ? 20 : 1)
      done.push(message)
      running--
    })
    for (let i = 0; i < 10; i++) await redis.publish('slow', String(i))
    await until(() => done.length === 10)
    expect(most).toBe(1)
    expect(done).toEqual(Array.from({ length: 10 }, (_, i) => String(i)))
  })

  test('a small queue drops no message of one read if the handler is synchronous', async () => {
    const redis = client()
    const got: string[] = []
    const subscription = await redis.subscribe('burst', message => got.push(message), { maxQueue: 3 })
    await redis
      .pipeline()
      .each(
        Array.from({ length: 2_000 }, (_, i) => i),
        (p, i) => p.publish('burst', String(i)),
      )
      .exec()
    await until(() => subscription.received === 2_000)
    await until(() => subscription.queued === 0)
    expect(subscription.dropped).toBe(0)
    expect(got).toEqual(Array.from({ length: 2_000 }, (_, i) => String(i)))
  })

  test('a handler may subscribe, unsubscribe, and destroy its client', async () => {
    const redis = client()
    const inner: string[] = []
    const outer = await redis.subscribe('outer', async message => {
      await redis.subscribe(message, text => inner.push(text))
      await outer.unsubscribe()
    })
    await redis.publish('outer', 'inner')
    await until(async () => (await server().command('PUBSUB', 'NUMSUB', 'outer', 'inner')).join() === 'outer,0,inner,1')
    await redis.publish('inner', 'deep')
    await until(() => inner.length === 1)
    await redis.subscribe('end', () => redis.destroy(), { maxQueue: 1 })
    await server().command('EVAL', "for i = 1, 9 do redis.call('PUBLISH', 'end', i) end", 0)
    await until(() => redis.status === 'closed')
  })
})

test('options and arguments of a wrong type reject with their names', async () => {
  const redis = client()
  const bad = (...args: unknown[]) => (redis.subscribe as unknown as (...args: unknown[]) => Promise<unknown>)(...args)
  await expect(bad('a', { maxQueue: 0 })).rejects.toThrow(
    new DataError('The option maxQueue of subscribe() must be a number from 1, or Infinity: got 0.'),
  )
  await expect(bad('a', { whenFull: 'wait' })).rejects.toThrow(/whenFull/)
  await expect(bad('a', { signal: {} })).rejects.toThrow(/signal/)
  await expect(bad('a', { maxqueue: 1 })).rejects.toThrow(/Unknown option maxqueue/)
  await expect(bad('a', 1)).rejects.toThrow(DataError)
  await expect(bad(['a', null])).rejects.toThrow(/null/)
})
