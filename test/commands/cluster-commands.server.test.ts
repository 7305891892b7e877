import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { RedisError, ResponseError } from '../../src/errors/errors.js'
import { slotOf, startSingle } from '../servers/servers.mjs'
import { useCluster } from '../servers/vitest.js'
import { needs } from './protocols.js'

describe('CLUSTER commands in a cluster', () => {
  const cluster = useCluster({ primaries: 3, replicasEach: 1 })

  describe.each([2, 3] as const)('over RESP%i', protocol => {
    let redis: Redis | undefined
    const client = () => redis as Redis
    beforeAll(() => {
      const { host, port } = cluster().nodes[0] ?? { host: '', port: 0 }
      redis = new Redis({ host, port, protocol })
    })
    afterAll(() => redis?.close())

    it('CLUSTER INFO returns the state of the cluster', async () => {
      expect(await client().clusterInfo()).toMatchObject({
        clusterState: 'ok',
        clusterSlotsAssigned: 16_384,
        clusterSlotsOk: 16_384,
        clusterKnownNodes: 6,
        clusterSize: 3,
      })
      expect((await client().clusterHelp())[0]).toMatch(/^CLUSTER <subcommand>/)
    })

    it('CLUSTER NODES returns all nodes', async () => {
      const id = await client().clusterMyid()
      expect(id).toMatch(/^[0-9a-f]{40}$/)
      const nodes = await client().clusterNodes()
      expect(nodes).toHaveLength(6)
      const myself = nodes.find(node => node.id === id)
      expect(myself).toMatchObject({ flags: ['myself', expect.any(String)], linkState: 'connected' })
      expect(myself?.address).toContain(`:${cluster().nodes[0]?.port}@`)
      const primaries = nodes.filter(node => node.flags.includes('master'))
      expect(primaries).toHaveLength(3)
      for (const primary of primaries) {
        expect(primary.primary).toBeNull()
        expect(primary.slots).toEqual([expect.stringMatching(/^\d+-\d+$/)])
        const replicas = await client().clusterReplicas(primary.id)
        expect(replicas).toMatchObject([{ flags: ['slave'], primary: primary.id, slots: [] }])
        expect(await client().clusterSlaves(primary.id)).toMatchObject([{ id: replicas[0]?.id }])
        expect(await client().clusterCountFailureReports(primary.id)).toBe(0)
      }
      expect(await client().bigints.clusterCountFailureReports(id)).toBe(0n)
    })

    it('CLUSTER SHARDS, SLOTS and LINKS return shards, slots and links', async () => {
      const nodes = await client().clusterNodes()
      const shards = await client().clusterShards()
      expect(shards).toHaveLength(3)
      for (const shard of shards) {
        expect(shard.slots).toEqual([{ start: expect.any(Number), end: expect.any(Number) }])
        expect(shard.nodes.map(node => node.role).sort()).toEqual(['master', 'replica'])
        expect(shard.nodes[0]).toMatchObject({
          id: expect.any(String),
          port: expect.any(Number),
          ip: '127.0.0.1',
          endpoint: '127.0.0.1',
          replicationOffset: expect.any(Number),
          health: expect.any(String),
        })
      }
      const slots = await client().clusterSlots()
      expect(slots.map(({ start, end }) => end - start + 1).reduce((a, b) => a + b)).toBe(16_384)
      for (const range of slots) {
        const [primary] = range.nodes
        expect(primary).toStrictEqual({
          host: '127.0.0.1',
          port: expect.any(Number),
          id: expect.any(String),
          metadata: {},
        })
        expect(nodes.find(node => node.id === primary?.id)?.flags).toContain('master')
      }
      const [link] = await client().clusterLinks()
      expect(link).toEqual({
        direction: expect.stringMatching(/^(to|from)$/),
        node: expect.stringMatching(/^[0-9a-f]{40}$/),
        createTime: expect.any(Number),
        events: expect.any(String),
        sendBufferAllocated: expect.any(Number),
        sendBufferUsed: expect.any(Number),
      })
    })

    it('CLUSTER KEYSLOT, COUNTKEYSINSLOT and GETKEYSINSLOT return slots and keys', async () => {
      expect(await client().clusterKeyslot('{a}b')).toBe(slotOf('a'))
      expect(await client().bigints.clusterKeyslot('a')).toBe(BigInt(slotOf('a')))
      const shards = await client().clusterShards()
      const id = await client().clusterMyid()
      const mine = shards.find(shard => shard.nodes.some(node => node.id === id))?.slots[0]?.start ?? 0
      const key = Array.from({ length: 200_000 }, (_, i) => `k${i}`).find(name => slotOf(name) === mine) ?? ''
      await client().set(key, 1)
      expect(await client().clusterCountkeysinslot(mine)).toBe(1)
      expect(await client().clusterGetkeysinslot(mine, 5)).toEqual([key])
      expect(await client().bytes.clusterGetkeysinslot(mine, 5)).toEqual([Buffer.from(key)])
      await client().del(key)
    })

    it('CLUSTER MYSHARDID returns the id of the shard', async context => {
      await needs(context, cluster().nodes[0] as never, 'CLUSTER|MYSHARDID')
      expect(await client().clusterMyshardid()).toMatch(/^[0-9a-f]{40}$/)
    })

    it('CLUSTER SLOT-STATS returns statistics of slots', async context => {
      await needs(context, cluster().nodes[0] as never, 'CLUSTER|SLOT-STATS')
      const [range] = await client().clusterSlots()
      const start = range?.start ?? 0
      expect(await client().clusterSlotStats({ slotsrange: { start: 0, end: 16_383 } })).toContainEqual(
        expect.objectContaining({ statistics: expect.objectContaining({ 'key-count': expect.any(Number) }) }),
      )
      expect(await client().clusterSlotStats({ orderby: 'key-count', limit: 2, order: 'DESC' })).toHaveLength(2)
      expect(start).toBeGreaterThanOrEqual(0)
    })

    it('CLUSTER commands change the configuration of a node', async () => {
      const id = await client().clusterMyid()
      expect(await client().clusterSaveconfig()).toBe('OK')
      expect(await client().clusterBumpepoch()).toMatch(/^(BUMPED|STILL) \d+$/)
      const slot = (await client().clusterShards()).find(shard => shard.nodes.some(node => node.id === id))?.slots[0]
        ?.start
      expect(await client().clusterSetslot(slot ?? 0, 'stable')).toBe('OK')
      const refused = [
        client().clusterAddslots(0, 1),
        client().clusterAddslotsrange({ start: 0, end: 2 }),
        client().clusterDelslots(16_384),
        client().clusterDelslotsrange({ start: 5, end: 1 }),
        client().clusterSetslot(0, 'importing', 'none'),
        client().clusterSetslot(0, 'migrating', 'none'),
        client().clusterSetslot(0, 'node', 'none'),
        client().clusterFailover('force'),
        client().clusterForget('none'),
        client().clusterMeet('nonsense', 1),
        client().clusterReplicate('none'),
        client().clusterSetConfigEpoch(1),
      ]
      for (const outcome of await Promise.allSettled(refused)) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(ResponseError) })
      }
    })
  })
})

it('CLUSTER commands work on a node without a cluster', async () => {
  const server = await startSingle({ config: ['--cluster-enabled', 'yes'] })
  const other = await startSingle({ config: ['--cluster-enabled', 'yes'] })
  try {
    await using redis = new Redis({ host: server.host, port: server.port })
    expect(await redis.clusterAddslots(0, 1)).toBe('OK')
    expect(await redis.clusterAddslotsrange({ start: 5, end: 9 }, { start: 11, end: 11 })).toBe('OK')
    expect((await redis.clusterNodes())[0]?.slots).toEqual(['0-1', '5-9', '11'])
    expect(await redis.clusterDelslots(1)).toBe('OK')
    expect(await redis.clusterDelslotsrange({ start: 6, end: 8 })).toBe('OK')
    expect((await redis.clusterNodes())[0]?.slots).toEqual(['0', '5', '9', '11'])
    expect(await redis.clusterFlushslots()).toBe('OK')
    expect(await redis.clusterSetConfigEpoch(7)).toBe('OK')
    expect(await redis.clusterInfo()).toMatchObject({ clusterState: 'fail', clusterMyEpoch: 7 })
    expect(await redis.clusterMeet(other.host, other.port)).toBe('OK')
    await expect
      .poll(async () => (await redis.clusterNodes()).map(node => node.flags.join()), { timeout: 20_000 })
      .toContainEqual('master')
    const id = (await redis.clusterNodes()).find(node => !node.flags.includes('myself'))?.id ?? ''
    expect(await redis.clusterSetslot(3, 'importing', id)).toBe('OK')
    expect((await redis.clusterNodes()).find(node => node.flags.includes('myself'))?.slots).toEqual([`[3-<-${id}]`])
    expect(await redis.clusterSetslot(3, 'stable')).toBe('OK')
    expect(await redis.clusterSetslot(3, 'node', id)).toBe('OK')
    expect(await redis.clusterReplicate(id)).toBe('OK')
    expect((await redis.clusterNodes()).find(node => node.flags.includes('myself'))).toMatchObject({ primary: id })
    await expect
      .poll(async () => await redis.role(), { timeout: 20_000 })
      .toMatchObject({ role: 'slave', state: 'connected' })
    await expect.poll(() => redis.clusterFailover('takeover').catch(String), { timeout: 20_000 }).toBe('OK')
    await expect.poll(async () => (await redis.role()).role, { timeout: 20_000 }).toBe('master')
    expect(await redis.clusterForget(id)).toBe('OK')
    expect(await redis.clusterReset('hard')).toBe('OK')
    expect(await redis.clusterReset('soft')).toBe('OK')
    expect(await redis.clusterNodes()).toHaveLength(1)
  } finally {
    await Promise.all([server.stop(), other.stop()])
  }
})

it('CLUSTER commands reject on a server without cluster mode', async () => {
  const server = await startSingle()
  try {
    await using redis = new Redis({ host: server.host, port: server.port })
    await expect(redis.clusterInfo()).rejects.toBeInstanceOf(RedisError)
  } finally {
    await server.stop()
  }
})
