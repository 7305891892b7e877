import { afterEach, describe, expect, test } from 'vitest'
import type { RedisClusterOptions } from '../../src/cluster/cluster-options.js'
import { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { FakeRedis, resp } from '../rig/fake-redis.js'
import { getCertificates, type ServerCertificate } from '../servers/servers.mjs'
import { isShards, shardsReply } from './scripted-nodes.js'

const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** Two nodes, with these certificates; the second one announces `endpoint`. */
async function cluster(
  certificates: readonly [ServerCertificate, ServerCertificate],
  endpoint: string,
): Promise<FakeRedis[]> {
  const all = getCertificates()
  const nodes: FakeRedis[] = []
  for (const [index, name] of certificates.entries()) {
    const script = (argv: readonly string[]) => {
      if (argv[0] === 'GET') return resp.bulk(`from ${index}`)
      if (!isShards(argv)) return undefined
      return shardsReply([
        { slots: [0, 8191], nodes: [{ port: nodes[0]!.port }] },
        { slots: [8192, 16_383], nodes: [{ port: nodes[1]!.port, endpoint }] },
      ])
    }
    const node = await FakeRedis.start({ tls: all[name], script })
    nodes.push(node)
    ends.push(() => node.stop())
  }
  return nodes
}

async function answers(seed: string, options: RedisClusterOptions = {}): Promise<unknown[]> {
  const client = new RedisCluster(seed, {
    commandTimeout: 2_000,
    ...options,
    tls: { ca: getCertificates().ca, ...(options.tls as object) },
  })
  client.on('error', () => {})
  ends.push(() => client.destroy())
  // Slots 3300 and 15495.
  return Promise.all(['b', 'a'].map(key => client.get(key).catch((error: Error) => error)))
}

describe('the certificate of a node in a TLS cluster', () => {
  test('a node is accepted whose certificate holds its address but not the name of the seed', async () => {
    const nodes = await cluster(['good', 'addressOnly'], '127.0.0.1')
    expect(await answers(`rediss://localhost:${nodes[0]!.port}`)).toEqual(['from 0', 'from 1'])
  })

  test('a node is accepted whose certificate holds the name of the seed but not the address that it announces', async () => {
    const nodes = await cluster(['good', 'good'], '10.9.9.9')
    const addressMap = { [`10.9.9.9:${nodes[1]!.port}`]: `127.0.0.1:${nodes[1]!.port}` }
    expect(await answers(`rediss://localhost:${nodes[0]!.port}`, { addressMap })).toEqual(['from 0', 'from 1'])
  })

  test('a node is accepted whose certificate holds the name that it announces but not the one where it is dialled', async () => {
    const nodes = await cluster(['good', 'wrongName'], 'redis.example.org')
    const addressMap = { [`redis.example.org:${nodes[1]!.port}`]: `127.0.0.1:${nodes[1]!.port}` }
    expect(await answers(`rediss://localhost:${nodes[0]!.port}`, { addressMap })).toEqual(['from 0', 'from 1'])
  })

  test('a node is rejected whose certificate holds none of these names', async () => {
    const nodes = await cluster(['good', 'wrongName'], '127.0.0.1')
    const [first, second] = await answers(`rediss://localhost:${nodes[0]!.port}`, { commandTimeout: 1_000 })
    expect(first).toBe('from 0')
    expect((second as Error).message).toContain('ERR_TLS_CERT_ALTNAME_INVALID')
  })

  test('servername and checkServerIdentity of the user replace the checks of the client', async () => {
    const nodes = await cluster(['good', 'addressOnly'], '127.0.0.1')
    const seed = `rediss://localhost:${nodes[0]!.port}`
    const [, named] = await answers(seed, { commandTimeout: 1_000, tls: { servername: 'localhost' } })
    expect((named as Error).message).toContain('ERR_TLS_CERT_ALTNAME_INVALID')
    const asked: string[] = []
    const tls = { checkServerIdentity: (host: string) => void asked.push(host) }
    expect(await answers(seed, { tls })).toEqual(['from 0', 'from 1'])
    expect(asked).toContain('localhost')
  })
})
