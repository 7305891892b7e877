import { describe, expect, test } from 'vitest'
import { resp } from '../rig/fake-redis.js'
import { isShards, shardsReply, useFakes } from './scripted-nodes.js'

const { cluster, connect, trap } = useFakes()

describe('commands without keys', () => {
  test('a primary that cannot be reached gets no command that another primary can run', async () => {
    const { port } = await trap()
    // A replica replies with the topology: no primary is connected when the first command comes.
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
