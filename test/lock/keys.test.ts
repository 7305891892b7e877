import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keysOf } from '../../src/lock/keys.js'
import { slotOf } from '../servers/servers.mjs'

/** Generates names with many braces, and names that are keys of other locks. */
const name: fc.Arbitrary<string> = fc.oneof(
  fc
    .array(fc.constantFrom('{', '}', 'a', 'a%7D', ':lock:', 'token', 'fencing', 'waiting', ':'), { maxLength: 8 })
    .map(words => words.join('') || 'a'),
  fc.string({ unit: fc.constantFrom('{', '}', '%', 'a', 'b', ':', 'é'), minLength: 1, maxLength: 12 }),
  fc.string({ unit: 'grapheme', minLength: 1 }),
)

describe('keys of a lock', () => {
  test.each([
    ['job', 'job', '{job}:lock:fencing', '{job}:lock:waiting'],
    ['user:{7}', 'user:{7}', '{7}:lock:fencing:user:{7}', '{7}:lock:waiting:user:{7}'],
    ['{job}', '{job}', '{job}:lock:fencing:{job}', '{job}:lock:waiting:{job}'],
    ['a{b', 'a{b', '{a{b}:lock:fencing', '{a{b}:lock:waiting'],
    ['a%7D', 'a%7D', '{a%7D}:lock:fencing', '{a%7D}:lock:waiting'],
    ['a}', '{a%7D}:lock:token:a}', '{a%7D}:lock:fencing:a}', '{a%7D}:lock:waiting:a}'],
    ['{a%7D}', '{a%7D}', '{a%7D}:lock:fencing:{a%7D}', '{a%7D}:lock:waiting:{a%7D}'],
    [
      '{job}:lock:fencing',
      '{job}:lock:token:{job}:lock:fencing',
      '{job}:lock:fencing:{job}:lock:fencing',
      '{job}:lock:waiting:{job}:lock:fencing',
    ],
  ])('a lock named %s has the expected keys', (given, lock, fencing, waiting) => {
    expect(keysOf(given)).toEqual({ lock, fencing, waiting })
  })

  test('the keys of a lock share a slot, and none is a key of another name', () => {
    const owners = new Map<string, string>()
    const taken: string[] = []
    const take = (owner: string) => {
      const keys = Object.values(keysOf(owner))
      for (const key of keys) {
        if ((owners.get(key) ?? owner) !== owner) taken.push(`${owners.get(key)} and ${owner} have ${key}`)
        owners.set(key, owner)
      }
      return keys
    }
    fc.assert(
      fc.property(name, given => {
        const keys = take(given)
        expect([new Set(keys).size, new Set(keys.map(slotOf)).size]).toEqual([3, 1])
        // An attacker would choose existing keys as names.
        for (const key of keys) take(key)
        expect(taken).toEqual([])
      }),
      { numRuns: 1_000 },
    )
  })

  test('the key of a lock is its name, unless no hash tag can express it or it is in the key space of locks', () => {
    fc.assert(
      fc.property(name, given => {
        const sayable = !given.includes('}') || /^[^{]*\{[^}]+\}/s.test(given)
        if (sayable && !given.includes(':lock:')) expect(keysOf(given).lock).toBe(given)
        if (!sayable) expect(keysOf(given).lock).toMatch(/^\{[^}]+\}:lock:token:/)
      }),
    )
  })
})
