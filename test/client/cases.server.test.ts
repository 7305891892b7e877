import { afterAll, describe, test } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { useServer } from '../servers/vitest.js'
import { CASES } from './cases.js'

const server = useServer()
let client: Redis | undefined

afterAll(() => client?.destroy())

describe('common cases of both clients, on Redis', () => {
  for (const [i, { name, run, skip }] of CASES.entries()) {
    const why = skip?.Redis
    test(name, async context => {
      if (why !== undefined) context.skip(why)
      client ??= new Redis(server().url)
      await run(client, each => `{case:${i}}:${each}`)
    })
  }
})
