import { describe, expect, it } from 'vitest'
import type { Argument } from '../../../src/commands/core/argument.js'
import {
  allAfter,
  countedKeys,
  findKeys,
  halfAfter,
  type KeySpec,
  keyAfter,
  keyAt,
  keysFrom,
} from '../../../src/commands/core/key-specs.js'

function found(spec: KeySpec, args: readonly Argument[]): number[] {
  const indexes: number[] = []
  findKeys(spec, args, indexes)
  return indexes
}

const words = (text: string): string[] => (text === '' ? [] : text.split(' '))

describe('a range from an index', () => {
  it.each([
    ['one key', keyAt(0, 'read'), 'k v', [0]],
    ['one key further back', keyAt(2, 'read'), 'host port k db', [2]],
    ['no argument there', keyAt(2, 'read'), 'host port', []],
    ['all to the end', keysFrom(0, 'read'), 'a b c', [0, 1, 2]],
    ['all behind the first', keysFrom(1, 'read'), 'to a b', [1, 2]],
    ['none behind the first', keysFrom(1, 'read'), 'to', []],
    ['all but the last', keysFrom(0, 'write', -2), 'a b 0', [0, 1]],
    ['only what is no key', keysFrom(0, 'write', -2), '0', []],
    ['each second', keysFrom(0, 'write', -1, 2), 'a 1 b 2', [0, 2]],
    ['each second, the last without value', keysFrom(0, 'write', -1, 2), 'a 1 b', [0, 2]],
    ['the first two', keysFrom(0, 'read', 1), 'a b LEN', [0, 1]],
    ['two, of which one is missing', keysFrom(0, 'read', 1), 'a', [0]],
    ['two behind an index', keysFrom(1, 'read', 1), 'x a b y', [1, 2]],
    ['nothing at all', keysFrom(0, 'read'), '', []],
  ])('%s', (_, spec, args, indexes) => {
    expect(found(spec, words(args))).toEqual(indexes)
  })
})

describe('a count', () => {
  it.each([
    ['as many as it says', countedKeys(0, 'read'), '2 a b LEFT', [1, 2]],
    ['behind a timeout', countedKeys(1, 'read'), '0 1 a LEFT', [2]],
    ['more than there are', countedKeys(0, 'read'), '9 a b', [1, 2]],
    ['none', countedKeys(0, 'read'), '0 a', []],
    ['no number', countedKeys(0, 'read'), 'x a b', []],
    ['a negative number', countedKeys(0, 'read'), '-1 a b', []],
    ['a fraction', countedKeys(0, 'read'), '1.5 a b', []],
    ['missing', countedKeys(0, 'read'), '', []],
  ])('%s', (_, spec, args, indexes) => {
    expect(found(spec, words(args))).toEqual(indexes)
  })

  it('reads numbers, bigints and bytes', () => {
    for (const count of [2, 2n, Buffer.from('2')])
      expect(found(countedKeys(0, 'read'), [count, 'a', 'b', 'c'])).toEqual([1, 2])
  })

  it('steps over what stands between the keys', () => {
    const pairs: KeySpec = { begin: 0, find: { count: 0, first: 1, step: 2 }, access: 'write' }
    expect(found(pairs, [2, 'a', '1', 'b', '2', 'EX', 3])).toEqual([1, 3])
  })
})

describe('behind a token', () => {
  it.each([
    ['one key', keyAfter('STORE', 'write'), 'k ALPHA STORE to', [3]],
    ['in lower case', keyAfter('STORE', 'write'), 'k store to', [2]],
    ['no token', keyAfter('STORE', 'write'), 'k ALPHA', []],
    ['nothing behind the token', keyAfter('STORE', 'write'), 'k STORE', []],
    ['a key named like the token, before the search begins', keyAfter('STORE', 'write'), 'STORE x', []],
    ['half of the rest', halfAfter('STREAMS', 'read'), 'COUNT 1 STREAMS a b 0 0', [3, 4]],
    ['half of an odd rest', halfAfter('STREAMS', 'read'), 'STREAMS a b 0', [1]],
    ['half of nothing', halfAfter('STREAMS', 'read'), 'STREAMS', []],
    ['all of the rest', allAfter('KEYS', 'write', -2), 'h 1  0 5 KEYS a b', [6, 7]],
    ['searched from the end, where the last one counts', allAfter('KEYS', 'write', -2), 'KEYS x KEYS b', [3]],
    ['the last word is no token when the search begins before it', allAfter('KEYS', 'write', -2), 'h 1 KEYS', []],
  ])('%s', (_, spec, args, indexes) => {
    expect(found(spec, words(args))).toEqual(indexes)
  })

  it('given as bytes', () => {
    expect(found(keyAfter('STORE', 'write'), ['k', Buffer.from('store'), 'to'])).toEqual([2])
    expect(found(keyAfter('STORE', 'write'), ['k', Buffer.from('stare'), 'to'])).toEqual([])
  })

  it('is no number', () => {
    expect(found(keyAfter('STORE', 'write'), ['k', 1, 2n, 'STORE', 'to'])).toEqual([4])
  })
})

it('adds to what was found before', () => {
  const indexes = [7]
  findKeys(keyAt(0, 'read'), ['k'], indexes)
  expect(indexes).toEqual([7, 0])
})
