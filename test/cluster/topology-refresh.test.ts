import { afterEach, describe, expect, test } from 'vitest'
import type { RedisClusterOptions } from '../../src/cluster/cluster-options.js'
import { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { until } from '../rig/conditions.js'
import { type FakeRedis, resp } from '../rig/fake-redis.js'
import { evenly, fakeCluster, isShards, shardsReply } from './scripted-nodes.js'

const open: { destroy(): void }[] = []
const fakes: FakeRedis[] = []

afterEach(async () => {
  for (const client of open.splice(0)) client.destroy()
  for (const fake of fakes.splice(0)) await fake.stop()
})

async function cluster(count: number, answers: Parameters<typeof fakeCluster>[1]): Promise<FakeRedis[]> {
  const nodes = await fakeCluster(count, answers)
  fakes.push(...nodes)
  return nodes
}

function connect(seeds: readonly string[], options: RedisClusterOptions = {}): RedisCluster {
  const client = new RedisCluster(seeds, options)
  client.on('error', () => {})
  open.push(client)
  return client
}

const refreshesOf = (node: FakeRedis) => node.commands.filter(({ argv }) => isShards(argv)).length

describe('a refresh of the topology', () => {
  test('a refresh ends with the first node that replies: no other node is dialled or asked', async () => {
    const nodes = await cluster(4, () => undefined)
    const urls = nodes.map(({ url }) => url)
    const client = connect(urls)
    const ready = new Promise<void>(resolve => client.once('ready', resolve))
    await client.get('k').catch(() => {})
    await ready
    await until(() => client.stats.inflight === 0)
    expect(nodes.map(refreshesOf).reduce((sum, each) => sum + each)).toBeLessThanOrEqual(client.stats.refreshes)
  })

  test('a refresh does not make two nodes of a seed that is announced under another name', async () => {
    let gate: Promise<void> | undefined
    const nodes = await cluster(1, (_, argv, all) => {
      if (argv[0] === 'SLOWLOG') return resp.integer(3)
      if (!isShards(argv) || gate === undefined) return undefined
      return (async function* () {
        await gate
        yield shardsReply(evenly(all))
      })()
    })
    const client = connect([`redis://localhost:${nodes[0]!.port}`], { refreshInterval: 50 })
    await client.connect()
    let release = () => {}
    gate = new Promise(resolve => {
      release = resolve
    })
    const refreshes = refreshesOf(nodes[0]!)
    await until(() => refreshesOf(nodes[0]!) > refreshes)
    const length = client.slowlogLen()
    setTimeout(release, 50)
    expect(await length).toBe(3)
  })

  test('a refresh closes the clients of single nodes that have left the cluster', async () => {
    let count = 2
    const nodes = await cluster(2, (_, argv, all) => {
      if (argv[0] === 'INFO') return resp.bulk('')
      return isShards(argv) ? shardsReply(evenly(all.slice(0, count))) : undefined
    })
    const client = connect([nodes[0]!.url], { refreshInterval: 50 })
    await client.connect()
    const clients = client.nodes()
    for (const each of clients) await each.info()
    count = 1
    await until(() => clients[1]!.status === 'closed')
    expect(clients[0]!.status).toBe('ready')
    await until(() => nodes[1]!.openConnections.length === 0)
    expect(client.nodes()).toEqual([clients[0]])
    count = 2
    await until(() => client.nodes().length === 2)
    expect(await client.nodes()[1]!.info()).toBeDefined()
  })
})
