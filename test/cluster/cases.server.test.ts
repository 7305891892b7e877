import { afterAll, describe, test } from 'vitest'
import { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { CASES } from '../client/cases.js'
import { useCluster } from '../servers/vitest.js'

const cluster = useCluster()
let client: RedisCluster | undefined

afterAll(() => client?.destroy())

describe('the cases of all clients, on RedisCluster', () => {
  for (const [i, { name, run, skip }] of CASES.entries()) {
    const why = skip?.RedisCluster
    test(name, async context => {
      if (why !== undefined) context.skip(why)
      client ??= new RedisCluster(cluster().seeds)
      await run(client, each => `{case:${i}}:${each}`)
    })
  }
})
