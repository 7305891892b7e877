import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keysOf } from '../../src/lock/keys.js'
import { slotOf } from '../servers/servers.mjs'

/** Names with many braces, as nobody sane would give them. */
const name = fc.oneof(
  fc.string({ unit: fc.constantFrom('{', '}', '%', 'a', 'b', ':', 'é', '\ud800'), minLength: 1, maxLength: 12 }),
  fc.string({ unit: 'grapheme', minLength: 1 }),
)

describe('keys of a lock', () => {
  test.each([
    ['job', 'job', '{job}:fencing', '{job}:waiting'],
    ['user:{7}', 'user:{7}', 'user:{7}:fencing', 'user:{7}:waiting'],
    ['a{b', 'a{b', '{a{b}:fencing', '{a{b}:waiting'],
    ['a}b', '{a%7Db}', '{a%7Db}:fencing', '{a%7Db}:waiting'],
    ['a{}{b}', '{a%7B%7D%7Bb%7D}', '{a%7B%7D%7Bb%7D}:fencing', '{a%7B%7D%7Bb%7D}:waiting'],
    ['}100%', '{%7D100%25}', '{%7D100%25}:fencing', '{%7D100%25}:waiting'],
  ])('of %s', (given, lock, fencing, waiting) => {
    expect(keysOf(given)).toEqual({ lock, fencing, waiting })
  })

  test('share a slot and are three, whatever the name', () => {
    fc.assert(
      fc.property(name, given => {
        const keys = Object.values(keysOf(given))
        expect(new Set(keys).size).toBe(3)
        expect(new Set(keys.map(slotOf)).size).toBe(1)
      }),
      { numRuns: 3_000 },
    )
  })

  test('are the name itself unless no tag can say it', () => {
    fc.assert(
      fc.property(name, given => {
        if (!given.includes('}') || /^[^{]*\{[^}]+\}/s.test(given)) expect(keysOf(given).lock).toBe(given)
        else expect(keysOf(given).lock).toMatch(/^\{[^{}]+\}$/)
      }),
    )
  })
})
