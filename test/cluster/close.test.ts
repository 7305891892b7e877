import { afterEach, describe, expect, test } from 'vitest'
import type { RedisClusterOptions } from '../../src/cluster/cluster-options.js'
import { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { ConnectionError, RedisClusterException, SlotNotCoveredError, TimeoutError } from '../../src/errors/errors.js'
import { until } from '../rig/conditions.js'
import { FakeRedis, resp } from '../rig/fake-redis.js'
import { expectShortTurns, LoopWatch } from '../rig/slices.js'
import { takePort } from '../servers/servers.mjs'
import { fakeCluster, isShards, shardsReply } from './scripted-nodes.js'

/** `BULK=1000000` runs the test with a million calls. */
const COUNT = Number(process.env.BULK ?? 60_000)

const open: RedisCluster[] = []
const fakes: FakeRedis[] = []

afterEach(async () => {
  for (const client of open.splice(0)) client.destroy()
  for (const fake of fakes.splice(0)) await fake.stop()
})

/** A client of a cluster that does not exist. */
async function nowhere(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const client = new RedisCluster(`redis://127.0.0.1:${await takePort()}`, { commandTimeout: 0, ...options })
  client.on('error', () => {})
  open.push(client)
  return client
}

async function keysOf(client: RedisCluster): Promise<string[]> {
  const keys: string[] = []
  for await (const key of client.scan()) keys.push(key)
  return keys
}

const calls: Readonly<Record<string, (client: RedisCluster) => Promise<unknown>>> = {
  command: client => client.get('k'),
  connect: client => client.connect(),
  scan: keysOf,
  session: client => client.session(session => session.get('k')),
  transaction: client => client.transaction('k', session => session.multi().get('k').exec()),
  subscribe: client => client.subscribe('c', () => {}),
  ssubscribe: client => client.ssubscribe('c', () => {}),
}

describe('calls without a deadline to a cluster that cannot be reached', () => {
  test.each(Object.entries(calls))('%s settles when the client is destroyed', async (_, call) => {
    const client = await nowhere()
    const calling = call(client)
    client.destroy()
    await expect(calling).rejects.toBeInstanceOf(ConnectionError)
  })

  test.each(Object.entries(calls))('%s settles when it is called after the client was destroyed', async (_, call) => {
    const client = await nowhere()
    client.destroy()
    await expect(call(client)).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
  })
})

describe('calls without a deadline during the first refresh', () => {
  /** A node that accepts connections and never replies. */
  async function silence(): Promise<RedisCluster> {
    const fake = await FakeRedis.start({ script: () => null })
    fakes.push(fake)
    const client = new RedisCluster(fake.url, { commandTimeout: 0 })
    client.on('error', () => {})
    open.push(client)
    return client
  }

  test.each(Object.entries(calls))('%s settles when the client is destroyed', async (_, call) => {
    const client = await silence()
    const calling = call(client)
    calling.catch(() => {})
    await until(() => fakes[0]!.received('HELLO').length > 0)
    client.destroy()
    await expect(calling).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
  })

  test.each(Object.entries(calls))('%s settles when the timeout of close() has passed', async (_, call) => {
    const client = await silence()
    const calling = call(client)
    calling.catch(() => {})
    await until(() => fakes[0]!.received('HELLO').length > 0)
    await client.close({ timeout: 100 })
    await expect(calling).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
  })
})

describe('calls to a cluster that rejects the password', () => {
  test.each(Object.entries(calls))('%s rejects at once with the error of the password', async (_, call) => {
    const fake = await FakeRedis.start({ password: 'secret' })
    fakes.push(fake)
    const client = new RedisCluster(fake.url, { commandTimeout: 0, password: 'wrong' })
    client.on('error', () => {})
    open.push(client)
    await expect(call(client)).rejects.toMatchObject({
      name: 'RedisClusterException',
      message: expect.stringContaining('WRONGPASS'),
      outcome: 'not sent',
    })
  })
})

describe('a listener of an event that destroys the client', () => {
  test('a shard channel whose slot has moved is not resubscribed when a listener of topology destroys the client', async () => {
    let owner = 0
    const nodes = await fakeCluster(2, (_, argv, all) => {
      if (argv[0] === 'SSUBSCRIBE') return resp.push([resp.bulk('ssubscribe'), resp.bulk(argv[1]!), resp.integer(1)])
      if (!isShards(argv)) return undefined
      return shardsReply([
        { slots: [0, 16383], nodes: [{ port: all[owner]!.port }] },
        { slots: [], nodes: [{ port: all[1 - owner]!.port }] },
      ])
    })
    fakes.push(...nodes)
    const client = new RedisCluster(nodes[0]!.url, { refreshInterval: 50 })
    open.push(client)
    await client.ssubscribe('x', () => {})
    client.on('topology', () => client.destroy())
    owner = 1
    await until(() => client.status === 'closed')
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(nodes.flatMap(({ openConnections }) => openConnections)).toEqual([])
    expect(nodes[1]!.received('SSUBSCRIBE')).toEqual([])
  })

  test('no attempt to connect follows when a listener of reconnecting destroys the client', async () => {
    const nodes = await fakeCluster(1, () => undefined)
    fakes.push(...nodes)
    const client = new RedisCluster(nodes[0]!.url)
    client.on('error', () => {})
    open.push(client)
    await client.connect()
    client.on('reconnecting', () => client.destroy())
    nodes[0]!.openConnections[0]!.reset()
    await until(() => client.status === 'closed')
    await new Promise(resolve => setTimeout(resolve, 150))
    expect(nodes[0]!.connections).toHaveLength(1)
  })
})

describe('calls to a cluster that cannot be reached', () => {
  test('a scan rejects with the error of the last refresh', async () => {
    const client = await nowhere({ commandTimeout: 300 })
    await expect(keysOf(client)).rejects.toBeInstanceOf(RedisClusterException)
  })

  test.each(['subscribe', 'ssubscribe'] as const)(
    '%s rejects with the error of the last refresh when its deadline passes',
    async name => {
      const client = await nowhere({ commandTimeout: 300 })
      await expect(client[name]('c', () => {})).rejects.toMatchObject({
        name: 'RedisClusterException',
        message: expect.stringContaining('ECONNREFUSED'),
        command: name.toUpperCase(),
        outcome: 'not sent',
      })
    },
  )

  test('ssubscribe rejects with SlotNotCoveredError when the slot of its channel has no owner', async () => {
    const nodes = await fakeCluster(1, (_, argv, all) =>
      isShards(argv) ? shardsReply([{ slots: [0, 0], nodes: [{ port: all[0]!.port }] }]) : undefined,
    )
    fakes.push(...nodes)
    const client = new RedisCluster(nodes[0]!.url, { commandTimeout: 300 })
    open.push(client)
    for (let i = 0; i < 2; i++)
      await expect(client.ssubscribe('x', () => {})).rejects.toBeInstanceOf(SlotNotCoveredError)
  })

  test('a session whose calls have timed out causes no further refreshes', async () => {
    const client = await nowhere({ commandTimeout: 200, reconnect: { max: 50 } })
    await expect(client.session(session => session.get('k'))).rejects.toBeInstanceOf(TimeoutError)
    await new Promise(resolve => setTimeout(resolve, 200))
    const { refreshes } = client.stats
    await new Promise(resolve => setTimeout(resolve, 700))
    expect(client.stats.refreshes).toBe(refreshes)
  })
})

describe('very many calls that wait for a cluster', () => {
  test('destroy() rejects very many waiting calls in slices, and close is emitted after the last', {
    timeout: 20_000 + COUNT / 2,
  }, async () => {
    await expectShortTurns(async () => {
      const client = await nowhere({ reconnect: { min: 60_000, max: 60_000 } })
      let rejected = 0
      const all = new Promise<void>(resolve => {
        for (let i = 0; i < COUNT; i++)
          client.set(`k${i}`, 'v').catch(() => {
            if (++rejected === COUNT) resolve()
          })
      })
      await new Promise(resolve => setImmediate(resolve))
      expect(client.stats.queued).toBe(COUNT)
      let leftAtClose = -1
      const closed = new Promise<void>(resolve => {
        client.on('close', () => {
          leftAtClose = client.stats.queued
          resolve()
        })
      })
      const watch = new LoopWatch()
      client.destroy()
      expect(client.status).toBe('closed')
      expect(client.stats.queued).toBeGreaterThan(0)
      await client.close()
      expect(leftAtClose).toBe(0)
      await closed
      await all
      return await watch.stop()
    })
  })
})
