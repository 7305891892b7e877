import { afterEach, expect, test } from 'vitest'
import { DataError, Redis } from '../../src/index.js'
import { until } from '../rig/conditions.js'
import { FakeRedis, resp } from '../rig/fake-redis.js'

let fake: FakeRedis
let redis: Redis

afterEach(async () => {
  redis.destroy()
  await fake.stop()
})

/** A server that first sends the given pushes, then confirms subscriptions. */
async function start(before: string): Promise<void> {
  fake = await FakeRedis.start({
    script: ([name = '', ...names], { protocol }) => {
      const kind = name.toLowerCase()
      if (kind !== 'subscribe' && kind !== 'unsubscribe') return undefined
      const push = protocol === 3 ? resp.push : resp.array
      return before + names.map((each, i) => push([resp.bulk(kind), resp.bulk(each), resp.integer(i + 1)])).join('')
    },
  })
  redis = new Redis({ port: fake.port })
  redis.on('error', () => {})
}

test('subscriptions to long names are sent in commands of bounded length, and all are confirmed', async () => {
  await start('')
  const names = Array.from({ length: 200 }, (_, i) => `${i}:`.padEnd(50_000, 'x'))
  const subscription = await redis.subscribe(names)
  expect(subscription.channels).toEqual(names)
  await subscription.unsubscribe()
  for (const kind of ['SUBSCRIBE', 'UNSUBSCRIBE']) {
    const lines = fake.received(kind)
    expect(lines.flatMap(({ argv }) => argv.slice(1))).toEqual(names)
    for (const { argv } of lines) expect(argv.join('').length).toBeLessThan(1_100_000)
  }
})

test('a message without a channel is not delivered to the channels "null" and "undefined"', async () => {
  await start(`>2\r\n+message\r\n_\r\n>3\r\n+message\r\n_\r\n+text\r\n>1\r\n+message\r\n`)
  const subscription = await redis.subscribe(['null', 'undefined'])
  await redis.subscribe('another')
  expect([subscription.received, subscription.closed]).toEqual([0, false])
})

test('a value thrown by a handler is emitted as an Error on the subscription and on the client', async () => {
  await start('')
  const heard: Error[] = []
  redis.on('error', error => heard.push(error))
  const subscription = await redis.subscribe('news', () => {
    throw null
  })
  subscription.on('error', error => heard.push(error))
  fake.connections.at(-1)?.send('>3\r\n+message\r\n+news\r\n+text\r\n')
  await until(() => heard.length === 2)
  for (const error of heard) expect(error).toMatchObject({ name: 'RedisError', cause: null })
})

test('a channel with half of a surrogate pair rejects, and one with a whole pair works', async () => {
  await start('')
  for (const name of ['news:\ud83d', '\ude00', 'a\ud83db']) {
    await expect(redis.subscribe(name)).rejects.toThrow(DataError)
    await expect(redis.psubscribe([name])).rejects.toThrow(/half of a surrogate pair/)
  }
  const subscription = await redis.subscribe('news:😀')
  await expect(subscription.subscribe('\ud83d')).rejects.toThrow(DataError)
  expect(subscription.channels).toEqual(['news:😀'])
})
