import { expect, it } from 'vitest'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

it('bitmap commands send their arguments', () => {
  expectEncodings([
    [r.bitcount('k'), 'BITCOUNT k'],
    [r.bitcount('k', 0, -1), 'BITCOUNT k 0 -1'],
    [r.bitcount('k', 0, 9, 'bit'), 'BITCOUNT k 0 9 bit'],
    [r.bitpos('k', 1), 'BITPOS k 1'],
    [r.bitpos('k', 0, 2), 'BITPOS k 0 2'],
    [r.bitpos('k', 0, 2, -1), 'BITPOS k 0 2 -1'],
    [r.bitpos('k', 1, 0, 9, 'byte'), 'BITPOS k 1 0 9 byte'],
    [r.getbit('k', 7), 'GETBIT k 7'],
    [r.setbit('k', 7, 1), 'SETBIT k 7 1'],
    [r.bitop('and', 'to', 'a', 'b'), 'BITOP and to a b', 'to a b'],
    [r.bitop('not', 'to', 'a'), 'BITOP not to a', 'to a'],
    [r.bitop('diff1', 'to', ['a', 'b']), 'BITOP diff1 to a b', 'to a b'],
  ])
})

it('BITFIELD sends its operations in the order of the call', () => {
  expectEncodings([
    [r.bitfield('k', []), 'BITFIELD k'],
    [
      r.bitfield('k', [
        { get: 'u8', offset: 0 },
        { set: 'i5', offset: '#1', value: -3 },
        { incrby: 'u63', offset: 100, increment: 9007199254740993n },
      ]),
      'BITFIELD k GET u8 0 SET i5 #1 -3 INCRBY u63 100 9007199254740993',
    ],
    [
      r.bitfieldRo('k', [
        { get: 'u8', offset: 0 },
        { get: 'i8', offset: '#1' },
      ]),
      'BITFIELD_RO k GET u8 0 GET i8 #1',
    ],
  ])
})

it('an overflow option of BITFIELD applies only to its own operation', () => {
  expectEncodings([
    [
      r.bitfield('k', [
        { incrby: 'u2', offset: 0, increment: 1 },
        { incrby: 'u2', offset: 2, increment: 1, overflow: 'sat' },
        { get: 'u2', offset: 2 },
        { set: 'u2', offset: 4, value: 9, overflow: 'sat' },
        { incrby: 'u2', offset: 6, increment: 1, overflow: 'fail' },
        { incrby: 'u2', offset: 8, increment: 1 },
        { incrby: 'u2', offset: 8, increment: 1, overflow: 'wrap' },
      ]),
      'BITFIELD k INCRBY u2 0 1 OVERFLOW sat INCRBY u2 2 1 GET u2 2 SET u2 4 9 ' +
        'OVERFLOW fail INCRBY u2 6 1 OVERFLOW wrap INCRBY u2 8 1 INCRBY u2 8 1',
    ],
  ])
})

it('bitmap commands reject arguments that conflict', () => {
  expectRefusals(/not takes exactly one key/, [r.bitop('not', 'to', 'a', 'b')])
  expectRefusals(/At least one key is needed/, [r.bitop('or', 'to'), r.bitop('or', 'to', [])])
  expectRefusals(/^Argument 5 of BITFIELD is undefined/, [loosely(r, 'bitfield', 'k', [{ set: 'u8', offset: 0 }])])
})

it('bitmap replies become integers, and null for a BITFIELD write that failed', () => {
  expect(r.bitfield('k', []).decode([1, null])).toEqual([1, null])
  expect(r.bitfield('k', []).decode([1, null], { bigints: true })).toEqual([1n, null])
  expect(r.bitfieldRo('k', []).decode([9007199254740993n], { bigints: true })).toEqual([9007199254740993n])
  for (const call of [
    r.bitcount('k'),
    r.bitpos('k', 1),
    r.getbit('k', 0),
    r.setbit('k', 0, 1),
    r.bitop('or', 'a', 'b'),
  ]) {
    expect(call.decode(-1)).toBe(-1)
    expect(call.decode(-1, { bigints: true })).toBe(-1n)
  }
})

it('BITCOUNT and BITPOS reject a range with a missing part, because it would be sent as another range', () => {
  expectRefusals(/needs a start/, [
    loosely(r, 'bitpos', 'k', 1, undefined, 5),
    loosely(r, 'bitpos', 'k', 1, 0, undefined, 'bit'),
    loosely(r, 'bitcount', 'k', undefined, 5),
    loosely(r, 'bitcount', 'k', undefined, undefined, 'bit'),
  ])
  expectRefusals('A start needs an end', [loosely(r, 'bitcount', 'k', 2)])
})
