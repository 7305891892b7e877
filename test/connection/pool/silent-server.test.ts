import { afterEach, expect, test } from 'vitest'
import { Redis } from '../../../src/index.js'
import { FakeRedis } from '../../rig/fake-redis.js'

const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

test('the health check closes a leased connection on which a SELECT gets no reply', async () => {
  const fake = await FakeRedis.start({ script: ([name]) => (name === 'SELECT' ? '' : undefined) })
  ends.push(() => fake.stop())
  const redis = new Redis({ port: fake.port, commandTimeout: 0, healthCheckInterval: 50 })
  redis.on('error', () => {})
  ends.push(() => redis.destroy())
  await expect(redis.session(session => session.select(1))).rejects.toMatchObject({ outcome: 'unknown' })
})

test('without a deadline a blocking call on a silent connection rejects soon after its own time, and one without a time waits', async () => {
  const fake = await FakeRedis.start({ script: ([name]) => (name === 'BLPOP' ? '' : undefined) })
  ends.push(() => fake.stop())
  const redis = new Redis({ port: fake.port, commandTimeout: 0, healthCheckInterval: 50 })
  redis.on('error', () => {})
  ends.push(() => redis.destroy())
  let isOpen = true
  const endless = redis.blpop('list', 0).finally(() => {
    isOpen = false
  })
  endless.catch(() => {})
  const began = performance.now()
  await expect(redis.blpop('list', 0.3)).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'unknown' })
  expect(performance.now() - began).toBeGreaterThan(300)
  expect(isOpen).toBe(true)
})
