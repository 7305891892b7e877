import vm from 'node:vm'
import { describe, expect, it } from 'vitest'
import { Events } from '../../src/connection/events.js'
import { asError } from '../../src/connection/handler-errors.js'
import { DataError, Redis, RedisCluster, RedisError } from '../../src/index.js'

describe('event handlers', () => {
  it.each<[string, (on: never) => unknown]>([
    ['Redis', on => new Redis().on(on, () => {})],
    ['RedisCluster', on => new RedisCluster('redis://h').once(on, () => {})],
  ])('%s rejects a handler for an event that it never emits', (_, listen) => {
    for (const name of ['end', 'message', 'toString']) {
      expect(() => listen(name as never)).toThrow(DataError)
      expect(() => listen(name as never)).toThrow(new RegExp(`There is no event ${name}: known are .*ready`))
    }
    expect(() => listen('message' as never)).toThrow(/the result of subscribe\(\)/)
    expect(() => listen('ready' as never)).not.toThrow()
  })

  it.each<[string, unknown]>([
    ['a string', 'a string'],
    ['null', null],
    ['undefined', undefined],
    ['an object without a prototype', Object.create(null)],
    ['a symbol', Symbol('thrown')],
    ['a function', () => {}],
  ])('%s thrown by a handler is the cause of an Error', async (_, thrown) => {
    const errors: Error[] = []
    const events = new Events<{ ready: [] }>({ ready: true }, error => errors.push(error))
    events.on('ready', () => {
      throw thrown
    })
    events.on('ready', () => Promise.reject(thrown) as never)
    // A promise of another realm, as under Jest; and a thenable of another library.
    events.on('ready', () => vm.runInNewContext('thrown => Promise.reject(thrown)')(thrown) as never)
    // biome-ignore lint/suspicious/noThenProperty: it is what is tested
    events.on('ready', () => ({ then: (_: unknown, reject: (error: unknown) => void) => reject(thrown) }) as never)
    events.emit('ready')
    await new Promise(setImmediate)
    expect(errors).toHaveLength(4)
    for (const error of errors) {
      expect(error).toBeInstanceOf(RedisError)
      expect(error.cause).toBe(thrown)
    }
  })

  it('an Error of any realm is passed on unchanged', () => {
    for (const error of [new Error('ours'), new DOMException('no'), vm.runInNewContext('new TypeError("theirs")')]) {
      expect(asError(error)).toBe(error)
    }
  })
})
