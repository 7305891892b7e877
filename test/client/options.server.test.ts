import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { settle } from '../../src/connection/options/options.js'
import { DataError } from '../../src/errors/errors.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()
const clients: Redis[] = []

const POLLUTION: Readonly<Record<string, unknown>> = {
  token: 'of everybody',
  ttl: 1,
  max: 1,
  min: 1,
  attempts: 0,
  offline: false,
  maxCommands: 0,
  timeout: 1,
  idempotent: true,
  settle: true,
  nx: true,
  ex: 1,
  count: 1,
  match: 'nothing',
  replace: true,
  withscores: true,
  maxQueue: 1,
  whenFull: 'error',
  readonly: true,
  retries: 0,
  maxDepth: 1,
  maxLine: 1,
  maxBulk: 1,
  maxElements: 1,
  weights: [1],
  limit: { offset: 0, count: 0 },
}

function pollute(): void {
  for (const [name, value] of Object.entries(POLLUTION)) {
    Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: true, writable: true })
  }
}

function clean(): void {
  for (const name of Object.keys(POLLUTION)) Reflect.deleteProperty(Object.prototype, name)
}

afterEach(() => {
  clean()
  for (const client of clients.splice(0)) client.destroy()
})

function connect(options: object = {}): Redis {
  const redis = new Redis({ port: server().port, ...options })
  clients.push(redis)
  return redis
}

describe('properties of Object.prototype', () => {
  test('a property of Object.prototype is not an option of a client', () => {
    const before = settle({ pool: {}, queue: {}, reconnect: {}, limits: {} })
    pollute()
    const after = settle({ pool: {}, queue: {}, reconnect: {}, limits: {} })
    clean()
    expect(after).toEqual(before)
  })

  test('a property of Object.prototype is not an option of a call, session, subscription, lock or close()', async () => {
    const redis = connect()
    await redis.flushdb()
    await redis.ping()
    pollute()
    const view = redis.with({})
    const answers = await Promise.all([
      view.incr('n'),
      redis.set('k', 'v'),
      redis.set('k', 'w'),
      redis.zadd('z', { member: 'm', score: 1 }),
      redis.zrange('z', 0, -1),
      view.pipeline().get('k').exec({}),
      redis.session(session => session.get('k'), {}),
      redis.transaction('k', session => session.multi().get('k').exec(), {}),
      redis.copy('k', 'copied', {}),
    ])
    const keys: string[] = []
    for await (const key of redis.scan({})) keys.push(key)
    const first = redis.lock('job', { ttl: 60_000 })
    await first.acquire({})
    const second = redis.lock('job', { ttl: 60_000, wait: 0 })
    const tried = await second.tryAcquire({})
    const { token } = first
    await first.using(() => {}, {}).catch(() => {})
    const subscription = await redis.subscribe(['c'], {})
    const { queued } = subscription
    await redis.close({})
    clean()
    expect(answers).toEqual([1, 'OK', 'OK', 1, ['m'], ['w'], 'w', ['w'], 1])
    expect(keys.sort()).toEqual(['copied', 'k', 'n', 'z'])
    expect(tried).toBeNull()
    expect(token).not.toBe('of everybody')
    expect(queued).toBe(0)
  })
})

describe('wrong options', () => {
  test.each<[string, (redis: Redis) => unknown]>([
    ['set(k, v, null)', redis => redis.set('k', 'v', null as never)],
    ['zadd', redis => redis.zadd('z', [{ member: 'm', score: 1 }], null as never)],
    ['scan', redis => redis.scan('0', null as never)],
    [
      'exec(null)',
      redis =>
        redis
          .pipeline()
          .get('k')
          .exec(null as never),
    ],
    ['session', redis => redis.session(() => {}, null as never)],
    ['session, signal', redis => redis.session(() => {}, { signal: 'now' as never })],
    ['session, unknown', redis => redis.session(() => {}, { timeout: 1 } as never)],
    ['transaction', redis => redis.transaction('k', () => {}, null as never)],
    ['transaction without a function', redis => redis.transaction('k', undefined as never)],
    ['close', redis => redis.close({ timeout: 'soon' as never })],
    ['close(null)', redis => redis.close(null as never)],
  ])('a wrong option rejects with DataError and never throws: %s', async (_, call) => {
    const result = call(connect())
    await expect(result).rejects.toThrow(DataError)
  })
})
