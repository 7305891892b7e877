import { expect, test } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { until } from '../rig/conditions.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()

// The queue holds 10,000 messages of 1 kB; a client that queued all messages would need a gigabyte.
test('with a million messages of 1 kB for a sleeping reader memory stays bounded, and drops are counted exactly', {
  timeout: 120_000,
}, async () => {
  const COUNT = 1_000_000
  // Otherwise the server would close the connection of a subscriber that is too busy to read.
  await server().command('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 0 0 0')
  const redis = new Redis({ port: server().port, commandTimeout: 0 })
  const subscription = await redis.subscribe('flood')
  globalThis.gc?.()
  const before = process.memoryUsage()
  let most = 0
  const publisher = await server().connect()
  const script =
    "local text = string.rep('x', 990) for i = 1, ARGV[2] do redis.call('PUBLISH', ARGV[1], (ARGV[3] + i - 1) .. ' ' .. text) end"
  for (let sent = 0; sent < COUNT; sent += 5_000) {
    await publisher.command('EVAL', script, 0, 'flood', 5_000, sent)
    await until(() => subscription.received > sent - 20_000)
    if (sent % 50_000 === 0) {
      globalThis.gc?.()
      const now = process.memoryUsage()
      most = Math.max(most, now.heapUsed + now.external - before.heapUsed - before.external)
    }
  }
  await until(() => subscription.received === COUNT, { timeout: 60_000 })
  expect(subscription.queued).toBe(10_000)
  expect(subscription.dropped).toBe(COUNT - 10_000)
  await subscription.unsubscribe()
  let next = COUNT - 10_000
  for await (const { message } of subscription) expect(Number(message.slice(0, message.indexOf(' ')))).toBe(next++)
  expect(next).toBe(COUNT)
  publisher.close()
  redis.destroy()
  console.log(`most memory beside the start: ${(most / 1e6).toFixed(1)} MB`)
  expect(most).toBeLessThan(40e6)
})
