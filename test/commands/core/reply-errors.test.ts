import { describe, expect, it } from 'vitest'
import { MapReply, type Reply, SetReply } from '../../../src/commands/core/reply.js'
import { PLAIN } from '../../../src/commands/core/reply-format.js'
import { allSpecs } from '../../../src/commands/core/spec.js'
import { DataError, InvalidResponse, ResponseError } from '../../../src/errors/errors.js'
import { seeded } from '../../rig/random.mjs'
import { Recorder } from '../recorder.js'

const r = new Recorder()

const list = ['a', 'b', 'c']
const pairs = new MapReply(['a', '1'])

describe('replies of an unexpected type', () => {
  const impossible: [string, { decode(reply: Reply): unknown }, Reply[]][] = [
    ['GET', r.get('k'), [list, 1, 2n, true, pairs, 1.5]],
    ['SET', r.set('k', 'v'), ['value', null, 1, list]],
    ['SET with NX', r.set('k', 'v', { nx: true }), ['value', 1, list]],
    ['INCR', r.incr('k'), ['1', 'text', null, list, pairs, true, 1.5]],
    ['MGET', r.mget('a', 'b'), ['text', 'OK', 1, null, pairs, [1, 2]]],
    ['HGETALL', r.hgetall('k'), [list, 'OK', 1, null, ['a', 1], ['a', null]]],
    ['HKEYS', r.hkeys('k'), ['text', 1, null, [1], [null]]],
    ['ZRANGE with scores', r.zrange('k', 0, -1, { withscores: true }), [list, ['a', 'b'], 'a', 1, null]],
    ['ZSCORE', r.zscore('k', 'a'), ['text', list, '', ' ']],
    ['SCAN', r.scan(0), ['abc', 'OK', ['1'], ['1', 'a'], [null, ['a']], null, list]],
    ['HSCAN', r.hscan('k', 0), [['0', ['a']], ['0', null], 'OK']],
    ['XRANGE', r.xrange('k'), ['OK', [['1-1']], [['1-1', ['a']]], [null], ['1-1']]],
    ['XREAD', r.xread({ a: 0 }), ['OK', ['a'], 1]],
    ['XPENDING', r.xpending('k', 'g'), [[1, null], 'OK', null]],
    ['XADD', r.xadd('k', '*', { a: 1 }), [1, list, true]],
    ['BLPOP', r.blpop('k', 0), [['k'], 'k', 1, ['k', 1]]],
    ['LPOP with a count', r.lpop('k', 2), ['a', 1, [1]]],
    ['TTL', r.ttl('k'), ['text', null, list]],
    ['TYPE', r.type('k'), [1, null, list]],
    ['INFO', r.info(), [1, null, list]],
    ['CLUSTER SHARDS', r.clusterShards(), ['OK', [1], [list]]],
    ['CONFIG GET', r.configGet('*'), [list, 'OK', 1]],
    ['GEOSEARCH', r.geosearch('k', { frommember: 'a', byradius: { radius: 1, unit: 'm' } }), ['a', 1, null, [1]]],
    ['LATENCY LATEST', r.latencyLatest(), ['OK', [1], [['e']]]],
    ['ACL LOG', r.aclLog(), ['OK', [list], [1]]],
  ]

  for (const [name, call, replies] of impossible) {
    it(`${name} rejects a reply of an unexpected type`, () => {
      for (const reply of replies)
        expect(() => call.decode(reply), JSON.stringify(reply, bigints)).toThrow(InvalidResponse)
    })
  }

  it('commands of modules reject a reply of an unexpected type', () => {
    expect(() => r.json.get('k').decode(1)).toThrow(InvalidResponse)
    expect(() => r.json.arrlen('k', '$').decode('text')).toThrow(InvalidResponse)
    expect(() => r.bf.add('k', 'a').decode('text')).toThrow(InvalidResponse)
  })

  it('the error for an unexpected reply contains its type and never its value', () => {
    expect(() => r.incr('k').decode('secret')).toThrow(/Unexpected type of reply: expected an integer, found text\./)
    expect(() => r.incr('k').decode('secret')).not.toThrow(/secret/)
    expect(() => r.get('k').decode(['secret'])).not.toThrow(/secret/)
  })

  it('an error inside a list is returned as a value', () => {
    const error = new ResponseError('ERR one of several')
    expect(r.mget('a', 'b').decode(['a', error])).toEqual(['a', error])
    expect(r.hpttl('k', ['a', 'b']).decode([1, error])).toEqual([1, error])
  })
})

describe('replies of an equivalent type', () => {
  it('a bulk string is accepted instead of a status, in every view', () => {
    expect(r.set('k', 'v').decode(Buffer.from('OK'), { bytes: true })).toBe('OK')
    expect(r.type('k').decode(Buffer.from('string'), { bytes: true })).toBe('string')
  })

  it('an empty list is accepted instead of null', () => {
    for (const call of [
      r.blpop('k', 0),
      r.bzpopmin('k', 0),
      r.lmpop('k', 'left'),
      r.zmpop('k', 'min'),
      r.xread({ a: 0 }),
      r.xreadgroup('g', 'c', { a: '>' }),
      r.zpopmin('k'),
    ]) {
      expect(call.decode([])).toBeNull()
    }
  })

  it('a flat list, a list of pairs and a set are accepted where the other protocol has a map or a list', () => {
    expect(r.hgetall('k').decode(['a', '1'])).toEqual({ a: '1' })
    expect(r.hgetall('k').decode([['a', '1']])).toEqual({ a: '1' })
    expect(r.smembers('k').decode(new SetReply(['a']))).toEqual(['a'])
  })

  it('raw calls and scripts accept a reply of any type', () => {
    for (const call of [r.eval('return 1'), r.evalsha('x'), r.fcall('f')]) {
      for (const reply of ['a', 1, null, list, true]) expect(call.decode(reply)).toEqual(reply)
    }
  })
})

it('no decoder throws anything but our own errors, whatever the server sends', () => {
  const random = seeded('replies of all kinds')
  const words = ['', 'OK', '0', 'abc', '1-1', 'a=1 b', 'name', '\r\n# x\r\na:1', '{"a":1}', '-1', 'inf', '__proto__']
  const any = (depth: number): Reply => {
    const kind = random.int(0, depth > 3 ? 5 : 8)
    const several = () => Array.from({ length: random.int(0, 4) }, () => any(depth + 1))
    switch (kind) {
      case 0:
        return null
      case 1:
        return random.int(0, 999) - 10
      case 2:
        return [true, false, 1.5, 2n ** 63n, new ResponseError('ERR x')][random.int(0, 4)] as Reply
      case 3:
      case 4:
        return words[random.int(0, words.length - 1)] as string
      case 5:
        return Buffer.from([random.int(0, 255), random.int(0, 255)])
      case 6:
        return new SetReply(several())
      case 7: {
        const flat = several()
        return new MapReply(flat.length % 2 === 0 ? flat : [...flat, null])
      }
      default:
        return several()
    }
  }
  for (const spec of allSpecs().values()) {
    for (let i = 0; i < 40; i++) {
      const reply = any(0)
      const shape = { ...PLAIN, bytes: i % 2 === 0, bigints: i % 3 === 0, prefix: i % 5 === 0 ? 'a' : '' }
      try {
        spec.decode(reply, shape)
      } catch (error) {
        if (!(error instanceof InvalidResponse) && !(error instanceof DataError)) {
          throw new Error(`${spec.name} of seed ${random.seed}: ${(error as Error).stack}`)
        }
      }
    }
  }
})

function bigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}

it('a double that loses nothing is accepted, and a whole number that would be rounded is rejected', () => {
  for (const call of [r.incrbyfloat('k', 1), r.hincrbyfloat('k', 'f', 1)]) {
    expect(call.decode('0.30000000000000004')).toBe(0.1 + 0.2)
    expect(call.decode('1234567.12345678901234568')).toBe(1234567.123456789)
    expect(call.decode('9007199254740992')).toBe(2 ** 53)
    // As written by a server that computes in doubles.
    expect(call.decode('1152921504606847000')).toBe(2 ** 60)
    expect(call.decode('3e+300')).toBe(3e300)
    expect(() => call.decode('9007199254740993')).toThrow(
      expect.objectContaining({ name: 'DataError', value: 9007199254740993n }),
    )
  }
  expect(() => r.zscore('k', 'a').decode(9007199254740993n)).toThrow(DataError)
})
