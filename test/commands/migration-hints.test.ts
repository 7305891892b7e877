import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/errors/errors.js'
import { loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

/**
 * Calls in the style of other clients, which the types reject and plain JavaScript allows. None of them may be ignored
 * silently.
 */
describe('calls in the style of other clients', () => {
  it.each<[string, () => { argv: unknown }, RegExp]>([
    ["set(key, value, 'EX', 10)", () => loosely(r, 'set', 'k', 'v', 'EX', 10), /options must be an object.*ex, px/],
    ['set { EX }', () => loosely(r, 'set', 'k', 'v', { EX: 10 }), /Unknown option EX: known are ex, px/],
    ['set { expiration }', () => loosely(r, 'set', 'k', 'v', { expiration: { type: 'EX', value: 1 } }), /expiration/],
    ['set with a callback', () => loosely(r, 'set', 'k', 'v', () => {}), /options must be an object/],
    ['getex', () => loosely(r, 'getex', 'k', { EX: 10 }), /Unknown option EX/],
    ['msetex', () => loosely(r, 'msetex', { k: 1 }, { EX: 10 }), /Unknown option EX/],
    ['expire', () => loosely(r, 'expire', 'k', 10, 'NX'), /options must be an object.*nx, xx, gt, lt/],
    ['pexpireat', () => loosely(r, 'pexpireat', 'k', 10, { NX: true }), /Unknown option NX/],
    ['hexpire', () => loosely(r, 'hexpire', 'k', 10, 'f', { NX: true }), /Unknown option NX/],
    ['hgetex', () => loosely(r, 'hgetex', 'k', 'f', { PERSIST: true }), /Unknown option PERSIST/],
    ['hsetex', () => loosely(r, 'hsetex', 'k', { f: 1 }, { EX: 1 }), /Unknown option EX/],
    ['zadd(key, score, member)', () => loosely(r, 'zadd', 'z', 1, 'a'), /Expected a member as \{ member, score \}/],
    [
      'zadd { score, value }',
      () => loosely(r, 'zadd', 'z', { score: 1, value: 'a' }),
      /Expected a member as \{ member, score \}/,
    ],
    ['zadd { NX }', () => loosely(r, 'zadd', 'z', { score: 1, member: 'a' }, { NX: true }), /Unknown option NX/],
    ['zrange', () => loosely(r, 'zrange', 'z', 0, -1, 'WITHSCORES'), /options must be an object/],
    ['zrevrange', () => loosely(r, 'zrevrange', 'z', 0, -1, 'WITHSCORES'), /options must be an object/],
    ['zrangebyscore', () => loosely(r, 'zrangebyscore', 'z', 0, 1, { LIMIT: {} }), /Unknown option LIMIT/],
    ['xadd', () => loosely(r, 'xadd', 's', '*', { f: 1 }, { MAXLEN: 10 }), /Unknown option MAXLEN/],
    ['xtrim', () => loosely(r, 'xtrim', 's', 'MAXLEN', 10), /options must be an object/],
    ['xread', () => loosely(r, 'xread', { s: '$' }, { BLOCK: 0 }), /Unknown option BLOCK/],
    ['xreadgroup', () => loosely(r, 'xreadgroup', 'g', 'c', { s: '>' }, { BLOCK: 0 }), /Unknown option BLOCK/],
    ['scan', () => loosely(r, 'scan', 0, 'MATCH', '*'), /options must be an object/],
    [
      'scan { MATCH }',
      () => loosely(r, 'scan', 0, { MATCH: '*' }),
      /Unknown option MATCH: known are match, count, type/,
    ],
    [
      'hscan',
      () => loosely(r, 'hscan', 'h', 0, { COUNT: 1 }),
      /Unknown option COUNT: known are match, count, novalues/,
    ],
    ...(['eval', 'evalRo', 'evalsha', 'evalshaRo', 'fcall', 'fcallRo'] as const).map(
      (name): [string, () => { argv: unknown }, RegExp] => [
        `${name}(script, 1, key)`,
        () => loosely(r, name, 'return 1', 1, 'foo'),
        /Expected an array of keys, found a number. The number of keys is added for you: eval\(script, \[key, …\], \[argument, …\]\)/,
      ],
    ),
    ['eval(script, 0)', () => loosely(r, 'eval', 'return 1', 0), /Expected an array of keys, found a number/],
    ['eval { keys }', () => loosely(r, 'eval', 'return 1', { keys: ['k'], arguments: [] }), /./],
    [
      'hset(key, field, value, field, value)',
      () => loosely(r, 'hset', 'h', 'f', 'v', 'g', 'w'),
      /an object for several/,
    ],
    ['mset(key, value)', () => loosely(r, 'mset', 'k', 'v'), /object or a Map of keys and values/],
    [
      'call([…])',
      () => loosely(r, 'call', ['GET', 'k']),
      /The first argument of call\(\) must be the name of a command/,
    ],
    ['call()', () => loosely(r, 'call'), /The first argument of call\(\) must be the name of a command/],
  ])('%s is rejected with the expected form', (_, call, message) => {
    const { argv } = call()
    expect(argv).toBeInstanceOf(DataError)
    expect((argv as DataError).message).toMatch(message)
  })

  it('an inherited property is not an option', () => {
    expect(r.set('k', 'v', Object.create({ EX: 10 })).argv).toEqual(['SET', 'k', 'v'])
  })
})

/** `{ ex: config.ttl }` without a `ttl` would store a value that never expires. */
describe('options with the value undefined', () => {
  const fields = { f: 1 }
  it.each<[string, () => { argv: unknown }, string]>([
    ...['ex', 'px', 'exat', 'pxat'].flatMap((name): [string, () => { argv: unknown }, string][] => {
      const options = { [name]: undefined }
      return [
        [`set { ${name} }`, () => loosely(r, 'set', 'k', 'v', options), name],
        [`getex { ${name} }`, () => loosely(r, 'getex', 'k', options), name],
        [`msetex { ${name} }`, () => loosely(r, 'msetex', fields, options), name],
        [`hsetex { ${name} }`, () => loosely(r, 'hsetex', 'k', fields, options), name],
        [`hgetex { ${name} }`, () => loosely(r, 'hgetex', 'k', 'f', options), name],
      ]
    }),
    ['set { ifeq }', () => loosely(r, 'set', 'k', 'v', { ifeq: undefined }), 'ifeq'],
    ['delex { ifeq }', () => loosely(r, 'delex', 'k', { ifeq: undefined }), 'ifeq'],
    ['restore { freq }', () => loosely(r, 'restore', 'k', 0, Buffer.from('x'), { freq: undefined }), 'freq'],
    ['copy { db }', () => loosely(r, 'copy', 'a', 'b', { db: undefined }), 'db'],
    ['sort { store }', () => loosely(r, 'sort', 'a', { store: undefined }), 'store'],
    ['xadd { maxlen }', () => loosely(r, 'xadd', 's', '*', fields, { maxlen: undefined }), 'maxlen'],
    ['xadd { idmpauto }', () => loosely(r, 'xadd', 's', '*', fields, { idmpauto: undefined }), 'idmpauto'],
  ])('%s with undefined is rejected, because it decides what is stored', (_, call, name) => {
    const { argv } = call()
    expect(argv).toBeInstanceOf(DataError)
    expect((argv as DataError).message).toContain(`The option ${name} is undefined`)
  })

  it('an undefined time of EXPIRE, SETEX or RESTORE is rejected', () => {
    for (const name of ['expire', 'pexpire', 'expireat', 'pexpireat']) {
      expect(loosely(r, name as 'expire', 'k', undefined).argv).toBeInstanceOf(DataError)
    }
    expect(loosely(r, 'setex', 'k', undefined, 'v').argv).toBeInstanceOf(DataError)
    expect(loosely(r, 'restore', 'k', undefined, Buffer.from('x')).argv).toBeInstanceOf(DataError)
  })

  it('an undefined option that does not decide what is stored counts as absent', () => {
    expect(loosely(r, 'set', 'k', 'v', { nx: undefined, get: undefined, ex: 1 }).argv).toEqual([
      'SET',
      'k',
      'v',
      'EX',
      1,
    ])
    expect(loosely(r, 'set', 'k', 'v', undefined).argv).toEqual(['SET', 'k', 'v'])
    expect(loosely(r, 'scan', 0, { match: undefined, count: undefined }).argv).toEqual(['SCAN', 0])
    expect(loosely(r, 'zrange', 'z', 0, -1, { limit: undefined, withscores: undefined }).argv).toEqual([
      'ZRANGE',
      'z',
      0,
      -1,
    ])
  })
})

describe('arguments of names and values', () => {
  const map = new Map([['name', 'value']])
  it('a Map is accepted wherever an object of names and values is', () => {
    expect(loosely(r, 'configSet', map).argv).toEqual(['CONFIG', 'SET', 'name', 'value'])
    for (const name of ['mset', 'msetnx'] as const) expect(loosely(r, name, map).argv).toContain('value')
    expect(loosely(r, 'hset', 'h', map).argv).toContain('value')
    expect(loosely(r, 'xadd', 's', '*', map).argv).toContain('value')
    expect(loosely(r, 'hsetex', 'h', map, { ex: 1 }).argv).toContain('value')
    expect(loosely(r, 'msetex', map, { ex: 1 }).argv).toContain('value')
  })

  it('a text is rejected as names and values instead of being split into letters', () => {
    const { argv } = loosely(r, 'configSet', 'name', 'v')
    expect(argv).toBeInstanceOf(DataError)
    expect((argv as DataError).message).toMatch(/object or a Map of parameters and values/)
  })
})
