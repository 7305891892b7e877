import { describe, expect, test } from 'vitest'
import type { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { SlotQueues } from '../../src/cluster/slot-queues.js'
import { Command, State } from '../../src/commands/core/command.js'
import { specOf } from '../../src/commands/core/spec.js'
import { ClusterDownError, TimeoutError } from '../../src/errors/errors.js'
import { until } from '../rig/conditions.js'
import { resp } from '../rig/fake-redis.js'
import { isShards, useFakes } from './scripted-nodes.js'

const { cluster, connect, trap } = useFakes()

describe('calls that wait for the cluster', () => {
  const bounds = [
    [{ maxCommands: 10 }, 'queue.maxCommands (10)'],
    [{ maxBytes: 10_000 }, 'queue.maxBytes (10000)'],
  ] as const
  const value = 'x'.repeat(950)

  async function expectBounded(client: RedisCluster, calls: readonly Promise<unknown>[], bound: string): Promise<void> {
    const { queued, queuedBytes } = client.stats
    expect(queued).toBeLessThanOrEqual(10)
    expect(queuedBytes).toBeGreaterThan(queued * value.length)
    const settled = await Promise.allSettled(calls)
    const errors = settled.map(each => (each.status === 'rejected' ? (each.reason as Error) : new Error('it was done')))
    const refused = errors.filter(({ message }) => message.includes(bound))
    expect(refused.length).toBeGreaterThanOrEqual(20)
    for (const error of refused) expect(error).toMatchObject({ command: 'SET', outcome: 'not sent' })
    for (const error of errors) expect(error).toMatchObject({ command: 'SET' })
    expect(client.stats).toMatchObject({ queued: 0, queuedBytes: 0 })
  }

  test.each(bounds)('calls that wait for the topology are limited by %o', async (queue, bound) => {
    const nodes = await cluster(1, (_, argv) => (isShards(argv) ? '' : undefined))
    const client = connect(nodes, { queue, commandTimeout: 300 })
    await expectBounded(
      client,
      Array.from({ length: 30 }, (_, i) => client.set(`k${i}`, value)),
      bound,
    )
  })

  test.each(bounds)('calls that wait while the cluster is down are limited by %o', async (queue, bound) => {
    const nodes = await cluster(1, (_, argv) =>
      argv[0] === 'SET' ? resp.error('CLUSTERDOWN The cluster is down') : undefined,
    )
    const client = connect(nodes, { queue, commandTimeout: 1_000 })
    await client.connect()
    const calls: Promise<unknown>[] = []
    for (let i = 0; i < 40; i++) {
      const call = client.set(`k${i}`, value)
      calls.push(call)
      // One at a time: a call with an error reply waits in the slot queues, not for its connection.
      await Promise.race([call.catch(() => {}), until(() => client.stats.inflight === 0 && client.stats.queued > 0)])
    }
    await expectBounded(client, calls, bound)
  })
})

describe('pipelines and sessions that wait for the cluster', () => {
  test('a command of a pipeline that a limit rejects is not overtaken by the commands after it', () => {
    const bounds = { maxBytes: 1_000, maxCommands: 10, offline: true }
    const queues = new SlotQueues(bounds, { lastError: undefined }, () => {})
    const add = (size: number, resolve: () => void) => {
      const command = new Command(GET, ['k'])
      command.size = size
      command.state = State.batched | State.ordered
      command.resolve = resolve
      queues.add(command, 0, REFUSAL)
      return command
    }
    const [one, other] = [() => {}, () => {}]
    add(500, one)
    const head = add(600, other)
    const tail = add(10, other)
    for (const { resolve } of [head, tail]) expect(resolve).toBeUndefined()
    add(10, one)
    expect(queues).toMatchObject({ length: 2, bytes: 510 })
    queues.rejectAll(REFUSAL)
  })

  test('calls of sessions that wait for a connection are counted, limited and rejected with the others', async () => {
    const nodes = await cluster(1, (_, argv) => (isShards(argv) ? '' : undefined))
    const client = connect(nodes, { commandTimeout: 0, queue: { maxCommands: 2 } })
    const calls: Promise<unknown>[] = []
    const session = client.session(async each => {
      for (let i = 0; i < 3; i++) calls.push(each.get('k').catch(error => error))
      return await Promise.all(calls)
    })
    await until(() => calls.length === 3)
    expect(client.stats).toMatchObject({ queued: 2 })
    expect(client.stats.queuedBytes).toBeGreaterThan(0)
    expect(await calls[2]).toMatchObject({
      outcome: 'not sent',
      message: expect.stringContaining('queue.maxCommands (2)'),
    })
    client.destroy()
    expect(await session).toMatchObject([{ name: 'ConnectionError', outcome: 'not sent' }, {}, {}])
    expect(client.stats).toMatchObject({ queued: 0, queuedBytes: 0 })
  })

  test('with queue.offline false a call rejects when no node replies with a topology', async () => {
    const { port } = await trap()
    const client = connect([{ url: `redis://127.0.0.1:${port}` }], { commandTimeout: 0, queue: { offline: false } })
    for (let i = 0; i < 2; i++) {
      await expect(client.get('k')).rejects.toMatchObject({ name: 'RedisClusterException', outcome: 'not sent' })
    }
  })

  test('calls that wait for the topology are sent in slices, and a call made meanwhile does not overtake them', {
    timeout: 60_000,
  }, async () => {
    const COUNT = 20_000
    let know = () => {}
    const known = new Promise<undefined>(resolve => {
      know = () => resolve(undefined)
    })
    const nodes = await cluster(1, (_, argv) => (isShards(argv) ? known : argv[0] === 'SET' ? resp.ok : undefined))
    const client = connect(nodes, { commandTimeout: 0 })
    const calls = Array.from({ length: COUNT }, (_, i) => client.set('k', `${i}`))
    let waiting = 0
    const last = new Promise(resolve => {
      client.once('ready', () =>
        setImmediate(() => {
          waiting = client.stats.queued
          resolve(client.set('k', 'last'))
        }),
      )
    })
    await until(() => client.stats.queued === COUNT)
    know()
    await Promise.all([...calls, last])
    expect(waiting).toBeGreaterThan(0)
    const sent = nodes.flatMap(node => node.received('SET').map(({ argv }) => argv[2]))
    expect(sent).toEqual([...calls.keys(), 'last'].map(String))
    expect(client.stats).toMatchObject({ inflight: 0, queued: 0, queuedBytes: 0 })
  })

  test('a call made by a listener of ready does not overtake the calls that waited for the topology', async () => {
    const nodes = await cluster(1, (_, argv) => (argv[0] === 'SET' ? resp.ok : undefined))
    const client = connect(nodes)
    let last: Promise<unknown> | undefined
    client.once('ready', () => {
      last = client.set('k', 'last')
    })
    await Promise.all([client.set('k', 'first'), client.set('k', 'second')])
    await last
    expect(nodes[0]!.received('SET').map(({ argv }) => argv[2])).toEqual(['first', 'second', 'last'])
  })

  test('waiting calls leave in linear time, for any number of slots', () => {
    const COUNT = 20_000
    const leaveAll = (slotOfIndex: (i: number) => number): number => {
      const bounds = { maxBytes: Number.POSITIVE_INFINITY, maxCommands: COUNT, offline: true }
      const queues = new SlotQueues(bounds, { lastError: undefined }, () => {})
      const commands = Array.from({ length: COUNT }, (_, i) => {
        const command = new Command(GET, [`${i}`])
        command.resolve = () => {}
        command.state = State.batched
        queues.add(command, slotOfIndex(i), REFUSAL)
        return command
      })
      const began = process.cpuUsage()
      for (const command of commands.toReversed()) command.owner?.onAbort(command, REFUSAL)
      const { system, user } = process.cpuUsage(began)
      expect(queues).toMatchObject({ length: 0, bytes: 0 })
      return (system + user) / 1_000
    }
    leaveAll(() => 0)
    const one = leaveAll(() => 0)
    expect(leaveAll(i => i % 16_384)).toBeLessThan(10 * one + 200)
  })
})

const GET = specOf(['GET'])
const REFUSAL = new ClusterDownError('CLUSTERDOWN The cluster is down')

describe('error replies that pass with time', () => {
  test.each([
    'CLUSTERDOWN The cluster is down',
    'LOADING Redis is loading the dataset in memory',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "READONLY You can't write against a read only replica.",
    'TRYAGAIN Multiple keys request during rehashing of slot',
  ])('a command is retried after %s, and rejects with that error when it lasts', async text => {
    let refusals = 3
    const nodes = await cluster(1, (_, argv) =>
      argv[0] === 'SET' ? (refusals-- > 0 ? resp.error(text) : resp.ok) : undefined,
    )
    const client = connect(nodes)
    expect(await client.set('k', 'v')).toBe('OK')
    expect(nodes[0]!.received('SET')).toHaveLength(4)
    refusals = Number.POSITIVE_INFINITY
    // A command that is in flight again when its deadline passes rejects with TimeoutError.
    const error = await until(async () => {
      const cause = await client
        .with({ timeout: 200 })
        .set('k', 'v')
        .catch(each => each)
      return !(cause instanceof TimeoutError) && cause
    })
    expect(error).toMatchObject({ code: text.split(' ')[0], command: 'SET', outcome: 'not sent' })
    expect(await client.pipeline().exists('x').exec({ settle: true })).toHaveLength(1)
  })

  test('a command in a session is retried after CLUSTERDOWN, and rejects with that error when it lasts', async () => {
    const text = 'CLUSTERDOWN The cluster is down'
    let refusals = 3
    const nodes = await cluster(1, (_, argv) =>
      argv[0] === 'SET' ? (refusals-- > 0 ? resp.error(text) : resp.ok) : undefined,
    )
    const client = connect(nodes)
    expect(await client.session(session => session.set('k', 'v'))).toBe('OK')
    refusals = Number.POSITIVE_INFINITY
    // A command that is in flight again when its deadline passes rejects with TimeoutError.
    const error = await until(async () => {
      const cause = await client.session(session => session.with({ timeout: 200 }).set('k', 'v')).catch(each => each)
      return cause instanceof ClusterDownError && cause
    })
    expect(error).toMatchObject({ code: 'CLUSTERDOWN', command: 'SET', outcome: 'not sent' })
  })

  test('a pipeline keeps the order of its commands with error replies', async () => {
    const seen: string[] = []
    let refusals = 4
    const nodes = await cluster(1, (_, argv) => {
      if (argv[0] !== 'APPEND') return undefined
      if (refusals-- > 0) return resp.error('CLUSTERDOWN The cluster is down')
      seen.push(argv[2]!)
      return resp.integer(seen.length)
    })
    const client = connect(nodes)
    await client.pipeline().append('k', 'a').append('k', 'b').append('k', 'c').append('k', 'd').exec()
    expect(seen).toEqual(['a', 'b', 'c', 'd'])
  })
})
