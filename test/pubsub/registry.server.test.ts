import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { PubSubError } from '../../src/errors/errors.js'
import type { Subscription } from '../../src/pubsub/subscription.js'
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

// More channels than are wanted at a time, so that most calls are the first to subscribe or the last to leave.
const CHANNELS = Array.from({ length: 100 }, (_, i) => `c:${i}`)
const PATTERNS = Array.from({ length: 40 }, (_, i) => `p:${i}*`)

describe.each([3, 2] as const)('under RESP%i', protocol => {
  // Operations happen in the same tick, in handlers, and while the connection is down.
  test('after 10,000 random operations the server has the same subscriptions as the client', async () => {
    const random = seeded(`random subscriptions, RESP${protocol}`)
    const proxy = await ChaosProxy.start(server(), random.int(1, 1e9))
    proxies.push(proxy)
    const redis = new Redis({ port: proxy.port, protocol, reconnect: { min: 1, max: 10 }, commandTimeout: 20_000 })
    open.push(redis)
    redis.on('error', () => {})
    const live = new Set<Subscription>()
    const pending: Promise<unknown>[] = []
    let operations = 0
    let kills = 0

    const operate = () => {
      operations++
      const subscription = live.size < random.int(3, 12) ? undefined : random.pick([...live])
      if (subscription === undefined) {
        const names = random.shuffle(random.chance(0.3) ? PATTERNS : CHANNELS).slice(0, random.int(1, 4))
        const isPattern = names[0]?.startsWith('p') === true
        // For one message in ten the handler changes a subscription.
        const handler = () => void (random.chance(0.1) && operations < 10_000 && operate())
        const call = isPattern ? redis.psubscribe(names, handler) : redis.subscribe(names, handler)
        pending.push(call.then(made => live.add(made)))
        return
      }
      const names = random.shuffle(subscription.channels).slice(0, random.int(1, 2))
      if (names.length === 0) live.delete(subscription)
      else if (random.chance(0.3)) pending.push(subscription.unsubscribe(...names))
      else if (random.chance(0.5)) {
        pending.push(subscription.unsubscribe())
        live.delete(subscription)
      } else {
        const more = names[0]?.startsWith('p') ? PATTERNS : CHANNELS
        pending.push(
          subscription.subscribe(random.pick(more)).catch(error => {
            // The subscription may have left all channels in the same tick.
            if (!(error instanceof PubSubError)) throw error
          }),
        )
      }
    }
    const raw = await server().connect()
    while (operations < 10_000 || kills <= 10) {
      for (let i = random.int(1, 20); i > 0; i--) operate()
      if (random.chance(0.05)) kills += await proxy.kill()
      if (random.chance(0.1)) await raw.command('PUBLISH', random.pick([...CHANNELS, 'p:1x']), 'x')
      if (random.chance(0.3)) await new Promise(resolve => setImmediate(resolve))
    }
    await Promise.all(pending.splice(0))
    // Most subscriptions leave, about when the connection is lost.
    void proxy.kill()
    for (const [i, subscription] of random.shuffle([...live]).entries()) {
      const some = random.shuffle(subscription.channels).slice(4)
      if (i < 6 && some.length > 0) pending.push(subscription.unsubscribe(some))
      else if (i >= 6) {
        pending.push(subscription.unsubscribe())
        live.delete(subscription)
      }
    }
    await Promise.all(pending)

    const wanted = [...live].flatMap(({ channels }) => channels)
    const channels = [...new Set(wanted.filter(name => name.startsWith('c')))].sort()
    const patterns = new Set(wanted.filter(name => name.startsWith('p')))
    await until(
      async () => {
        expect(((await raw.command('PUBSUB', 'CHANNELS')) as string[]).sort()).toEqual(channels)
        expect(await raw.command('PUBSUB', 'NUMPAT')).toBe(patterns.size)
        const counts = (await raw.command('PUBSUB', 'NUMSUB', ...CHANNELS)) as (string | number)[]
        expect(counts).toEqual(CHANNELS.flatMap(name => [name, channels.includes(name) ? 1 : 0]))
        return true
      },
      { what: 'the server agrees' },
    )
    // Each subscription gets a published message once.
    const heard = new Map([...live].map(subscription => [subscription, subscription.received]))
    for (const name of CHANNELS) await raw.command('PUBLISH', name, 'last')
    raw.close()
    for (const [subscription, before] of heard) {
      const expected = subscription.channels.filter(name => name.startsWith('c')).length
      await until(() => subscription.received - before === expected)
    }
    console.log(
      `${operations} operations, ${kills} kills, ${channels.length} channels and ${patterns.size} patterns left`,
    )
  })

  test('no reply is shifted in 10,000 rounds of subscribing to 3 channels, leaving known and unknown ones, and GETs', async () => {
    const redis = new Redis({ port: server().port, protocol })
    open.push(redis)
    await redis.mset({ 'get:0': '0', 'get:1': '1', 'get:2': '2', 'get:3': '3' })
    await redis.psubscribe('remains*')
    let wrong = 0
    const get = async (i: number) => {
      if ((await redis.get(`get:${i}`)) !== String(i)) wrong++
    }
    for (let round = 0; round < 10_000; round++) {
      const subscribing = redis.subscribe('a', 'b', `c:${round % 7}`)
      const reads = [get(0), get(1)]
      const subscription = await subscribing
      reads.push(get(2))
      const some = subscription.unsubscribe('a', 'unknown')
      reads.push(get(3))
      const all = subscription.unsubscribe()
      reads.push(get(0))
      await Promise.all([some, all, ...reads])
      if (subscription.received > 0) wrong++
    }
    expect(wrong).toBe(0)
    expect(await redis.pubsubChannels()).toEqual([])
    expect(await redis.pubsubNumpat()).toBe(1)
  })
})
