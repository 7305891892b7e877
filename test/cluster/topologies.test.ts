import { describe, expect, test } from 'vitest'
import { RedisClusterException } from '../../src/errors/errors.js'
import { type FakeRedis, resp } from '../rig/fake-redis.js'
import { slotOf } from '../servers/servers.mjs'
import { evenly, isShards, shardsReply, useFakes } from './scripted-nodes.js'

const { cluster, connect } = useFakes()

const SLOT = slotOf('k')
const isGet = (argv: readonly string[]) => argv[0] === 'GET'

describe('topologies of a hostile node', () => {
  const port = 1
  const shards: readonly (readonly [string, string])[] = [
    ['a reply that is no list', resp.bulk('x')],
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
    ['an invalid host', shardsReply([{ slots: [0, 16383], nodes: [{ port, endpoint: 'a b' }] }])],
    ['a host with a path', shardsReply([{ slots: [0, 16383], nodes: [{ port, endpoint: '../x' }] }])],
    ['a host that is too long', shardsReply([{ slots: [0, 16383], nodes: [{ port, endpoint: 'a'.repeat(256) }] }])],
    ['no primary', shardsReply([{ slots: [0, 16383], nodes: [{ port, role: 'replica' }] }])],
    [
      'too many nodes',
      shardsReply([{ slots: [0, 1], nodes: Array.from({ length: 10_001 }, (_, i) => ({ port: i + 1 })) }]),
    ],
  ]

  test.each(shards)(
    '%s as the topology rejects with RedisClusterException, with the node and the reason',
    async (_, reply) => {
      const nodes = await cluster(1, (_index, argv) => (argv[0] === 'CLUSTER' ? reply : undefined))
      const client = connect(nodes, { commandTimeout: 400, reconnect: { attempts: 0 } })
      const error = await client.get('k').catch(cause => cause)
      expect(error).toBeInstanceOf(RedisClusterException)
      expect(error.message).toContain(`127.0.0.1:${nodes[0]!.port}: `)
      expect(error.outcome).toBe('not sent')
    },
  )

  test.each([
    ['a reply that is no list', resp.bulk('x')],
    ['shards that are no maps', resp.array([resp.integer(1)])],
    ['BUSY', resp.error('BUSY Redis is busy running a script.')],
  ])('a reply to CLUSTER SHARDS with %s leads to CLUSTER SLOTS', async (_, reply) => {
    const nodes = await cluster(1, (index, argv, all) => {
      if (isGet(argv)) return resp.bulk(`from ${index}`)
      if (argv[0] !== 'CLUSTER') return undefined
      if (argv[1] === 'SHARDS') return reply
      const node = resp.array([resp.bulk('127.0.0.1'), resp.integer(all[0]!.port), resp.bulk('id')])
      return resp.array([resp.array([resp.integer(0), resp.integer(16_383), node])])
    })
    expect(await connect(nodes).get('k')).toBe('from 0')
  })

  test('a reply to CLUSTER SHARDS without one shard is used for the others if CLUSTER SLOTS cannot be read', async () => {
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

  test('the topology comes from another node if one replies with nonsense', async () => {
    const nodes = await cluster(2, (index, argv) =>
      index === 0 && argv[0] === 'CLUSTER' ? resp.integer(1) : isGet(argv) ? resp.bulk('v') : undefined,
    )
    const client = connect(nodes)
    expect(await client.get('k')).toBe('v')
  })

  test('CLUSTER SLOTS is used if CLUSTER SHARDS is unknown, and slots may be missing in it', async () => {
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

describe('CLUSTER SHARDS without the slots of one shard', () => {
  const torn = (nodes: readonly FakeRedis[]) =>
    shardsReply(evenly(nodes).map((shard, i) => (i === 0 ? shard : { ...shard, slots: [] })))
  /** A key of the second of two nodes. */
  const key = 'foo'

  test('a reply to CLUSTER SHARDS without the slots of one shard leads to CLUSTER SLOTS, which is used', async () => {
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

  test('the other shards are served if the user may not call CLUSTER SLOTS', async () => {
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
