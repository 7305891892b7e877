import { describe, expect, it } from 'vitest'
import { MapReply } from '../../src/commands/core/reply.js'
import { DataError } from '../../src/errors/errors.js'
import { expectEncodings, expectRefusals } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

it('hash commands send their arguments', () => {
  expectEncodings([
    [r.hdel('k', 'f', 'g'), 'HDEL k f g'],
    [r.hdel('k', ['f', 'g']), 'HDEL k f g'],
    [r.hexists('k', 'f'), 'HEXISTS k f'],
    [r.hget('k', 'f'), 'HGET k f'],
    [r.hgetall('k'), 'HGETALL k'],
    [r.hincrby('k', 'f', 2n), 'HINCRBY k f 2'],
    [r.hincrbyfloat('k', 'f', 0.5), 'HINCRBYFLOAT k f 0.5'],
    [r.hkeys('k'), 'HKEYS k'],
    [r.hlen('k'), 'HLEN k'],
    [r.hmget('k', 'f', 'g'), 'HMGET k f g'],
    [r.hmget('k', ['f', 'g']), 'HMGET k f g'],
    [r.hmset('k', { f: 1 }), 'HMSET k f 1'],
    [r.hrandfield('k'), 'HRANDFIELD k'],
    [r.hrandfield('k', -5), 'HRANDFIELD k -5'],
    [r.hrandfield('k', 0, { withvalues: false }), 'HRANDFIELD k 0'],
    [r.hrandfield('k', 5, { withvalues: true }), 'HRANDFIELD k 5 WITHVALUES'],
    [r.hscan('k', 0), 'HSCAN k 0'],
    [r.hscan('k', '7', { match: 'f*', count: 9, novalues: true }), 'HSCAN k 7 MATCH f* COUNT 9 NOVALUES'],
    [r.hset('k', { f: 1, g: 'x' }), 'HSET k f 1 g x'],
    [r.hset('k', new Map([[Buffer.from('f'), 'v']])), 'HSET k f v'],
    [r.hsetnx('k', 'f', 'v'), 'HSETNX k f v'],
    [r.hstrlen('k', 'f'), 'HSTRLEN k f'],
    [r.hvals('k'), 'HVALS k'],
  ])
})

it('hash commands reject an empty list of fields', () => {
  expectRefusals(/At least one field is needed/, [
    r.hdel('k'),
    r.hmget('k', []),
    r.hset('k', {}),
    r.hmset('k', new Map()),
  ])
})

describe('decoding of hash replies', () => {
  it('HGETALL becomes a plain object with own properties only, the same under both protocols', () => {
    for (const reply of [['f', '1', '__proto__', '2'], new MapReply(['f', '1', '__proto__', '2'])]) {
      const record = r.hgetall('k').decode(reply) as Record<string, string>
      expect(Object.getPrototypeOf(record)).toBe(Object.prototype)
      expect(record).toStrictEqual({ f: '1', ['__proto__']: '2' })
      expect(`${record}`).toBe('[object Object]')
      expect(Object.entries(record)).toEqual([
        ['f', '1'],
        ['__proto__', '2'],
      ])
    }
    expect(Object.keys(r.hgetall('k').decode([]) as object)).toEqual([])
  })

  it('HGETALL in a bytes view has Buffers as values and rejects names that are not valid UTF-8', () => {
    const bytes = r.hgetall('k').decode(new MapReply([Buffer.from('f'), Buffer.from('1')]), { bytes: true })
    expect({ ...(bytes as object) }).toEqual({ f: Buffer.from('1') })
    expect(() => r.hgetall('k').decode([Buffer.from([0xff]), Buffer.from('1')], { bytes: true })).toThrow(DataError)
  })

  it('hash replies with text become strings, lists of strings and nulls', () => {
    expect(r.hget('k', 'f').decode(null)).toBeNull()
    expect(r.hmget('k', 'f', 'g').decode(['v', null])).toEqual(['v', null])
    expect(r.hkeys('k').decode([Buffer.from('f')], { bytes: true })).toEqual([Buffer.from('f')])
    expect(r.hvals('k').decode([])).toEqual([])
  })

  it('hash replies with numbers become integers and doubles', () => {
    expect(r.hset('k', { f: 1 }).decode(1, { bigints: true })).toBe(1n)
    expect(r.hincrbyfloat('k', 'f', 1).decode('1.5')).toBe(1.5)
    expect(r.hincrbyfloat('k', 'f', 1).decode(Buffer.from('1.5'), { bytes: true, bigints: true })).toBe(1.5)
  })

  it('HRANDFIELD becomes one field, several fields, or fields with values', () => {
    expect(r.hrandfield('k').decode('f')).toBe('f')
    expect(r.hrandfield('k').decode(null)).toBeNull()
    expect(r.hrandfield('k', 2).decode(['f', 'f'])).toEqual(['f', 'f'])
    const entries = [
      { field: 'f', value: '1' },
      { field: 'f', value: '1' },
    ]
    const withvalues = r.hrandfield('k', -2, { withvalues: true })
    expect(withvalues.decode(['f', '1', 'f', '1'])).toEqual(entries)
    expect(
      withvalues.decode([
        ['f', '1'],
        ['f', '1'],
      ]),
    ).toEqual(entries)
    expect(withvalues.decode([])).toEqual([])
    expect(withvalues.decode([[Buffer.from([0xff]), Buffer.from('1')]], { bytes: true })).toEqual([
      { field: Buffer.from([0xff]), value: Buffer.from('1') },
    ])
  })

  it('HSCAN becomes entries, or only names with novalues', () => {
    expect(r.hscan('k', 0).decode(['7', ['f', '1', 'g', '2']])).toEqual({
      cursor: '7',
      entries: [
        { field: 'f', value: '1' },
        { field: 'g', value: '2' },
      ],
    })
    const bytes = [Buffer.from('0'), [Buffer.from([0xff]), Buffer.from('1')]]
    expect(r.hscan('k', 0).decode(bytes, { bytes: true })).toEqual({
      cursor: '0',
      entries: [{ field: Buffer.from([0xff]), value: Buffer.from('1') }],
    })
    expect(r.hscan('k', 0, { novalues: true }).decode(['0', ['f', 'g']])).toEqual({ cursor: '0', fields: ['f', 'g'] })
  })
})
