import Denque from 'denque'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Argument } from '../../../src/commands/core/argument.js'
import { measure } from '../../../src/commands/core/check-arguments.js'
import { Command } from '../../../src/commands/core/command.js'
import { keyless } from '../../../src/commands/core/spec.js'
import { numberText, Writer } from '../../../src/connection/resp/writer.js'
import { DataError } from '../../../src/errors/errors.js'

const SAY = keyless('TEST SAY', reply => reply)

/** The bytes that the writer makes of the calls, as a socket would send them. */
function written(...calls: readonly Argument[][]): Buffer {
  const writer = new Writer()
  const queue = new Denque<Command>()
  for (const args of calls) {
    const command = new Command(SAY, args)
    queue.push(command)
    writer.add(command)
  }
  const parts = writer.take(queue, () => expect.unreachable())
  expect(writer.commands).toBe(0)
  return Buffer.concat(
    parts.map(part =>
      typeof part === 'string' ? Buffer.from(part, writer.ascii ? 'latin1' : 'utf8') : Buffer.from(part),
    ),
  )
}

/** The same bytes, encoded in the simplest way. */
function expected(...calls: readonly Argument[][]): Buffer {
  const bulk = (value: Argument) => {
    const bytes =
      value instanceof Uint8Array
        ? Buffer.from(value)
        : Buffer.from(typeof value === 'string' ? value : numberText(value))
    return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')])
  }
  return Buffer.concat(
    calls.map(args => Buffer.concat([Buffer.from(`*${args.length + 2}\r\n`), ...['TEST', 'SAY', ...args].map(bulk)])),
  )
}

describe('the writer', () => {
  test.each<[string, Argument[]]>([
    ['nothing', []],
    ['an empty string', ['']],
    ['ASCII', ['a', 'b c']],
    ['text that looks like RESP', ['\r\n*1\r\n$8\r\nFLUSHALL\r\n']],
    ['NUL', ['\0a\0']],
    ['characters of two bytes', ['Größe']],
    ['characters of three and four bytes', ['€ 😀']],
    ['Latin-1 outside ASCII', ['ÿ']],
    ['numbers', [0, -0, 1, -1, 1.5, 1e21, -1e21, 1e-7, Number.MAX_SAFE_INTEGER, 5e-324]],
    ['bigints', [0n, -1n, 2n ** 64n]],
    ['bytes', [Buffer.from([0, 255, 13, 10]), new Uint8Array(0)]],
    ['bytes between text', ['a', Buffer.from('b'), 'ü', Buffer.from('ü'), 'c']],
    ['a string too big to be joined', ['x'.repeat(20_000), 'y']],
    ['a string too big to be joined, outside ASCII', ['ü'.repeat(20_000), 'y']],
    ['many arguments', Array.from({ length: 200 }, (_, i) => `${i}`)],
    ['a length of four digits', ['x'.repeat(1_023), 'x'.repeat(1_024), 'ü'.repeat(1_023)]],
  ])('the writer encodes %s, alone and between other commands', (_, args) => {
    expect(written(args)).toEqual(expected(args))
    // A neighbour that is ASCII, and one that is not.
    expect(written(['before'], args, ['after'])).toEqual(expected(['before'], args, ['after']))
    expect(written(['ü'], args, ['after'])).toEqual(expected(['ü'], args, ['after']))
  })

  test('the writer encodes 2,000 random lists of commands exactly', { timeout: 60_000 }, () => {
    const argument = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.uint8Array(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.bigInt(),
    )
    fc.assert(
      fc.property(fc.array(fc.array(argument, { maxLength: 5 }), { minLength: 1, maxLength: 5 }), calls => {
        expect(written(...calls)).toEqual(expected(...calls))
      }),
      { numRuns: 2_000 },
    )
  })

  test('the text of a number parses to the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
        expect(Number(numberText(value))).toBe(value === 0 ? 0 : value)
      }),
    )
    expect(numberText(1e21)).toBe('1000000000000000000000')
  })
})

describe('measuring the arguments of a command', () => {
  const wrong: [unknown, string][] = [
    [undefined, 'undefined'],
    [null, 'null'],
    [true, 'a boolean'],
    [Number.NaN, 'the number NaN'],
    [Number.POSITIVE_INFINITY, 'the number Infinity'],
    [{}, 'an object'],
    [['a'], 'an array'],
    [Symbol('s'), 'a symbol'],
    [() => 1, 'a function'],
    [new Date(), 'a Date'],
    [new Map(), 'an object'],
    [{ toString: () => 'trap', length: 1, valueOf: () => 1 }, 'an object'],
    [new String('boxed'), 'an object'],
    [new DataView(new ArrayBuffer(1)), 'an object'],
  ]
  test.each(wrong)('the argument %s is rejected before anything is written', (value, kind) => {
    const fault = measure(new Command(SAY, ['ok', value as string]))
    expect(fault).toBeInstanceOf(DataError)
    expect((fault as DataError).message).toMatch(new RegExp(`^Argument 2 of TEST SAY is ${kind}: expected a string`))
    expect((fault as DataError).message).not.toContain('trap')
  })
})
