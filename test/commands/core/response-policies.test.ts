import { describe, expect, it } from 'vitest'
import { MapReply, type Reply, SetReply } from '../../../src/commands/core/reply.js'
import { and, concat, first, max, merge, min, or, sum } from '../../../src/commands/core/response-policies.js'

describe('policies for numbers', () => {
  it('sum adds numbers, and lists by position', () => {
    expect(sum([1, 2, 3])).toBe(6)
    expect(sum([])).toBe(0)
  })

  it('sum adds integers without rounding', () => {
    expect(sum([Number.MAX_SAFE_INTEGER, 2])).toBe(9007199254740993n)
    expect(sum([9007199254740993n, -9007199254740993n, 5])).toBe(5)
  })

  it('min and max return the least and the greatest number', () => {
    expect(min([3, 1, 2])).toBe(1)
    expect(max([3, 1, 2])).toBe(3)
    expect(min([3, 9007199254740993n])).toBe(3)
    expect(max([3, 9007199254740993n])).toBe(9007199254740993n)
  })

  it('min, max, and, or combine lists by position', () => {
    expect(
      min([
        [1, 5],
        [2, 3],
      ]),
    ).toEqual([1, 3])
    expect(
      max([
        [1, 5],
        [2, 3],
      ]),
    ).toEqual([2, 5])
    expect(
      and([
        [1, 1, 0],
        [1, 0, 0],
      ]),
    ).toEqual([1, 0, 0])
    expect(
      or([
        [1, 1, 0],
        [1, 0, 0],
      ]),
    ).toEqual([1, 1, 0])
  })

  it('the policy and is 1 if all replies are 1, the policy or is 1 if one is', () => {
    expect(and([1, 1])).toBe(1)
    expect(and([1, 0])).toBe(0)
    expect(or([0, 1])).toBe(1)
    expect(or([0, 0])).toBe(0)
  })
})

describe('policies for lists and maps', () => {
  it('concat concatenates lists and sets', () => {
    expect(concat([['a', null], [], new SetReply(['b'])])).toEqual(['a', null, 'b'])
  })

  it('merge merges maps of both protocols and adds numbers with the same name', () => {
    expect(merge([['a', 1, 'b', 2], new MapReply(['b', 3, 'c', 4])])).toEqual(['a', 1, 'b', 5, 'c', 4])
  })

  it('merge keeps the first of several values that are not numbers', () => {
    expect(
      merge([
        ['a', 'x'],
        ['a', 'y'],
      ]),
    ).toEqual(['a', 'x'])
  })

  it('merge distinguishes names that differ only in invalid UTF-8 bytes', () => {
    const [ff, fe] = [Buffer.from([0xff]), Buffer.from([0xfe])]
    expect(
      merge([
        [ff, 1, fe, 2],
        [Buffer.from([0xff]), 3],
      ]),
    ).toEqual([ff, 4, fe, 2])
  })

  it('first returns the first reply', () => {
    expect(first(['OK', 'x'])).toBe('OK')
    expect(first([])).toBeNull()
  })
})

it('no policy changes the replies', () => {
  const replies: Reply[] = [
    ['a', 1],
    ['a', 2],
  ]
  for (const join of [concat, merge, first]) join(replies)
  expect(replies).toEqual([
    ['a', 1],
    ['a', 2],
  ])
})
