import { afterAll, beforeAll, beforeEach, describe, type TestContext } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import type { Server } from '../servers/servers.mjs'
import { useServer } from '../servers/vitest.js'

/** Runs the tests of `define` once over RESP2 and once over RESP3. Each test starts on an empty server. */
export function overBothProtocols(define: (client: () => Redis, server: () => Server) => void): void {
  const server = useServer()
  describe.each([2, 3] as const)('over RESP%i', protocol => {
    let redis: Redis | undefined
    beforeAll(() => {
      redis = new Redis({ host: server().host, port: server().port, protocol })
    })
    beforeEach(async () => {
      await server().command('FLUSHALL')
    })
    afterAll(() => redis?.close())
    define(() => redis as Redis, server)
  })
}

/** Skips the test with a reason if the server lacks one of the commands. */
export async function needs({ skip }: TestContext, server: Server, ...commands: readonly string[]): Promise<void> {
  for (const name of commands) {
    if (!(await server.hasCommand(name))) {
      skip(`${server.flavour} ${server.version.join('.')} has no ${name}`)
    }
  }
}
