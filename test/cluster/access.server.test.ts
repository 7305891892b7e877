import { afterEach, describe, expect, test } from 'vitest'
import type { RedisClusterOptions } from '../../src/cluster/cluster-options.js'
import type { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { AuthenticationError, RedisClusterException } from '../../src/errors/errors.js'
import { until } from '../rig/conditions.js'
import { ChaosProxy } from '../rig/proxy.js'
import { slotOf } from '../servers/servers.mjs'
import { useCluster } from '../servers/vitest.js'
import { useClients } from './clients.js'

const cluster = useCluster({ tls: true, password: 'secret', replicasEach: 0 })
const proxies: ChaosProxy[] = []

afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop()
})

const clientOf = useClients()
const connect = (seeds: readonly string[], options: RedisClusterOptions = {}) =>
  clientOf(seeds, { commandTimeout: 5_000, ...options })

const letters = [...'abcdefghijklmnop']

async function works(client: RedisCluster): Promise<void> {
  await Promise.all(letters.map(key => client.set(key, key)))
  expect(await client.mget(letters)).toEqual(letters)
}

describe('TLS and credentials', () => {
  test('every node gets the TLS options and credentials of the seed, and is verified under the name of the seed', async () => {
    const { ca } = cluster().nodes[0]!.tls!
    const [seed] = cluster().tlsSeeds
    const client = connect([seed!.replace('rediss://', 'rediss://:secret@')], { tls: { ca } })
    await works(client)
    // The certificate is for localhost; the nodes announce 127.0.0.1.
    expect(client.topology?.shards.map(({ primary }) => primary.host)).toEqual(Array(3).fill('127.0.0.1'))
    // The seed has another name than its node: it is a node of its own until the first topology.
    await until(() => client.stats.nodes === 3, { what: 'three nodes' })
  })

  test('an untrusted certificate rejects calls at once, with an error that lists each node', async () => {
    const client = connect(cluster().tlsSeeds, { password: 'secret' })
    const error = await client.get('a').catch(cause => cause)
    expect(error).toBeInstanceOf(RedisClusterException)
    for (const { tls } of cluster().nodes) expect(error.message).toContain(`localhost:${tls!.port}: The certificate`)
  })

  test('a wrong password rejects calls at once, and is in no error message', async () => {
    const client = connect(cluster().seeds, { password: 'hunter2', commandTimeout: 20_000 })
    const began = performance.now()
    const error = await client.get('a').catch(cause => cause)
    expect(error).toBeInstanceOf(RedisClusterException)
    expect(error.cause).toBeInstanceOf(AuthenticationError)
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain('hunter2')
  })

  test('a redis:// seed at a TLS port rejects instead of hanging', async () => {
    const { port } = cluster().nodes[0]!.tls!
    const client = connect([`redis://:secret@127.0.0.1:${port}`], { connectTimeout: 500, commandTimeout: 2_000 })
    const error = await client.get('a').catch(cause => cause)
    expect(error).toBeInstanceOf(RedisClusterException)
    expect(error.message).toContain(`127.0.0.1:${port}: `)
  })

  test('a user who may not call CLUSTER SHARDS gets the topology from CLUSTER SLOTS', async () => {
    for (const node of cluster().nodes) {
      await node.command('ACL', 'SETUSER', 'few', 'on', '>pass', '~few:*', '+get', '+set', '+cluster|slots', '+hello')
    }
    const client = connect(cluster().seeds, { username: 'few', password: 'pass' })
    // CLUSTER SHARDS is denied, SLOTS is allowed.
    await client.set('few:a', '1')
    expect(await client.get('few:a')).toBe('1')
    expect(await client.pipeline().get('few:a').get('other').exec({ settle: true })).toEqual([
      '1',
      expect.objectContaining({ code: 'NOPERM' }),
    ])
  })
})

describe('nodes that announce another address than theirs', () => {
  test('with addressMap every node is dialled through its own proxy, and none directly', async () => {
    const map: Record<string, string> = {}
    for (const node of cluster().nodes) {
      const proxy = await ChaosProxy.start(node)
      proxies.push(proxy)
      map[`127.0.0.1:${node.port}`] = `127.0.0.1:${proxy.port}`
    }
    const client = connect([proxies[0]!.url], { password: 'secret', addressMap: map })
    await works(client)
    const slot = slotOf('a')
    const from = await cluster().primaryOf(slot)
    await cluster().moveSlot(slot, cluster().nodes.find(node => node !== from)!)
    expect(await client.get('a')).toBe('a')
    const ports = client.topology!.shards.map(({ primary }) => primary.port)
    expect([...ports].sort()).toEqual(proxies.map(({ port }) => port).sort())
    for (const proxy of proxies) expect((await proxy.stats()).accepted).toBe(1)
  })

  test('nodes with an unknown endpoint or no host name are found by their addresses', async () => {
    for (const type of ['unknown-endpoint', 'hostname', 'ip']) {
      for (const node of cluster().nodes) await node.command('CONFIG', 'SET', 'cluster-preferred-endpoint-type', type)
      // No refresh by time: it could find the new owner before the redirect.
      const client = connect([cluster().seeds[0]!], { password: 'secret', refreshInterval: 0 })
      await works(client)
      const slot = slotOf('b')
      const from = await cluster().primaryOf(slot)
      await cluster().moveSlot(slot, cluster().nodes.find(node => node !== from)!)
      expect(await client.get('b'), type).toBe('b')
      // With `?` the new owner is found by a refresh.
      if (type !== 'hostname') expect(client.stats.moved, type).toBe(1)
    }
  })

  test('nodes are dialled under the host names that they announce', async () => {
    for (const node of cluster().nodes) {
      await node.command('CONFIG', 'SET', 'cluster-announce-hostname', 'localhost')
      await node.command('CONFIG', 'SET', 'cluster-preferred-endpoint-type', 'hostname')
    }
    try {
      const client = connect([cluster().seeds[0]!], { password: 'secret' })
      await works(client)
      expect(client.topology?.shards.some(({ primary }) => primary.host === 'localhost')).toBe(true)
    } finally {
      for (const node of cluster().nodes) {
        await node.command('CONFIG', 'SET', 'cluster-preferred-endpoint-type', 'ip')
        await node.command('CONFIG', 'SET', 'cluster-announce-hostname', '')
      }
    }
  })
})
