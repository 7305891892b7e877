import { describe, expect, test } from 'vitest'
import { DataError } from '../../src/errors/errors.js'
import { Lock } from '../../src/lock/lock.js'
import type { LockClient } from '../../src/lock/lock-client.js'
import { type LockOptions, readLockOptions } from '../../src/lock/options.js'

/** A client that is never used, because creating a lock sends nothing. */
const client: LockClient = { run: () => Promise.reject(new Error('something was sent')) }

describe('options of a lock', () => {
  test('the options of a lock have their defaults', () => {
    expect(readLockOptions({ ttl: 1_000 })).toEqual({
      ttl: 1_000,
      wait: 10_000,
      retryDelay: undefined,
      jitter: 50,
      token: undefined,
      autoExtend: false,
    })
    expect(readLockOptions({ ttl: Number.POSITIVE_INFINITY, wait: Number.POSITIVE_INFINITY }).ttl).toBe(
      Number.POSITIVE_INFINITY,
    )
  })

  test.each<[string, unknown]>([
    ['must be an object', undefined],
    ['must be an object', null],
    ['ttl', {}],
    ['ttl', { ttl: 0 }],
    ['ttl', { ttl: -1 }],
    ['ttl', { ttl: 1.5 }],
    ['ttl', { ttl: Number.NaN }],
    ['ttl', { ttl: '1000' }],
    ['ttl', { ttl: 2 ** 53 }],
    ['wait', { ttl: 1, wait: -1 }],
    ['wait', { ttl: 1, wait: Number.NaN }],
    ['wait', { ttl: 1, wait: null }],
    ['retryDelay', { ttl: 1, retryDelay: -1 }],
    ['retryDelay', { ttl: 1, retryDelay: Number.POSITIVE_INFINITY }],
    ['jitter', { ttl: 1, jitter: '5' }],
    ['token', { ttl: 1, token: '' }],
    ['token', { ttl: 1, token: 7 }],
    ['autoExtend', { ttl: 1, autoExtend: 1 }],
    ['timeout', { ttl: 1, timeout: 5 }],
  ])('the error names the option %s in %o', (part, options) => {
    const make = () => new Lock(client, 'job', options as LockOptions)
    expect(make).toThrow(DataError)
    expect(make).toThrow(part)
  })

  test('a lock without a name or clients throws', () => {
    for (const name of ['', undefined, 7] as string[]) {
      expect(() => new Lock(client, name, { ttl: 1 })).toThrow(DataError)
    }
    expect(() => new Lock([], 'job', { ttl: 1 })).toThrow(DataError)
    expect(new Lock([client, client], 'job', { ttl: 1 }).name).toBe('job')
  })
})
