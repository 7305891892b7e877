import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { withDefaults } from '../../src/connection/options/options.js'
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
    const before = withDefaults({ pool: {}, queue: {}, reconnect: {}, limits: {} })
    pollute()
    const after = withDefaults({ pool: {}, queue: {}, reconnect: {}, limits: {} })
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

/** The names of all options that `make` knows, as its error for an unknown one lists them. */
async function knownOptions(make: (options: object) => unknown): Promise<string[]> {
  const [message = ''] = await Promise.allSettled([(async () => make({ nonesuch: 1 }))()]).then(([result]) =>
    result?.status === 'rejected' ? [String(result.reason.message)] : [],
  )
  const names = / known (?:is|are) ([\w.]+(?:, [\w.]+)*)\.$/.exec(message)?.[1]?.split(', ') ?? []
  expect(names, message).not.toHaveLength(0)
  return names.map(name => name.slice(name.indexOf('.') + 1))
}

/** Options of Node for a socket, and the fields by which objects of this package are distinguished. */
const OTHERS = [
  ...['signal', 'timeout', 'fd', 'handle', 'localAddress', 'objectMode', 'checkServerIdentity', 'rejectUnauthorized'],
  ...['count', 'last', 'step', 'fencing', 'type', 'left'],
]

describe('every option on Object.prototype', () => {
  test('a client, a cluster client, a lock and a subscription ignore every option on Object.prototype', async () => {
    const plain = connect()
    const makers: ((options: object) => unknown)[] = [
      options => new Redis(options),
      ...['pool', 'queue', 'reconnect', 'limits'].map(part => (options: object) => new Redis({ [part]: options })),
      options => new RedisCluster('redis://127.0.0.1:1', options),
      options => plain.with(options),
      options => plain.pipeline().get('k').exec(options),
      options => plain.session(() => {}, options),
      options => plain.transaction('k', () => {}, options),
      options => plain.subscribe(['c'], options),
      options => plain.lock('job', options as never),
      options => plain.lock('job', { ttl: 1 }).acquire(options),
      options => plain.close(options),
    ]
    const known = await Promise.all(makers.map(knownOptions))
    const names = new Set([...OTHERS, ...known.flat()])
    for (const name of ['host', 'path', 'tls', 'maxQueue', 'readFrom', 'ttl', 'idempotent', 'settle', 'maxDepth']) {
      expect(names).toContain(name)
    }
    const { port } = server()
    const before = withDefaults({ port })
    // One after the other: which of them is read shows in the message.
    for (const name of names) {
      const value = name === 'tls' ? true : name === 'signal' ? AbortSignal.abort() : -1
      Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: true, writable: true })
      try {
        expect(withDefaults({ port }), name).toEqual(before)
        new RedisCluster(['redis://127.0.0.1:1'], {}).destroy()
        const redis = new Redis(`redis://127.0.0.1:${port}`, {})
        try {
          const view = redis.with({}).prefixed('p:')
          await view.mset({ a: '1', b: '2' })
          expect(await redis.mget('p:a', 'p:b'), name).toEqual(['1', '2'])
          expect(await redis.zadd('z', { member: name, score: 1 }, {}), name).toBe(1)
          const failed = redis.pipeline().incr('z').exec({})
          await expect(failed, name).rejects.toMatchObject({ code: 'WRONGTYPE', index: 0 })
          await (await redis.subscribe(['c'], {})).unsubscribe()
          const lock = redis.lock(`job ${name}`, { ttl: 60_000 })
          await lock.acquire({})
          expect(await redis.lock(`job ${name}`, { ttl: 60_000, wait: 0 }).tryAcquire({}), name).toBeNull()
          await lock.release()
        } finally {
          redis.destroy()
        }
      } finally {
        Reflect.deleteProperty(Object.prototype, name)
      }
    }
  })
})

test('an accessor on Object.prototype does not spoil the error of a pipeline', async () => {
  const redis = connect()
  await redis.set('text', 'a')
  const failing = redis.pipeline().incr('text').exec()
  Object.defineProperty(Object.prototype, 'get', { value: () => 1, configurable: true, writable: true })
  const error = await failing.catch(reason => reason)
  Reflect.deleteProperty(Object.prototype, 'get')
  expect(error).toMatchObject({ name: 'ResponseError', index: 0, results: [error] })
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
