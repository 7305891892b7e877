import { expect, test } from 'vitest'
import { type Checks, isBoolean, isMs, isOneOf, isText, ownOptions } from '../../../src/commands/core/check-options.js'
import { DataError } from '../../../src/errors/errors.js'

interface Options {
  readonly timeout?: number
  readonly mode?: string
  readonly password?: string
  readonly loud?: boolean
}

const CHECKS: Checks<Options> = { timeout: isMs, mode: isOneOf('a', 'b'), password: isText, loud: isBoolean }

function read(options: unknown): Options {
  return ownOptions(options as Options, CHECKS, {
    of: 'play()',
    insteadOf: name => (name === 'ms' ? 'say timeout' : undefined),
  })
}

test('options without a fault come back as own properties without a prototype', () => {
  const options = read({ timeout: Number.POSITIVE_INFINITY, mode: 'b', loud: undefined })
  expect({ ...options }).toEqual({ timeout: Number.POSITIVE_INFINITY, mode: 'b', loud: undefined })
  expect(Object.getPrototypeOf(options)).toBeNull()
  expect({ ...read(undefined) }).toEqual({})
})

test('an option that stands on a prototype is not read', () => {
  expect(read(Object.create({ timeout: 'soon' })).timeout).toBeUndefined()
})

test('an option that is unknown and undefined counts as not given', () => {
  expect(() => read({ nonesuch: undefined })).not.toThrow()
})

test.each<[string, unknown, string]>([
  ['null', null, 'The options of play() must be an object: got null; known are loud, mode, password, timeout.'],
  ['an array', [], 'The options of play() must be an object: got an array; known are loud, mode, password, timeout.'],
  ['an unknown name', { tone: 1 }, 'Unknown option tone of play(): known are loud, mode, password, timeout.'],
  [
    'a name that Object.prototype has',
    { toString: 1 },
    'Unknown option toString of play(): known are loud, mode, password, timeout.',
  ],
  [
    'a name of elsewhere',
    { ms: 1 },
    'Unknown option ms of play(): say timeout; known are loud, mode, password, timeout.',
  ],
  [
    'a text for a time',
    { timeout: '5' },
    'The option timeout of play() must be a number of milliseconds, 0 or more, or Infinity: got a string. Convert it with Number().',
  ],
  [
    'a time below zero',
    { timeout: -1 },
    'The option timeout of play() must be a number of milliseconds, 0 or more, or Infinity: got a negative number.',
  ],
  [
    'NaN',
    { timeout: Number.NaN },
    'The option timeout of play() must be a number of milliseconds, 0 or more, or Infinity: got NaN.',
  ],
  ['a wrong word', { mode: 'c' }, 'The option mode of play() must be one of a, b: got a string.'],
  ['null for a flag', { loud: null }, 'The option loud of play() must be true or false: got null.'],
  ['a number for a secret', { password: 1234 }, 'The option password of play() must be a string: got a whole number.'],
])('the error for %s says what was wrong and what was expected, without the value', (_, options, message) => {
  expect(() => read(options)).toThrow(new DataError(message))
})
