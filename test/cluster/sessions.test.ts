import { describe, expect, test } from 'vitest'
import type { RedisClusterOptions } from '../../src/cluster/cluster-options.js'
import type { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { WatchError } from '../../src/errors/errors.js'
import { until } from '../rig/conditions.js'
import { type FakeConnection, type FakeRedis, type FakeReply, resp } from '../rig/fake-redis.js'
import { slotOf } from '../servers/servers.mjs'
import { useFakes } from './scripted-nodes.js'

const { cluster, connect } = useFakes()

const SLOT = slotOf('{t}')

/** Returns the reply of a node to a command, or undefined for the default reply. */
type Refusals = (
  index: number,
  argv: readonly string[],
  nodes: readonly FakeRedis[],
) => FakeReply | undefined | Promise<FakeReply | undefined>

interface Recorded {
  readonly nodes: readonly FakeRedis[]
  readonly client: RedisCluster
  /** The commands that ran, as `node name key`. */
  readonly ran: string[]
}

/** Nodes that know MULTI and EXEC: an error reply inside a transaction aborts it. */
async function sessions(count: number, refusals: Refusals, options: RedisClusterOptions = {}): Promise<Recorded> {
  const ran: string[] = []
  const queues = new Map<FakeConnection, (readonly string[])[] | 'aborted'>()
  const nodes = await cluster(count, () => undefined)
  for (const [index, node] of nodes.entries()) {
    const known = node.script
    node.script = async (argv, connection) => {
      const [name = '', key = ''] = argv
      const told = await known(argv, connection)
      if (told !== undefined) return told
      const queue = queues.get(connection)
      if (name === 'MULTI') {
        queues.set(connection, [])
        return resp.ok
      }
      if (name === 'EXEC') {
        queues.delete(connection)
        if (queue === 'aborted') return resp.error('EXECABORT Transaction discarded because of previous errors.')
        for (const each of queue ?? []) ran.push(`${index} ${each[0]} ${each[1]}`)
        return resp.array((queue ?? []).map(() => resp.ok))
      }
      if (!['GET', 'SET', 'WATCH', 'UNWATCH'].includes(name)) return undefined
      const refusal = await refusals(index, argv, nodes)
      if (refusal !== undefined) {
        if (queue !== undefined) queues.set(connection, 'aborted')
        return refusal
      }
      if (Array.isArray(queue)) {
        queue.push(argv)
        return '+QUEUED\r\n'
      }
      if (name === 'SET') ran.push(`${index} ${name} ${key}`)
      return name === 'GET' ? resp.bulk('v') : resp.ok
    }
  }
  const client = connect(nodes, { refreshInterval: 0, ...options })
  return { client, nodes, ran }
}

/** Two nodes that share the slots. Each constant is an index; OWNER is the node of `{t}`. */
const OWNER = SLOT < 8192 ? 0 : 1
const OTHER = 1 - OWNER

describe('a transaction that was written while its session watched', () => {
  const refusals: readonly (readonly [string, (nodes: readonly FakeRedis[]) => string])[] = [
    ['MOVED', nodes => `MOVED ${SLOT} 127.0.0.1:${nodes[OTHER]!.port}`],
    ['ASK', nodes => `ASK ${SLOT} 127.0.0.1:${nodes[OTHER]!.port}`],
    ['MOVED to an unknown address', nodes => `MOVED ${SLOT} ?:${nodes[OTHER]!.port}`],
    ['CLUSTERDOWN', () => 'CLUSTERDOWN The cluster is down'],
    ['READONLY', () => "READONLY You can't write against a read only replica."],
    ['TRYAGAIN', () => 'TRYAGAIN Multiple keys request during rehashing of slot'],
    ['LOADING', () => 'LOADING Redis is loading the dataset in memory'],
  ]
  const beside = {
    'another call was rejected': true,
    'it is rejected itself': false,
  }

  for (const [kind, text] of refusals) {
    test.each(Object.entries(beside))(
      `a transaction of a session that watches, refused with ${kind}, rejects with WatchError when %s, and runs nowhere`,
      async (_, both) => {
        let refused = 0
        const { client, ran } = await sessions(2, (index, argv, nodes) => {
          if (argv[0] !== 'SET' || index !== OWNER || refused === (both ? 2 : 1)) return undefined
          refused++
          return resp.error(text(nodes))
        })
        await client.session(async session => {
          await session.watch('{t}stock')
          expect(await session.get('{t}stock')).toBe('v')
          const first = both ? session.set('{t}audit', '1').catch(error => error) : undefined
          const unit = await session
            .multi()
            .set('{t}stock', '1')
            .exec()
            .catch(error => error)
          expect(unit).toBeInstanceOf(WatchError)
          expect(unit).toMatchObject({ command: 'EXEC', outcome: 'not sent' })
          await first
          // After the lost watch the session continues, with a new watch.
          await session.watch('{t}stock')
          expect(await session.multi().set('{t}then', '1').exec()).toEqual(['OK'])
        })
        expect(ran.filter(each => each.includes('stock'))).toEqual([])
        expect(ran.filter(each => each.includes('then'))).toHaveLength(1)
      },
    )
  }

  test('a transaction of a session that watches is not sent again even if it is idempotent', async () => {
    let cut = true
    const { client, nodes, ran } = await sessions(2, () => undefined)
    const owner = nodes[OWNER]!
    const answers = owner.script
    owner.script = (argv, connection) => {
      if (argv[0] !== 'EXEC' || !cut) return answers(argv, connection)
      cut = false
      connection.reset()
      return null
    }
    await client.session(async session => {
      await session.watch('{t}stock')
      const unit = await session
        .with({ idempotent: true })
        .multi()
        .set('{t}stock', '1')
        .exec()
        .catch(error => error)
      expect(unit).toMatchObject({ name: 'ConnectionError', command: 'EXEC', outcome: 'unknown' })
    })
    expect(ran).toEqual([])
    expect(nodes.flatMap(node => node.received('EXEC'))).toHaveLength(1)
  })
})

describe('a session that moves', () => {
  test('a session whose first WATCH is refused with MOVED sends it to the other node, because no watch can be lost yet', async () => {
    let isMoved = false
    const { client, nodes, ran } = await sessions(2, (index, _argv, all) =>
      index === OWNER && isMoved ? resp.error(`MOVED ${SLOT} 127.0.0.1:${all[OTHER]!.port}`) : undefined,
    )
    await client.connect()
    isMoved = true
    await client.session(async session => {
      await session.watch('{t}stock')
      expect(await session.get('{t}stock')).toBe('v')
      expect(await session.multi().set('{t}stock', '1').exec()).toEqual(['OK'])
    })
    expect(ran).toEqual([`${OTHER} SET {t}stock`])
    const used = ['WATCH', 'MULTI'].map(name => nodes[OTHER]!.commands.find(({ argv }) => argv[0] === name)?.connection)
    expect(used[0]).toBe(used[1])
  })

  test('a second WATCH that is refused with MOVED rejects with WatchError, because the first watch is lost', async () => {
    let isMoved = false
    const { client, ran } = await sessions(2, (index, _argv, all) =>
      index === OWNER && isMoved ? resp.error(`MOVED ${SLOT} 127.0.0.1:${all[OTHER]!.port}`) : undefined,
    )
    await client.session(async session => {
      await session.watch('{t}stock')
      isMoved = true
      await expect(session.watch('{t}more')).rejects.toThrow(WatchError)
    })
    expect(ran).toEqual([])
  })

  test('a session that moves keeps the order of its calls on one connection, even of those with late error replies', async () => {
    let letGo = () => {}
    const held = new Promise<void>(resolve => {
      letGo = resolve
    })
    const { client, nodes, ran } = await sessions(2, async (index, argv, all) => {
      if (index !== OWNER) return undefined
      if (argv[1] === '{t}late') await held
      return argv[0] === 'SET' ? resp.error(`MOVED ${SLOT} 127.0.0.1:${all[OTHER]!.port}`) : undefined
    })
    const other = nodes[OTHER]!
    await client.connect()
    await client.session(async session => {
      await session.get('{t}a')
      const calls = [session.set('{t}first', '1'), session.set('{t}late', '1')]
      await until(() => client.stats.moved === 1)
      calls.push(session.set('{t}then', '1'), session.watch('{t}stock'))
      letGo()
      await Promise.all(calls)
      expect(await session.multi().set('{t}stock', '1').exec()).toEqual(['OK'])
    })
    expect(ran).toEqual(['first', 'late', 'then', 'stock'].map(key => `${OTHER} SET {t}${key}`))
    const used = other.commands.filter(({ argv }) => argv[1]?.startsWith('{t}')).map(({ connection }) => connection)
    expect(new Set(used).size).toBe(1)
  })
})
