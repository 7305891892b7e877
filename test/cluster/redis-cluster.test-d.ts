import { describe, expectTypeOf, test } from 'vitest'
import type { Redis } from '../../src/client/redis.js'
import type { RedisCluster } from '../../src/cluster/redis-cluster.js'
import type { Topology } from '../../src/cluster/topology.js'
import type { RedisCommands } from '../../src/commands/commands.js'

declare const cluster: RedisCluster
declare const either: Redis | RedisCluster

/** Members with the same name and different types: events, and copies of the client. */
type Own = 'on' | 'once' | 'off' | 'duplicate' | 'stats' | 'ref' | 'unref'
type Shared = Exclude<keyof Redis & keyof RedisCluster, Own>

describe('Redis and RedisCluster', () => {
  test('methods that both clients have have the same signature', () => {
    expectTypeOf<Pick<RedisCluster, Shared>>().toEqualTypeOf<Pick<Redis, Shared>>()
    expectTypeOf<RedisCluster>().toExtend<RedisCommands>()
  })

  test('a function can take either client', () => {
    expectTypeOf(either.get('k')).toEqualTypeOf<Promise<string | null>>()
    expectTypeOf(either.bytes.get('k')).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(either.mget('a', 'b')).toEqualTypeOf<Promise<(string | null)[]>>()
    expectTypeOf(either.pipeline().get('a').incr('n').exec()).toEqualTypeOf<Promise<[string | null, number]>>()
    expectTypeOf(either.scan({ match: 'a*' }).batches()).toEqualTypeOf<AsyncIterable<readonly string[]>>()
  })
})

describe('RedisCluster', () => {
  test('RedisCluster has typed topology, nodes and statistics', () => {
    expectTypeOf(cluster.topology).toEqualTypeOf<Topology | undefined>()
    expectTypeOf(cluster.nodes('primary')).toEqualTypeOf<Redis[]>()
    expectTypeOf(cluster.stats.moved).toEqualTypeOf<number>()
    cluster.on('redirect', redirect => {
      expectTypeOf(redirect.kind).toEqualTypeOf<'MOVED' | 'ASK'>()
    })
  })
})
