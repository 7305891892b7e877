import { describe, expectTypeOf, test } from 'vitest'
import type { Redis } from '../../src/client/redis.js'
import type { RedisCluster } from '../../src/cluster/redis-cluster.js'
import type { Gap } from '../../src/pubsub/gap.js'
import type { KeyspaceEvent } from '../../src/pubsub/keyspace.js'
import type { Message, Subscription } from '../../src/pubsub/subscription.js'

declare const redis: Redis

describe('subscriptions', () => {
  test('channels may be passed as an array or one by one', () => {
    expectTypeOf(redis.subscribe('a')).resolves.toEqualTypeOf<Subscription<string>>()
    expectTypeOf(redis.subscribe(['a', Buffer.from('b')])).resolves.toEqualTypeOf<Subscription<string>>()
    expectTypeOf(redis.psubscribe('a', 'b', { maxQueue: 1 })).resolves.toEqualTypeOf<Subscription<string>>()
    expectTypeOf(redis.bytes.ssubscribe('a', 'b')).resolves.toEqualTypeOf<Subscription<Buffer>>()
    expectTypeOf(redis.bytes.prefixed('x').with({ timeout: 1 }).subscribe('a')).resolves.toEqualTypeOf<
      Subscription<Buffer>
    >()
    expectTypeOf<RedisCluster['subscribe']>().toEqualTypeOf<Redis['subscribe']>()
    // @ts-expect-error a channel is not a number
    redis.subscribe(1)
    // @ts-expect-error at least one channel
    redis.subscribe()
    // @ts-expect-error there is no such policy
    redis.subscribe('a', { whenFull: 'wait' })
  })

  test('the arguments of a handler are typed, wherever it is passed', () => {
    redis.subscribe(['a'], (message, channel) => {
      expectTypeOf(message).toEqualTypeOf<string>()
      expectTypeOf(channel).toEqualTypeOf<string>()
    })
    redis.bytes.psubscribe(
      'a',
      'b',
      (message, channel, pattern) => {
        expectTypeOf(message).toEqualTypeOf<Buffer>()
        expectTypeOf(channel).toEqualTypeOf<Buffer>()
        expectTypeOf(pattern).toEqualTypeOf<Buffer | undefined>()
      },
      { maxQueue: 10 },
    )
    redis.subscribe('a', async message => {
      expectTypeOf(message).toEqualTypeOf<string>()
    })
  })

  test('messages of loops and events have their types', async () => {
    const subscription = await redis.bytes.subscribe('a')
    for await (const item of subscription) expectTypeOf(item).toEqualTypeOf<Message<Buffer>>()
    subscription.on('gap', gap => expectTypeOf(gap).toEqualTypeOf<Gap<Buffer>>())
    redis.on('gap', gap => expectTypeOf(gap).toEqualTypeOf<Gap>())
    for await (const event of await redis.keyspace({ keys: 'a*' })) expectTypeOf(event).toEqualTypeOf<KeyspaceEvent>()
    redis.bytes.keyspace({}, event => expectTypeOf(event).toEqualTypeOf<KeyspaceEvent<Buffer>>())
    await using _ = await redis.subscribe('b')
  })
})
