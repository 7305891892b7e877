import { afterEach, describe, expect, test } from 'vitest'
import { Command, DataError, keyAt, ReadOnlyError, Redis, type RedisCommands, read } from '../../src/index.js'
import { until } from '../rig/conditions.js'
import { startSingle } from '../servers/servers.mjs'
import { useServer } from '../servers/vitest.js'

const server = useServer({ unixSocket: true })
const clients: Redis[] = []

function client(options = {}): Redis {
  const redis = new Redis({ port: server().port, ...options })
  clients.push(redis)
  return redis
}

afterEach(() => {
  for (const redis of clients.splice(0)) redis.destroy()
})

describe.each([3, 2] as const)('under RESP%i', protocol => {
  test('replies are text, bytes, integers or bigints, as the view says', async () => {
    const redis = client({ protocol })
    const bytes = Buffer.from([0, 255, 13, 10, 128])
    expect(await redis.set('text', 'Größe 😀')).toBe('OK')
    expect(await redis.get('text')).toBe('Größe 😀')
    await redis.set('bytes', bytes)
    expect(await redis.bytes.get('bytes')).toEqual(bytes)
    expect(await redis.bytes.get('none')).toBeNull()
    await redis.set('n', '9007199254740991')
    expect(await redis.incrby('n', 0)).toBe(Number.MAX_SAFE_INTEGER)
    // Above 2 ** 53 a number would be rounded: the call rejects, and the bigints view returns it.
    const error = await redis.incr('n').catch(error => error)
    expect(error).toBeInstanceOf(DataError)
    expect(error.value).toBe(9_007_199_254_740_992n)
    expect(await redis.bigints.incr('n')).toBe(9_007_199_254_740_993n)
    expect(await redis.bigints.bytes.incr('n')).toBe(9_007_199_254_740_994n)
  })

  test('maps are objects with own properties only, even for fields such as __proto__', async () => {
    const redis = client({ protocol })
    const fields = { ['__proto__']: '1', constructor: '2', toString: '3', hasOwnProperty: '4', '7': '5' }
    await redis.del('h')
    await redis.hset('h', new Map(Object.entries(fields)))
    const hash = await redis.hgetall('h')
    expect(hash).toStrictEqual(fields)
    expect(Object.getPrototypeOf(hash)).toBe(Object.prototype)
    expect(Object.entries(hash).sort()).toEqual(Object.entries(fields).sort())
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('call() returns replies without decoding them', async () => {
    const redis = client({ protocol })
    await redis.call('HSET', 'h2', 'f', 'v')
    expect(await redis.call('object', 'encoding', 'h2')).toBe('listpack')
    const reply = await redis.call('HGETALL', 'h2')
    expect(reply).toEqual(protocol === 3 ? new Map([['f', 'v']]) : ['f', 'v'])
    expect(await redis.bytes.call('GET', 'none')).toBeNull()
    await redis.hset('h3', new Map([255, 254].map(byte => [Buffer.from([byte]), 'v'])))
    const both = redis.call('HGETALL', 'h3')
    if (protocol === 3)
      await expect(both).rejects.toThrow(
        expect.objectContaining({ name: 'DataError', message: expect.stringContaining('bytes') }),
      )
    else expect(await both).toHaveLength(4)
  })

  test('call() keeps every entry of a map that has a key twice', async () => {
    const redis = client({ protocol })
    await redis.del('x')
    await redis.xadd('x', '1-0', { f: 'v' })
    await redis.xadd('x', '2-0', { f: 'w' })
    const [one, two] = [
      ['1-0', ['f', 'v']],
      ['2-0', ['f', 'w']],
    ]
    expect(await redis.call('XREAD', 'STREAMS', 'x', 'x', '0', '1')).toEqual([
      ['x', [one, two]],
      ['x', [two]],
    ])
  })
})

test('100,000 random binary arguments come back unchanged', { timeout: 60_000 }, async () => {
  const redis = client()
  const random = (await import('../rig/random.mjs')).seeded('binary arguments')
  for (let round = 0; round < 50; round++) {
    const values = Array.from({ length: 1_000 }, () => random.bytes(random.int(0, 200)))
    const echoed = await Promise.all(values.map(value => redis.bytes.call('ECHO', value)))
    for (const [i, value] of values.entries())
      if (!value.equals(echoed[i] as Buffer)) throw new Error('ECHO gave something else')
    await Promise.all(values.map((value, i) => redis.set(`binary:${i}`, value)))
    const got = await Promise.all(values.map((_, i) => redis.bytes.get(`binary:${i}`)))
    for (const [i, value] of values.entries())
      if (!value.equals(got[i] as Buffer)) throw new Error('GET gave something else')
  }
})

test('a client connects to a unix socket, with a database and a client name', async () => {
  const path = server().socketPath
  if (path === undefined) return console.log('skipped: this kind of server has no unix socket')
  const redis = client({ port: undefined, path, db: 4, clientName: 'me' })
  expect(await redis.call('CLIENT', 'GETNAME')).toBe('me')
  expect(await redis.call('CLIENT', 'INFO')).toMatch(/ db=4 /)
})

test('a command of your own can be run with a spec and a Command', async () => {
  const redis = client()
  const LENGTH = read('STRLEN_OF_MY_OWN', reply => reply, { keys: [keyAt(0, 'read')] })
  await expect(redis.run(new Command(LENGTH, ['k']))).rejects.toMatchObject({ name: 'ResponseError' })
  const once = new Command(LENGTH, ['k'])
  await redis.run(once).catch(() => {})
  await expect(redis.run(once)).rejects.toThrow(/was run before/)
})

test('a prefixed view adds and removes the prefix, and rejects commands with unknown key positions', async () => {
  const redis = client()
  const app = redis.prefixed('app:')
  await app.mset({ a: '1', b: '2' })
  expect(await redis.mget('app:a', 'app:b')).toEqual(['1', '2'])
  expect((await app.keys('*')).sort()).toEqual(['a', 'b'])
  const scanned: string[] = []
  for await (const key of app.scan({ match: '*' })) scanned.push(key)
  expect(scanned.sort()).toEqual(['a', 'b'])
  await redis.mset({ other: '3', 'ap[p]:a': '4' })
  expect((await app.scan(0, { count: 1_000 })).keys.sort()).toEqual(['a', 'b'])
  scanned.length = 0
  for await (const key of app.scan()) scanned.push(key)
  expect(scanned.sort()).toEqual(['a', 'b'])
  await expect(app.randomkey()).rejects.toMatchObject({ name: 'DataError' })
  // The prefix is escaped in patterns.
  expect(await redis.prefixed('ap[p]:').keys('*')).toEqual(['a'])
  expect(await redis.prefixed('*').keys('*')).toEqual([])
  expect(await app.prefixed('deep:').set('k', 'v')).toBe('OK')
  expect(await redis.get('app:deep:k')).toBe('v')
  await app.rpush('list', 'x')
  expect(await app.blpop(['list'], 1)).toEqual({ key: 'list', element: 'x' })
  await expect(app.call('SOME.MODULE', 'k')).rejects.toBeInstanceOf(DataError)
  expect(() => redis.prefixed('')).toThrow(DataError)
})

test('with() throws DataError for wrong options', () => {
  const redis = client()
  expect(() => redis.with({ timeuot: 1 } as object)).toThrow(/Unknown option timeuot/)
  expect(() => redis.with({ timeout: -1 })).toThrow(DataError)
  expect(() => redis.with({ signal: {} as AbortSignal })).toThrow(DataError)
  expect(() => redis.with(null as unknown as object)).toThrow(DataError)
})

test('READONLY rejects at once, and the connection is replaced', async () => {
  const replica = await startSingle()
  const redis = client({ port: replica.port })
  const id = await redis.call('CLIENT', 'ID')
  await replica.command('REPLICAOF', '127.0.0.1', '1')
  await expect(redis.set('k', 'v')).rejects.toBeInstanceOf(ReadOnlyError)
  await until(async () => (await redis.call('CLIENT', 'ID')) !== id, { what: 'another connection' })
  const second = await redis.call('CLIENT', 'ID')
  // The connection is replaced at most once a second.
  await expect(redis.set('k', 'v')).rejects.toBeInstanceOf(ReadOnlyError)
  expect(await redis.call('CLIENT', 'ID')).toBe(second)
  await replica.stop()
})

test('a function can take a client, a view, a session or a mock', async () => {
  const bump = (on: Pick<RedisCommands, 'incr'>) => on.incr('bumped')
  const redis = client()
  await redis.del('bumped')
  expect(await bump(redis)).toBe(1)
  expect(await bump(redis.with({ timeout: 1_000 }))).toBe(2)
  expect(await redis.session(session => bump(session))).toBe(3)
  expect(await bump({ incr: async () => 4 })).toBe(4)
})

test('scans return every key, field and member, and can be left with break', async () => {
  const redis = client({ db: 7 })
  const names = Array.from({ length: 2_000 }, (_, i) => `scan:${i}`)
  await redis
    .pipeline()
    .each(names, (p, name) => p.set(name, '1'))
    .exec()
  await redis.hset('hash', Object.fromEntries(names.map(name => [name, 'v'])))
  await redis.sadd('set', names)
  const keys = new Set<string>()
  for await (const key of redis.scan({ match: 'scan:*', count: 100 })) keys.add(key)
  expect([...keys].sort()).toEqual([...names].sort())
  const fields = new Set<string>()
  for await (const { field, value } of redis.hscan('hash', { count: 100 })) if (value === 'v') fields.add(field)
  expect(fields.size).toBe(2_000)
  let batches = 0
  const members = new Set<string>()
  for await (const batch of redis.sscan('set', { count: 100 }).batches()) {
    batches++
    for (const member of batch) members.add(member)
  }
  expect(members.size).toBe(2_000)
  expect(batches).toBeGreaterThan(5)
  let read = 0
  for await (const key of redis.scan()) {
    read++
    if (key !== '') break
  }
  expect(read).toBe(1)
  expect(redis.stats).toMatchObject({ inflight: 0, queued: 0 })
  expect(await redis.scan('0', { count: 5 })).toEqual({ cursor: expect.any(String), keys: expect.any(Array) })
})
