import { describe, expect, it } from 'vitest'
import type { Argument, Arguments } from '../../../src/commands/core/argument.js'
import { measure } from '../../../src/commands/core/check-arguments.js'
import { blockTime, Command, keyIndexes } from '../../../src/commands/core/command.js'
import { keyless, read, type Spec, specOf, write } from '../../../src/commands/core/spec.js'
import '../../../src/commands/commands.js'
import { raw } from '../../../src/commands/core/decoder.js'
import { int, text } from '../../../src/commands/core/decoders.js'
import { countedKeys, keyAfter, keyAt, keysFrom } from '../../../src/commands/core/key-specs.js'
import { DataError } from '../../../src/errors/errors.js'

const ONE = read('TEST ONE', text)
const CHANGE = write('TEST CHANGE', int)
const NONE = keyless('TEST NONE', int, { repeatable: true })
const SPREAD = write('TEST SPREAD', int, { keys: [keyAt(1, 'write'), keysFrom(2, 'read')] })
const COUNTED = read('TEST COUNTED', int, { keys: [countedKeys(0, 'read')] })
const TOKEN = write('TEST TOKEN', int, { keys: [keyAt(0, 'read'), keyAfter('STORE', 'write')] })
const LAST = write('TEST LAST', text, { blocks: 'last, seconds' })
const FIRST = write('TEST FIRST', text, { blocks: 'first, seconds' })
const BLOCK = read('TEST BLOCK', text, { blocks: 'after BLOCK, ms' })

describe('specs of commands', () => {
  it('a spec contains the encoded name of the command', () => {
    expect(ONE.head).toBe('$4\r\nTEST\r\n$3\r\nONE\r\n')
    expect(ONE.words).toBe(2)
  })

  it('a spec has its first argument as its key unless it says otherwise', () => {
    expect(ONE.keys).toEqual([keyAt(0, 'read')])
    expect(CHANGE.keys).toEqual([keyAt(0, 'write')])
    expect(NONE.keys).toEqual([])
  })

  it('a spec contains the index of the first key if it is fixed', () => {
    expect([ONE, NONE, SPREAD, COUNTED, TOKEN].map(spec => spec.firstKey)).toEqual([0, -1, 1, -2, 0])
  })

  it('a spec is repeatable if it is read-only or says so', () => {
    expect([ONE, CHANGE, NONE].map(spec => spec.readonly)).toEqual([true, false, false])
    expect([ONE, CHANGE, NONE].map(spec => spec.repeatable)).toEqual([true, false, true])
  })

  it('a spec can be defined only once', () => {
    expect(() => read('TEST ONE', text)).toThrow('TEST ONE is defined twice')
  })
})

describe('specOf', () => {
  it('specOf finds a command by its name in any case, as text or bytes', () => {
    for (const name of ['GET', 'get', 'Get', Buffer.from('get')]) expect(specOf([name, 'k']).name).toBe('GET')
  })

  it('specOf finds a subcommand by two words, and prefers the longest name', () => {
    expect(specOf(['object', 'encoding', 'k'])).toMatchObject({ name: 'OBJECT ENCODING', words: 2, known: true })
    expect(specOf(['get', 'encoding'])).toMatchObject({ name: 'GET', words: 1 })
    expect(specOf(['get'])).toMatchObject({ name: 'GET', words: 1 })
  })

  it('specOf creates a spec for an unknown name: not repeatable, key positions unknown', () => {
    expect(specOf(['module.größe', 'k'])).toEqual({
      name: 'MODULE.GRÖSSE',
      known: false,
      head: '$14\r\nMODULE.GRÖSSE\r\n',
      words: 1,
      frames: [],
      decode: raw,
      keys: [],
      names: [],
      patterns: [],
      beforePattern: undefined,
      firstKey: -1,
      oneKey: false,
      readonly: false,
      repeatable: false,
      blocks: undefined,
      requestPolicy: undefined,
      responsePolicy: undefined,
      binary: false,
      script: false,
      reserved: undefined,
    } satisfies Spec)
  })

  it('specOf returns the container for an unknown subcommand', () => {
    expect(specOf(['OBJECT', 'FUTURE', 'k'])).toMatchObject({ name: 'OBJECT', known: false, words: 1 })
  })
})

describe('measure', () => {
  const measured = (...args: unknown[]): number | DataError => measure(new Command(ONE, args as Arguments))

  it('measure counts characters, bytes, and 8 for a number', () => {
    const nothing = measured() as number
    expect(measured('abcde')).toBe(nothing + 5)
    expect(measured(Buffer.alloc(7))).toBe(nothing + 7)
    expect(measured(new Uint8Array(9))).toBe(nothing + 9)
    expect(measured(1.5)).toBe(nothing + 8)
    expect(measured(10n)).toBe(nothing + 8)
    expect(measured('ab', 1, 2n, Buffer.alloc(3))).toBe(nothing + 21)
  })

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a boolean', true, 'a boolean'],
    ['a symbol', Symbol('s'), 'a symbol'],
    ['a function', () => 1, 'a function'],
    ['an object', { secret: 'hunter2' }, 'an object'],
    ['a date', new Date(), 'a Date'],
    ['a promise', Promise.resolve('hunter2'), 'a Promise'],
    ['an array', ['hunter2'], 'an array'],
    ['not a number', Number.NaN, 'the number NaN'],
    ['infinity', Number.POSITIVE_INFINITY, 'the number Infinity'],
    ['another view of bytes', new Uint16Array(2), 'an object'],
    ['an ArrayBuffer', new ArrayBuffer(2), 'an object'],
  ])('measure rejects %s with its position and type', (_, value, kind) => {
    const refusal = measured('k', value)
    expect(refusal).toBeInstanceOf(DataError)
    expect(refusal).toMatchObject({ command: 'TEST ONE' })
    expect((refusal as DataError).message).toMatch(`Argument 2 of TEST ONE is ${kind}: expected`)
    expect((refusal as DataError).message).not.toContain('hunter2')
  })

  it.each<[unknown, RegExp]>([
    [Promise.resolve(), /Await it first/],
    [() => 1, /no callback: await/],
    [undefined, /omit it/],
    [null, /omit it/],
    [new Date(), /getTime\(\)/],
    [{}, /JSON\.stringify\(\)/],
    [true, /String\(\)/],
  ])('measure suggests how to correct %s', (value, advice) => {
    expect((measured('k', value) as DataError).message).toMatch(advice)
  })

  it('measure returns an error that is among the arguments, with the name of the command', () => {
    const refusal = new DataError('No.')
    expect(measured('k', refusal)).toBe(refusal)
    expect(refusal.command).toBe('TEST ONE')
  })

  it('measure returns the first of several errors', () => {
    const refusal = new DataError('No.')
    expect(measured(refusal, null)).toBe(refusal)
  })
})

describe('keyIndexes', () => {
  it.each<[Spec, Argument[], number[]]>([
    [ONE, ['k', 'v'], [0]],
    [ONE, [], []],
    [NONE, ['k'], []],
    [SPREAD, ['and', 'to', 'a', 'b'], [1, 2, 3]],
    [COUNTED, [2, 'a', 'b', 'LIMIT', 1], [1, 2]],
    [TOKEN, ['k', 'STORE', 'to'], [0, 2]],
    [TOKEN, ['k', 'ALPHA'], [0]],
  ])('keyIndexes finds the keys by the key specs: %o', (spec, args, indexes) => {
    expect(keyIndexes(new Command(spec, args))).toEqual(indexes)
  })
})

describe('blockTime', () => {
  const time = (spec: Spec, ...args: Argument[]): number | undefined => blockTime(new Command(spec, args))

  it('blockTime is undefined for a command that does not block', () => {
    expect(time(ONE, 'k')).toBeUndefined()
    expect(time(BLOCK, 'COUNT', 1, 'STREAMS', 'k', '$')).toBeUndefined()
  })

  it('blockTime is in milliseconds and never shorter than the time of the server', () => {
    expect(time(LAST, 'a', 'b', 2)).toBe(2000)
    expect(time(LAST, 'a', '0.0015')).toBe(2)
    expect(time(FIRST, 0.25, 1, 'a', 'left')).toBe(250)
    expect(time(BLOCK, 'COUNT', 1, 'block', '30', 'STREAMS', 'k', '$')).toBe(30)
    expect(time(BLOCK, 'BLOCK', 30, 'STREAMS', 'k', '$')).toBe(30)
  })

  it('blockTime is 0 for a command that blocks for ever', () => {
    expect(time(LAST, 'a', 0)).toBe(0)
    expect(time(FIRST, '0', 1, 'a', 'left')).toBe(0)
    expect(time(BLOCK, 'BLOCK', 0, 'STREAMS', 'k', '$')).toBe(0)
  })

  it('blockTime does not confuse a stream named BLOCK with the option', () => {
    expect(time(BLOCK, 'STREAMS', 'BLOCK', 'k', '0', '0')).toBeUndefined()
  })
})

describe('commands', () => {
  it('a command decodes its reply with the decoder of its spec unless it has its own', () => {
    expect(new Command(ONE, ['k']).decode).toBe(text)
    expect(new Command(ONE, ['k'], int).decode).toBe(int)
  })

  it('a command releases its arguments', () => {
    const command = new Command(ONE, ['k', Buffer.alloc(10)])
    command.release()
    expect(command.args).toEqual([])
  })
})
