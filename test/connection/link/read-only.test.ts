import { afterEach, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import { FakeRedis, resp } from '../../rig/fake-redis.js'

const fakes: FakeRedis[] = []
const open: Redis[] = []

afterEach(async () => {
  for (const client of open.splice(0)) client.destroy()
  for (const fake of fakes.splice(0)) await fake.stop()
})

test('the unwritten rest of a pipeline that got READONLY does not run on the new connection', async () => {
  const fake = await FakeRedis.start({
    script: (argv, connection) => {
      if (argv[0] !== 'SET') return undefined
      return connection === fake.connections[0]
        ? resp.error("READONLY You can't write against a read only replica.")
        : resp.ok
    },
  })
  fakes.push(fake)
  const client = new Redis(fake.url)
  client.on('error', () => {})
  open.push(client)
  await client.connect()
  const pipeline = client.pipeline()
  // More than the socket accepts at once.
  const value = 'x'.repeat(1 << 20)
  for (let i = 0; i < 40; i++) pipeline.set(`data${i}`, value)
  pipeline.set('state', 'data is there')
  const results = await pipeline.exec({ settle: true })
  expect(results.map(each => (each as { code?: string } | null)?.code)).toEqual(results.map(() => 'READONLY'))
  // Other commands use the new connection.
  expect(await client.set('k', 'v')).toBe('OK')
})

test('calls on the connection that replaces one after READONLY do not overtake calls in flight on the old one', async () => {
  const ran: string[] = []
  let release: () => void = () => {}
  const earlier = new Promise<void>(resolve => {
    release = resolve
  })
  const fake = await FakeRedis.start({
    script: async ([name, key = '']) => {
      if (name === 'BLPOP') return resp.nil
      if (name !== 'SET') return undefined
      if (key === 'refused') return resp.error("READONLY You can't write against a read only replica.")
      if (key === 'earlier') await earlier
      ran.push(key)
      return resp.ok
    },
  })
  fakes.push(fake)
  const client = new Redis(fake.url)
  client.on('error', () => {})
  open.push(client)
  await client.connect()
  const refused = client.set('refused', 'v')
  const calls = [client.set('earlier', 'v')]
  await expect(refused).rejects.toMatchObject({ code: 'READONLY' })
  calls.push(client.set('later', 'v'))
  await new Promise<void>(resolve => {
    client.once('ready', resolve)
  })
  // A round trip over a third connection: until then the server would have received the later call.
  await client.blpop('list', 1)
  expect(fake.received('SET').map(({ argv }) => argv[1])).toEqual(['refused', 'earlier'])
  release()
  expect(await Promise.all(calls)).toEqual(['OK', 'OK'])
  expect(ran).toEqual(['earlier', 'later'])
  expect(fake.received('SET').at(-1)?.connection).not.toBe(fake.received('SET')[0]?.connection)
})
