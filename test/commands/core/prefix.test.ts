import { describe, expect, it } from 'vitest'
import { PSUBSCRIBE, SUBSCRIBE } from '../../../src/commands/client-internal.js'
import { Command } from '../../../src/commands/core/command.js'
import { applyPrefix } from '../../../src/commands/core/prefix.js'
import { DataError } from '../../../src/errors/errors.js'
import { type Recorded, Recorder } from '../recorder.js'

const r = new Recorder()

function prefixed({ command }: Pick<Recorded, 'command'>, prefix = 'p:'): unknown {
  return applyPrefix(command, prefix) ?? command.args
}

describe('prefixes of keys', () => {
  it('a prefix is added to every key, channel and pattern, as text or bytes', () => {
    expect(prefixed(r.get(''))).toEqual(['p:'])
    expect(prefixed(r.set('#', 1))).toEqual(['p:#', 1])
    expect(prefixed(r.mget('', '#', 'a'))).toEqual(['p:', 'p:#', 'p:a'])
    expect(prefixed(r.get(Buffer.from('a')))).toEqual([Buffer.from('p:a')])
    expect(prefixed(r.keys(''))).toEqual(['p:'])
    expect(prefixed(r.publish('#', 'm'))).toEqual(['p:#', 'm'])
  })

  it('a prefix is not added to the empty key of MIGRATE and the # of SORT', () => {
    expect(prefixed(r.migrate('h', 1, ['a', 'b'], 0, 9))).toEqual(['h', 1, '', 0, 9, 'KEYS', 'p:a', 'p:b'])
    expect(prefixed(r.sort('#', { by: 'w_*', get: ['#', 'v_*'] }))).toEqual('p:# BY p:w_* GET # GET p:v_*'.split(' '))
    expect(prefixed(r.sortRo('k', { get: '#' }))).toEqual(['p:k', 'GET', '#'])
  })

  it('a prefix with * is rejected for patterns of SORT', () => {
    expect(prefixed(r.sort('k', { by: 'w_*' }), 'a*:')).toBeInstanceOf(DataError)
    expect(prefixed(r.sortRo('k', { get: 'v_*' }), 'a*:')).toBeInstanceOf(DataError)
    expect(prefixed(r.sort('k', { store: 'to' }), 'a*:')).toEqual(['a*:k', 'STORE', 'a*:to'])
  })

  it('a prefix is escaped in patterns', () => {
    const prefix = 'a*[b]\\?:'
    const pattern = 'a\\*\\[b\\]\\\\\\?:'
    expect(prefixed(r.keys('x*'), prefix)).toEqual([`${pattern}x*`])
    expect(prefixed(r.keys(Buffer.from('x*')), prefix)).toEqual([Buffer.from(`${pattern}x*`)])
    expect(prefixed(r.scan(0, { match: 'x*' }), prefix)).toEqual([0, 'MATCH', `${pattern}x*`])
    expect(prefixed(r.pubsubChannels('x*'), prefix)).toEqual([`${pattern}x*`])
    expect(prefixed({ command: new Command(PSUBSCRIBE, ['x*']) }, prefix)).toEqual([`${pattern}x*`])
    // A name is not a pattern.
    expect(prefixed(r.get('x*'), prefix)).toEqual([`${prefix}x*`])
    expect(prefixed({ command: new Command(SUBSCRIBE, ['x*']) }, prefix)).toEqual([`${prefix}x*`])
  })

  it('a prefix adds a pattern to a call without one', () => {
    expect(prefixed(r.scan(0))).toEqual([0, 'MATCH', 'p:*'])
    expect(prefixed(r.scan(0, { count: 9, type: 'set' }))).toEqual([0, 'COUNT', 9, 'TYPE', 'set', 'MATCH', 'p:*'])
    expect(prefixed(r.pubsubChannels())).toEqual(['p:*'])
    expect(prefixed(r.pubsubShardchannels(), '*')).toEqual(['\\**'])
    // Names inside one key get no prefix.
    expect(prefixed(r.sscan('k', 0))).toEqual(['p:k', 0])
  })
})
