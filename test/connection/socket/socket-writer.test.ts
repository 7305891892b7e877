import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import type { Session } from '../../../src/client/session.js'
import { FakeRedis, resp } from '../../rig/fake-redis.js'
import { getCertificates } from '../../servers/servers.mjs'

/** More bytes than the kernel accepts for a peer that does not read. */
const HUGE = 12 * 1024 * 1024

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function start(secure = false): Promise<{ fake: FakeRedis; redis: Redis }> {
  let multi = false
  const { ca, good } = getCertificates()
  const fake = await FakeRedis.start({
    script: ([name, text = '']) => {
      switch (name) {
        case 'ECHO':
          return resp.bulk(text)
        case 'MULTI':
          multi = true
          return resp.ok
        case 'EXEC':
          multi = false
          return resp.array([resp.ok])
        case 'MSET':
        case 'SET':
          return multi ? '+QUEUED\r\n' : resp.ok
        default:
          return undefined
      }
    },
    ...(secure ? { tls: { cert: good.cert, key: good.key } } : {}),
  })
  const redis = new Redis({ host: 'localhost', port: fake.port, ...(secure ? { tls: { ca } } : {}) })
  ends.push(
    () => redis.destroy(),
    () => fake.stop(),
  )
  await redis.connect()
  return { fake, redis }
}

function pause(fake: FakeRedis, paused: boolean): void {
  for (const connection of fake.openConnections) {
    if (paused) connection.pause()
    else connection.resume()
  }
}

interface Rejection {
  readonly name: string
  readonly begin: (redis: Redis, value: Buffer, signal: AbortSignal) => Promise<unknown>
  readonly aborts: boolean
}

const rejections: Rejection[] = [
  { name: 'an abort', aborts: true, begin: (redis, value, signal) => redis.with({ signal }).set('alice', value) },
  {
    name: 'a timeout',
    aborts: false,
    begin: (redis, value) => redis.with({ timeout: 200 }).set('alice', value),
  },
  {
    name: 'an aborted pipeline',
    aborts: true,
    begin: (redis, value, signal) => redis.with({ signal }).pipeline().set('alice', value).exec(),
  },
  {
    name: 'an aborted transaction',
    aborts: true,
    begin: (redis, value, signal) => redis.with({ signal }).multi().set('alice', value).exec(),
  },
]

describe('bytes of a call that settled when half of them were written', () => {
  for (const secure of [false, true]) {
    const title = `after $name the server gets the original bytes over ${secure ? 'TLS' : 'TCP'} although the caller changed them`
    test.each(rejections)(title, async ({ begin, aborts }) => {
      const { fake, redis } = await start(secure)
      pause(fake, true)
      const value = Buffer.alloc(HUGE, 'a')
      const abort = new AbortController()
      const call = begin(redis, value, abort.signal)
      const later = redis.call('ECHO', 'later')
      for (let i = 0; i < 10; i++) await turn()
      if (aborts) abort.abort()
      await expect(call).rejects.toThrow()
      // The caller uses the buffer for other data.
      value.fill('b')
      pause(fake, false)
      expect(await later).toBe('later')
      const [set] = fake.received('SET')
      expect(set?.bytes[2]?.equals(Buffer.alloc(HUGE, 'a'))).toBe(true)
      // The connection was not closed for it.
      expect(fake.connections).toHaveLength(1)
    })
  }

  test.each<[string, (session: Session, value: Buffer) => Promise<unknown>]>([
    ['a call', (session, value) => session.set('alice', value)],
    ['a pipeline', (session, value) => session.pipeline().set('alice', value).exec()],
    ['a transaction', (session, value) => session.multi().set('alice', value).exec()],
  ])(
    'after the session of %s was aborted the server gets the original bytes although the caller changed them',
    async (_, begin) => {
      const { fake, redis } = await start(false)
      const value = Buffer.alloc(HUGE, 'a')
      const abort = new AbortController()
      let call: Promise<unknown> = Promise.resolve()
      const session = redis.session(
        async held => {
          await held.call('ECHO', 'first')
          pause(fake, true)
          call = begin(held, value)
          call.catch(() => {})
          for (let i = 0; i < 10; i++) await turn()
          abort.abort()
          await call
        },
        { signal: abort.signal },
      )
      await expect(session).rejects.toThrow('aborted')
      await expect(call).rejects.toThrow('aborted')
      value.fill('b')
      pause(fake, false)
      const set = await fake.untilReceived('SET')
      expect(set.bytes[2]?.equals(Buffer.alloc(HUGE, 'a'))).toBe(true)
    },
  )

  test('small bytes that wait for big ones are sent unchanged after their call was aborted', async () => {
    const { fake, redis } = await start()
    pause(fake, true)
    const small = Buffer.alloc(1_000, 'a')
    const abort = new AbortController()
    const calls = [
      redis.set('first', Buffer.alloc(HUGE, 'x')),
      redis.with({ signal: abort.signal }).call('MSET', 'a', small, 'big', Buffer.alloc(HUGE, 'y'), 'b', small),
    ]
    for (let i = 0; i < 10; i++) await turn()
    abort.abort()
    await expect(calls[1]).rejects.toThrow()
    small.fill('b')
    pause(fake, false)
    await calls[0]
    expect(await redis.call('ECHO', 'after')).toBe('after')
    for (const { bytes } of fake.received('MSET')) {
      for (const i of [2, 6]) expect(bytes[i]?.equals(Buffer.alloc(1_000, 'a'))).toBe(true)
    }
  })

  test('memory that is detached while it is sent closes the connection, and no other bytes are sent in its place', async () => {
    const { fake, redis } = await start()
    redis.on('error', () => {})
    pause(fake, true)
    const value = Buffer.from(new ArrayBuffer(HUGE))
    const call = redis.set('alice', value)
    for (let i = 0; i < 10; i++) await turn()
    structuredClone(value.buffer, { transfer: [value.buffer as ArrayBuffer] })
    pause(fake, false)
    await expect(call).rejects.toMatchObject({
      outcome: 'unknown',
      message: expect.stringContaining('detached or resized'),
    })
    expect(await redis.call('ECHO', 'after')).toBe('after')
    expect(fake.received('SET')).toHaveLength(0)
  })
})

describe('values of all sizes', () => {
  test.each([false, true])(
    'text and bytes of all sizes arrive complete and in order (TLS: %s)',
    { timeout: 60_000 },
    async secure => {
      const { fake, redis } = await start(secure)
      const values = [
        'a',
        Buffer.alloc(100, 'b'),
        'ü'.repeat(300_000),
        Buffer.alloc(700_000, 'c'),
        '',
        '😀'.repeat(200_001),
        Buffer.alloc(0),
        `x${'😀'.repeat(200_001)}`,
        'd'.repeat(600_000),
        Buffer.alloc(20_000, 'e'),
        'f'.repeat(16 * 1024),
        Buffer.alloc(524_288, 'g'),
      ]
      pause(fake, true)
      const calls = values.map((value, i) => redis.set(`k${i}`, value))
      const all = redis.call('MSET', ...values.flatMap((value, i) => [`m${i}`, value]))
      for (let i = 0; i < 10; i++) await turn()
      pause(fake, false)
      await Promise.all([...calls, all])
      const sent = fake.received('SET')
      expect(sent.map(({ argv }) => argv[1])).toEqual(values.map((_, i) => `k${i}`))
      for (const [i, value] of values.entries()) {
        expect(sent[i]?.bytes[2]?.equals(Buffer.from(value as string))).toBe(true)
        expect(fake.received('MSET')[0]?.bytes[2 * i + 2]?.equals(Buffer.from(value as string))).toBe(true)
      }
    },
  )
})
