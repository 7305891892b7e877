import { describe, expect, test } from 'vitest'
import { RedisError } from '../../src/errors/errors.js'
import { Outage } from '../../src/pubsub/gap.js'
import { MessageQueue, type MessageQueueOwner } from '../../src/pubsub/message-queue.js'
import { keyOf } from '../../src/pubsub/topic.js'
import { until } from '../rig/conditions.js'
import { seeded } from '../rig/random.mjs'

class Owner implements MessageQueueOwner {
  readonly full: unknown[] = []
  readonly failures: unknown[] = []

  onFull(error: unknown): void {
    this.full.push(error)
  }

  onFailure(error: unknown): void {
    this.failures.push(error)
  }

  async onReturn(): Promise<void> {}
}

const turn = () => new Promise(resolve => setImmediate(resolve))

describe('an inbox', () => {
  test('a thenable that settles at once is one message after the other too, without a stack for each', async () => {
    const read: unknown[] = []
    const owner = new Owner()
    const inbox = new MessageQueue(
      owner,
      item => {
        read.push(item)
        // biome-ignore lint/suspicious/noThenProperty: it is what is tested
        return { then: (resolve: () => void) => resolve() }
      },
      { maxQueue: 100_000 },
    )
    for (let i = 0; i < 50_000; i++) inbox.put(i)
    while (inbox.queued > 0) await turn()
    expect([read.length, owner.failures]).toEqual([50_000, []])
  })

  test('a thenable that throws, or settles twice, is a failure or one answer, and the next message comes', async () => {
    const answers = [
      {
        // biome-ignore lint/suspicious/noThenProperty: it is what is tested
        get then() {
          throw new Error('of the getter')
        },
      },
      {
        // biome-ignore lint/suspicious/noThenProperty: it is what is tested
        then() {
          throw new Error('of then')
        },
      },
      {
        // biome-ignore lint/suspicious/noThenProperty: it is what is tested
        then(resolve: () => void, reject: (error: unknown) => void) {
          resolve()
          reject(new Error('too late'))
        },
      },
    ]
    let running = 0
    const read: number[] = []
    const owner = new Owner()
    const inbox = new MessageQueue<number>(
      owner,
      async item => {
        read.push(item)
        expect(++running).toBe(1)
        await turn()
        running--
      },
      {},
    )
    const mixed = new MessageQueue<number>(owner, item => answers[item] ?? inbox.put(item), {})
    for (let i = 0; i < 6; i++) mixed.put(i)
    await until(() => read.length === 3)
    expect(read).toEqual([3, 4, 5])
    expect(owner.failures.map(error => (error as Error).message)).toEqual(['of the getter', 'of then'])
  })

  test('whatever comes when: received is what was read, is queued, or was dropped, and order is kept', async () => {
    const random = seeded('inbox')
    const wrong: [round: number, item: number][] = []
    for (let round = 0; round < 200; round++) {
      const asynchronous = random.chance(0.5)
      const read: number[] = []
      const whenFull = random.pick(['drop-oldest', 'drop-newest'] as const)
      const handler = (item: unknown) => {
        read.push(item as number)
        if (asynchronous && random.chance(0.5)) return turn()
        if (random.chance(0.1)) throw new Error('of the handler')
        return undefined
      }
      const owner = new Owner()
      const inbox = new MessageQueue(owner, handler, { maxQueue: random.int(1, 20), whenFull })
      for (let i = 0; i < 200; i++) {
        inbox.put(i)
        if (random.chance(0.05)) await turn()
        if (inbox.received !== read.length + inbox.queued + inbox.dropped) wrong.push([round, i])
      }
      while (inbox.queued > 0) await turn()
      expect(read).toEqual([...new Set(read)].sort((a, b) => a - b))
      expect(read.length + inbox.dropped).toBe(200)
      if (!asynchronous) expect(inbox.dropped).toBe(0)
    }
    expect(wrong).toEqual([])
  })

  test('a handler that returns nothing gets all of a read in one turn, and is not called while one is read', async () => {
    const read: unknown[] = []
    const inbox = new MessageQueue(new Owner(), item => void read.push(item), {})
    inbox.put(1)
    inbox.put(2)
    expect(read).toEqual([])
    await new Promise<void>(resolve => process.nextTick(resolve))
    expect(read).toEqual([1, 2])
  })

  test('several next() at once get one item each, in order', async () => {
    const inbox = new MessageQueue<number>(new Owner(), undefined, {})
    const iterator = inbox.iterate()
    const waiting = [iterator.next(), iterator.next(), iterator.next()]
    inbox.put(1)
    inbox.put(2)
    inbox.fail(new Error('over'))
    const [one, two, three] = await Promise.allSettled(waiting)
    expect([one, two]).toMatchObject([{ value: { value: 1 } }, { value: { value: 2 } }])
    expect(three).toMatchObject({ status: 'rejected', reason: new Error('over') })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })

  test('what is queued is read before an error is thrown, once', async () => {
    const inbox = new MessageQueue<number>(new Owner(), undefined, {})
    inbox.put(1)
    inbox.fail(new Error('over'))
    inbox.put(2)
    const iterator = inbox.iterate()
    expect(await iterator.next()).toEqual({ done: false, value: 1 })
    await expect(iterator.next()).rejects.toThrow('over')
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })
})

describe('the key of a name', () => {
  test('is one for the same bytes, given as text or as bytes', () => {
    for (const name of ['', 'a', 'näh', '\ufffd', '🙂', '\0']) expect(keyOf(Buffer.from(name))).toBe(keyOf(name))
    // A lone surrogate is sent as U+FFFD.
    expect(keyOf('\ud800')).toBe(keyOf('\ufffd'))
    expect(keyOf(new Uint8Array([97]))).toBe('a')
  })

  test('is another for other bytes, also those that are no text', () => {
    const names = [[0xff], [0xfe], [0xff, 0xfe], [0xef, 0xbf, 0xbd], [0xc3], [0x61, 0xff], [0x61]]
    expect(new Set(names.map(name => keyOf(Buffer.from(name)))).size).toBe(names.length)
  })
})

describe('an outage', () => {
  const cause = new RedisError('lost')

  test('is one gap, from the first loss to the last confirmation', () => {
    const outage = new Outage<string>()
    const [a, b] = [{}, {}]
    outage.lose(a, 'a', 10, cause)
    outage.lose(b, 'b', 10, cause)
    expect(outage.regain(a, 20)).toBeUndefined()
    // Lost again before all was back.
    outage.lose(a, 'a', 25, new RedisError('lost again'))
    expect(outage.regain(b, 30)).toBeUndefined()
    expect(outage.regain(a, 40)).toEqual({ channels: ['b', 'a'], from: 10, to: 40, cause })
    expect(outage.regain(a, 50)).toBeUndefined()
  })

  test('what is not wanted any more is not waited for, and not told', () => {
    const outage = new Outage<string>()
    const [a, b] = [{}, {}]
    outage.lose(a, 'a', 10, cause)
    outage.lose(b, 'b', 10, cause)
    expect(outage.regain(a, 20)).toBeUndefined()
    expect(outage.forget(b)).toEqual({ channels: ['a'], from: 10, to: 20, cause })
    outage.lose(a, 'a', 30, cause)
    expect(outage.forget(a)).toBeUndefined()
    outage.lose(b, 'b', 40, cause)
    expect(outage.regain(b, 50)).toMatchObject({ channels: ['b'], from: 40 })
  })
})
