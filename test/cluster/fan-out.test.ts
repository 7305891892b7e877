import { describe, expect, test } from 'vitest'
import { until } from '../rig/conditions.js'
import { type FakeRedis, resp } from '../rig/fake-redis.js'
import { useFakes } from './scripted-nodes.js'

const { cluster, connect } = useFakes()

/** `a` is in the slots of the second of two nodes, `b` in those of the first. */
const SECOND = 1

/** The marks that `node` got, without those of its handshakes. */
function marksAt(node: FakeRedis | undefined): number {
  return node?.received('PING').filter(({ argv }) => argv[1]?.startsWith('respire:')).length ?? 0
}

describe('a part of a command of several nodes', () => {
  test.each([
    ['too many items for a part of MGET', 'MGET', resp.array([resp.bulk('1'), resp.bulk('2')])],
    ['an empty list for a part of MGET', 'MGET', resp.array([])],
    ['text for a part of MGET', 'MGET', resp.bulk('1')],
    ['a list for a part of DEL', 'DEL', resp.array([])],
    ['an integer for a part of KEYS', 'KEYS', resp.integer(7)],
    ['text for a part of DBSIZE', 'DBSIZE', resp.bulk('x')],
    ['a list for a part of FLUSHDB', 'FLUSHDB', resp.array([])],
  ])('%s rejects the call, and the connection that read it is checked', async (_, odd, reply) => {
    const nodes = await cluster(2, (index, [name]) => {
      if (name === odd && index === SECOND) return reply
      if (name === 'MGET') return resp.array([resp.bulk('1')])
      if (name === 'KEYS') return resp.array([])
      if (name === 'FLUSHDB') return resp.ok
      return name === 'DEL' || name === 'DBSIZE' ? resp.integer(1) : undefined
    })
    const client = connect(nodes, { healthCheckInterval: 0 })
    const calls: Record<string, () => Promise<unknown>> = {
      MGET: () => client.mget('a', 'b'),
      DEL: () => client.del('a', 'b'),
      KEYS: () => client.keys('*'),
      DBSIZE: () => client.dbsize(),
      FLUSHDB: () => client.flushdb(),
    }
    await expect(calls[odd]?.()).rejects.toMatchObject({
      name: 'InvalidResponse',
      outcome: 'unknown',
      command: odd,
      node: `127.0.0.1:${nodes[SECOND]?.port}`,
    })
    await until(() => marksAt(nodes[SECOND]) === 1, { what: 'a mark on the connection' })
    expect(marksAt(nodes[0])).toBe(0)
  })

  test('the connection of a part with an odd reply is closed if its next reply is that of another command', async () => {
    const nodes = await cluster(2, (index, [name]) => {
      if (name !== 'MGET') return undefined
      return index === SECOND ? `*0\r\n${resp.bulk('of another')}` : resp.array([resp.bulk('1')])
    })
    const client = connect(nodes, { healthCheckInterval: 0 })
    await expect(client.mget('a', 'b')).rejects.toMatchObject({ name: 'InvalidResponse' })
    const [{ connection } = { connection: undefined }] = (nodes[SECOND] as FakeRedis).received('MGET')
    await until(() => connection?.closed, { what: 'the end of the connection' })
    const [other] = (nodes[0] as FakeRedis).received('MGET')
    expect(other?.connection.closed).toBe(false)
  })

  test('call() of a split command with another number of items than keys rejects', async () => {
    const nodes = await cluster(2, (index, [name]) =>
      name === 'MGET' ? resp.array(index === SECOND ? [] : [resp.bulk('1')]) : undefined,
    )
    await expect(connect(nodes).call('MGET', 'a', 'b')).rejects.toThrow(/Cannot merge/)
  })
})
