import { afterEach, describe, expect, test } from 'vitest'
import type { RedisClusterOptions } from '../../src/cluster/cluster-options.js'
import { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { ConnectionError, RedisClusterException, TimeoutError } from '../../src/errors/errors.js'
import { FakeRedis } from '../rig/fake-redis.js'
import { takePort } from '../servers/servers.mjs'

const open: RedisCluster[] = []
const fakes: FakeRedis[] = []

afterEach(async () => {
  for (const client of open.splice(0)) client.destroy()
  for (const fake of fakes.splice(0)) await fake.stop()
})

/** A client of a cluster that is not there. */
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

describe('without a deadline, and with a cluster that never came', () => {
  test.each(Object.entries(calls))('%s settles when the client is destroyed', async (_, call) => {
    const client = await nowhere()
    const calling = call(client)
    client.destroy()
    await expect(calling).rejects.toBeInstanceOf(ConnectionError)
  })

  test.each(Object.entries(calls))('%s settles after that', async (_, call) => {
    const client = await nowhere()
    client.destroy()
    await expect(call(client)).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
  })
})

describe('where no password lets in', () => {
  test.each(Object.entries(calls))('%s is told at once', async (_, call) => {
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

describe('with a deadline', () => {
  test('a scan ends with the trouble of the cluster', async () => {
    const client = await nowhere({ commandTimeout: 300 })
    await expect(keysOf(client)).rejects.toBeInstanceOf(RedisClusterException)
  })

  test.each(['subscribe', 'ssubscribe'] as const)('a %s ends with the trouble of the cluster', async name => {
    const client = await nowhere({ commandTimeout: 300 })
    await expect(client[name]('c', () => {})).rejects.toMatchObject({
      name: 'RedisClusterException',
      message: expect.stringContaining('ECONNREFUSED'),
      command: name.toUpperCase(),
      outcome: 'not sent',
    })
  })

  test('a session that gave up has nobody look for the cluster any more', async () => {
    const client = await nowhere({ commandTimeout: 200, reconnect: { max: 50 } })
    await expect(client.session(session => session.get('k'))).rejects.toBeInstanceOf(TimeoutError)
    await new Promise(resolve => setTimeout(resolve, 200))
    const { refreshes } = client.stats
    await new Promise(resolve => setTimeout(resolve, 700))
    expect(client.stats.refreshes).toBe(refreshes)
  })
})
