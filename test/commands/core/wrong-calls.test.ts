import { describe, expect, it } from 'vitest'
import { Commands } from '../../../src/commands/commands.js'
import { DataError } from '../../../src/errors/errors.js'
import { Recorder } from '../recorder.js'

/** Values that plain JavaScript may pass instead of the expected type. */
const WRONG: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  true: true,
  'a number': 5,
  NaN: Number.NaN,
  'a bigint': 5n,
  text: 'x',
  'a symbol': Symbol('x'),
  'a function': () => {},
  'an object': {},
  'an object without a prototype': Object.create(null),
  'odd options': { odd: 1 },
  'options that are null': { limit: null, count: null, get: null, by: null, ex: null, filter: null, aggregation: null },
  'an empty array': [],
  'an array of null': [null],
  'an array of numbers': [1, 2],
  'an array of a symbol': [Symbol('x')],
  'a Map': new Map([['a', null]]),
  'a Set': new Set(['a']),
  'a date': new Date(0),
  'an error': new Error('x'),
}

/** Puts `wrong` at each of the first positions, among plausible arguments, and at all positions. */
function* calls(wrong: unknown): Generator<unknown[]> {
  for (const right of ['k', { a: 1 }]) {
    for (let place = 0; place < 6; place++) {
      yield [...new Array<unknown>(place).fill(right), wrong]
      yield ['k', ...new Array<unknown>(place).fill(right), wrong]
    }
  }
  for (let length = 1; length < 7; length++) yield new Array<unknown>(length).fill(wrong)
}

type Method = (...args: readonly unknown[]) => unknown

const NAMESPACES = ['json', 'ft', 'bf', 'cf', 'cms', 'topk', 'tdigest', 'ts'] as const

function methodsOf(holder: object, names: readonly string[]): [string, Method][] {
  return names
    .filter(name => name !== 'constructor' && name !== 'run')
    .filter(name => typeof (holder as Record<string, unknown>)[name] === 'function')
    .map(name => [name, ((holder as Record<string, Method>)[name] as Method).bind(holder)])
}

const recorder = new Recorder()
const methods: [string, Method][] = [
  ...methodsOf(recorder, Object.getOwnPropertyNames(Commands.prototype)),
  ...NAMESPACES.flatMap(space => {
    const holder = recorder[space]
    return methodsOf(holder, Object.getOwnPropertyNames(Object.getPrototypeOf(holder))).map(
      ([name, method]): [string, Method] => [`${space}.${name}`, method],
    )
  }),
]

describe('wrong calls of commands', () => {
  it('the test of wrong calls covers every command', () => {
    expect(methods.length).toBeGreaterThan(400)
  })

  it.each(methods)('%s never throws for wrong arguments: it is sent, or rejects with DataError', (_, method) => {
    for (const [what, wrong] of Object.entries(WRONG)) {
      for (const args of [[], ...calls(wrong)]) {
        let result: unknown
        try {
          result = method(...args)
        } catch (error) {
          expect.fail(
            `${what} at ${args.indexOf(wrong)} of ${args.length} threw: ${error instanceof Error ? error.stack?.split('\n').slice(0, 2).join(' ') : ''}`,
          )
        }
        const { argv } = result as { argv: unknown }
        if (!Array.isArray(argv) && !(argv instanceof DataError)) expect.fail(`${what} gave no call`)
      }
    }
  })
})
