import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import { Command } from '../../../src/commands/core/command.js'
import type { Reply } from '../../../src/commands/core/reply.js'
import { specOf } from '../../../src/commands/core/spec.js'
import type { RedisOptions } from '../../../src/connection/options/options.js'
import { InvalidResponse } from '../../../src/errors/errors.js'
import { until } from '../../rig/conditions.js'
import { FakeRedis, type FakeReply, type FakeScript, resp } from '../../rig/fake-redis.js'

const GET = specOf(['GET'])

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function start(script: FakeScript, options: RedisOptions = {}): Promise<{ fake: FakeRedis; redis: Redis }> {
  const fake = await FakeRedis.start({ script })
  const redis = new Redis({ port: fake.port, ...options })
  redis.on('error', () => {})
  ends.push(
    () => redis.destroy(),
    () => fake.stop(),
  )
  await redis.connect()
  return { fake, redis }
}

/** Answers GET and ECHO with their argument, except the first command `name`, which gets no reply. */
function losing(name: string): FakeScript {
  let lost = false
  return ([word, text = '']): FakeReply | undefined => {
    if (word !== 'GET' && word !== 'ECHO' && word !== 'INCR') return undefined
    if (word === name && !lost) {
      lost = true
      return ''
    }
    return word === 'INCR' ? resp.integer(7) : resp.bulk(text)
  }
}

/** A GET whose decoder throws for a reply that GET cannot have. */
function getText(redis: Redis): Promise<unknown> {
  const decode = (reply: Reply) => {
    if (typeof reply !== 'string') throw new InvalidResponse('GET was answered with something other than text.')
    return reply
  }
  return redis.run(new Command(GET, ['k'], decode))
}

/** Whether a command is a probe; the PING of the handshake is not. */
function isProbe([name, text]: readonly string[]): boolean {
  return name === 'PING' && text?.startsWith('respire:') === true
}

const probesAt = (fake: FakeRedis) => fake.received('PING').filter(({ argv }) => isProbe(argv))

describe.each([2, 3] as const)('a lost reply under RESP%i', protocol => {
  test('a lost reply is detected at the next health check of a busy connection', async () => {
    const { fake, redis } = await start(losing('GET'), { protocol, healthCheckInterval: 100 })
    redis.get('first').catch(() => {})
    let wrong = 0
    const end = until(() => fake.connections.length > 1, { what: 'a second connection' })
    let over = false
    end.then(
      () => {
        over = true
      },
      () => {},
    )
    // Each call gets the reply to the next one, so that the last call waits for another call.
    const calls: Promise<unknown>[] = []
    for (let i = 0; !over; i++) {
      const call: Promise<unknown> = redis.echo(`${i}`).then(
        value => {
          if (value !== `${i}`) wrong++
        },
        error => expect(error).toMatchObject({ outcome: 'unknown' }),
      )
      calls.push(call)
      await Promise.race([end, new Promise(resolve => setTimeout(resolve, 5))])
    }
    await end
    await Promise.all(calls)
    expect(wrong).toBeGreaterThan(0)
    wrong = 0
    expect(await Promise.all(['a', 'b'].map(text => redis.echo(text)))).toEqual(['a', 'b'])
  })

  test('a lost reply is detected when its call times out, and no other call gets a wrong reply', async () => {
    const { fake, redis } = await start(losing('GET'), { protocol, healthCheckInterval: 0 })
    await expect(redis.with({ timeout: 50 }).get('first')).rejects.toMatchObject({ name: 'TimeoutError' })
    await until(() => fake.connections[0]?.closed, { what: 'the end of the connection' })
    const calls = ['a', 'b'].map(text => redis.echo(text))
    expect(await Promise.all([...calls, redis.incr('n'), redis.get('c')])).toEqual(['a', 'b', 7, 'c'])
    expect(fake.connections).toHaveLength(2)
  })

  test('a lost reply is detected on a leased connection', async () => {
    const { fake, redis } = await start(losing('GET'), { protocol, healthCheckInterval: 0 })
    await redis.session(async session => {
      await expect(session.with({ timeout: 50 }).get('first')).rejects.toMatchObject({ name: 'TimeoutError' })
      await until(() => fake.received('GET')[0]?.connection.closed, { what: 'the end of the leased connection' })
      expect(await session.echo('a')).toBe('a')
    })
    expect(fake.connections[0]?.closed).toBe(false)
  })
})

describe('a probe', () => {
  test('a probe with the right reply keeps the connection: the reply to the call was only late', async () => {
    const { fake, redis } = await start(
      async ([name, text = '']) => {
        if (name !== 'ECHO') return undefined
        if (text === 'late') await until(() => probesAt(fake).length > 0)
        return resp.bulk(text)
      },
      { healthCheckInterval: 0 },
    )
    await expect(redis.with({ timeout: 50 }).echo('late')).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(await redis.echo('next')).toBe('next')
    expect(probesAt(fake)).toHaveLength(1)
    expect(fake.connections).toHaveLength(1)
  })

  test.each([
    'LOADING Redis is loading the dataset in memory',
    'MISCONF Redis is configured to save RDB snapshots',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'BUSY Redis is busy running a script.',
    'NOAUTH Authentication required.',
  ])('a probe that is rejected keeps the connection, and the next one is sent: %s', async text => {
    const { fake, redis } = await start(
      argv => (isProbe(argv) ? resp.error(text) : argv[0] === 'GET' ? '*0\r\n' : undefined),
      { healthCheckInterval: 0 },
    )
    for (const count of [1, 2, 3]) {
      await expect(getText(redis)).rejects.toMatchObject({ name: 'InvalidResponse', outcome: 'unknown' })
      await until(() => probesAt(fake).length === count)
    }
    expect(fake.connections).toHaveLength(1)
  })

  test.each(["NOPERM this user has no permissions to run the 'ping' command", "ERR unknown command 'PING'"])(
    'no probe is sent to a server that does not allow it: %s',
    async text => {
      const { fake, redis } = await start(
        argv => (isProbe(argv) ? resp.error(text) : argv[0] === 'GET' ? '*0\r\n' : undefined),
        { healthCheckInterval: 0 },
      )
      for (let i = 0; i < 3; i++) {
        await expect(getText(redis)).rejects.toMatchObject({ name: 'InvalidResponse', outcome: 'unknown' })
      }
      expect(probesAt(fake)).toHaveLength(1)
      expect(fake.connections).toHaveLength(1)
    },
  )

  test('a reply that its command cannot have leads to a probe, whose reply decides', async () => {
    let doubled = false
    const { fake, redis } = await start(
      ([name, text = '']) => {
        if (name === 'ECHO') return resp.bulk(text)
        if (name === 'GET') return doubled ? `*0\r\n${resp.bulk('of another')}` : '*0\r\n'
        return name === 'INCR' ? resp.integer(7) : undefined
      },
      { healthCheckInterval: 0 },
    )
    // Only that reply was wrong: the probe gets its own reply.
    await expect(getText(redis)).rejects.toMatchObject({ name: 'InvalidResponse', outcome: 'unknown' })
    expect(await redis.echo('a')).toBe('a')
    expect(probesAt(fake)).toHaveLength(1)
    expect(fake.connections).toHaveLength(1)
    // The replies are shifted: the probe gets the reply to another command.
    doubled = true
    await expect(getText(redis)).rejects.toMatchObject({ name: 'InvalidResponse', outcome: 'unknown' })
    await until(() => fake.connections[0]?.closed, { what: 'the end of the connection' })
    expect(await redis.incr('n')).toBe(7)
  })

  test('no probe is sent after a command on which the server blocks', async () => {
    const { fake, redis } = await start(([name]) => (name === 'BLPOP' || name === 'GET' ? '' : undefined), {
      healthCheckInterval: 30,
    })
    await redis.session(async session => {
      const pop = session.blpop(['q'], 0)
      pop.catch(() => {})
      await expect(session.with({ timeout: 100 }).get('k')).rejects.toMatchObject({ name: 'TimeoutError' })
      const [{ connection } = { connection: undefined }] = fake.received('BLPOP')
      expect(probesAt(fake).filter(probe => probe.connection === connection)).toHaveLength(0)
      connection?.reset()
      await pop.catch(() => {})
    })
  })

  test('a subscribed connection is probed too: under RESP2 it answers PING with a list', async () => {
    const { fake, redis } = await start(
      ([name, channel = '']) => {
        if (name === 'SUBSCRIBE') return resp.array([resp.bulk('subscribe'), resp.bulk(channel), resp.integer(1)])
        if (isProbe([name ?? '', channel])) return resp.array([resp.bulk('pong'), resp.bulk(channel)])
        return undefined
      },
      { protocol: 2, healthCheckInterval: 30 },
    )
    await redis.subscribe(['news'], () => {})
    const [{ connection } = { connection: undefined }] = fake.received('SUBSCRIBE')
    await until(() => probesAt(fake).filter(probe => probe.connection === connection).length > 2)
    expect(connection?.closed).toBe(false)
    // A reply to another command.
    fake.script = argv => (isProbe(argv) ? resp.array([resp.bulk('pong'), resp.bulk('')]) : undefined)
    await until(() => connection?.closed)
  })
})

test('a connection that is replaced closes although its probes are answered slowly', async () => {
  const delays = { GET: 90, PING: 150 } as const
  const { fake, redis } = await start(
    async ([name, text = '']) => {
      const ms = delays[name as keyof typeof delays]
      if (ms !== undefined) await new Promise(resolve => setTimeout(resolve, ms))
      if (name === 'SET') return resp.error("READONLY You can't write against a read only replica.")
      return name === 'GET' ? resp.bulk('v') : name === 'PING' && text !== '' ? resp.bulk(text) : undefined
    },
    { healthCheckInterval: 100 },
  )
  const [first] = fake.connections
  // The health check finds the connection busy, and sends a probe.
  await Promise.all([redis.get('a'), redis.get('b'), redis.get('c')])
  await until(() => probesAt(fake).length > 0)
  await expect(redis.set('a', '1')).rejects.toMatchObject({ code: 'READONLY' })
  await until(() => first?.closed === true)
})
