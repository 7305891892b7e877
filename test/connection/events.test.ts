import { describe, expect, it } from 'vitest'
import { DataError, Redis, RedisCluster } from '../../src/index.js'

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
})
