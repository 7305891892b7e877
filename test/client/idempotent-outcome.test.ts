import { afterEach, expect, test } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { FakeRedis, resp } from '../rig/fake-redis.js'

let server: FakeRedis | undefined
let client: Redis | undefined

afterEach(async () => {
  client?.destroy()
  await server?.stop()
})

test('an idempotent command that was lost once and then rejected for now times out with outcome unknown', async () => {
  let runs = 0
  server = await FakeRedis.start({
    script: (argv, connection) => {
      if (argv[0] !== 'INCR') return undefined
      if (++runs > 1) return resp.error('LOADING Redis is loading the dataset in memory')
      connection.reset()
      return null
    },
  })
  client = new Redis(server.url, { reconnect: { min: 1, max: 1 } })
  client.on('error', () => {})
  await client.connect()
  const error = await client
    .with({ idempotent: true, timeout: 300 })
    .incr('n')
    .catch(each => each)
  expect(runs).toBeGreaterThan(1)
  expect(error).toMatchObject({ outcome: 'unknown' })
})
