import { expect, it } from 'vitest'
import { MapReply } from '../../src/commands/core/reply.js'
import { InvalidResponse } from '../../src/errors/errors.js'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

it('VADD, VREM and VSETATTR send their arguments', () => {
  expectEncodings([
    [r.vadd('k', [1, -0.5], 'a'), 'VADD k VALUES 2 1 -0.5 a'],
    [
      r.vadd('k', [1, 2, 3], 'a', { reduce: 2, cas: true, q8: true, ef: 100, setattr: '{}', m: 8 }),
      'VADD k REDUCE 2 VALUES 3 1 2 3 a CAS Q8 EF 100 SETATTR {} M 8',
    ],
    [r.vadd('k', [1], 'a', { noquant: true }), 'VADD k VALUES 1 1 a NOQUANT'],
    [r.vadd('k', [1], 'a', { bin: true }), 'VADD k VALUES 1 1 a BIN'],
    [r.vrem('k', 'a'), 'VREM k a'],
    [r.vsetattr('k', 'a', '{"x":1}'), 'VSETATTR k a {"x":1}'],
  ])
  const floats = new Float32Array([0, 1, 0.5]).subarray(1)
  const blob = Buffer.from([0, 0, 0x80, 0x3f, 0, 0, 0, 0x3f])
  expect(r.vadd('k', floats, 'a').argv).toEqual(['VADD', 'k', 'FP32', blob, 'a'])
  expect(r.vsim('k', floats).argv).toEqual(['VSIM', 'k', 'FP32', blob])
})

it('commands that read elements of a vector set send their arguments', () => {
  expectEncodings([
    [r.vcard('k'), 'VCARD k'],
    [r.vdim('k'), 'VDIM k'],
    [r.vemb('k', 'a'), 'VEMB k a'],
    [r.vemb('k', 'a', { raw: true }), 'VEMB k a RAW'],
    [r.vgetattr('k', 'a'), 'VGETATTR k a'],
    [r.vinfo('k'), 'VINFO k'],
    [r.vismember('k', 'a'), 'VISMEMBER k a'],
    [r.vlinks('k', 'a'), 'VLINKS k a'],
    [r.vlinks('k', 'a', { withscores: true }), 'VLINKS k a WITHSCORES'],
    [r.vrandmember('k'), 'VRANDMEMBER k'],
    [r.vrandmember('k', -2), 'VRANDMEMBER k -2'],
    [r.vrange('k', '-', '(b'), 'VRANGE k - (b'],
    [r.vrange('k', '[a', '+', 10), 'VRANGE k [a + 10'],
  ])
})

it('VSIM sends a vector or an element, and its options', () => {
  expectEncodings([
    [r.vsim('k', 'a'), 'VSIM k ELE a'],
    [r.vsim('k', Buffer.from('a'), { withscores: true }), 'VSIM k ELE a WITHSCORES'],
    [r.vsim('k', [1, 2], { withattribs: true }), 'VSIM k VALUES 2 1 2 WITHATTRIBS'],
    [
      r.vsim('k', [1], {
        withscores: true,
        withattribs: true,
        count: 5,
        epsilon: 0.2,
        ef: 50,
        filter: '.x > 1',
        filterEf: 20,
        truth: true,
        nothread: true,
      }),
      'VSIM k VALUES 1 1 WITHSCORES WITHATTRIBS COUNT 5 EPSILON 0.2 EF 50 FILTER .x > 1 FILTER-EF 20 TRUTH NOTHREAD',
    ],
  ])
})

it('VADD rejects quantizations that exclude each other', () => {
  expectRefusals(/exclude each other/, [loosely(r, 'vadd', 'k', [1], 'a', { noquant: true, q8: true })])
  expectRefusals(/NaN/, [r.vadd('k', [NaN], 'a')])
})

it('VSIM becomes names or objects, the same under both protocols', () => {
  const scores = r.vsim('k', 'a', { withscores: true })
  const scored = [
    { element: 'a', score: 1 },
    { element: 'b', score: 0.5 },
  ]
  expect(scores.decode(['a', '1', 'b', '0.5'])).toStrictEqual(scored)
  expect(scores.decode(new MapReply(['a', 1, 'b', 0.5]))).toStrictEqual(scored)
  const attributes = r.vsim('k', 'a', { withattribs: true })
  const attributed = [
    { element: 'a', attributes: '{}' },
    { element: 'b', attributes: null },
  ]
  expect(attributes.decode(['a', '{}', 'b', null])).toStrictEqual(attributed)
  expect(attributes.decode(new MapReply(['a', '{}', 'b', null]))).toStrictEqual(attributed)
  const both = r.vsim('k', 'a', { withscores: true, withattribs: true })
  const full = [
    { element: 'a', score: 1, attributes: '{}' },
    { element: 'b', score: 0.5, attributes: null },
  ]
  expect(both.decode(['a', '1', '{}', 'b', '0.5', null])).toStrictEqual(full)
  expect(both.decode(new MapReply(['a', [1, '{}'], 'b', [0.5, null]]))).toStrictEqual(full)
  const b = Buffer.from([255])
  expect(scores.decode([b, Buffer.from('1')], { bytes: true })).toStrictEqual([{ element: b, score: 1 }])
  expect(r.vsim('k', 'a').decode(['a', 'b'])).toStrictEqual(['a', 'b'])
  expect(() => scores.decode('odd')).toThrow(InvalidResponse)

  const links = r.vlinks('k', 'a', { withscores: true })
  expect(links.decode([['a', '1', 'b', '0.5'], []])).toStrictEqual([scored, []])
  expect(links.decode([new MapReply(['a', 1, 'b', 0.5]), new MapReply([])])).toStrictEqual([scored, []])
  expect(r.vlinks('k', 'a').decode([['a'], ['a', 'b']])).toStrictEqual([['a'], ['a', 'b']])
  expect([links.decode(null), r.vlinks('k', 'a').decode(null)]).toEqual([null, null])
})

it('VEMB becomes a list of numbers, or the raw vector', () => {
  const call = r.vemb('k', 'a')
  expect(call.command.spec.binary).toBe(true)
  expect(call.decode([Buffer.from('0.5'), Buffer.from('-1')], { bytes: true })).toEqual([0.5, -1])
  expect(call.decode([0.5, -1])).toEqual([0.5, -1])
  expect(call.decode(null)).toBeNull()
  const data = Buffer.from([1, 255])
  const raw = r.vemb('k', 'a', { raw: true })
  expect(
    raw.decode([Buffer.from('int8'), data, Buffer.from('3.5'), Buffer.from('0.8')], { bytes: true }),
  ).toStrictEqual({ quantization: 'int8', data, norm: 3.5, range: 0.8 })
  expect(raw.decode([Buffer.from('bin'), data, 3.5], { bytes: true })).toStrictEqual({
    quantization: 'bin',
    data,
    norm: 3.5,
  })
  expect(raw.decode(null)).toBeNull()
})

it('vector set replies become booleans, and integers of the view', () => {
  for (const call of [r.vadd('k', [1], 'a'), r.vismember('k', 'a'), r.vrem('k', 'a'), r.vsetattr('k', 'a', '')]) {
    expect([call.decode(1), call.decode(0), call.decode(true), call.decode(false)]).toEqual([true, false, true, false])
  }
  for (const call of [r.vcard('k'), r.vdim('k')]) {
    expect([call.decode(3), call.decode(3, { bigints: true })]).toEqual([3, 3n])
  }
  const b = Buffer.from([255])
  for (const call of [r.vgetattr('k', 'a'), r.vrandmember('k')]) {
    expect([call.decode('x'), call.decode(b, { bytes: true }), call.decode(null)]).toEqual(['x', b, null])
  }
  for (const call of [r.vrandmember('k', 2), r.vrange('k', '-', '+')]) expect(call.decode(['a'])).toEqual(['a'])
  const info = ['quant-type', 'int8', 'hnsw-m', 16, 'vector-dim', 3, 'size', 1]
  const named = { quantType: 'int8', hnswM: 16, vectorDim: 3, size: 1 }
  expect(r.vinfo('k').decode(info)).toEqual(named)
  expect(r.vinfo('k').decode(new MapReply(info))).toEqual(named)
  expect(r.vinfo('k').decode(null)).toBeNull()
})
