import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { RedisClusterOptions } from '../../src/cluster/cluster-options.js'
import { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { ClusterDownError, ClusterError, RedisClusterException, RedisError } from '../../src/errors/errors.js'
import { until } from '../rig/conditions.js'
import { type FakeRedis, resp } from '../rig/fake-redis.js'
import { slotOf } from '../servers/servers.mjs'
import { evenly, fakeCluster, isShards, shardsReply } from './fakes.js'

const open: { destroy(): void }[] = []
const fakes: FakeRedis[] = []
const servers: Server[] = []

afterEach(async () => {
  for (const client of open.splice(0)) client.destroy()
  for (const fake of fakes.splice(0)) await fake.stop()
  for (const server of servers.splice(0)) server.close()
})

async function cluster(count: number, answers: Parameters<typeof fakeCluster>[1]): Promise<FakeRedis[]> {
  const nodes = await fakeCluster(count, answers)
  fakes.push(...nodes)
  return nodes
}

function connect(nodes: readonly FakeRedis[], options: RedisClusterOptions = {}): RedisCluster {
  const client = new RedisCluster(
    nodes.map(({ url }) => url),
    { commandTimeout: 3_000, ...options },
  )
  client.on('error', () => {})
  open.push(client)
  return client
}

/** A port that tells whether it was dialled. */
async function trap(): Promise<{ port: number; dialled: () => number }> {
  let dialled = 0
  const server = createServer(socket => {
    dialled++
    socket.destroy()
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as { port: number }).port, dialled: () => dialled }
}

const SLOT = slotOf('k')
const isGet = (argv: readonly string[]) => argv[0] === 'GET'

describe('redirects that lead nowhere', () => {
  test('in circles: told after 16, with no storm of looks', async () => {
    const nodes = await cluster(2, (index, argv, all) =>
      isGet(argv) ? resp.error(`MOVED ${SLOT} 127.0.0.1:${all[1 - index]!.port}`) : undefined,
    )
    const client = connect(nodes)
    const began = performance.now()
    const error = await client.get('k').catch(cause => cause)
    expect(error).toBeInstanceOf(ClusterError)
    expect(error).toMatchObject({ command: 'GET', outcome: 'not sent', cause: { name: 'MovedError', slot: SLOT } })
    const gets = nodes.flatMap(node => node.received('GET'))
    expect(gets).toHaveLength(17)
    await new Promise(resolve => setTimeout(resolve, 500))
    const looks = nodes.flatMap(node => node.received('CLUSTER')).length
    expect(looks).toBeLessThanOrEqual(Math.ceil((performance.now() - began) / 100) + 1)
  })

  test('to itself, and by ASK', async () => {
    const nodes = await cluster(1, (index, argv, all) =>
      isGet(argv) ? resp.error(`ASK ${SLOT} 127.0.0.1:${all[index]!.port}`) : undefined,
    )
    const error = await connect(nodes)
      .get('k')
      .catch(cause => cause)
    expect(error).toBeInstanceOf(ClusterError)
    // ASKING stands right before the command each time.
    const names = nodes[0]!.commands.map(({ argv }) => argv[0]).filter(name => name === 'GET' || name === 'ASKING')
    expect(names).toEqual(['GET', ...Array.from({ length: 16 }, () => ['ASKING', 'GET']).flat()])
  })

  test('ten callers in circles all the time: at most ten looks a second, one node at a time', async () => {
    let asking = 0
    let most = 0
    const nodes = await cluster(3, (index, argv, all) => {
      if (isGet(argv)) return resp.error(`MOVED ${SLOT} 127.0.0.1:${all[(index + 1) % 3]!.port}`)
      if (!isShards(argv)) return undefined
      asking++
      most = Math.max(most, asking)
      return (async function* () {
        await new Promise(resolve => setTimeout(resolve, 20))
        asking--
        yield shardsReply(evenly(all))
      })()
    })
    const client = connect(nodes)
    await client.connect()
    const end = performance.now() + 1_000
    const began = nodes.flatMap(node => node.received('CLUSTER')).length
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        while (performance.now() < end) await client.get('k').catch(() => {})
      }),
    )
    const looks = nodes.flatMap(node => node.received('CLUSTER')).length - began
    expect(looks).toBeGreaterThan(2)
    expect(looks).toBeLessThanOrEqual(12)
    expect(most).toBe(1)
  })
})

let failing = false

function fails(): undefined {
  if (failing) throw new Error('mine')
}

describe('redirects of a hostile node', () => {
  const malformed = [
    `MOVED ${SLOT}`,
    `MOVED ${SLOT} `,
    `MOVED ${SLOT} 127.0.0.1`,
    `MOVED ${SLOT} 127.0.0.1:`,
    `MOVED ${SLOT} 127.0.0.1:0`,
    `MOVED ${SLOT} 127.0.0.1:65536`,
    `MOVED ${SLOT} 127.0.0.1:-1`,
    `MOVED ${SLOT} 127.0.0.1:1e3`,
    `MOVED ${SLOT} 127.0.0.1:80x`,
    `MOVED ${SLOT} 127.0.0.1:0x50`,
    `MOVED ${SLOT} 127.0.0.1: 80`,
    `MOVED ${SLOT}  127.0.0.1:80`,
    `MOVED 16384 127.0.0.1:PORT`,
    `MOVED -1 127.0.0.1:PORT`,
    `MOVED 1e3 127.0.0.1:PORT`,
    `MOVED 00${SLOT} 127.0.0.1:PORT`,
    `MOVED ${SLOT}.5 127.0.0.1:PORT`,
    `MOVED x 127.0.0.1:PORT`,
    `MOVED ${SLOT + 1} 127.0.0.1:PORT`,
    `MOVED ${SLOT} ${'a'.repeat(256)}:PORT`,
    `MOVED ${SLOT} user:pass@127.0.0.1:PORT`,
    `MOVED ${SLOT} 127.0.0.1/x:PORT`,
    `MOVED ${SLOT} http://127.0.0.1:PORT`,
    `MOVED ${SLOT} 127.0.0.1\t:PORT`,
    `MOVED ${SLOT} 127.0.0.1\u0000:PORT`,
    `MOVED ${SLOT} a b:PORT`,
    `MOVED ${SLOT} é:PORT`,
    `MOVED ${SLOT} $(id):PORT`,
    `moved ${SLOT} 127.0.0.1:PORT`,
    `MOVED\t${SLOT} 127.0.0.1:PORT`,
    `ASK ${SLOT}`,
    `ASK ${SLOT + 1} 127.0.0.1:PORT`,
    `ASK 99999 127.0.0.1:PORT`,
    `ASK ${SLOT} 127.0.0.1:PORT x`,
    `ERR MOVED ${SLOT} 127.0.0.1:PORT`,
    `MOVEDX ${SLOT} 127.0.0.1:PORT`,
    `MOVED ${SLOT} -x:PORT`,
    `MOVED ${SLOT} .:PORT`,
    `MOVED ${SLOT} %:PORT`,
    `MOVED ${SLOT} -:PORT`,
  ]

  test('are told as errors and dial nobody', async () => {
    const { dialled, port } = await trap()
    let text = ''
    const nodes = await cluster(1, (_, argv) =>
      isGet(argv) ? resp.error(text.replace('PORT', String(port))) : undefined,
    )
    const client = connect(nodes, { commandTimeout: 150 })
    await client.connect()
    expect(malformed).toHaveLength(40)
    for (text of malformed) {
      const error = await client.get('k').catch(cause => cause)
      expect(error, text).toBeInstanceOf(RedisError)
    }
    expect(dialled()).toBe(0)
    text = 'ERR over'
    await expect(client.get('k')).rejects.toThrow('over')
  })

  test.each([
    ['allowRedirect that throws', { allowRedirect: () => fails() ?? true }],
    ['addressMap that throws', { addressMap: (): undefined => fails() }],
    ['addressMap that leads nowhere', { addressMap: (): string | undefined => (failing ? 'nowhere' : undefined) }],
  ] as const)('an %s rejects the command, and no neighbour', async (_, options) => {
    const nodes = await cluster(2, (index, argv, all) => {
      if (argv[0] === 'EXISTS') return resp.integer(1)
      return isGet(argv) ? resp.error(`MOVED ${SLOT} 127.0.0.1:${all[1 - index]!.port}`) : undefined
    })
    const client = connect(nodes, { commandTimeout: 0, ...options })
    await client.connect()
    failing = true
    const calls = [client.get('k'), client.exists('k')]
    const error = await calls[0]!.catch(cause => cause)
    failing = false
    expect(error).toBeInstanceOf(ClusterError)
    expect(error).toMatchObject({ command: 'GET', outcome: 'not sent', cause: { message: expect.any(String) } })
    expect(await calls[1]).toBe(1)
    expect(client.stats.reconnects).toBe(0)
  })

  test('what allowRedirect does not let through is not dialled, by redirect or by topology', async () => {
    const { dialled, port } = await trap()
    const asked: string[] = []
    const nodes = await cluster(1, (_, argv, all) => {
      if (isGet(argv)) return resp.error(`MOVED ${SLOT} 127.0.0.1:${port}`)
      if (!isShards(argv)) return undefined
      return shardsReply([
        { slots: [0, 16383], nodes: [{ port: all[0]!.port }, { port, role: 'replica' }] },
        { slots: [], nodes: [{ port, endpoint: '169.254.169.254' }] },
      ])
    })
    const client = connect(nodes, {
      readFrom: 'replica',
      password: 'secret',
      allowRedirect: address => {
        asked.push(`${address.host}:${address.port}`)
        return address.port === nodes[0]!.port
      },
    })
    await client.connect()
    const error = await client.get('k').catch(cause => cause)
    expect(error).toBeInstanceOf(ClusterError)
    expect(error.message).toContain('allowRedirect')
    expect(dialled()).toBe(0)
    expect(asked).toContain(`169.254.169.254:${port}`)
    expect(client.stats.nodes).toBe(1)
  })

  test('addressMap stands before topology and redirects alike', async () => {
    const nodes = await cluster(2, (index, argv, all) => {
      if (isShards(argv)) {
        return shardsReply([
          { slots: [0, 16383], nodes: [{ port: 7000, endpoint: '10.9.9.9' }] },
          { slots: [], nodes: [{ port: 7001, endpoint: '10.9.9.9' }] },
        ])
      }
      if (isGet(argv))
        return index === 0 ? resp.error(`MOVED ${SLOT} 10.9.9.9:7001`) : resp.bulk(`from ${all[index]!.port}`)
      return undefined
    })
    const [first, second] = nodes as [FakeRedis, FakeRedis]
    const client = connect([first], {
      addressMap: {
        '10.9.9.9:7000': `127.0.0.1:${first.port}`,
        '10.9.9.9:7001': { host: '127.0.0.1', port: second.port },
      },
    })
    expect(await client.get('k')).toBe(`from ${second.port}`)
    expect(client.topology?.shards.map(({ primary }) => primary.port)).toEqual([first.port, second.port])
    const byFunction = connect([first], {
      addressMap: ({ host, port }) =>
        host === '10.9.9.9' ? `127.0.0.1:${port === 7000 ? first.port : second.port}` : undefined,
    })
    expect(await byFunction.get('k')).toBe(`from ${second.port}`)
  })

  test('no host is the one that answered, and ? is looked up', async () => {
    let moved = true
    const nodes = await cluster(2, (index, argv, all) => {
      if (isShards(argv)) {
        const owner = all[moved ? 1 : 0]!.port
        return shardsReply([
          { slots: [0, 16383], nodes: [{ port: owner, endpoint: '?', ip: '127.0.0.1' }] },
          { slots: [], nodes: [{ port: all[moved ? 0 : 1]!.port, endpoint: null }] },
        ])
      }
      if (!isGet(argv)) return undefined
      const right = moved ? 1 : 0
      return index === right ? resp.bulk('here') : resp.error(`MOVED ${SLOT} ${moved ? '?' : ''}:${all[right]!.port}`)
    })
    const client = connect(nodes)
    expect(await client.get('k')).toBe('here')
    moved = false
    expect(await client.get('k')).toBe('here')
    expect(client.topology?.shards[0]?.primary.host).toBe('127.0.0.1')
    moved = true
    expect(await client.get('k')).toBe('here')
  })
})

describe('topologies of a hostile node', () => {
  const port = 1
  const shards: readonly (readonly [string, string])[] = [
    ['no list', resp.bulk('x')],
    ['null', resp.nil],
    ['an error', resp.error('ERR no')],
    ['no shards', resp.array([])],
    ['no maps', resp.array([resp.integer(1)])],
    ['slots beyond the last', shardsReply([{ slots: [0, 16384], nodes: [{ port }] }])],
    ['slots before the first', shardsReply([{ slots: [-1, 5], nodes: [{ port }] }])],
    ['slots that run backwards', shardsReply([{ slots: [5, 1], nodes: [{ port }] }])],
    ['half a range', shardsReply([{ slots: [5], nodes: [{ port }] }])],
    ['port 0', shardsReply([{ slots: [0, 16383], nodes: [{ port: 0 }] }])],
    ['a port beyond the last', shardsReply([{ slots: [0, 16383], nodes: [{ port: 70_000 }] }])],
    ['a host that is none', shardsReply([{ slots: [0, 16383], nodes: [{ port, endpoint: 'a b' }] }])],
    ['a host with a path', shardsReply([{ slots: [0, 16383], nodes: [{ port, endpoint: '../x' }] }])],
    ['a host that is too long', shardsReply([{ slots: [0, 16383], nodes: [{ port, endpoint: 'a'.repeat(256) }] }])],
    ['no primary', shardsReply([{ slots: [0, 16383], nodes: [{ port, role: 'replica' }] }])],
    [
      'too many nodes',
      shardsReply([{ slots: [0, 1], nodes: Array.from({ length: 10_001 }, (_, i) => ({ port: i + 1 })) }]),
    ],
  ]

  test.each(shards)('%s: told by RedisClusterException, with the node and the reason', async (_, reply) => {
    const nodes = await cluster(1, (_index, argv) => (argv[0] === 'CLUSTER' ? reply : undefined))
    const client = connect(nodes, { commandTimeout: 400, reconnect: { attempts: 0 } })
    const error = await client.get('k').catch(cause => cause)
    expect(error).toBeInstanceOf(RedisClusterException)
    expect(error.message).toContain(`127.0.0.1:${nodes[0]!.port}: `)
    expect(error.outcome).toBe('not sent')
  })

  test.each([
    ['no list', resp.bulk('x')],
    ['shards that are none', resp.array([resp.integer(1)])],
    ['BUSY', resp.error('BUSY Redis is busy running a script.')],
  ])('SHARDS answered with %s leads to SLOTS', async (_, reply) => {
    const nodes = await cluster(1, (index, argv, all) => {
      if (isGet(argv)) return resp.bulk(`from ${index}`)
      if (argv[0] !== 'CLUSTER') return undefined
      if (argv[1] === 'SHARDS') return reply
      const node = resp.array([resp.bulk('127.0.0.1'), resp.integer(all[0]!.port), resp.bulk('id')])
      return resp.array([resp.array([resp.integer(0), resp.integer(16_383), node])])
    })
    expect(await connect(nodes).get('k')).toBe('from 0')
  })

  test('SHARDS that lacks a shard serves the others where SLOTS cannot be read', async () => {
    const nodes = await cluster(1, (index, argv, all) => {
      if (isGet(argv)) return resp.bulk(`from ${index}`)
      if (argv[0] !== 'CLUSTER') return undefined
      if (argv[1] === 'SLOTS') return resp.bulk('x')
      return shardsReply([
        { slots: [0, SLOT], nodes: [{ port: all[0]!.port }] },
        { slots: [SLOT + 1, 16_383], nodes: [{ port: 0 }] },
      ])
    })
    expect(await connect(nodes).get('k')).toBe('from 0')
  })

  test('one node tells nonsense, another one does not: no node is asked twice at a time', async () => {
    const nodes = await cluster(2, (index, argv) =>
      index === 0 && argv[0] === 'CLUSTER' ? resp.integer(1) : isGet(argv) ? resp.bulk('v') : undefined,
    )
    const client = connect(nodes)
    expect(await client.get('k')).toBe('v')
  })

  test('CLUSTER SLOTS where SHARDS is unknown, and its holes', async () => {
    const nodes = await cluster(2, (index, argv, all) => {
      if (isGet(argv)) return resp.bulk(`from ${index}`)
      if (argv[0] !== 'CLUSTER') return undefined
      if (argv[1] === 'SHARDS')
        return resp.error("ERR Unknown subcommand or wrong number of arguments for 'SHARDS'. Try CLUSTER HELP.")
      const node = (i: number) => resp.array([resp.bulk('127.0.0.1'), resp.integer(all[i]!.port), resp.bulk(`id${i}`)])
      return resp.array([
        resp.array([resp.integer(0), resp.integer(SLOT - 1), node(0)]),
        resp.array([resp.integer(SLOT), resp.integer(SLOT), node(1)]),
        resp.array([resp.integer(SLOT + 1), resp.integer(16_000), node(0)]),
      ])
    })
    const client = connect(nodes)
    expect(await client.get('k')).toBe('from 1')
    expect(client.topology?.shards.map(({ slots }) => slots)).toEqual([
      [
        [0, SLOT - 1],
        [SLOT + 1, 16_000],
      ],
      [[SLOT, SLOT]],
    ])
  })
})

describe('what waits for the cluster', () => {
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
    expect(errors.filter(({ message }) => message.includes(bound)).length).toBeGreaterThanOrEqual(20)
    for (const error of errors) expect(error).toMatchObject({ command: 'SET', outcome: 'not sent' })
    expect(client.stats).toMatchObject({ queued: 0, queuedBytes: 0 })
  }

  test.each(bounds)('is bounded by %o before it is known', async (queue, bound) => {
    const nodes = await cluster(1, (_, argv) => (isShards(argv) ? '' : undefined))
    const client = connect(nodes, { queue, commandTimeout: 300 })
    await expectBounded(
      client,
      Array.from({ length: 30 }, (_, i) => client.set(`k${i}`, value)),
      bound,
    )
  })

  test.each(bounds)('is bounded by %o while it is down', async (queue, bound) => {
    const nodes = await cluster(1, (_, argv) =>
      argv[0] === 'SET' ? resp.error('CLUSTERDOWN The cluster is down') : undefined,
    )
    const client = connect(nodes, { queue, commandTimeout: 1_000 })
    await client.connect()
    const calls: Promise<unknown>[] = []
    for (let i = 0; i < 40; i++) {
      const call = client.set(`k${i}`, value)
      calls.push(call)
      // One at a time: what was refused waits with the cluster, not for its connection.
      await Promise.race([call.catch(() => {}), until(() => client.stats.inflight === 0 && client.stats.queued > 0)])
    }
    await expectBounded(client, calls, bound)
  })
})

describe('a primary that nothing answers for', () => {
  test('gets no command that any other one can answer', async () => {
    const { port } = await trap()
    // The one that tells is a replica: no primary is connected when the first command comes.
    const nodes = await cluster(2, (_, argv, all) => {
      if (argv[0] === 'ECHO') return resp.bulk(argv[1]!)
      if (!isShards(argv)) return undefined
      return shardsReply([
        { slots: [0, 8191], nodes: [{ port }, { port: all[0]!.port, role: 'replica' }] },
        { slots: [8192, 16383], nodes: [{ port: all[1]!.port }] },
      ])
    })
    for (let i = 0; i < 10; i++) {
      const client = connect([nodes[0]!], { commandTimeout: 1_000 })
      expect(await client.echo('x')).toBe('x')
    }
  })
})

describe('refusals that pass', () => {
  test.each([
    'CLUSTERDOWN The cluster is down',
    'LOADING Redis is loading the dataset in memory',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "READONLY You can't write against a read only replica.",
    'TRYAGAIN Multiple keys request during rehashing of slot',
  ])('%s: waits, and goes again; what lasts is told by its own name', async text => {
    let refusals = 3
    const nodes = await cluster(1, (_, argv) =>
      argv[0] === 'SET' ? (refusals-- > 0 ? resp.error(text) : resp.ok) : undefined,
    )
    const client = connect(nodes)
    expect(await client.set('k', 'v')).toBe('OK')
    expect(nodes[0]!.received('SET')).toHaveLength(4)
    refusals = Number.POSITIVE_INFINITY
    const error = await client
      .with({ timeout: 200 })
      .set('k', 'v')
      .catch(cause => cause)
    expect(error).toMatchObject({ code: text.split(' ')[0], command: 'SET', outcome: 'not sent' })
    expect(await client.pipeline().exists('x').exec({ settle: true })).toHaveLength(1)
  })

  test('in a session alike', async () => {
    const text = 'CLUSTERDOWN The cluster is down'
    let refusals = 3
    const nodes = await cluster(1, (_, argv) =>
      argv[0] === 'SET' ? (refusals-- > 0 ? resp.error(text) : resp.ok) : undefined,
    )
    const client = connect(nodes, { commandTimeout: 300 })
    expect(await client.session(session => session.set('k', 'v'))).toBe('OK')
    refusals = Number.POSITIVE_INFINITY
    const error = await client.session(session => session.set('k', 'v')).catch(cause => cause)
    expect(error).toBeInstanceOf(ClusterDownError)
    expect(error).toMatchObject({ code: 'CLUSTERDOWN', command: 'SET', outcome: 'not sent' })
  })

  test('a pipeline keeps the order of what was refused', async () => {
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

describe('CLUSTER SHARDS without the slots of one shard', () => {
  const torn = (nodes: readonly FakeRedis[]) =>
    shardsReply(evenly(nodes).map((shard, i) => (i === 0 ? shard : { ...shard, slots: [] })))
  /** A key of the second of two nodes. */
  const key = 'foo'

  test('CLUSTER SLOTS is asked, and believed', async () => {
    const slots = (nodes: readonly FakeRedis[]) =>
      resp.array(
        evenly(nodes).map(({ slots: [first = 0, last = 0], nodes: [node] }) =>
          resp.array([
            resp.integer(first),
            resp.integer(last),
            resp.array([resp.bulk('127.0.0.1'), resp.integer(node!.port), resp.bulk(`n${node!.port}`), resp.array([])]),
          ]),
        ),
      )
    const nodes = await cluster(2, (index, argv, all) => {
      if (isShards(argv)) return torn(all)
      if (argv[1] === 'SLOTS') return slots(all)
      return isGet(argv) ? resp.bulk(`of ${index}`) : undefined
    })
    expect(slotOf(key)).toBeGreaterThan(8191)
    expect(await connect(nodes).get(key)).toBe('of 1')
  })

  test('nor with CLUSTER SLOTS, which this user may not ask: the others are served', async () => {
    const nodes = await cluster(2, (index, argv, all) => {
      if (isShards(argv)) return torn(all)
      if (argv[1] === 'SLOTS') return resp.error('NOPERM this user has no permissions')
      return isGet(argv) ? resp.bulk(`of ${index}`) : undefined
    })
    const client = connect(nodes)
    expect(slotOf('bar')).toBeLessThan(8192)
    expect(await client.get('bar')).toBe('of 0')
    await expect(client.get(key)).rejects.toMatchObject({ name: 'SlotNotCoveredError', outcome: 'not sent' })
  })
})
