import type { FakeOptions, FakeReply } from '../rig/fake-redis.js'
import { FakeRedis, resp } from '../rig/fake-redis.js'

/** A shard as CLUSTER SHARDS tells of it. */
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

/** Nodes that share all slots evenly. `answers` gets the index of the node that was asked. */
export async function fakeCluster(
  count: number,
  answers: (index: number, argv: readonly string[], nodes: readonly FakeRedis[]) => FakeReply | undefined,
  options: FakeOptions = {},
): Promise<FakeRedis[]> {
  const nodes: FakeRedis[] = []
  for (let index = 0; index < count; index++) {
    nodes.push(
      await FakeRedis.start({
        ...options,
        script: argv => answers(index, argv, nodes) ?? (isShards(argv) ? shardsReply(evenly(nodes)) : undefined),
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
