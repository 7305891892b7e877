import vm from 'node:vm'
import { describe, expect, it } from 'vitest'
import { asError, Events } from '../../src/connection/events.js'
import { DataError, Redis, RedisCluster, RedisError } from '../../src/index.js'

describe('events', () => {
  it.each<[string, (on: never) => unknown]>([
    ['Redis', on => new Redis().on(on, () => {})],
    ['RedisCluster', on => new RedisCluster('redis://h').once(on, () => {})],
  ])('%s refuses one that it never tells of', (_, listen) => {
    for (const name of ['end', 'message', 'toString']) {
      expect(() => listen(name as never)).toThrow(DataError)
      expect(() => listen(name as never)).toThrow(new RegExp(`There is no event ${name}: known are .*ready`))
    }
    expect(() => listen('message' as never)).toThrow(/what subscribe\(\) gives/)
    expect(() => listen('ready' as never)).not.toThrow()
  })

  it.each<[string, unknown]>([
    ['a string', 'a string'],
    ['null', null],
    ['undefined', undefined],
    ['an object without a prototype', Object.create(null)],
    ['a symbol', Symbol('thrown')],
    ['a function', () => {}],
  ])('what a handler throws that is no Error is the cause of one: %s', async (_, thrown) => {
    const heard: Error[] = []
    const events = new Events<{ ready: [] }>({ ready: true }, error => heard.push(error))
    events.on('ready', () => {
      throw thrown
    })
    events.on('ready', () => Promise.reject(thrown) as never)
    // Of another realm, as under Jest; and a thenable of another library.
    events.on('ready', () => vm.runInNewContext('thrown => Promise.reject(thrown)')(thrown) as never)
    // biome-ignore lint/suspicious/noThenProperty: it is what is tested
    events.on('ready', () => ({ then: (_: unknown, reject: (error: unknown) => void) => reject(thrown) }) as never)
    events.emit('ready')
    await new Promise(setImmediate)
    expect(heard).toHaveLength(4)
    for (const error of heard) {
      expect(error).toBeInstanceOf(RedisError)
      expect(error.cause).toBe(thrown)
    }
  })

  it('an Error is passed on as it is, of whatever realm', () => {
    for (const error of [new Error('ours'), new DOMException('no'), vm.runInNewContext('new TypeError("theirs")')]) {
      expect(asError(error)).toBe(error)
    }
  })
})
