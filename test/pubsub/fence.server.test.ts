import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { ResponseError } from '../../src/errors/errors.js'
import { until } from '../rig/conditions.js'
import { FakeRedis, resp } from '../rig/fake-redis.js'
import { slotOf, startSingle } from '../servers/servers.mjs'

const open: Redis[] = []
const stops: { stop(): Promise<void> }[] = []

afterEach(async () => {
  for (const redis of open.splice(0)) redis.destroy()
  for (const each of stops.splice(0)) await each.stop()
})

/** A confirmation push. */
function said(kind: string, name: string): string {
  return resp.push([resp.bulk(kind), resp.bulk(name), resp.integer(0)])
}

/** A server that replies to SUNSUBSCRIBE with `answer`, and to all other commands as usual. */
async function serving(answer: (name: string, index: number) => string): Promise<FakeRedis> {
  let index = 0
  const fake = await FakeRedis.start({
    script: ([command = '', ...names]) => {
      if (command === 'SUNSUBSCRIBE') return names.map(name => answer(name, index++)).join('')
      return /SUBSCRIBE$/.test(command) ? names.map(name => said(command.toLowerCase(), name)).join('') : undefined
    },
  })
  stops.push(fake)
  return fake
}

describe('replies to SUNSUBSCRIBE', () => {
  const MOVED = resp.error('MOVED 1 127.0.0.1:1')
  test.each([
    ['its confirmation', (name: string) => said('sunsubscribe', name)],
    ['an error', () => MOVED],
    ['an unsolicited sunsubscribe, then an error', (name: string) => said('sunsubscribe', name) + MOVED],
    ['an unsolicited sunsubscribe, then the confirmation', (name: string) => said('sunsubscribe', name).repeat(2)],
    ['nothing at all', () => ''],
  ])('no later reply is shifted if SUNSUBSCRIBE is answered with %s', async (_, answer) => {
    const fake = await serving(answer)
    const redis = new Redis({ port: fake.port })
    open.push(redis)
    redis.on('error', () => {})
    const beside = await redis.subscribe('beside')
    for (let round = 0; round < 20; round++) {
      const shard = await redis.ssubscribe('shard')
      const [left, again] = await Promise.all([
        shard.unsubscribe(),
        redis.ssubscribe('shard'),
        redis.subscribe(`c:${round}`),
      ])
      expect(left).toBeUndefined()
      expect(again.closed).toBe(false)
      fake.openConnections
        .at(-1)
        ?.send(resp.push([resp.bulk('smessage'), resp.bulk('shard'), resp.bulk(String(round))]))
      await until(() => again.received === 1)
      await again.unsubscribe()
    }
    fake.openConnections.at(-1)?.send(resp.push([resp.bulk('message'), resp.bulk('beside'), resp.bulk('x')]))
    await until(() => beside.received === 1)
    // No connection was closed for it: the first is the only one.
    expect(fake.connections).toHaveLength(1)
  })

  test('a user without permission for UNSUBSCRIBE can use subscriptions', async () => {
    const fake = await FakeRedis.start({
      script: ([command = '', ...names]) => {
        if (command === 'UNSUBSCRIBE')
          return resp.error("NOPERM this user has no permissions to run the 'unsubscribe' command")
        return /SUBSCRIBE$/.test(command) ? names.map(name => said(command.toLowerCase(), name)).join('') : undefined
      },
    })
    stops.push(fake)
    const redis = new Redis({ port: fake.port })
    open.push(redis)
    for (let round = 0; round < 10; round++) {
      const shard = await redis.ssubscribe('shard')
      await shard.unsubscribe()
    }
    const channel = await redis.subscribe('kept')
    await expect(channel.unsubscribe()).rejects.toThrow(ResponseError)
    expect(channel.closed).toBe(true)
    expect(fake.connections).toHaveLength(1)
  })
})

test('an UNSUBSCRIBE that was rejected with BUSY is repeated until the server runs it', async () => {
  let left = 3
  const fake = await FakeRedis.start({
    script: ([command = '', ...names]) => {
      if (command === 'UNSUBSCRIBE' && left-- > 0)
        return resp.error('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.')
      return /SUBSCRIBE$/.test(command) ? names.map(name => said(command.toLowerCase(), name)).join('') : undefined
    },
  })
  stops.push(fake)
  const redis = new Redis({ port: fake.port })
  open.push(redis)
  const controller = new AbortController()
  await redis.subscribe('left', { signal: controller.signal })
  controller.abort()
  await fake.untilReceived('UNSUBSCRIBE', 4)
  await redis.subscribe('left')
  expect(fake.received('SUBSCRIBE')).toHaveLength(2)
})

test('changes while SUBSCRIBE or UNSUBSCRIBE is in flight are applied after its confirmation', async () => {
  let confirm = () => {}
  let isSlow = false
  const fake = await FakeRedis.start({
    script: async ([command = '', ...names]) => {
      if (!/SUBSCRIBE$/.test(command)) return undefined
      if (isSlow) await new Promise<void>(resolve => (confirm = resolve))
      return names.map(name => said(command.toLowerCase(), name)).join('')
    },
  })
  stops.push(fake)
  const redis = new Redis({ port: fake.port })
  open.push(redis)
  const first = await redis.subscribe('a')
  isSlow = true
  const left = first.unsubscribe()
  await fake.untilReceived('UNSUBSCRIBE')
  // The channel is wanted again before the server has confirmed that it was left.
  const again = redis.subscribe('a')
  await new Promise(setImmediate)
  expect(fake.received('SUBSCRIBE')).toHaveLength(1)
  isSlow = false
  confirm()
  await left
  const second = await again
  expect(fake.received('SUBSCRIBE')).toHaveLength(2)
  // The channel is left before the server has confirmed its subscription.
  isSlow = true
  const controller = new AbortController()
  const given = redis.subscribe('b', { signal: controller.signal })
  await fake.untilReceived('SUBSCRIBE', 3)
  controller.abort('given up')
  await expect(given).rejects.toBe('given up')
  isSlow = false
  confirm()
  expect((await fake.untilReceived('UNSUBSCRIBE', 2)).argv).toEqual(['UNSUBSCRIBE', 'b'])
  expect(second.closed).toBe(false)
})

// A node that loses a slot unsubscribes the slot's subscribers, and then rejects their commands for it.
test('in 1,000 races of SUNSUBSCRIBE with the loss of its slot no reply is taken for another', {
  timeout: 60_000,
}, async () => {
  const node = await startSingle({ config: ['--cluster-enabled', 'yes'] })
  stops.push(node)
  await node.command('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383)
  await until(async () => String(await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok'), {
    timeout: 10_000,
  })
  await node.command('CONFIG', 'SET', 'cluster-require-full-coverage', 'no')
  const redis = new Redis({ port: node.port })
  open.push(redis)
  redis.on('error', () => {})
  const beside = await redis.subscribe('beside')
  const slot = slotOf('shard')
  const raw = await node.connect()
  for (let round = 0; round < 1_000; round++) {
    const shard = await redis.ssubscribe('shard')
    const lost = raw.command('CLUSTER', 'DELSLOTS', slot)
    const left = shard.unsubscribe()
    // The command is rejected while no node serves the slot, and retried after that.
    const again = redis.ssubscribe('shard').then(subscription => subscription.unsubscribe())
    await lost
    await raw.command('CLUSTER', 'ADDSLOTS', slot)
    await Promise.all([left, again])
  }
  expect(await redis.pubsubShardchannels()).toEqual([])
  await redis.publish('beside', 'x')
  await until(() => beside.received === 1)
  expect(
    String(await raw.command('CLIENT', 'LIST', 'TYPE', 'pubsub'))
      .trim()
      .split('\n'),
  ).toHaveLength(1)
  const refusals = Number(
    /errorstat_CLUSTERDOWN:count=(\d+)/.exec(String(await raw.command('INFO', 'errorstats')))?.[1] ?? 0,
  )
  raw.close()
  console.log(`1,000 races, ${refusals} refusals`)
  expect(refusals).toBeGreaterThan(100)
})
