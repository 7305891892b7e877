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

test('scripts do not fail or run twice while SCRIPT FLUSH runs in a loop', async () => {
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
      for (; runs < RUNS || flushes <= 100; runs++)
        expect(await ADD.run(redis, [`script:${id}`], [1])).toBeGreaterThan(0)
    }),
  )
  working = false
  await flusher
  let sum = 0
  for (let id = 0; id < 50; id++) sum += Number(await redis.get(`script:${id}`))
  expect(sum).toBe(runs)
})

test('evalsha() of an unknown script rejects with NoScriptError', async () => {
  await expect(client().evalsha('0'.repeat(40), [], [])).rejects.toBeInstanceOf(NoScriptError)
})

test('a script whose own error begins with NOSCRIPT is not sent again', async () => {
  const redis = client()
  const script = new Script({
    keys: 1,
    lua: "redis.call('INCR', KEYS[1]) return redis.error_reply('NOSCRIPT the job has no script')",
  })
  for (let i = 0; i < 5; i++) {
    await expect(script.run(redis, 'own')).rejects.toMatchObject({ message: 'NOSCRIPT the job has no script' })
  }
  expect(await redis.get('own')).toBe('5')
})

test('a thousand runs of a script in a pipeline or transaction send its text once', async () => {
  const redis = client()
  const long = new Script<number>({ keys: 1, lua: `${ADD.lua} -- ${'x'.repeat(5_000)}` })
  const items = Array.from({ length: 1_000 }, () => 1)
  const inPipeline = () => redis.pipeline().each(items, (pipeline, item) => long.run(pipeline, 'bulk', item))
  const inTransaction = () => redis.multi().each(items, (multi, item) => long.run(multi, 'bulk', item))
  for (const batch of [inPipeline, inTransaction]) {
    await redis.scriptFlush()
    await redis.del('bulk')
    const before = await bytesOf(redis)
    expect(await batch().exec()).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1))
    const sent = (await bytesOf(redis)) - before
    expect(sent).toBeGreaterThan(5_000)
    expect(sent).toBeLessThan(5_000 + 1_000 * 150)
  }
})

/** Returns the number of bytes that the server has received. */
async function bytesOf(redis: Redis): Promise<number> {
  return Number(/total_net_input_bytes:(\d+)/.exec(String(await redis.call('INFO', 'stats')))?.[1])
}

test('pipelines of scripts do not fail, run twice or change their order while SCRIPT FLUSH runs in a loop', async () => {
  const redis = client()
  let working = true
  let flushes = 0
  const flusher = (async () => {
    const raw = await server().connect()
    while (working) {
      await raw.command('SCRIPT', 'FLUSH')
      flushes++
    }
    raw.close()
  })()
  const PUSH = new Script<number>({ keys: 1, lua: "return redis.call('RPUSH', KEYS[1], ARGV[1])" })
  await redis.del('pushed')
  let pushed = 0
  for (let round = 0; round < 20 || flushes <= 20; round++) {
    const pipeline = redis.pipeline()
    for (let i = 0; i < 1_000; i++) PUSH.run(pipeline, 'pushed', pushed++)
    await pipeline.exec()
    const multi = redis.multi()
    for (let i = 0; i < 100; i++) PUSH.run(multi, 'pushed', pushed++)
    await multi.exec()
  }
  working = false
  await flusher
  expect(await redis.lrange('pushed', 0, -1)).toEqual(Array.from({ length: pushed }, (_, i) => String(i)))
})

test('close() waits for a script that must be sent again with its text', async () => {
  const redis = client()
  await redis.scriptFlush()
  await redis.del('closing')
  const run = ADD.run(redis, 'closing', 5)
  const inSession = redis.session(session => ADD.run(session, 'closing2', 1))
  await redis.close()
  expect(await run).toBe(5)
  expect(await inSession).toBeGreaterThan(0)
})

test('a script in a pipeline or transaction is sent with its text', async () => {
  const redis = client()
  await redis.scriptFlush()
  const pipeline = redis.pipeline()
  expect(await ADD.run(ADD.run(pipeline, ['n'], [1]), ['n'], [2]).exec()).toEqual([1, 3])
  expect(await ADD.run(redis.multi().set('n', 5), ['n'], [2]).exec()).toEqual(['OK', 7])
  expect(await redis.session(session => ADD.run(session, ['n'], [1]))).toBe(8)
})

test('a prefixed view adds the prefix to the keys of a script once', async () => {
  const redis = client()
  await redis.scriptFlush()
  const app = redis.prefixed('app:')
  expect(await ADD.run(app, ['n'], [1])).toBe(1)
  expect(await ADD.run(app, ['n'], [1])).toBe(2)
  expect(await redis.get('app:n')).toBe('2')
})
