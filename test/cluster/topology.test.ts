import { describe, expect, it } from 'vitest'
import { isWhole, readShards, readSlots, signatureOf, type TopologySource } from '../../src/cluster/topology.js'
import { MapReply, type Reply } from '../../src/commands/core/reply.js'

const teller: TopologySource = { host: 'asked', tls: false, place: address => address }

const node = (fields: Record<string, Reply>): Reply =>
  new MapReply(
    Object.entries({
      id: 'id',
      port: 1,
      ip: '10.0.0.1',
      endpoint: '10.0.0.1',
      role: 'master',
      health: 'online',
      ...fields,
    }).flat(),
  )
const shard = (slots: Reply[], ...nodes: Reply[]): Reply => new MapReply(['slots', slots, 'nodes', nodes])

function hostOf(fields: Record<string, Reply>, more: Partial<TopologySource> = {}): string | undefined {
  const { shards } = readShards([shard([0, 1], node(fields))], { ...teller, ...more })
  return shards[0]?.primary.name
}

describe('CLUSTER SHARDS', () => {
  it('readShards() reads shards with their nodes, and prefers a primary that has not failed', () => {
    const { shards } = readShards(
      [
        shard([0, 99, 200, 299], node({ id: 'a', port: 1 }), node({ id: 'b', port: 2, role: 'replica' })),
        shard([100, 199], node({ id: 'c', port: 3, health: 'fail' }), node({ id: 'd', port: 4 })),
        shard([], node({ id: 'e', port: 5, health: 'failed' })),
      ],
      teller,
    )
    expect(shards.map(({ slots }) => slots)).toEqual([
      [
        [0, 99],
        [200, 299],
      ],
      [[100, 199]],
      [],
    ])
    expect(shards.map(({ primary }) => primary.id)).toEqual(['a', 'd', 'e'])
    expect(shards[0]?.replicas).toEqual([{ id: 'b', host: '10.0.0.1', port: 2, name: '10.0.0.1:2', failed: false }])
    expect(shards[2]?.primary.failed).toBe(true)
    // It stays known, so that its commands in flight are not waited for.
    expect(shards[1]?.replicas).toMatchObject([{ id: 'c', failed: true }])
  })

  it('readShards() reads the flat lists of RESP2', () => {
    const flat = [
      'id',
      'a',
      'port',
      1,
      'ip',
      '10.0.0.1',
      'endpoint',
      '10.0.0.1',
      'role',
      'master',
      'replication-offset',
      0,
      'health',
      'online',
    ]
    const { shards } = readShards([['slots', [0, 5], 'nodes', [flat]]], teller)
    expect(shards[0]?.primary.name).toBe('10.0.0.1:1')
  })

  it('readShards() takes the host that replied for a node without a host or with an unknown one', () => {
    expect(hostOf({})).toBe('10.0.0.1:1')
    expect(hostOf({ endpoint: 'name.example' })).toBe('name.example:1')
    expect(hostOf({ endpoint: null })).toBe('asked:1')
    expect(hostOf({ endpoint: '' })).toBe('asked:1')
    expect(hostOf({ endpoint: '?' })).toBe('10.0.0.1:1')
    expect(hostOf({ endpoint: '?', ip: '' })).toBe('asked:1')
    expect(hostOf({ endpoint: '::1' })).toBe('[::1]:1')
  })

  it('readShards() takes the TLS port under TLS', () => {
    expect(hostOf({ 'tls-port': 2 })).toBe('10.0.0.1:1')
    expect(hostOf({ 'tls-port': 2 }, { tls: true })).toBe('10.0.0.1:2')
  })

  it('readShards() leaves out nodes that must not be dialled', () => {
    const place: TopologySource['place'] = address => (address.port === 2 ? undefined : address)
    const { shards } = readShards(
      [shard([0, 1], node({ port: 1 }), node({ port: 2, role: 'replica' })), shard([2, 3], node({ port: 2 }))],
      {
        ...teller,
        place,
      },
    )
    expect(shards).toHaveLength(1)
    expect(shards[0]?.replicas).toEqual([])
  })
})

describe('CLUSTER SLOTS', () => {
  it('readSlots() reads each range with its nodes', () => {
    const a: Reply = ['10.0.0.1', 1, 'a', []]
    const { shards } = readSlots(
      [
        [0, 5, a, [null, 2, 'b', ['ip', '10.0.0.2']]],
        [6, 7, ['?', 3, 'c', ['ip', '10.0.0.3']]],
        [8, 8, a],
      ],
      teller,
    )
    expect(
      shards.map(({ primary, replicas, slots }) => [primary.name, replicas.map(({ name }) => name), slots]),
    ).toEqual([
      [
        '10.0.0.1:1',
        ['asked:2'],
        [
          [0, 5],
          [8, 8],
        ],
      ],
      ['10.0.0.3:3', [], [[6, 7]]],
    ])
  })
})

describe('odd nodes', () => {
  const odd: [what: string, fields: Record<string, Reply>][] = [
    ['port 0', { port: 0 }],
    ['a port that is text', { port: 'x' }],
    ['a port beyond the last', { port: 70_000 }],
    ['an invalid host', { endpoint: '../x' }],
    ['a host that is a number', { endpoint: 7 }],
  ]

  it.each(odd)('a node with %s is left out, of SHARDS and of SLOTS', (_, fields) => {
    const { shards } = readShards(
      [
        shard([0, 1], node({ id: 'a' }), node({ id: 'b', port: 2, role: 'replica', ...fields })),
        shard([2, 3], node(fields)),
      ],
      teller,
    )
    expect(shards.map(({ primary, replicas }) => [primary.id, replicas])).toEqual([['a', []]])
    const { endpoint, port } = { endpoint: '10.0.0.1' as Reply, port: 2 as Reply, ...fields }
    const slots = readSlots(
      [
        [0, 1, ['10.0.0.1', 1, 'a', []], [endpoint, port, 'b', []]],
        [2, 3, [endpoint, port, 'b', []]],
      ],
      teller,
    )
    expect(slots.shards.map(({ primary, replicas }) => [primary.id, replicas])).toEqual([['a', []]])
  })

  it('a node without an address, as Redis 7 lists one that came back under another id, is left out', () => {
    const gone = new MapReply(['id', 'old', 'ip', '', 'endpoint', '', 'role', 'replica', 'health', 'fail'])
    const { shards } = readShards([shard([0, 16_383], node({ id: 'a' }), gone)], teller)
    expect(shards).toMatchObject([{ primary: { id: 'a' }, replicas: [] }])
  })

  it('nodes without an id are distinguished by their addresses', () => {
    const { shards } = readSlots(
      [
        [0, 5, ['10.0.0.1', 1], ['10.0.0.1', 2, '']],
        [6, 7, ['10.0.0.1', 3, null]],
      ],
      teller,
    )
    expect(shards.map(({ primary, replicas }) => [primary.id, replicas.map(({ id }) => id)])).toEqual([
      ['10.0.0.1:1', ['10.0.0.1:2']],
      ['10.0.0.1:3', []],
    ])
    const unnamed = new MapReply(['port', 4, 'endpoint', '10.0.0.1', 'role', 'master'])
    expect(readShards([shard([0, 1], unnamed)], teller).shards).toMatchObject([{ primary: { id: '10.0.0.1:4' } }])
  })

  it('nodes and shards that cannot be read do not affect the others', () => {
    const { shards } = readShards(
      [7, shard([9], node({ id: 'x' })), new MapReply(['slots', 'x']), shard([0, 1], node({ id: 'a' }), 7, 'text')],
      teller,
    )
    expect(shards).toMatchObject([{ slots: [[0, 1]], primary: { id: 'a' }, replicas: [] }])
    expect(readSlots([7, ['x', 1], [0, 1, ['10.0.0.1', 1, 'a', []], 7]], teller).shards).toHaveLength(1)
  })

  it('the brackets of an IPv6 address are removed from the host of a node', () => {
    expect(hostOf({ endpoint: '[::1]' })).toBe('[::1]:1')
  })
})

describe('a reply without the slots of a shard', () => {
  it('isWhole() is false without the slots of a shard, and readSlots() takes the failed nodes from such a reply', () => {
    const whole = readShards([shard([0, 100], node({ id: 'a' })), shard([101, 16_383], node({ id: 'b' }))], teller)
    expect(isWhole(whole)).toBe(true)
    // Redis 8.0 lists a shard like this while a replica takes over.
    const torn = readShards(
      [
        shard([0, 100], node({ id: 'a', health: 'fail' })),
        shard([], node({ id: 'b', port: 2 }), node({ id: 'c', port: 3 })),
      ],
      teller,
    )
    expect(isWhole(torn)).toBe(false)
    const { shards } = readSlots([[0, 16_383, ['10.0.0.1', 3, 'c', []], ['10.0.0.1', 1, 'a', []]]], teller, torn)
    expect(shards[0]).toMatchObject({ primary: { id: 'c', failed: false }, replicas: [{ id: 'a', failed: true }] })
  })
})

describe('signatures', () => {
  const view = (...nodes: Reply[]) => signatureOf(readShards([shard([0, 1], ...nodes)], teller))

  it('signatureOf() is equal for the same topology in another order, and differs with roles, health and slots', () => {
    const [a, b, c] = [node({ id: 'a' }), node({ id: 'b', role: 'replica' }), node({ id: 'c', role: 'replica' })]
    expect(view(a!, b!, c!)).toBe(view(a!, c!, b!))
    expect(view(a!, b!)).not.toBe(view(a!))
    expect(view(node({ id: 'a', health: 'fail' }))).not.toBe(view(a!))
    expect(view(a!)).not.toBe(signatureOf(readShards([shard([0, 2], a!)], teller)))
  })
})
