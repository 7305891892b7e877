import { describe, expect, test } from 'vitest'
import { RedisError } from '../../src/errors/errors.js'
import { OpenGap } from '../../src/pubsub/gap.js'
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

describe('the message queue of a subscription', () => {
  test('a handler whose thenable settles at once gets one message after another without growing the stack', async () => {
    const read: unknown[] = []
    const owner = new Owner()
    const queue = new MessageQueue(
      owner,
      item => {
        read.push(item)
        // biome-ignore lint/suspicious/noThenProperty: the test needs a thenable
        return { then: (resolve: () => void) => resolve() }
      },
      { maxQueue: 100_000 },
    )
    for (let i = 0; i < 50_000; i++) queue.put(i)
    while (queue.queued > 0) await turn()
    expect([read.length, owner.failures]).toEqual([50_000, []])
  })

  test('after a thenable that throws or settles twice the handler gets the next message', async () => {
    const answers = [
      {
        // biome-ignore lint/suspicious/noThenProperty: the test needs a thenable
        get then() {
          throw new Error('of the getter')
        },
      },
      {
        // biome-ignore lint/suspicious/noThenProperty: the test needs a thenable
        then() {
          throw new Error('of then')
        },
      },
      {
        // biome-ignore lint/suspicious/noThenProperty: the test needs a thenable
        then(resolve: () => void, reject: (error: unknown) => void) {
          resolve()
          reject(new Error('too late'))
        },
      },
    ]
    let running = 0
    const read: number[] = []
    const owner = new Owner()
    const queue = new MessageQueue<number>(
      owner,
      async item => {
        read.push(item)
        expect(++running).toBe(1)
        await turn()
        running--
      },
      {},
    )
    const mixed = new MessageQueue<number>(owner, item => answers[item] ?? queue.put(item), {})
    for (let i = 0; i < 6; i++) mixed.put(i)
    await until(() => read.length === 3)
    expect(read).toEqual([3, 4, 5])
    expect(owner.failures.map(error => (error as Error).message)).toEqual(['of the getter', 'of then'])
  })

  test('received equals read plus queued plus dropped, and order is kept, in any interleaving', async () => {
    const random = seeded('queue')
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
      const queue = new MessageQueue(owner, handler, { maxQueue: random.int(1, 20), whenFull })
      for (let i = 0; i < 200; i++) {
        queue.put(i)
        if (random.chance(0.05)) await turn()
        if (queue.received !== read.length + queue.queued + queue.dropped) wrong.push([round, i])
      }
      while (queue.queued > 0) await turn()
      expect(read).toEqual([...new Set(read)].sort((a, b) => a - b))
      expect(read.length + queue.dropped).toBe(200)
      if (!asynchronous) expect(queue.dropped).toBe(0)
    }
    expect(wrong).toEqual([])
  })

  test('a synchronous handler gets all messages of a read in one turn, and is never called re-entrantly', async () => {
    const read: unknown[] = []
    const queue = new MessageQueue(new Owner(), item => void read.push(item), {})
    queue.put(1)
    queue.put(2)
    expect(read).toEqual([])
    await new Promise<void>(resolve => process.nextTick(resolve))
    expect(read).toEqual([1, 2])
  })

  test('concurrent calls of next() get one message each, in order', async () => {
    const queue = new MessageQueue<number>(new Owner(), undefined, {})
    const iterator = queue.iterate()
    const waiting = [iterator.next(), iterator.next(), iterator.next()]
    queue.put(1)
    queue.put(2)
    queue.fail(new Error('over'))
    const [one, two, three] = await Promise.allSettled(waiting)
    expect([one, two]).toMatchObject([{ value: { value: 1 } }, { value: { value: 2 } }])
    expect(three).toMatchObject({ status: 'rejected', reason: new Error('over') })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })

  test('queued messages are read before an error is thrown, and it is thrown once', async () => {
    const queue = new MessageQueue<number>(new Owner(), undefined, {})
    queue.put(1)
    queue.fail(new Error('over'))
    queue.put(2)
    const iterator = queue.iterate()
    expect(await iterator.next()).toEqual({ done: false, value: 1 })
    await expect(iterator.next()).rejects.toThrow('over')
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })
})

describe('the key of a channel name', () => {
  test('a channel name has the same key as text and as bytes', () => {
    for (const name of ['', 'a', 'näh', '\ufffd', '🙂', '\0']) expect(keyOf(Buffer.from(name))).toBe(keyOf(name))
    // A lone surrogate is encoded as U+FFFD.
    expect(keyOf('\ud800')).toBe(keyOf('\ufffd'))
    expect(keyOf(new Uint8Array([97]))).toBe('a')
  })

  test('channel names of different bytes have different keys, even if they are not valid text', () => {
    const names = [[0xff], [0xfe], [0xff, 0xfe], [0xef, 0xbf, 0xbd], [0xc3], [0x61, 0xff], [0x61]]
    expect(new Set(names.map(name => keyOf(Buffer.from(name)))).size).toBe(names.length)
  })
})

describe('the open gap of a subscription', () => {
  const cause = new RedisError('lost')

  test('losses until all topics are confirmed make one gap, from the first loss to the last confirmation', () => {
    const gap = new OpenGap<string>()
    const [a, b] = [{}, {}]
    gap.add(a, 'a', 10, cause)
    gap.add(b, 'b', 10, cause)
    expect(gap.confirm(a, 20)).toBeUndefined()
    // The connection is lost again before all channels are confirmed.
    gap.add(a, 'a', 25, new RedisError('lost again'))
    expect(gap.confirm(b, 30)).toBeUndefined()
    expect(gap.confirm(a, 40)).toEqual({ channels: ['b', 'a'], from: 10, to: 40, cause })
    expect(gap.confirm(a, 50)).toBeUndefined()
  })

  test('a gap neither waits for channels that were left nor reports them', () => {
    const gap = new OpenGap<string>()
    const [a, b] = [{}, {}]
    gap.add(a, 'a', 10, cause)
    gap.add(b, 'b', 10, cause)
    expect(gap.confirm(a, 20)).toBeUndefined()
    expect(gap.remove(b)).toEqual({ channels: ['a'], from: 10, to: 20, cause })
    gap.add(a, 'a', 30, cause)
    expect(gap.remove(a)).toBeUndefined()
    gap.add(b, 'b', 40, cause)
    expect(gap.confirm(b, 50)).toMatchObject({ channels: ['b'], from: 40 })
  })
})
