import { describe, expect, test } from 'vitest'
import { Redis } from '../../src/index.js'
import { FENCING_KEPT } from '../../src/lock/fencing-token.js'
import { keysOf } from '../../src/lock/keys.js'
import { until } from '../rig/conditions.js'
import { startSingle } from '../servers/servers.mjs'
import { useHolding } from './holding.js'

const { free, server } = useHolding()

describe('fencing tokens', () => {
  test('fencing tokens grow with every holder', async () => {
    const { redis, name } = free()
    const tokens: number[] = []
    for (let i = 0; i < 200; i++) {
      const lock = await redis.lock(name, { ttl: 10_000 }).acquire()
      tokens.push(lock.fencingToken ?? 0)
      await lock.release()
    }
    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b))
    expect(tokens.every(Number.isSafeInteger)).toBe(true)
  })

  test('fencing tokens grow even if the last one is ahead of the clock, or was lost', async () => {
    const { redis, name } = free()
    const lock = redis.lock(name, { ttl: 10_000 })
    const next = async () => {
      await lock.acquire()
      const { fencingToken } = lock
      await lock.release()
      return fencingToken ?? 0
    }
    const first = await next()
    const { fencing } = keysOf(name)
    await redis.set(fencing, first + 10 ** 9)
    expect(await next()).toBe(first + 10 ** 9 + 1)
    await redis.del(fencing)
    expect(await next()).toBeGreaterThan(first)
  })

  test('the last fencing token is kept until the server clock is a minute past it, however far ahead it is', async () => {
    const { redis, name } = free()
    const { fencing } = keysOf(name)
    for (const ahead of [0, 1_000, 48 * 3_600_000]) {
      if (ahead > 0) await redis.set(fencing, (Date.now() + ahead) * 1_000)
      const lock = await redis.lock(name, { ttl: 10_000 }).acquire()
      expect(await redis.pexpiretime(fencing)).toBeCloseTo((lock.fencingToken ?? 0) / 1_000 + FENCING_KEPT, -2)
      await lock.release()
    }
    expect(FENCING_KEPT).toBe(60_000)
  })

  test('fencing tokens grow at a promoted replica whose clock is a day slow', async () => {
    const { redis, name } = free()
    const replica = await startSingle()
    const successor = new Redis(replica.url)
    try {
      // The clock of the first server is a day ahead of the clock of the other.
      await redis.set(keysOf(name).fencing, (Date.now() + 86_400_000) * 1_000)
      await replica.command('REPLICAOF', '127.0.0.1', server().port)
      await until(async () => (await successor.dbsize()) > 0)
      const lock = await redis.lock(name, { ttl: 60_000 }).acquire()
      const { fencingToken } = lock
      await until(async () => (await successor.get(name)) === lock.token)
      await replica.command('REPLICAOF', 'NO', 'ONE')
      await successor.del(name)
      const next = await successor.lock(name, { ttl: 10_000 }).acquire()
      expect(next.fencingToken).toBe((fencingToken ?? 0) + 1)
      expect(await successor.pexpiretime(keysOf(name).fencing)).toBeGreaterThan((fencingToken ?? 0) / 1_000)
    } finally {
      successor.destroy()
      await replica.stop()
    }
  })
})
