import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Commands } from '../../src/commands/commands.js'
import { DataError, RedisError, TimeoutError } from '../../src/errors/errors.js'
import { wordsOf } from './encoding.js'
import { Recorder } from './recorder.js'

/** The names of all options and of all objects nested in options. */
const NAMES = namesIn('src/commands')

function namesIn(folder: string): string[] {
  const names = new Set<string>()
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue
    for (const [, name] of readFileSync(join(folder, file), 'utf8').matchAll(/readonly (\w+)\??:/g)) {
      if (name !== undefined && !(name in Object.prototype)) names.add(name)
    }
  }
  // The JavaScript runtime itself reads these properties.
  for (const name of ['length', 'return']) names.delete(name)
  return [...names]
}

/** Options with these names contain further options. */
const NESTING =
  'aggregation auth2 bybox byradius combine filter filterByValue fromlonlat geofilter get groupby highlight idmp ignore knn ' +
  'labels limit linear load orderby params range reduce return rrf slotsrange sortby steps summarize terms to vector withcursor'

function nesting(inner: unknown): Record<string, unknown> {
  return Object.fromEntries(NESTING.split(' ').map(name => [name, inner]))
}

/** Values for the place of options: they contain nothing but further places for options. */
function* shapes(): Generator<unknown> {
  yield {}
  yield [{}]
  yield nesting({})
  yield nesting([{}])
  yield [nesting({})]
  yield nesting(nesting({}))
  for (const name of NESTING.split(' ')) {
    yield { [name]: {} }
    yield [{ [name]: {} }]
  }
}

type Method = (...args: readonly unknown[]) => unknown

const NAMESPACES = ['json', 'ft', 'bf', 'cf', 'cms', 'topk', 'tdigest', 'ts'] as const

function methodsOf(holder: object, prototype: object): [string, Method][] {
  return Object.getOwnPropertyNames(prototype)
    .filter(name => name !== 'constructor' && name !== 'run')
    .map(name => [name, (holder as Record<string, unknown>)[name]] as const)
    .filter((each): each is [string, Method] => typeof each[1] === 'function')
    .map(([name, method]) => [name, method.bind(holder)])
}

const recorder = new Recorder()
const methods = [
  ...methodsOf(recorder, Commands.prototype),
  ...NAMESPACES.flatMap(space =>
    methodsOf(recorder[space], Object.getPrototypeOf(recorder[space]) as object).map(
      ([name, method]): [string, Method] => [`${space}.${name}`, method],
    ),
  ),
]

/** The names that our sources read from Object.prototype, and where. */
const read = new Set<string>()

/** Defines `value` under every name on Object.prototype, and records each name that our sources read. */
function pollute(value: unknown): void {
  let isReading = false
  for (const name of NAMES) {
    // It has no prototype: otherwise the descriptor would already inherit a value or a getter.
    const descriptor: PropertyDescriptor = Object.assign(Object.create(null), {
      configurable: true,
      enumerable: true,
      get(this: unknown) {
        // A text or a list instead of an object is a wrong call.
        if (isReading || typeof this !== 'object' || Array.isArray(this)) return undefined
        isReading = true
        const where = new Error().stack?.split('\n')[2] ?? ''
        isReading = false
        if (!where.includes('/src/')) return undefined
        read.add(`${name} ${where.replace(/.*\/src\//, '')}`)
        return value
      },
      set(this: object, own: unknown) {
        const data = Object.assign(Object.create(null), {
          value: own,
          configurable: true,
          enumerable: true,
          writable: true,
        })
        Object.defineProperty(this, name, data)
      },
    })
    Object.defineProperty(Object.prototype, name, descriptor)
  }
}

/**
 * The groups of everyday commands check their own arguments, with or without inherited properties; other tests cover
 * that.
 */
function attempt(name: string, call: () => unknown): void {
  try {
    call()
  } catch (error) {
    if (!(error instanceof TypeError)) read.add(`${name} throws ${String(error)}`)
  }
}

function clean(): void {
  for (const name of NAMES) Reflect.deleteProperty(Object.prototype, name)
}

afterEach(() => {
  clean()
  read.clear()
})

describe('properties that someone added to Object.prototype', () => {
  test('no command reads an inherited property, at any depth of its arguments', () => {
    const calls: unknown[][] = []
    for (const shape of shapes()) for (let place = 0; place < 3; place++) calls.push([...Array(place).fill('k'), shape])
    // Only once, because each change of Object.prototype clears the caches of the runtime, which takes a third of a
    // second.
    pollute(1)
    try {
      for (const [name, method] of methods) {
        for (const args of calls) attempt(name, () => method(...args))
      }
    } finally {
      clean()
    }
    expect([...read].sort()).toEqual([])
  }, 120_000)

  test('inherited properties do not change a call with nested options', () => {
    const encodings = () =>
      [
        recorder.geosearch('k', { frommember: 'm', bybox: { width: 1, height: 2, unit: 'm' }, withdist: true }),
        recorder.geoadd('k', [{ longitude: 1, latitude: 2, member: 'm' }]),
        recorder.bitfield('k', [
          { set: 'u8', offset: 0, value: 1 },
          { incrby: 'u8', offset: 0, increment: 1 },
        ]),
        recorder.clusterSlotStats({ orderby: 'key-count' }),
        recorder.ft.search('i', 'q', { summarize: { frags: 1 }, sortby: { by: 'f' }, limit: { offset: 0, count: 1 } }),
        recorder.ft.aggregate('i', 'q', {
          steps: [
            { apply: '@a', as: 'b' },
            { groupby: '@b', reduce: { function: 'COUNT' } },
          ],
        }),
        recorder.ft.hybrid(
          'i',
          { query: 'q' },
          { field: '@v', vector: '$v', knn: { k: 1 } },
          { combine: { rrf: { window: 1 } } },
        ),
        recorder.ft.spellcheck('i', 'q', { terms: { exclude: 'd' } }),
        recorder.ts.range('k', '-', '+', { aggregation: { aggregator: 'avg', bucketDuration: 1 } }),
        recorder.ts.create('k', { ignore: { maxTimeDiff: 1, maxValDiff: 2 }, labels: { a: 'b' } }),
        recorder.json.set('k', '$', { deep: [{ er: 1 }] }),
        recorder.zadd('k', { member: 'm', score: 1 }),
      ].map(wordsOf)
    const before = encodings()
    pollute(1)
    const after = encodings()
    clean()
    expect(after).toEqual(before)
    expect([...read]).toEqual([])
  })

  test('inherited properties do not appear as details of an error', () => {
    const names = ['code', 'command', 'node', 'attempts', 'outcome', 'phase', 'elapsed', 'value']
    for (const name of names) Reflect.set(Object.prototype, name, 'put there')
    const errors = [new RedisError('a', {}), new TimeoutError('b', {}), new DataError('c', {}), new RedisError('d')]
    const found = errors.flatMap(error => names.map(name => Reflect.get(error, name)))
    for (const name of names) Reflect.deleteProperty(Object.prototype, name)
    expect(new Set(found)).toEqual(new Set([undefined]))
  })
})
