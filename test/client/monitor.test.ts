import { afterEach, expect, test } from 'vitest'
import { Monitor } from '../../src/client/monitor.js'
import { withDefaults } from '../../src/connection/options/options.js'
import { until } from '../rig/conditions.js'
import { FakeRedis, resp } from '../rig/fake-redis.js'

const fakes: FakeRedis[] = []
afterEach(async () => {
  for (const fake of fakes.splice(0)) await fake.stop()
})

test('a monitor whose reader is slow handles each further entry at the same cost', {
  timeout: 60_000,
}, async () => {
  const fake = await FakeRedis.start({ script: ([name]) => (name === 'MONITOR' ? resp.ok : undefined) })
  fakes.push(fake)
  const monitor = new Monitor(withDefaults({ host: fake.host, port: fake.port }), () => {})
  const entries = monitor.entries()
  const first = entries.next()
  await fake.untilReceived('MONITOR')
  const line = '+1700000000.123456 [0 127.0.0.1:5000] "GET" "k"\r\n'
  const [connection] = fake.connections
  connection?.send(line)
  await first
  /** Returns the CPU time of `count` more entries, ms. The queue holds 100,000, and the oldest are dropped. */
  let sent = 0
  const load = async (count: number): Promise<number> => {
    const start = process.cpuUsage()
    sent += count
    connection?.send(line.repeat(count))
    await until(() => monitor.dropped === sent - 100_000, { timeout: 50_000, what: 'all are read' })
    const { system, user } = process.cpuUsage(start)
    return (system + user) / 1_000
  }
  const filling = await load(100_001)
  const full = await load(50_000)
  expect(full).toBeLessThan(2 * filling)
  monitor.close()
})
