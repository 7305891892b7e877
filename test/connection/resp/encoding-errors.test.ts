import { afterEach, describe, expect, test } from 'vitest'
import type { Pipeline } from '../../../src/client/pipeline.js'
import { Redis } from '../../../src/client/redis.js'
import { Script } from '../../../src/commands/script.js'
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
      if (name === 'EVALSHA') return resp.error('NOSCRIPT No matching script. Please use EVAL.')
      if (name === 'EVAL') return resp.integer(7)
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

describe('text with half of a surrogate pair', () => {
  const CUT = 'note:\ud83d'

  test.each([
    ['reads', false],
    ['writes', true],
  ])(
    'half of a surrogate pair rejects its command alone in a pipeline of %s, and the other commands are sent in their order',
    async (_, writes) => {
      const { fake, redis } = await start()
      const echo = (text: string) => (writes ? ['INCR', text] : ['ECHO', text]) as [string, string]
      fake.script = ([name, text = '']) => (name === 'ECHO' || name === 'INCR' ? resp.bulk(text) : undefined)
      const calls = [redis.echo('before'), redis.pipeline(), redis.echo('after')] as const
      const pipeline = ['a', CUT, 'größe', `${CUT}b`, 'c'].reduce<Pipeline<unknown[]>>(
        (all, text) => all.call(...echo(text)),
        calls[1],
      )
      const malformed = {
        ...rejected,
        command: echo('')[0],
        message: expect.stringContaining('half of a surrogate pair'),
      }
      expect(await pipeline.exec({ settle: true })).toMatchObject(['a', malformed, 'größe', malformed, 'c'])
      expect(await Promise.all([calls[0], calls[2]])).toEqual(['before', 'after'])
      const sent = fake.commands.filter(({ argv }) => argv[0] === echo('')[0]).map(({ argv }) => argv[1])
      expect(sent.filter(text => text !== 'before' && text !== 'after')).toEqual(['a', 'größe', 'c'])
    },
  )

  test('a pipeline that rejects for half of a surrogate pair gives the position of the command', async () => {
    const { redis } = await start()
    await expect(redis.pipeline().echo('a').echo(CUT).exec()).rejects.toMatchObject({ ...rejected, index: 1 })
  })

  test('half of a surrogate pair rejects its whole transaction, and the calls written with it are sent', async () => {
    const { fake, redis } = await start()
    const [before, cut, after] = await Promise.allSettled([
      redis.echo('before'),
      redis.multi().echo('in').echo(CUT).exec(),
      redis.multi().echo('in').exec(),
    ])
    expect(before).toMatchObject({ value: 'before' })
    expect(cut).toMatchObject({ reason: { ...rejected, command: 'EXEC' } })
    expect(after).toMatchObject({ value: ['in'] })
    expect(fake.received('MULTI')).toHaveLength(1)
    expect(fake.received('EXEC')).toHaveLength(1)
  })

  test('the text of a script is sent with its second run in a pipeline if the first run has half of a surrogate pair', async () => {
    const { fake, redis } = await start()
    const script = new Script({ keys: 1, lua: 'return 7' })
    const pipeline = redis.pipeline()
    script.run(pipeline, 'k', CUT)
    script.run(pipeline, 'k', 'a')
    script.run(pipeline, 'k', 'b')
    const results = await pipeline.incr('k').exec({ settle: true })
    expect(results.slice(0, 2)).toMatchObject([rejected, 7])
    expect(fake.received('EVAL')).toHaveLength(1)
  })
})
