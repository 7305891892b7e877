import { describe, expect, it } from 'vitest'
import { MapReply, type Reply, SetReply } from '../../../src/commands/core/reply.js'
import { and, concat, first, max, merge, min, or, sum } from '../../../src/commands/core/response-policies.js'

describe('numbers', () => {
  it('adds up', () => {
    expect(sum([1, 2, 3])).toBe(6)
    expect(sum([])).toBe(0)
  })

  it('adds up without rounding', () => {
    expect(sum([Number.MAX_SAFE_INTEGER, 2])).toBe(9007199254740993n)
    expect(sum([9007199254740993n, -9007199254740993n, 5])).toBe(5)
  })

  it('takes the least and the greatest', () => {
    expect(min([3, 1, 2])).toBe(1)
    expect(max([3, 1, 2])).toBe(3)
    expect(min([3, 9007199254740993n])).toBe(3)
    expect(max([3, 9007199254740993n])).toBe(9007199254740993n)
  })

  it('goes by position in lists', () => {
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

  it('is 1 if all are, or one is', () => {
    expect(and([1, 1])).toBe(1)
    expect(and([1, 0])).toBe(0)
    expect(or([0, 1])).toBe(1)
    expect(or([0, 0])).toBe(0)
  })
})

describe('lists and maps', () => {
  it('puts lists and sets behind each other', () => {
    expect(concat([['a', null], [], new SetReply(['b'])])).toEqual(['a', null, 'b'])
  })

  it('merges maps of either protocol, adding numbers of the same name', () => {
    expect(merge([['a', 1, 'b', 2], new MapReply(['b', 3, 'c', 4])])).toEqual(['a', 1, 'b', 5, 'c', 4])
  })

  it('keeps the first of what are no numbers', () => {
    expect(
      merge([
        ['a', 'x'],
        ['a', 'y'],
      ]),
    ).toEqual(['a', 'x'])
  })

  it('tells names of bytes apart', () => {
    const [ff, fe] = [Buffer.from([0xff]), Buffer.from([0xfe])]
    expect(
      merge([
        [ff, 1, fe, 2],
        [Buffer.from([0xff]), 3],
      ]),
    ).toEqual([ff, 4, fe, 2])
  })

  it('takes the first', () => {
    expect(first(['OK', 'x'])).toBe('OK')
    expect(first([])).toBeNull()
  })
})

it('changes none of the replies', () => {
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
