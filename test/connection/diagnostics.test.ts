import { expect, test } from 'vitest'
import { batchChannel, commandChannel, connectChannel } from '../../src/connection/diagnostics.js'
import { Redis } from '../../src/index.js'
import { FakeRedis, resp } from '../rig/fake-redis.js'

test('observers are notified in runtimes whose tracing channels have no hasSubscribers', async () => {
  const channels = [commandChannel, batchChannel, connectChannel]
  const seen: string[] = []
  const handlers = channels.map((_, i) => () => {
    seen.push(['command', 'batch', 'connect'][i] as string)
  })
  for (const [i, channel] of channels.entries()) {
    // As in runtimes that have the channels without this property.
    Object.defineProperty(channel, 'hasSubscribers', { value: undefined, configurable: true })
    channel.start.subscribe(handlers[i] as () => void)
  }
  const fake = await FakeRedis.start({ script: ([name]) => (name === 'GET' ? resp.nil : undefined) })
  const redis = new Redis({ port: fake.port })
  try {
    await redis.get('k')
    await redis.pipeline().get('k').exec()
    expect(seen).toEqual(['command', 'connect', 'batch'])
  } finally {
    for (const [i, channel] of channels.entries()) {
      channel.start.unsubscribe(handlers[i] as () => void)
      Reflect.deleteProperty(channel, 'hasSubscribers')
    }
    redis.destroy()
    await fake.stop()
  }
})
