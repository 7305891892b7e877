import { describe, expect, it } from 'vitest'
import type { Arguments, Fields } from '../../../src/commands/core/argument.js'
import {
  decided,
  exclusive,
  flag,
  isGiven,
  known,
  option,
  pushAll,
  pushCounted,
  pushFields,
  pushSeveral,
  refuse,
  together,
} from '../../../src/commands/core/option-tokens.js'
import { DataError } from '../../../src/errors/errors.js'

/** The list of arguments after `fill`, with errors replaced by their messages. */
function filled(fill: (args: Arguments) => void): unknown[] {
  const args: Arguments = []
  fill(args)
  return args.map(each => (each instanceof DataError ? `refused: ${each.message}` : each))
}

describe('options and flags as arguments', () => {
  it('option() adds an option that has a value, also 0 and an empty text', () => {
    expect(filled(args => option(args, 'EX', 10))).toEqual(['EX', 10])
    expect(filled(args => option(args, 'COUNT', 0))).toEqual(['COUNT', 0])
    expect(filled(args => option(args, 'MATCH', ''))).toEqual(['MATCH', ''])
    expect(filled(args => option(args, 'EX', undefined))).toEqual([])
  })

  it('flag() adds a flag only for true', () => {
    expect(filled(args => flag(args, 'NX', true))).toEqual(['NX'])
    expect(filled(args => flag(args, 'NX', false))).toEqual([])
    expect(filled(args => flag(args, 'NX', undefined))).toEqual([])
  })

  it('isGiven() is true for own properties that are neither undefined nor false', () => {
    expect(isGiven({ ex: 0 }, 'ex')).toBe(true)
    expect(isGiven({ match: '' }, 'match')).toBe(true)
    expect(isGiven({ nx: true }, 'nx')).toBe(true)
    expect(isGiven({ nx: false }, 'nx')).toBe(false)
    expect(isGiven({ nx: undefined }, 'nx')).toBe(false)
    expect(isGiven({}, 'nx')).toBe(false)
    expect(isGiven(Object.create({ nx: true }), 'nx')).toBe(false)
  })
})

describe('checks of options', () => {
  it('known() rejects unknown options by name', () => {
    const names = new Set(['ex', 'nx'])
    expect(filled(args => known(args, { ex: 1, nx: undefined }, names))).toEqual([])
    expect(filled(args => known(args, {}, names))).toEqual([])
    expect(filled(args => known(args, Object.create({ EX: 1 }), names))).toEqual([])
    expect(filled(args => known(args, { EX: 'hunter2' }, names))).toEqual([
      'refused: Unknown option EX: known are ex, nx.',
    ])
    for (const other of ['EX', 10, null, () => {}]) {
      expect(filled(args => known(args, other as object, names))).toEqual([
        'refused: The options must be an object and the last argument; known are ex, nx.',
      ])
    }
  })

  it('exclusive() rejects options that exclude each other and names the given ones', () => {
    const message = 'refused: The options ex and keepttl exclude each other: give only one of them.'
    expect(filled(args => exclusive(args, { ex: 1, keepttl: true }, 'ex', 'px', 'keepttl'))).toEqual([message])
    expect(filled(args => exclusive(args, { ex: 1, keepttl: false }, 'ex', 'px', 'keepttl'))).toEqual([])
    expect(filled(args => exclusive(args, {}, 'ex', 'px'))).toEqual([])
  })

  it('decided() rejects an undefined option that decides what is stored', () => {
    const message = 'refused: The option ex is undefined, and it decides what is stored: give it a value, or omit it.'
    expect(filled(args => decided(args, { ex: undefined, nx: undefined }, ['ex', 'px']))).toEqual([message])
    expect(filled(args => decided(args, { ex: 1 }, ['ex', 'px']))).toEqual([])
    expect(filled(args => decided(args, Object.create({ ex: undefined }), ['ex', 'px']))).toEqual([])
  })

  it('together() rejects only a part of options that must be given together', () => {
    const message = 'refused: The options offset and count must be given together: only count was given.'
    expect(filled(args => together(args, { count: 1 }, 'offset', 'count'))).toEqual([message])
    expect(filled(args => together(args, { offset: 0, count: 1 }, 'offset', 'count'))).toEqual([])
    expect(filled(args => together(args, {}, 'offset', 'count'))).toEqual([])
  })

  it('an error is added to the arguments instead of being thrown', () => {
    expect(filled(args => refuse(args, 'No.'))).toEqual(['refused: No.'])
  })
})

describe('fields and values as arguments', () => {
  it('pushFields() accepts an object or a Map and keeps its order', () => {
    expect(filled(args => pushFields(args, { b: 1, a: 'x' }))).toEqual(['b', 1, 'a', 'x'])
    const bytes = Buffer.from([0xff])
    expect(
      filled(args =>
        pushFields(
          args,
          new Map<string | Buffer, number>([
            [bytes, 1],
            ['a', 2],
          ]),
        ),
      ),
    ).toEqual([bytes, 1, 'a', 2])
  })

  it('pushFields() uses only own properties of an object', () => {
    const own = Object.assign(Object.create({ inherited: 1 }) as Record<string, number>, { own: 2 })
    expect(filled(args => pushFields(args, own))).toEqual(['own', 2])
    expect(
      filled(args => pushFields(args, Object.assign(Object.create(null) as Record<string, number>, { a: 1 }))),
    ).toEqual(['a', 1])
  })

  it('pushFields() rejects an empty object and values that are not an object', () => {
    const empty = 'refused: At least one key is needed: the object or Map is empty.'
    expect(filled(args => pushFields(args, {}, 'key'))).toEqual([empty])
    expect(filled(args => pushFields(args, new Map(), 'key'))).toEqual([empty])
    for (const wrong of [null, undefined, 'a', 1, ['a', 1]]) {
      expect(filled(args => pushFields(args, wrong as unknown as Fields))).toEqual([
        'refused: Expected a plain object or a Map of fields and values.',
      ])
    }
  })
})

describe('lists as arguments', () => {
  it('pushSeveral() accepts rest arguments and one array', () => {
    expect(filled(args => pushSeveral(args, ['a', 'b']))).toEqual(['a', 'b'])
    expect(filled(args => pushSeveral(args, [['a', 'b']]))).toEqual(['a', 'b'])
    expect(filled(args => pushSeveral(args, ['a']))).toEqual(['a'])
    expect(filled(args => pushSeveral(args, [Buffer.from('a')]))).toEqual([Buffer.from('a')])
  })

  it('pushAll() accepts one item or an array', () => {
    expect(filled(args => pushAll(args, 'a'))).toEqual(['a'])
    expect(filled(args => pushAll(args, ['a', 'b']))).toEqual(['a', 'b'])
  })

  it('pushCounted() adds the number of items before the items', () => {
    expect(filled(args => pushCounted(args, ['a', 'b']))).toEqual([2, 'a', 'b'])
  })

  it('empty lists of items are rejected', () => {
    expect(filled(args => pushSeveral(args, []))).toEqual(['refused: At least one key is needed.'])
    expect(filled(args => pushSeveral(args, [[]], 'member'))).toEqual(['refused: At least one member is needed.'])
    expect(filled(args => pushAll(args, [], 'field'))).toEqual(['refused: At least one field is needed.'])
    expect(filled(args => pushCounted(args, []))).toEqual(['refused: At least one key is needed, in an array.'])
    expect(filled(args => pushCounted(args, 'ab' as unknown as string[]))).toEqual([
      'refused: At least one key is needed, in an array.',
    ])
  })

  it('a list may have more items than a function call can have arguments', () => {
    const many = Array.from({ length: 300_000 }, (_, i) => i)
    expect(filled(args => pushSeveral(args, many))).toHaveLength(300_000)
    expect(filled(args => pushAll(args, many))).toHaveLength(300_000)
    expect(filled(args => pushCounted(args, many))).toHaveLength(300_001)
  })
})
