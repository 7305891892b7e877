import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import { FakeRedis, resp } from '../../rig/fake-redis.js'

/** Bytes that can be read when the call is made, and no longer when the command is encoded. */
class Vanishing extends Uint8Array {
  #reads = 0

  override get byteLength(): number {
    if (++this.#reads > 1) throw new RangeError('no memory')
    return super.byteLength
  }
}

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function start(): Promise<{ fake: FakeRedis; redis: Redis }> {
  let multi = false
  const fake = await FakeRedis.start({
    script: ([name, text = '']) => {
      if (name === 'MULTI') {
        multi = true
        return resp.ok
      }
      if (name === 'EXEC') {
        multi = false
        return resp.array([resp.bulk('in')])
      }
      if (name === 'ECHO') return multi ? '+QUEUED\r\n' : resp.bulk(text)
      return undefined
    },
  })
  const redis = new Redis({ port: fake.port })
  ends.push(
    () => redis.destroy(),
    () => fake.stop(),
  )
  await redis.connect()
  return { fake, redis }
}

const rejected = { name: 'DataError', outcome: 'not sent' }

describe('a command that cannot be encoded', () => {
  test('a command that cannot be encoded rejects, and the commands before and after it get their own replies', async () => {
    const { fake, redis } = await start()
    const calls = [
      redis.echo('alice'),
      redis.call('ECHO', 'x'.repeat(20_000), new Vanishing(8)),
      redis.echo('bob'),
      redis.call('ECHO', 'ü', new Vanishing(8)),
      redis.echo('größe'),
    ]
    const [alice, first, bob, second, carol] = await Promise.allSettled(calls)
    expect([alice, bob, carol]).toMatchObject([{ value: 'alice' }, { value: 'bob' }, { value: 'größe' }])
    for (const call of [first, second]) expect(call).toMatchObject({ reason: { ...rejected, command: 'ECHO' } })
    expect(fake.received('ECHO').map(({ argv }) => argv.slice(1))).toEqual([['alice'], ['bob'], ['größe']])
    expect(fake.connections).toHaveLength(1)
  })

  test('a transaction with a command that cannot be encoded is rejected before any part of it is sent', async () => {
    const { fake, redis } = await start()
    const [before, transaction, after] = await Promise.allSettled([
      redis.echo('before'),
      redis.multi().echo('in').call('ECHO', new Vanishing(8)).exec(),
      redis.multi().echo('in').exec(),
    ])
    expect(before).toMatchObject({ value: 'before' })
    expect(transaction).toMatchObject({ reason: rejected })
    expect(after).toMatchObject({ value: ['in'] })
    expect(fake.received('MULTI')).toHaveLength(1)
    expect(fake.received('EXEC')).toHaveLength(1)
  })

  test('a command that cannot be encoded has its error at its place in the results of a pipeline', async () => {
    const { redis } = await start()
    const results = await redis.pipeline().echo('a').call('ECHO', new Vanishing(8)).echo('b').exec({ settle: true })
    expect(results).toMatchObject(['a', rejected, 'b'])
  })

  test('a command that cannot be encoded rejects in a session, and the session can still be used', async () => {
    const { redis } = await start()
    const replies = await redis.session(async session => [
      await session.call('ECHO', new Vanishing(8)).catch(error => error),
      await session.echo('after'),
    ])
    expect(replies).toMatchObject([rejected, 'after'])
  })
})
