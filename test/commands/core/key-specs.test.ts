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

describe('key specs with a range from an index', () => {
  it.each([
    ['one key', keyAt(0, 'read'), 'k v', [0]],
    ['one key at a later index', keyAt(2, 'read'), 'host port k db', [2]],
    ['no argument there', keyAt(2, 'read'), 'host port', []],
    ['all to the end', keysFrom(0, 'read'), 'a b c', [0, 1, 2]],
    ['all after the first', keysFrom(1, 'read'), 'to a b', [1, 2]],
    ['none after the first', keysFrom(1, 'read'), 'to', []],
    ['all but the last', keysFrom(0, 'write', -2), 'a b 0', [0, 1]],
    ['none if the only argument is not a key', keysFrom(0, 'write', -2), '0', []],
    ['each second', keysFrom(0, 'write', -1, 2), 'a 1 b 2', [0, 2]],
    ['each second, the last without value', keysFrom(0, 'write', -1, 2), 'a 1 b', [0, 2]],
    ['the first two', keysFrom(0, 'read', 1), 'a b LEN', [0, 1]],
    ['two, of which one is missing', keysFrom(0, 'read', 1), 'a', [0]],
    ['two after an index', keysFrom(1, 'read', 1), 'x a b y', [1, 2]],
    ['none without arguments', keysFrom(0, 'read'), '', []],
  ])('a range from an index finds: %s', (_, spec, args, indexes) => {
    expect(found(spec, words(args))).toEqual(indexes)
  })
})

describe('key specs with a count of keys', () => {
  it.each([
    ['as many keys as it says', countedKeys(0, 'read'), '2 a b LEFT', [1, 2]],
    ['keys after a timeout', countedKeys(1, 'read'), '0 1 a LEFT', [2]],
    ['only existing keys if it is too large', countedKeys(0, 'read'), '9 a b', [1, 2]],
    ['no key if it is 0', countedKeys(0, 'read'), '0 a', []],
    ['no key if it is not a number', countedKeys(0, 'read'), 'x a b', []],
    ['no key if it is negative', countedKeys(0, 'read'), '-1 a b', []],
    ['no key if it is a fraction', countedKeys(0, 'read'), '1.5 a b', []],
    ['no key if it is missing', countedKeys(0, 'read'), '', []],
  ])('a count of keys finds: %s', (_, spec, args, indexes) => {
    expect(found(spec, words(args))).toEqual(indexes)
  })

  it('a count of keys may be a number, a bigint or bytes', () => {
    for (const count of [2, 2n, Buffer.from('2')])
      expect(found(countedKeys(0, 'read'), [count, 'a', 'b', 'c'])).toEqual([1, 2])
  })

  it('a count of keys skips the values between the keys', () => {
    const pairs: KeySpec = { begin: 0, find: { count: 0, first: 1, step: 2 }, access: 'write' }
    expect(found(pairs, [2, 'a', '1', 'b', '2', 'EX', 3])).toEqual([1, 3])
  })
})

describe('key specs with a token', () => {
  it.each([
    ['one key', keyAfter('STORE', 'write'), 'k ALPHA STORE to', [3]],
    ['one key after the token in lower case', keyAfter('STORE', 'write'), 'k store to', [2]],
    ['no key without the token', keyAfter('STORE', 'write'), 'k ALPHA', []],
    ['no key after a token at the end', keyAfter('STORE', 'write'), 'k STORE', []],
    ['no key if the token is before the start of the search', keyAfter('STORE', 'write'), 'STORE x', []],
    ['half of the rest', halfAfter('STREAMS', 'read'), 'COUNT 1 STREAMS a b 0 0', [3, 4]],
    ['half of an odd rest', halfAfter('STREAMS', 'read'), 'STREAMS a b 0', [1]],
    ['half of nothing', halfAfter('STREAMS', 'read'), 'STREAMS', []],
    ['all of the rest', allAfter('KEYS', 'write', -2), 'h 1  0 5 KEYS a b', [6, 7]],
    ['the last token if the search runs from the end', allAfter('KEYS', 'write', -2), 'KEYS x KEYS b', [3]],
    [
      'no key if the last word is the token and the search begins before it',
      allAfter('KEYS', 'write', -2),
      'h 1 KEYS',
      [],
    ],
  ])('a search by token finds: %s', (_, spec, args, indexes) => {
    expect(found(spec, words(args))).toEqual(indexes)
  })

  it('a token is found if it is given as bytes', () => {
    expect(found(keyAfter('STORE', 'write'), ['k', Buffer.from('store'), 'to'])).toEqual([2])
    expect(found(keyAfter('STORE', 'write'), ['k', Buffer.from('stare'), 'to'])).toEqual([])
  })

  it('a number is not a token', () => {
    expect(found(keyAfter('STORE', 'write'), ['k', 1, 2n, 'STORE', 'to'])).toEqual([4])
  })
})

it('findKeys adds its indexes to those found before', () => {
  const indexes = [7]
  findKeys(keyAt(0, 'read'), ['k'], indexes)
  expect(indexes).toEqual([7, 0])
})
