import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import { InvalidResponse } from '../../../src/errors/errors.js'
import { FakeRedis, type FakeScript, resp } from '../../rig/fake-redis.js'

const ended: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ended.splice(0)) await end()
})

async function answering(script: FakeScript): Promise<Redis> {
  const fake = await FakeRedis.start({ script })
  const redis = new Redis({ host: fake.host, port: fake.port })
  ended.push(
    () => redis.destroy(),
    () => fake.stop(),
  )
  return redis
}

const list = resp.array([resp.bulk('a'), resp.bulk('b'), resp.bulk('c')])
const suspicion = { name: 'InvalidResponse', outcome: 'unknown', node: expect.stringContaining('127.0.0.1') }

describe('a reply that its command cannot have', () => {
  test('a reply that its command cannot have rejects that call alone, with the name and the node', async () => {
    const redis = await answering(([name]) => (name === 'GET' ? list : name === 'INCR' ? resp.integer(7) : undefined))
    const [get, incr] = await Promise.allSettled([redis.get('k'), redis.incr('n')])
    expect(get).toMatchObject({ status: 'rejected', reason: { ...suspicion, command: 'GET' } })
    expect(incr).toEqual({ status: 'fulfilled', value: 7 })
  })

  test('a reply that its command cannot have is an error at its place in a settled pipeline', async () => {
    const redis = await answering(([name]) =>
      name === 'HGETALL' ? list : name === 'INCR' ? resp.integer(7) : undefined,
    )
    const results = await redis.pipeline().hgetall('h').incr('n').exec({ settle: true })
    expect(results).toEqual([expect.any(InvalidResponse), 7])
    expect(results[0]).toMatchObject({ command: 'HGETALL', outcome: 'unknown' })
  })

  test('a reply that its command cannot have is an error at its place in a settled transaction', async () => {
    const redis = await answering(([name]) => {
      if (name === 'MULTI') return resp.ok
      if (name === 'EXEC') return resp.array([list, resp.integer(7)])
      return name === 'GET' || name === 'INCR' ? '+QUEUED\r\n' : undefined
    })
    const results = await redis.multi().get('k').incr('n').exec({ settle: true })
    expect(results).toEqual([expect.any(InvalidResponse), 7])
    expect(results[0]).toMatchObject({ command: 'GET', outcome: 'unknown' })
  })

  test.each([
    ['text', resp.bulk('abc')],
    ['a status', resp.ok],
    ['a list of one', resp.array([resp.bulk('1')])],
    ['a null cursor', resp.array([resp.nilBulk, resp.array([])])],
  ])('an iteration over keys rejects when SCAN is answered with %s', async (_, reply) => {
    const redis = await answering(([name]) => (name === 'SCAN' ? reply : undefined))
    const walk = async () => {
      for await (const key of redis.scan()) return key
    }
    await expect(walk()).rejects.toMatchObject({ ...suspicion, command: 'SCAN' })
  })

  test.each<[string, (redis: Redis) => Promise<unknown>]>([
    ['MGET', redis => redis.mget('a', 'b')],
    ['HMGET', redis => redis.hmget('h', 'a', 'b')],
    ['SMISMEMBER', redis => redis.smismember('s', 'a', 'b')],
    ['ZMSCORE', redis => redis.zmscore('z', 'a', 'b')],
    ['GEOPOS', redis => redis.geopos('g', 'a', 'b')],
    ['GEOHASH', redis => redis.geohash('g', 'a', 'b')],
    ['SCRIPT', redis => redis.scriptExists('a'.repeat(40), 'b'.repeat(40))],
  ])('%s rejects when the number of items is not the number that it asked for', async (name, run) => {
    const item: Record<string, string> = { SMISMEMBER: resp.integer(1), SCRIPT: resp.integer(1) }
    let items = 0
    const redis = await answering(([word]) =>
      word === name ? resp.array(Array.from({ length: items }, () => item[name] ?? resp.nil)) : undefined,
    )
    for (items of [0, 1, 3]) await expect(run(redis)).rejects.toMatchObject(suspicion)
    items = 2
    expect(await run(redis)).toHaveLength(2)
  })

  test('a result of EXEC with another number of items than keys rejects in its place', async () => {
    const redis = await answering(([name]) => {
      if (name === 'MULTI') return resp.ok
      if (name === 'EXEC') return resp.array([resp.array([]), resp.integer(7)])
      return name === 'MGET' || name === 'INCR' ? '+QUEUED\r\n' : undefined
    })
    const results = await redis.multi().mget('a', 'b').incr('n').exec({ settle: true })
    expect(results).toEqual([expect.any(InvalidResponse), 7])
  })

  test('call() returns a reply of any form', async () => {
    const redis = await answering(([name]) => (name === 'GET' ? list : undefined))
    expect(await redis.call('GET', 'k')).toEqual(['a', 'b', 'c'])
  })
})

test('bytes that are not RESP reject the call being read with the outcome unknown', async () => {
  const redis = await answering(([name]) => (name === 'GET' ? '@what\r\n' : undefined))
  await expect(redis.set('k', 'v').catch(() => redis.get('k'))).rejects.toMatchObject(suspicion)
})
