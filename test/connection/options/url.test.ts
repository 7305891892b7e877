import { describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import { HandshakeMemory } from '../../../src/connection/handshake-memory.js'
import { mergeOptions, nameOf, withDefaults } from '../../../src/connection/options/options.js'
import { parseUrl, readOptions } from '../../../src/connection/options/url.js'
import { LIMITS } from '../../../src/connection/resp/protocol.js'
import { DataError } from '../../../src/errors/errors.js'

const good: [url: string, options: object][] = [
  ['redis://', {}],
  ['redis://localhost', { host: 'localhost' }],
  ['REDIS://localhost', { host: 'localhost' }],
  ['redis://localhost:6380', { host: 'localhost', port: 6380 }],
  ['redis://localhost/', { host: 'localhost' }],
  ['redis://localhost/0', { host: 'localhost', db: 0 }],
  ['redis://localhost/15', { host: 'localhost', db: 15 }],
  ['redis://localhost?db=3', { host: 'localhost', db: 3 }],
  ['redis://127.0.0.1:1', { host: '127.0.0.1', port: 1 }],
  ['redis://[::1]', { host: '::1' }],
  ['redis://guest:@h', { host: 'h', username: 'guest', password: '' }],
  ['unix://guest:@/tmp/redis.sock', { path: '/tmp/redis.sock', username: 'guest', password: '' }],
  ['redis://guest:p%3A@h', { host: 'h', username: 'guest', password: 'p:' }],
  ['redis://[::1]:7000/2', { host: '::1', port: 7000, db: 2 }],
  ['redis://[fe80::1]:7000', { host: 'fe80::1', port: 7000 }],
  ['redis://:p@h', { host: 'h', password: 'p' }],
  ['redis://u:p@h', { host: 'h', username: 'u', password: 'p' }],
  ['redis://default:p@h:6379/1', { host: 'h', username: 'default', password: 'p', port: 6379, db: 1 }],
  ['redis://u:p%40ss@h', { host: 'h', username: 'u', password: 'p@ss' }],
  ['redis://u:p%2Fa%3Ab@h', { host: 'h', username: 'u', password: 'p/a:b' }],
  ['redis://u:%2520@h', { host: 'h', username: 'u', password: '%20' }],
  ['redis://u:%E2%82%AC@h', { host: 'h', username: 'u', password: '€' }],
  ['redis://u%40corp:p@h', { host: 'h', username: 'u@corp', password: 'p' }],
  ['redis://u:p+q@h', { host: 'h', username: 'u', password: 'p+q' }],
  ['redis://cache.example.com?clientName=api', { host: 'cache.example.com', clientName: 'api' }],
  ['redis://h?protocol=2', { host: 'h', protocol: 2 }],
  ['redis://h?protocol=3', { host: 'h', protocol: 3 }],
  ['redis://h?connectTimeout=100&commandTimeout=200', { host: 'h', connectTimeout: 100, commandTimeout: 200 }],
  ['redis://h?healthCheckInterval=0', { host: 'h', healthCheckInterval: 0 }],
  ['rediss://h', { host: 'h', tls: true }],
  ['RedisS://h:6380', { host: 'h', port: 6380, tls: true }],
  ['rediss://u:p@h/2?clientName=x', { host: 'h', username: 'u', password: 'p', db: 2, clientName: 'x', tls: true }],
  ['unix:///tmp/redis.sock', { path: '/tmp/redis.sock' }],
  ['unix:///tmp/a%20b.sock', { path: '/tmp/a b.sock' }],
  ['unix:///tmp/redis.sock?db=2', { path: '/tmp/redis.sock', db: 2 }],
  ['unix://:p@/tmp/redis.sock', { path: '/tmp/redis.sock', password: 'p' }],
  [
    'unix://u:p@/tmp/redis.sock?clientName=c',
    { path: '/tmp/redis.sock', username: 'u', password: 'p', clientName: 'c' },
  ],
]

const bad: [url: string, part: RegExp][] = [
  ['', /cannot be parsed/],
  ['localhost', /cannot be parsed/],
  ['localhost:6379', /scheme must be redis.*redis:\/\/host:port/],
  ['//localhost', /cannot be parsed/],
  ['redis:localhost', /\/\/|lacks/],
  ['http://localhost', /scheme must be/],
  ['redis+tls://localhost', /scheme must be/],
  ['valkey://localhost', /scheme must be/],
  ['redis://h:0', /port/],
  ['redis://h:99999', /cannot be parsed/],
  ['redis://h:port', /cannot be parsed/],
  ['redis://h/abc', /path must be the number/],
  ['redis://h/-1', /path must be the number/],
  ['redis://h/1/2', /path must be the number/],
  ['redis://h/1.5', /path must be the number/],
  ['redis://h?db=x', /db must be a whole number/],
  ['redis://h/1?db=2', /has db, and the path/],
  ['redis://h?tls=true', /has an unknown option/],
  ['redis://h?ssl=1', /has an unknown option/],
  ['redis://h?password=secret', /has an unknown option/],
  ['redis://h?protocol=4', /protocol must be 2 or 3/],
  ['redis://h?commandTimeout=soon', /commandTimeout must be/],
  ['redis://h?commandTimeout=', /commandTimeout must be/],
  ['redis://h?clientName=a%20b', /clientName/],
  ['redis://h?db=1&db=2', /has db twice/],
  ['redis://secret@h', /password is missing/],
  ['redis://u:secret%@h', /password has a %/],
  ['redis://u:secret@h#secret', /fragment/],
  ['unix://h/tmp/redis.sock', /path must be absolute/],
  ['unix://', /path is missing/],
  ['unix:///', /path is missing/],
]

describe('the URL of a server', () => {
  test.each(good)('the URL %s is parsed', (url, options) => {
    expect(parseUrl(url)).toEqual(options)
    expect(() => new Redis(url).destroy()).not.toThrow()
  })

  test.each(bad)(
    'the URL "%s" is rejected with an error that names the part and does not show the URL',
    (url, part) => {
      let error: unknown
      try {
        new Redis(url)
      } catch (caught) {
        error = caught
      }
      expect(error).toBeInstanceOf(DataError)
      expect((error as Error).message).toMatch(part)
      expect((error as Error).message).not.toContain('secret')
      expect((error as Error).stack).not.toContain('secret')
      if (url.includes('://h')) expect((error as Error).message).not.toContain(url)
    },
  )
})

describe('the options of a client', () => {
  test('options replace those of the URL, and remove the ones that they exclude', () => {
    expect(readOptions('redis://a:1/2', { port: 5 })).toEqual({ host: 'a', port: 5, db: 2 })
    expect(readOptions('redis://a:1', { path: '/s' })).toEqual({ path: '/s' })
    expect(readOptions('redis://u:p@a', { credentials: { password: 'x' } })).toEqual({
      host: 'a',
      credentials: { password: 'x' },
    })
    expect(mergeOptions({ pool: { max: 2, min: 1 } }, { pool: { max: 5 } })).toEqual({ pool: { max: 5, min: 1 } })
  })

  test.each([
    [{ hots: 'x' }, /Unknown option hots: known are /],
    [{ keyPrefix: 'a' }, /Unknown option keyPrefix: use prefix: 'app:'; known are clientName/],
    [{ socket: {} }, /Unknown option socket: set host, port, path, tls/],
    [{ reconnect: { delay: 1 } }, /Unknown option reconnect\.delay: known are reconnect\.attempts, reconnect\.max/],
    [{ port: '6379' }, /port must be/],
    [{ port: 0 }, /port must be/],
    [{ db: -1 }, /db must be/],
    [{ tls: 'yes' }, /tls must be/],
    [{ protocol: 4 }, /protocol must be/],
    [{ commandTimeout: -1 }, /commandTimeout must be/],
    [{ commandTimeout: Number.NaN }, /commandTimeout must be/],
    [{ reconnect: true }, /reconnect must be/],
    [{ reconnect: { maximum: 1 } }, /Unknown option reconnect\.maximum/],
    [{ pool: { max: 0 } }, /pool\.max must be/],
    [{ pool: { min: 3, max: 2 } }, /pool\.min/],
    [{ queue: { maxBytes: 'all' } }, /queue\.maxBytes must be/],
    [{ clientName: 'with space' }, /clientName must be/],
    [{ password: 'p', credentials: () => ({ password: 'q' }) }, /credentials cannot be combined/],
    [{ credentials: { username: 'u' } as never }, /credentials must be \{ username\?, password \} or a function/],
    [{ username: 'u' }, /needs a password/],
    [{ path: '/s', host: 'h' }, /path cannot be combined/],
    [null, /must be an object, such as \{ host, port \}, or a URL/],
    [6379, /must be an object, such as \{ host, port \}, or a URL/],
  ])('the options %j are rejected with a DataError', (options, message) => {
    expect(() => new Redis(options as object)).toThrow(message)
    expect(() => new Redis(options as object)).toThrow(DataError)
  })

  test('a URL object is read as a URL and not as options', () => {
    expect(readOptions(new URL('redis://u:p%40@h:7000/2'), { db: 3 })).toEqual({
      host: 'h',
      port: 7000,
      username: 'u',
      password: 'p@',
      db: 3,
    })
    const redis = new Redis(new URL('redis://h:7000'))
    expect(redis.node).toBe('h:7000')
    redis.destroy()
  })

  test('a property of Object.prototype is not read as an option', () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>
    Object.assign(prototype, { host: 'evil', password: 'evil', db: 9 })
    try {
      expect(withDefaults(readOptions(undefined, undefined))).toMatchObject({ endpoint: { host: '127.0.0.1' }, db: 0 })
      expect(withDefaults(readOptions({}, undefined)).credentials).toBeUndefined()
    } finally {
      for (const name of ['host', 'password', 'db']) delete prototype[name]
    }
  })

  test('the options have the defaults of the documentation', () => {
    expect(withDefaults({})).toEqual({
      endpoint: { host: '127.0.0.1', port: 6379 },
      tls: undefined,
      credentials: undefined,
      db: 0,
      clientName: undefined,
      protocol: undefined,
      setInfo: true,
      connectTimeout: 10_000,
      commandTimeout: 5_000,
      reconnect: { min: 50, max: 2_000, attempts: Number.POSITIVE_INFINITY },
      queue: { maxBytes: 268_435_456, maxCommands: 1_000_000, offline: true },
      pool: { min: 0, max: 10, acquireTimeout: 5_000, idleTimeout: 30_000, maxWaiting: Number.POSITIVE_INFINITY },
      healthCheckInterval: 15_000,
      noDelay: true,
      keepAlive: 15_000,
      readonly: false,
      leased: false,
      limits: LIMITS,
      handshakeMemory: expect.any(HandshakeMemory),
    })
    expect(withDefaults({ reconnect: false }).reconnect.attempts).toBe(0)
    expect(nameOf({ host: '::1', port: 1 })).toBe('[::1]:1')
  })

  test('the host may be an IPv6 address with the brackets of a URL or without', () => {
    const { hostname } = new URL('redis://[::1]:7000')
    for (const host of [hostname, '::1']) expect(withDefaults({ host }).endpoint).toEqual({ host: '::1', port: 6379 })
  })
})
