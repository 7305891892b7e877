import { describe, expect, it } from 'vitest'
import { findKeys } from '../../src/commands/core/key-specs.js'
import { expectEncodings, expectRefusals, keysOf, loosely } from './encoding.js'
import { type Recorded, Recorder } from './recorder.js'

const r = new Recorder()

/** The patterns of a call, which a prefix applies to in addition to the keys. */
function patternsOf({ command }: Recorded): string {
  const found: number[] = []
  for (const spec of command.spec.patterns) findKeys(spec, command.args, found)
  return found.map(index => String(command.args[index])).join(' ')
}

describe('arguments of key commands', () => {
  it('commands for one key send their arguments', () => {
    expectEncodings([
      [r.dump('k'), 'DUMP k'],
      [r.move('k', 1), 'MOVE k 1'],
      [r.objectEncoding('k'), 'OBJECT ENCODING k'],
      [r.objectFreq('k'), 'OBJECT FREQ k'],
      [r.objectIdletime('k'), 'OBJECT IDLETIME k'],
      [r.objectRefcount('k'), 'OBJECT REFCOUNT k'],
      [r.restore('k', 0, Buffer.from('dump')), 'RESTORE k 0 dump'],
      [
        r.restore('k', 5, Buffer.from('dump'), { replace: true, absttl: true, idletime: 3 }),
        'RESTORE k 5 dump REPLACE ABSTTL IDLETIME 3',
      ],
      [r.restore('k', 0, Buffer.from('dump'), { freq: 0 }), 'RESTORE k 0 dump FREQ 0'],
      [r.type('k'), 'TYPE k'],
    ])
  })

  it('commands for two or more keys send their arguments', () => {
    expectEncodings([
      [r.copy('a', 'b'), 'COPY a b', 'a b'],
      [r.copy('a', 'b', { db: 0, replace: true }), 'COPY a b DB 0 REPLACE', 'a b'],
      [r.rename('a', 'b'), 'RENAME a b', 'a b'],
      [r.renamenx('a', 'b'), 'RENAMENX a b', 'a b'],
      [r.del('a', 'b'), 'DEL a b', 'a b'],
      [r.del(['a', 'b']), 'DEL a b', 'a b'],
      [r.exists('a', 'a'), 'EXISTS a a', 'a a'],
      [r.touch('a', 'b'), 'TOUCH a b', 'a b'],
      [r.unlink('a', 'b'), 'UNLINK a b', 'a b'],
    ])
  })

  it('commands without a key send their arguments', () => {
    expectEncodings([
      [r.keys('user:*'), 'KEYS user:*', ''],
      [r.objectHelp(), 'OBJECT HELP', ''],
      [r.randomkey(), 'RANDOMKEY', ''],
      [r.scan(0), 'SCAN 0', ''],
      [r.scan('17', { match: 'a*', count: 100, type: 'hash' }), 'SCAN 17 MATCH a* COUNT 100 TYPE hash', ''],
      [r.wait(1, 500), 'WAIT 1 500', ''],
      [r.waitaof(1, 0, 500), 'WAITAOF 1 0 500', ''],
    ])
  })

  it('MIGRATE sends one key in its place, or several keys after KEYS', () => {
    const auth2 = { username: 'app', password: 'pw' }
    expectEncodings([
      [r.migrate('h', 1, 'k', 0, 100), 'MIGRATE h 1 k 0 100', 'k'],
      [r.migrate('h', 1, ['k'], 0, 100, { copy: true, replace: true }), 'MIGRATE h 1 k 0 100 COPY REPLACE', 'k'],
      [r.migrate('h', 1, 'k', 0, 100, { auth: 'pw' }), 'MIGRATE h 1 k 0 100 AUTH pw', 'k'],
    ])
    const several = r.migrate('h', 1, ['a', 'b'], 0, 100, { auth2 })
    expect(several.argv).toEqual(['MIGRATE', 'h', 1, '', 0, 100, 'AUTH2', 'app', 'pw', 'KEYS', 'a', 'b'])
    expect(keysOf(several).trim()).toBe('a b')
  })

  it('KEYS and SCAN report their patterns, so that a prefix is added to them', () => {
    expect(patternsOf(r.keys('user:*'))).toBe('user:*')
    expect(patternsOf(r.scan(0, { match: 'user:*', count: 5 }))).toBe('user:*')
    expect(patternsOf(r.scan(0))).toBe('')
  })

  it('key commands have the request policies of the server', () => {
    for (const call of [r.del('a'), r.exists('a'), r.touch('a'), r.unlink('a')]) {
      expect(call.command.spec.requestPolicy).toBe('multi_shard')
      expect(call.command.spec.responsePolicy?.([1, 2])).toBe(3)
    }
    expect(r.keys('*').command.spec.requestPolicy).toBe('all_shards')
    expect(r.keys('*').command.spec.responsePolicy?.([['a'], ['b']])).toEqual(['a', 'b'])
    for (const call of [r.scan(0), r.randomkey()]) expect(call.command.spec.requestPolicy).toBe('special')
    expect(r.wait(1, 0).command.spec.responsePolicy?.([2, 1])).toBe(1)
    expect(
      r.waitaof(1, 1, 0).command.spec.responsePolicy?.([
        [1, 2],
        [1, 0],
      ]),
    ).toEqual([1, 0])
  })

  it('WAIT and WAITAOF are reserved for sessions', () => {
    for (const call of [r.wait(1, 0), r.waitaof(1, 0, 0)]) {
      expect(call.command.spec.reserved).toEqual({ session: true, instead: expect.stringContaining('redis.session') })
    }
  })
})

describe('key commands reject invalid arguments', () => {
  it('key commands reject an empty list of keys', () => {
    expectRefusals(/At least one key is needed/, [
      r.del(),
      r.del([]),
      r.exists(),
      r.touch(),
      r.unlink(),
      r.migrate('h', 1, [], 0, 1),
    ])
  })

  it('key commands reject options that exclude each other', () => {
    expectRefusals(/idletime and freq exclude/, [
      loosely(r, 'restore', 'k', 0, Buffer.alloc(1), { idletime: 1, freq: 1 }),
    ])
    expectRefusals(/auth and auth2 exclude/, [
      loosely(r, 'migrate', 'h', 1, 'k', 0, 1, { auth: 'a', auth2: { username: 'u', password: 'p' } }),
    ])
    expectRefusals(/^Argument 3 of RESTORE is undefined/, [loosely(r, 'restore', 'k', 0)])
  })
})

describe('decoding of key replies', () => {
  it('KEYS, SCAN and RANDOMKEY return keys without the prefix of the view', () => {
    const prefix = 'app:'
    expect(r.keys('*').decode(['app:a', 'app:b'], { prefix })).toEqual(['a', 'b'])
    expect(r.keys('*').decode([Buffer.from('app:a')], { prefix, bytes: true })).toEqual([Buffer.from('a')])
    expect(r.scan(0).decode(['0', ['app:a']], { prefix })).toEqual({ cursor: '0', keys: ['a'] })
  })

  it('SCAN returns its cursor as a string in every view', () => {
    expect(r.scan(0).decode(['18446744073709551615', ['a', 'b']])).toEqual({
      cursor: '18446744073709551615',
      keys: ['a', 'b'],
    })
    expect(r.scan(0).decode([Buffer.from('7'), [Buffer.from('a')]], { bytes: true, bigints: true })).toEqual({
      cursor: '7',
      keys: [Buffer.from('a')],
    })
    // Some servers reply with an integer.
    expect(r.scan(0).decode([0, []])).toEqual({ cursor: '0', keys: [] })
  })

  it('DUMP returns bytes in every view', () => {
    const bytes = Buffer.from([0, 0xff, 10])
    expect(r.dump('k').decode(bytes)).toEqual(bytes)
    expect(r.dump('k').decode(bytes, { bytes: true })).toEqual(bytes)
    expect(r.dump('k').decode(null)).toBeNull()
  })

  it('TYPE, OBJECT ENCODING, MIGRATE and RENAME return strings in every view', () => {
    for (const call of [r.type('k'), r.objectEncoding('k'), r.migrate('h', 1, 'k', 0, 1)]) {
      expect(call.decode(Buffer.from('word'), { bytes: true })).toBe('word')
    }
    expect(r.rename('a', 'b').decode(Buffer.from('OK'), { bytes: true })).toBe('OK')
    expect(r.objectEncoding('k').decode(null)).toBeNull()
    expect(r.objectHelp().decode([Buffer.from('a'), Buffer.from('b')], { bytes: true })).toEqual(['a', 'b'])
  })

  it('key replies become integers of the view', () => {
    for (const call of [
      r.del('a'),
      r.objectFreq('k'),
      r.objectIdletime('k'),
      r.objectRefcount('k'),
      r.copy('a', 'b'),
    ]) {
      expect(call.decode(3)).toBe(3)
      expect(call.decode(3, { bigints: true })).toBe(3n)
    }
    expect(r.objectFreq('k').decode(null, { bigints: true })).toBeNull()
    expect(r.waitaof(1, 0, 0).decode([1, 0], { bigints: true })).toEqual([1n, 0n])
  })
})
