import { describe, expect, test } from 'vitest'
import type { RedisClusterOptions } from '../../src/cluster/cluster-options.js'
import { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { Command } from '../../src/commands/core/command.js'
import * as joins from '../../src/commands/core/response-policies.js'
import { allSpecs, keyless } from '../../src/commands/core/spec.js'
import {
  ClusterCrossSlotError,
  ConnectionError,
  DataError,
  RedisClusterException,
  ResponseError,
  SlotNotCoveredError,
} from '../../src/errors/errors.js'
import { until } from '../rig/conditions.js'
import type { ClusterNode } from '../servers/servers.mjs'
import { slotOf as serverSlotOf } from '../servers/servers.mjs'
import { useCluster } from '../servers/vitest.js'
import { useClients } from './clients.js'

const cluster = useCluster()

const clientOf = useClients()
const connect = (options: RedisClusterOptions = {}) => clientOf(cluster().seeds, options)

const letters = [...'abcdefghijklmnopqrstuvwxyz']

/** How often a node has run a command of this name. */
async function callsOf(node: ClusterNode, name: string): Promise<number> {
  const stats = String(await node.command('INFO', 'commandstats'))
  const line = stats.split('\r\n').find(each => each.startsWith(`cmdstat_${name.toLowerCase().replace(' ', '|')}:`))
  // Calls with an error reply count too: SCRIPT KILL finds nothing to kill.
  const numbers = /calls=(\d+).*rejected_calls=(\d+)/.exec(line ?? '')
  return numbers === null ? 0 : Number(numbers[1]) + Number(numbers[2])
}

describe('keys of several slots', () => {
  test('MGET, MSET, DEL, UNLINK, EXISTS and TOUCH with keys of several slots are split, and their replies joined in order', async () => {
    const client = connect()
    const slots = new Set(letters.map(serverSlotOf))
    expect(slots.size).toBeGreaterThan(20)
    expect(await client.mset(Object.fromEntries(letters.map(key => [key, key.toUpperCase()])))).toBe('OK')
    const wanted = ['z', 'nonesuch', ...letters, 'a', 'nonesuch']
    expect(await client.mget(wanted)).toEqual(['Z', null, ...letters.map(key => key.toUpperCase()), 'A', null])
    expect((await client.bytes.mget(['a', 'b']))[1]).toEqual(Buffer.from('B'))
    expect(await client.exists(...letters, 'a', 'nonesuch')).toBe(27)
    expect(await client.bigints.exists('a', 'b')).toBe(2n)
    expect(await client.touch('a', 'b', 'nonesuch')).toBe(2)
    expect(await client.del('a', 'b', 'nonesuch')).toBe(2)
    expect(await client.unlink(...letters)).toBe(24)
    const view = client.prefixed('{one}:')
    await view.mset({ a: 1, b: 2 })
    expect(await view.mget('a', 'b')).toEqual(['1', '2'])
    expect(await client.get('{one}:b')).toBe('2')
  })

  test('commands with keys of several slots are split in a pipeline too', async () => {
    const client = connect()
    await client.mset({ a: 'A', b: 'B', c: 'C' })
    expect(await client.pipeline().mget('a', 'b', 'c').incr('n').dbsize().del('a', 'b').mget('a', 'c').exec()).toEqual([
      ['A', 'B', 'C'],
      expect.any(Number),
      expect.any(Number),
      2,
      [null, 'C'],
    ])
  })

  test('all other commands with keys of several slots reject before they are sent', async () => {
    const client = connect()
    await client.connect()
    const primaries = await cluster().primaries()
    const before = await Promise.all(primaries.map(node => callsOf(node, 'SINTER')))
    const error = await client.sinter('a', 'b').catch(cause => cause)
    expect(error).toBeInstanceOf(ClusterCrossSlotError)
    expect(error).toMatchObject({ code: 'CROSSSLOT', command: 'SINTER', outcome: 'not sent' })
    for (const refused of [
      client.msetnx({ a: 1, b: 2 }),
      client.rename('a', 'b'),
      client.multi().set('a', 1).set('b', 2).exec(),
      client.multi().mget('a', 'b').exec(),
      client.blpop(['a', 'b'], 1),
      client.call('EVAL', 'return 1', 2, 'a', 'b'),
      client.session(async session => {
        await session.get('a')
        await session.get('b')
      }),
    ]) {
      await expect(refused).rejects.toBeInstanceOf(ClusterCrossSlotError)
    }
    expect(await Promise.all(primaries.map(node => callsOf(node, 'SINTER')))).toEqual(before)
    expect(client.pool.lent).toBe(0)
  })

  test('a split command that fails in part rejects with an error that has its parts, which printing does not show', async () => {
    const client = connect()
    await client.mset({ a: 1, b: 2 })
    const owner = await cluster().primaryOf(serverSlotOf('a'))
    const denied = ['~b', '+@all', 'on', 'nopass']
    for (const node of cluster().nodes) await node.command('ACL', 'SETUSER', 'half', ...denied)
    const half = connect({ username: 'half', password: 'any' })
    const error = await half.mget('a', 'b').catch(cause => cause)
    expect(error).toBeInstanceOf(ResponseError)
    expect(error).toMatchObject({ code: 'NOPERM', command: 'MGET' })
    expect(error.parts).toHaveLength(2)
    expect(error.parts[0]).toMatchObject({ keys: ['a'], error })
    expect(error.parts[1]).toEqual({ keys: ['b'], reply: ['2'] })
    expect(Object.keys(error)).not.toContain('parts')
    expect(owner.alive).toBe(true)
    for (const node of cluster().nodes) await node.command('ACL', 'DELUSER', 'half')
  })
})

describe('commands without keys', () => {
  const HELD: Record<string, readonly (string | number)[]> = {
    FLUSHDB: [],
    FLUSHALL: [],
    'SCRIPT LOAD': ['return 1'],
    'SCRIPT FLUSH': [],
    'SCRIPT EXISTS': ['e0e1f9fabfc9d4800c877a703b823ac0578ff8db'],
    'SCRIPT KILL': [],
    'FUNCTION LOAD': ['REPLACE', "#!lua name=lib\nredis.register_function('f', function() return 1 end)"],
    'FUNCTION FLUSH': [],
    'FUNCTION DELETE': ['lib'],
    'FUNCTION KILL': [],
    'FUNCTION STATS': [],
    'CONFIG SET': ['maxmemory-samples', '5'],
    DBSIZE: [],
    'MEMORY PURGE': [],
    'SLOWLOG RESET': [],
    'SLOWLOG LEN': [],
    'SLOWLOG GET': [],
    'LATENCY RESET': [],
    PING: [],
    KEYS: ['*'],
  }
  const JOINS: Record<string, unknown> = {
    agg_sum: joins.sum,
    agg_min: joins.min,
    agg_max: joins.max,
    agg_logical_and: joins.and,
    agg_logical_or: joins.or,
    one_succeeded: joins.one,
  }

  test('commands without keys are sent by the request policies of COMMAND', async () => {
    await cluster().waitReady()
    const client = connect()
    await client.connect()
    const described = await policies(cluster().nodes[0]!)
    const primaries = await cluster().primaries()
    const checked: string[] = []
    for (const [name, { request, response }] of described) {
      const spec = allSpecs().get(name)
      if (spec === undefined) continue
      if (response !== undefined && JOINS[response] !== undefined && spec.requestPolicy !== undefined) {
        expect(`${name}: ${(spec.responsePolicy as { name?: string } | undefined)?.name}`).toBe(
          `${name}: ${(JOINS[response] as { name: string }).name}`,
        )
      }
      // All commands with keys of several shards are split except MSETNX, which is atomic. Without a response policy one node is asked.
      if (request === 'multi_shard')
        expect(`${name} ${spec.requestPolicy}`).toBe(name === 'MSETNX' ? 'MSETNX undefined' : `${name} multi_shard`)
      if ((request !== 'all_shards' && request !== 'all_nodes') || spec.requestPolicy === 'special') continue
      expect(`${name} ${spec.requestPolicy}`).toBe(`${name} ${request}`)
      const args = HELD[name]
      if (args === undefined) continue
      const asked = request === 'all_nodes' ? cluster().nodes : primaries
      const before = await Promise.all(cluster().nodes.map(node => callsOf(node, name)))
      await client.call(...([...name.split(' '), ...args] as [string])).catch(error => {
        // No script runs that could be killed, and the library does not exist.
        expect(error).toBeInstanceOf(ResponseError)
      })
      const after = await Promise.all(cluster().nodes.map(node => callsOf(node, name)))
      const grown = cluster().nodes.filter((_, i) => after[i]! > before[i]!)
      // Commands that replicas get by replication count there too.
      for (const node of asked) expect(grown, `${name} at ${node.url}`).toContain(node)
      checked.push(name)
    }
    expect(checked.length).toBeGreaterThanOrEqual(18)
    console.log(`sent to the right nodes: ${checked.join(', ')}`)
  })

  test('the replies to commands without keys are joined by the response policies: sums, lists, equal replies', async () => {
    const client = connect()
    await client.flushall()
    await Promise.all(letters.map(key => client.set(key, key)))
    expect(await client.dbsize()).toBe(26)
    expect((await client.keys('*')).sort()).toEqual(letters)
    expect(await client.ping()).toBe('PONG')
    expect(await client.echo('here')).toBe('here')
    const key = await client.randomkey()
    expect(letters).toContain(key)
    expect(await client.flushall()).toBe('OK')
    expect(await client.dbsize()).toBe(0)
  })

  test('a command whose key positions are unknown rejects, unless with({ key }) decides on its node', async () => {
    const client = connect()
    const error = await client.call('NONESUCH', 'a').catch(cause => cause)
    expect(error).toBeInstanceOf(RedisClusterException)
    expect(error).toMatchObject({ command: 'NONESUCH', outcome: 'not sent' })
    await expect(client.with({ key: 'a' }).call('NONESUCH', 'a')).rejects.toBeInstanceOf(ResponseError)
    await expect(client.wait(1, 1)).rejects.toBeInstanceOf(DataError)
  })

  test('nodes() returns a client for each node', async () => {
    await cluster().waitReady()
    const client = connect()
    expect(client.nodes()).toEqual([])
    await client.connect()
    const ports = (await cluster().primaries()).map(({ port }) => port)
    const told = await Promise.all(
      client.nodes('primary').map(async node => (await node.call('CONFIG', 'GET', 'port')) as unknown),
    )
    expect(told.map(reply => Number([...(reply as Map<string, string>).values()][0])).sort()).toEqual([...ports].sort())
    expect(client.nodes('primary')).toHaveLength(3)
    expect(client.nodes('replica')).toHaveLength(3)
    expect(client.nodes('all')).toHaveLength(6)
    expect(client.nodes('primary')[0]).toBe(client.nodes('primary')[0])
    // A replica answers reads of its slots, because its client sends READONLY.
    await client.set('a', 'A')
    const owner = await cluster().primaryOf(serverSlotOf('a'))
    const [replica] = await cluster().replicasOf(owner)
    const own = client.nodes('replica').find(({ node }) => node.endsWith(`:${replica!.port}`))
    expect(own).toBeDefined()
    await until(async () => (await own!.get('a')) === 'A')
    const [first] = client.nodes('primary')
    await client.close()
    expect(first!.status).toBe('closed')
  })
})

/** Request and response policies by name. */
async function policies(node: ClusterNode): Promise<Map<string, { request?: string; response?: string }>> {
  const found = new Map<string, { request?: string; response?: string }>()
  const walk = (commands: readonly unknown[][]) => {
    for (const command of commands) {
      const tips = (command[7] as string[] | undefined) ?? []
      const tip = (kind: string) => tips.find(each => each.startsWith(`${kind}_policy:`))?.split(':')[1]
      const request = tip('request')
      const response = tip('response')
      if (request !== undefined)
        found.set(String(command[0]).toUpperCase().replace('|', ' '), { request, ...(response ? { response } : {}) })
      walk((command[9] as unknown[][] | undefined) ?? [])
    }
  }
  walk((await node.command('COMMAND')) as unknown[][])
  return found
}

describe('transactions', () => {
  test.each([2, 3] as const)(
    'commands whose replies are bytes share a transaction of a cluster with commands whose replies are text, RESP%i',
    async protocol => {
      const client = connect({ protocol })
      const bytes = Buffer.from([0xff, 0xfe, 0x80, 1, 2])
      for (const key of ['{a}bin', '{b}bin', '{c}bin']) {
        await client.set(key, bytes)
        await client.del(`${key}:h`)
        await client.hset(`${key}:h`, { f: 'é', g: '😀' })
        const dump = await client.dump(key)
        const multi = client.multi().dump(key).hgetall(`${key}:h`).get(key).incr(`${key}:h`).dump(`${key}:none`)
        expect(await multi.hmget(`${key}:h`, 'f', 'none').exec({ settle: true })).toEqual([
          dump,
          { f: 'é', g: '😀' },
          bytes.toString(),
          expect.objectContaining({ name: 'ResponseError', command: 'INCR', code: 'WRONGTYPE' }),
          null,
          ['é', null],
        ])
        expect(await client.bytes.multi().get(key).dump(key).hget(`${key}:h`, 'f').exec()).toEqual([
          bytes,
          dump,
          Buffer.from('é'),
        ])
        const inSession = client.session(session => session.multi().hget(`${key}:h`, 'g').dump(key).exec())
        expect(await inSession).toEqual(['😀', dump])
        // A copy made of the bytes has the same value.
        expect(
          await client
            .multi()
            .del(`${key}:copy`)
            .restore(`${key}:copy`, 0, dump as Buffer)
            .exec(),
        ).toEqual([0, 'OK'])
        expect(await client.bytes.multi().get(`${key}:copy`).del(`${key}:copy`).exec()).toEqual([bytes, 1])
      }
    },
  )
})

describe('reads from replicas', () => {
  test('reads go to the replicas in turn, and to the primary when no replica is connected', async () => {
    await cluster().waitReady()
    const client = connect({ readFrom: 'replica' })
    await client.connect()
    await client.set('a', 'A')
    const owner = await cluster().primaryOf(serverSlotOf('a'))
    const [replica] = await cluster().replicasOf(owner)
    await until(async () => (await client.get('a')) === 'A')
    const before = await callsOf(replica!, 'GET')
    for (let i = 0; i < 10; i++) expect(await client.get('a')).toBe('A')
    expect(await callsOf(replica!, 'GET')).toBe(before + 10)
    await replica!.kill()
    const reads = await Promise.all(Array.from({ length: 20 }, () => client.get('a')))
    expect(reads).toEqual(Array(20).fill('A'))
    await cluster().heal()
    await cluster().waitReady()
    const again = await callsOf(replica!, 'GET')
    await until(async () => {
      await client.get('a')
      return (await callsOf(replica!, 'GET')) > again
    })
  })

  test('readFrom nearest reads from the node that answers fastest', async () => {
    await cluster().waitReady()
    const client = connect({ readFrom: 'nearest', refreshInterval: 50 })
    await client.connect()
    await client.set('a', 'A')
    for (let i = 0; i < 50; i++) await client.get('a')
    expect(await client.get('a')).toBe('A')
    expect(client.stats.moved).toBe(0)
  })
})

describe('errors of a cluster', () => {
  test('a command for a slot without an owner rejects with SlotNotCoveredError', async () => {
    const client = connect()
    await client.connect()
    const slot = 777
    const owner = await cluster().primaryOf(slot)
    for (const node of cluster().nodes) await node.command('CONFIG', 'SET', 'cluster-require-full-coverage', 'no')
    for (const node of await cluster().primaries()) await node.command('CLUSTER', 'DELSLOTS', slot)
    try {
      await until(
        async () => {
          const error = await client.get(cluster().key(slot)).catch(cause => cause)
          return error instanceof SlotNotCoveredError && error.outcome === 'not sent'
        },
        { timeout: 15_000 },
      )
      expect(await client.set(cluster().key(778), 'x')).toBe('OK')
    } finally {
      await owner.command('CLUSTER', 'ADDSLOTS', slot)
      for (const node of cluster().nodes) await node.command('CONFIG', 'SET', 'cluster-require-full-coverage', 'yes')
      await cluster().waitReady()
    }
    expect(await client.set(cluster().key(slot), 'x')).toBe('OK')
  })

  test('another database than 0 rejects', async () => {
    expect(() => new RedisCluster(cluster().seeds, { db: 1 })).toThrow(RedisClusterException)
    expect(() => new RedisCluster(`${cluster().seeds[0]}/1`)).toThrow(RedisClusterException)
    const client = connect()
    await expect(client.session(session => session.select(1))).rejects.toBeInstanceOf(RedisClusterException)
  })

  test('the error of a server without a cluster, or of no server, lists each node with its reason', async () => {
    const dead = clientOf([{ port: 1 }, { port: 2 }], { reconnect: { attempts: 1 } })
    const error = await dead.connect().catch(cause => cause)
    expect(error).toBeInstanceOf(RedisClusterException)
    expect(error.message).toMatch(/127\.0\.0\.1:1: .*ECONNREFUSED[\s\S]*127\.0\.0\.1:2: .*ECONNREFUSED/)
    const call = await dead
      .with({ timeout: 2_000 })
      .get('a')
      .catch(cause => cause)
    expect(call).toBeInstanceOf(RedisClusterException)
    expect(call).toMatchObject({ outcome: 'not sent', command: 'GET' })
  })
})

describe('the end of a client', () => {
  test('close() waits for the accepted calls, and rejects new ones', async () => {
    const client = connect()
    const closed: string[] = []
    client.on('close', () => closed.push('close'))
    const calls = Promise.all(letters.map(key => client.incr(`close:${key}`)))
    await client.close()
    expect(await calls).toEqual(letters.map(() => expect.any(Number)))
    const error = await client.get('a').catch(cause => cause)
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error.outcome).toBe('not sent')
    await client.close()
    client.destroy()
    expect(closed).toEqual(['close'])
    expect(client.status).toBe('closed')
    await expect(client.connect()).rejects.toBeInstanceOf(ConnectionError)
  })

  test('destroy() rejects all calls, in every phase', async () => {
    const client = connect()
    const parked = client.get('a')
    const blocked = client.blpop(['q'], 0)
    client.destroy()
    await expect(parked).rejects.toBeInstanceOf(ConnectionError)
    await expect(blocked).rejects.toBeInstanceOf(ConnectionError)
  })

  test('an aborted call rejects at once, in every phase', async () => {
    const client = connect()
    const reason = new Error('changed my mind')
    const parked = new AbortController()
    const first = client.with({ signal: parked.signal }).get('a')
    parked.abort(reason)
    await expect(first).rejects.toBe(reason)
    await client.connect()
    const split = new AbortController()
    const second = client.with({ signal: split.signal }).mget(letters)
    split.abort(reason)
    await expect(second).rejects.toBe(reason)
    expect(await client.mget('a', 'b')).toHaveLength(2)
  })

  test('a user-defined command is routed by its keys', async () => {
    const client = connect()
    const SPEC = keyless('DEBUG JMAP', reply => reply)
    await expect(client.run(new Command(SPEC, []))).rejects.toBeInstanceOf(ResponseError)
  })
})
