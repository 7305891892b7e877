import { createServer, type Server } from 'node:net'
import { afterEach } from 'vitest'
import type { RedisClusterOptions } from '../../src/cluster/cluster-options.js'
import type { RedisCluster } from '../../src/cluster/redis-cluster.js'
import type { FakeOptions, FakeReply } from '../rig/fake-redis.js'
import { FakeRedis, resp } from '../rig/fake-redis.js'
import { useClients } from './clients.js'

/** A shard in the reply of CLUSTER SHARDS. */
export interface FakeShard {
  readonly slots: readonly number[]
  readonly nodes: readonly FakeNode[]
}

export interface FakeNode {
  readonly id?: string
  readonly port: number
  readonly endpoint?: string | null
  readonly ip?: string
  readonly role?: string
  readonly health?: string
}

const text = (value: string | null) => (value === null ? resp.nil : resp.bulk(value))

export function shardsReply(shards: readonly FakeShard[]): string {
  return resp.array(
    shards.map(({ nodes, slots }) =>
      resp.map([
        [resp.bulk('slots'), resp.array(slots.map(resp.integer))],
        [
          resp.bulk('nodes'),
          resp.array(
            nodes.map(
              ({ endpoint = '127.0.0.1', health = 'online', id = 'n', ip = '127.0.0.1', port, role = 'master' }) =>
                resp.map([
                  [resp.bulk('id'), resp.bulk(`${id}${port}`)],
                  [resp.bulk('port'), resp.integer(port)],
                  [resp.bulk('ip'), resp.bulk(ip)],
                  [resp.bulk('endpoint'), text(endpoint)],
                  [resp.bulk('role'), resp.bulk(role)],
                  [resp.bulk('replication-offset'), resp.integer(1)],
                  [resp.bulk('health'), resp.bulk(health)],
                ]),
            ),
          ),
        ],
      ]),
    ),
  )
}

export type FakeAnswer = (argv: readonly string[]) => FakeReply | undefined

/** Nodes that share all slots evenly. `answers` gets the index of the node that received the command. */
export async function fakeCluster(
  count: number,
  answers: (
    index: number,
    argv: readonly string[],
    nodes: readonly FakeRedis[],
  ) => FakeReply | undefined | Promise<FakeReply | undefined>,
  options: FakeOptions = {},
): Promise<FakeRedis[]> {
  const nodes: FakeRedis[] = []
  for (let index = 0; index < count; index++) {
    nodes.push(
      await FakeRedis.start({
        ...options,
        script: async argv =>
          (await answers(index, argv, nodes)) ?? (isShards(argv) ? shardsReply(evenly(nodes)) : undefined),
      }),
    )
  }
  return nodes
}

export function isShards(argv: readonly string[]): boolean {
  return argv.join(' ').toUpperCase() === 'CLUSTER SHARDS'
}

export function evenly(nodes: readonly { port: number }[]): FakeShard[] {
  const each = 16384 / nodes.length
  return nodes.map(({ port }, i) => ({
    slots: [Math.round(i * each), Math.round((i + 1) * each) - 1],
    nodes: [{ port }],
  }))
}

/** A port that counts the connections to it, and closes them. */
export interface Trap {
  readonly port: number
  dialled(): number
}

/** Fake clusters, their clients and traps for the tests of a file. All are closed after each test. */
export function useFakes(): {
  cluster(count: number, answers: Parameters<typeof fakeCluster>[1]): Promise<FakeRedis[]>
  connect(nodes: readonly { readonly url: string }[], options?: RedisClusterOptions): RedisCluster
  trap(): Promise<Trap>
} {
  const fakes: FakeRedis[] = []
  const servers: Server[] = []
  const client = useClients()
  afterEach(async () => {
    for (const fake of fakes.splice(0)) await fake.stop()
    for (const server of servers.splice(0)) server.close()
  })
  return {
    async cluster(count, answers) {
      const nodes = await fakeCluster(count, answers)
      fakes.push(...nodes)
      return nodes
    },
    connect: (nodes, options) =>
      client(
        nodes.map(({ url }) => url),
        { commandTimeout: 3_000, ...options },
      ),
    async trap() {
      let dialled = 0
      const server = createServer(socket => {
        dialled++
        socket.destroy()
      })
      servers.push(server)
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      return { port: (server.address() as { port: number }).port, dialled: () => dialled }
    },
  }
}
