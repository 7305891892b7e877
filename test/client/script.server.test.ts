import { afterEach, expect, test } from 'vitest'
import { NoScriptError, Redis, Script } from '../../src/index.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()
const clients: Redis[] = []

function client(): Redis {
  const redis = new Redis({ port: server().port })
  clients.push(redis)
  return redis
}

afterEach(() => {
  for (const redis of clients.splice(0)) redis.destroy()
})

const ADD = new Script<number>({ keys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" })

test('a script under SCRIPT FLUSH in a loop: no failure, nothing twice', { timeout: 30_000 }, async () => {
  const redis = client()
  const RUNS = 20_000
  let runs = 0
  let flushes = 0
  let working = true
  const flusher = (async () => {
    const raw = await server().connect()
    while (working) {
      await raw.command('SCRIPT', 'FLUSH')
      flushes++
    }
    raw.close()
  })()
  await Promise.all(
    Array.from({ length: 50 }, async (_, id) => {
      while (runs++ < RUNS) expect(await ADD.run(redis, [`script:${id}`], [1])).toBeGreaterThan(0)
    }),
  )
  working = false
  await flusher
  let sum = 0
  for (let id = 0; id < 50; id++) sum += Number(await redis.get(`script:${id}`))
  expect(sum).toBe(RUNS)
  expect(flushes).toBeGreaterThan(100)
})

test('a raw evalsha of an unknown script is NoScriptError', async () => {
  await expect(client().evalsha('0'.repeat(40), [], [])).rejects.toBeInstanceOf(NoScriptError)
})

test('in pipelines and transactions a script travels with its text', async () => {
  const redis = client()
  await redis.scriptFlush()
  const pipeline = redis.pipeline()
  expect(await ADD.run(ADD.run(pipeline, ['n'], [1]), ['n'], [2]).exec()).toEqual([1, 3])
  expect(await ADD.run(redis.multi().set('n', 5), ['n'], [2]).exec()).toEqual(['OK', 7])
  expect(await redis.session(session => ADD.run(session, ['n'], [1]))).toBe(8)
})

test('a prefixed view prefixes the keys of a script, once', async () => {
  const redis = client()
  await redis.scriptFlush()
  const app = redis.prefixed('app:')
  expect(await ADD.run(app, ['n'], [1])).toBe(1)
  expect(await ADD.run(app, ['n'], [1])).toBe(2)
  expect(await redis.get('app:n')).toBe('2')
})
