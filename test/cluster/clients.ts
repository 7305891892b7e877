import { afterEach } from 'vitest'
import type { RedisClusterOptions, Seed } from '../../src/cluster/cluster-options.js'
import { RedisCluster } from '../../src/cluster/redis-cluster.js'

/** Makes clients for the tests of a file, each destroyed after its test. */
export function useClients(): (seeds: readonly Seed[], options?: RedisClusterOptions) => RedisCluster {
  const open: RedisCluster[] = []
  afterEach(() => {
    for (const client of open.splice(0)) client.destroy()
  })
  return (seeds, options) => {
    const client = new RedisCluster(seeds, { commandTimeout: 10_000, ...options })
    client.on('error', () => {})
    open.push(client)
    return client
  }
}
