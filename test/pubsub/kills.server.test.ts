import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import type { Gap } from '../../src/pubsub/gap.js'
import { until } from '../rig/conditions.js'
import { ChaosProxy } from '../rig/proxy.js'
import { seeded } from '../rig/random.mjs'
import { useServer } from '../servers/vitest.js'

const server = useServer()
const open: Redis[] = []
const proxies: ChaosProxy[] = []

afterEach(async () => {
  for (const redis of open.splice(0)) redis.destroy()
  for (const proxy of proxies.splice(0)) await proxy.stop()
})

describe.each([3, 2] as const)('under RESP%i', protocol => {
  test('with 100 killed connections messages come in order and once, and every missing one is in a reported gap', async () => {
    const KILLS = 100
    const random = seeded(`subscriber kills, RESP${protocol}`)
    const proxy = await ChaosProxy.start(server(), random.int(1, 1e9))
    proxies.push(proxy)
    const redis = new Redis({ port: proxy.port, protocol, reconnect: { min: 1, max: 20 } })
    const publisher = new Redis({ port: server().port })
    open.push(redis, publisher)
    redis.on('error', () => {})
    /** The messages and gaps that the subscriber got, in order. */
    const log: ({ number: number; at: number } | { gap: Gap })[] = []
    const gaps: Gap[] = []
    const now = () => performance.timeOrigin + performance.now()
    const numbers = await redis.subscribe('numbers', message => log.push({ number: Number(message), at: now() }))
    numbers.on('gap', gap => log.push({ gap }))
    redis.on('gap', gap => gaps.push(gap))
    const pattern = await redis.psubscribe('num*')

    let published = 0
    let killing = true
    const publishing = (async () => {
      while (killing) {
        let batch = publisher.pipeline() as unknown as {
          publish(channel: string, message: string): typeof batch
          exec(): Promise<unknown>
        }
        for (let i = random.int(1, 50); i > 0; i--) batch = batch.publish('numbers', String(published++))
        await batch.exec()
      }
    })()
    for (let kills = 0; kills < KILLS; kills++) {
      const before = gaps.length
      if (random.chance(0.5)) await proxy.kill(random.pick(['rst', 'fin']))
      else await proxy.cutOpen({ direction: 'down', after: random.int(0, 3_000), ending: 'rst' })
      await until(() => gaps.length > before, { what: `gap ${kills}` })
    }
    killing = false
    await publishing
    await publisher.publish('numbers', String(published++))
    await until(() => log.some(each => 'number' in each && each.number === published - 1))

    let last = -1
    let lastAt = 0
    let missing = 0
    let told: Gap | undefined
    for (const each of log) {
      if ('gap' in each) {
        told ??= each.gap
        expect(each.gap.from).toBeLessThanOrEqual(each.gap.to)
        expect(each.gap.channels).toEqual(['numbers'])
        continue
      }
      expect(each.number, 'order').toBeGreaterThan(last)
      if (each.number > last + 1) {
        missing += each.number - last - 1
        expect(told, `messages ${last + 1} to ${each.number - 1} are missing`).toBeDefined()
        // The message came in the same read as the last byte before the loss, or earlier.
        if (last >= 0 && told !== undefined) expect(lastAt - told.from).toBeLessThan(3_000)
      }
      last = each.number
      lastAt = each.at
      told = undefined
    }
    const received = log.filter(each => 'number' in each).length
    expect(received + missing).toBe(published)
    expect(gaps.length).toBeGreaterThanOrEqual(KILLS)
    expect(gaps.every(({ channels }) => channels.includes('num*') || channels.includes('numbers'))).toBe(true)
    expect(pattern.received).toBeGreaterThan(0)
    console.log(`${published} published, ${received} received, ${missing} missing, ${gaps.length} gaps, 0 doubled`)
  })
})

test('after a restart of the server every subscription is restored once', async () => {
  const redis = new Redis({ port: server().port, reconnect: { min: 1, max: 50 } })
  open.push(redis)
  redis.on('error', () => {})
  const got: string[] = []
  const subscription = await redis.subscribe('restarted', message => got.push(message))
  const gaps: Gap[] = []
  subscription.on('gap', gap => gaps.push(gap))
  for (let round = 1; round <= 5; round++) {
    await server().restart()
    await until(() => gaps.length === round)
    await server().command('PUBLISH', 'restarted', round)
    await until(() => got.length === round)
  }
  expect(got).toEqual(['1', '2', '3', '4', '5'])
})

test('a subscription reports its state when the attempts to reconnect are used up', async () => {
  const proxy = await ChaosProxy.start(server(), 1)
  proxies.push(proxy)
  const redis = new Redis({ port: proxy.port, reconnect: false })
  open.push(redis)
  redis.on('error', () => {})
  const subscription = await redis.subscribe('a')
  const loop = (async () => {
    for await (const _ of subscription);
  })()
  await proxy.refuse()
  await proxy.kill()
  await expect(loop).rejects.toMatchObject({ name: 'ConnectionError' })
})
