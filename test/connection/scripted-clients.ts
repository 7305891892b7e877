import { afterEach } from 'vitest'
import { Redis, type RedisOptions } from '../../src/index.js'
import { FakeRedis, type FakeScript } from '../rig/fake-redis.js'

/** Scripted servers and their clients for the tests of a file: all of them end after their test. */
export function useScriptedServers(): {
  server(script?: FakeScript): Promise<FakeRedis>
  client(port: number, options?: RedisOptions): Redis
} {
  const clients: Redis[] = []
  const servers: FakeRedis[] = []
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy()
    for (const server of servers.splice(0)) await server.stop()
  })
  return {
    async server(script) {
      const server = await FakeRedis.start(script === undefined ? {} : { script })
      servers.push(server)
      return server
    },
    client(port, options) {
      const client = new Redis({ port, ...options }).on('error', () => {})
      clients.push(client)
      return client
    },
  }
}
