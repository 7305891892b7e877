import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import type { RedisOptions } from '../../../src/connection/options/options.js'
import { AuthenticationError } from '../../../src/errors/errors.js'
import { FakeRedis, resp } from '../../rig/fake-redis.js'

const fakes: FakeRedis[] = []
const clients: Redis[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  for (const fake of fakes.splice(0)) await fake.stop()
})

async function start(options: Parameters<typeof FakeRedis.start>[0]): Promise<FakeRedis> {
  const fake = await FakeRedis.start(options)
  fakes.push(fake)
  return fake
}

function client(fake: FakeRedis, options: RedisOptions = {}): Redis {
  const redis = new Redis({ port: fake.port, reconnect: { min: 1, max: 5 }, ...options })
  redis.on('error', () => {})
  clients.push(redis)
  return redis
}

const echo = (argv: readonly string[]) => (argv[0] === 'ECHO' ? resp.bulk(argv[1] ?? '') : undefined)

describe('the handshake', () => {
  test('the handshake sends HELLO 3 with credentials and name, then all other commands in one write', async () => {
    const fake = await start({ script: echo, password: 'p' })
    const redis = client(fake, { username: 'default', password: 'p', clientName: 'me', db: 2 })
    expect(await redis.call('ECHO', 'hi')).toBe('hi')
    expect(fake.commands.map(({ argv }) => argv.slice(0, 2).join(' '))).toEqual([
      'HELLO 3',
      'CLIENT SETINFO',
      'CLIENT SETINFO',
      'SELECT 2',
      expect.stringMatching(/^PING [0-9a-f]{16}$/),
      'ECHO hi',
    ])
    expect(fake.commands[0]?.argv).toEqual(['HELLO', '3', 'AUTH', 'default', 'p', 'SETNAME', 'me'])
  })

  test('the handshake falls back to RESP2, with AUTH and CLIENT SETNAME, if the server does not know HELLO', async () => {
    const fake = await start({ script: echo, hello: false, password: 'p' })
    const redis = client(fake, { password: 'p', clientName: 'me' })
    expect(await redis.call('ECHO', 'hi')).toBe('hi')
    const names = fake.commands.map(({ argv }) => argv.slice(0, 2).join(' '))
    expect(names).toContain('AUTH p')
    expect(names).toContain('CLIENT SETNAME')
  })

  test('the handshake falls back to RESP2 after NOPROTO and not after an unknown error, nor with protocol: 3', async () => {
    const noproto = await start({
      script: argv => (argv[0] === 'HELLO' ? resp.error('NOPROTO unsupported protocol version') : echo(argv)),
    })
    expect(await client(noproto).call('ECHO', 'hi')).toBe('hi')
    const refused = await start({
      script: argv => (argv[0] === 'HELLO' ? resp.error('ERR something else') : echo(argv)),
    })
    await expect(client(refused).connect()).rejects.toMatchObject({
      name: 'ResponseError',
      message: 'ERR something else',
    })
    const insisting = await start({ script: echo, hello: false })
    await expect(client(insisting, { protocol: 3 }).connect()).rejects.toMatchObject({ name: 'ResponseError' })
  })

  test('no command is sent after a HELLO with a wrong password', async () => {
    const fake = await start({ script: argv => (argv[0] === 'HELLO' ? resp.error('WRONGPASS no') : echo(argv)) })
    await expect(client(fake, { password: 'p' }).call('ECHO', 'hi')).rejects.toMatchObject({
      name: 'AuthenticationError',
    })
    expect(fake.received('ECHO')).toHaveLength(0)
  })

  test('a server that accepts a password alone gets one without the name default, and rejects another name', async () => {
    const fake = await start({
      hello: false,
      script: argv => {
        if (argv[0] !== 'AUTH') return echo(argv)
        return argv.length === 2 ? resp.ok : resp.error("ERR wrong number of arguments for 'auth' command")
      },
    })
    expect(await client(fake, { username: 'default', password: 'p' }).call('ECHO', 'hi')).toBe('hi')
    const error = await client(fake, { username: 'bob', password: 'p' })
      .set('k', 'v')
      .catch(reason => reason)
    expect(error).toMatchObject({
      name: 'AuthenticationWrongNumberOfArgsError',
      message: expect.stringContaining('set the password alone'),
      outcome: 'not sent',
    })
    expect(error).toBeInstanceOf(AuthenticationError)
  })

  test('an error reply to CLIENT SETINFO does not fail the connection', async () => {
    const fake = await start({
      script: argv => (argv[1]?.toUpperCase() === 'SETINFO' ? resp.error('ERR unknown subcommand') : echo(argv)),
    })
    expect(await client(fake).call('ECHO', 'hi')).toBe('hi')
  })

  test('the credentials function is called at each connect', async () => {
    const fake = await start({ script: echo })
    let asked = 0
    const redis = client(fake, { credentials: async () => ({ password: `p${++asked}` }) })
    await redis.call('ECHO', '1')
    const again = new Promise(resolve => redis.once('ready', () => resolve(undefined)))
    await Promise.allSettled([redis.call('ECHO', '2')])
    for (const connection of fake.openConnections) connection.reset()
    await again
    await redis.call('ECHO', '3')
    expect(fake.received('HELLO').map(({ argv }) => argv[4])).toEqual(['p1', 'p2'])
  })

  test('a credentials function that throws fails the attempt, and the next attempt calls it again', async () => {
    const fake = await start({ script: echo })
    let asked = 0
    const redis = client(fake, {
      credentials: () => {
        if (++asked === 1) throw new Error('the vault is closed')
        return { password: 'p' }
      },
    })
    expect(await redis.call('ECHO', 'hi')).toBe('hi')
    expect(asked).toBe(2)
  })

  // After every fault at every step of the handshake, the next attempt starts anew and every reply is right.
  const steps = ['HELLO', 'SETINFO', 'SELECT', 'AUTH', 'SETNAME'] as const
  const faults = ['close', 'reset', 'garbage', 'never', 'twice'] as const
  test.each(steps.flatMap(step => faults.map(fault => [step, fault] as const)))(
    'calls get their own replies after the handshake step %s met the fault "%s"',
    async (step, fault) => {
      let spoilt = false
      const fake = await start({
        hello: step === 'HELLO' || step === 'SETINFO' || step === 'SELECT',
        script: (argv, connection) => {
          const words = argv.slice(0, 2).map(word => word.toUpperCase())
          if (spoilt || !words.includes(step)) return echo(argv)
          spoilt = true
          switch (fault) {
            case 'close':
              connection.end()
              return ''
            case 'reset':
              connection.reset()
              return ''
            case 'garbage':
              return '?what\r\n'
            case 'never':
              return null
            case 'twice':
              return '+OK\r\n+OK\r\n'
          }
        },
      })
      const redis = client(fake, { password: 'p', clientName: 'me', db: 1, connectTimeout: 100, commandTimeout: 3_000 })
      const replies = await Promise.all(
        Array.from({ length: 10 }, (_, i) => redis.call('ECHO', `${i}`).catch(error => error)),
      )
      // An extra reply may be found when commands are in flight already: they reject as unknown, and never get a wrong reply.
      for (const [i, reply] of replies.entries()) if (!(reply instanceof Error)) expect(reply).toBe(`${i}`)
      expect(await redis.call('ECHO', 'after')).toBe('after')
      if (fault !== 'twice') expect(replies).toEqual(replies.map((_, i) => `${i}`))
    },
  )

  test('a reply without a command closes the connection', async () => {
    const fake = await start({ script: echo })
    const redis = client(fake)
    expect(await redis.call('ECHO', '1')).toBe('1')
    const error = new Promise(resolve => redis.once('error', resolve))
    for (const connection of fake.openConnections) connection.send('+OK\r\n')
    expect(await error).toMatchObject({
      name: 'ConnectionError',
      message: expect.stringContaining('no command was waiting'),
    })
    expect(await redis.call('ECHO', '2')).toBe('2')
  })

  test('invalid RESP rejects the command being read with InvalidResponse, and later ones as unknown', async () => {
    const fake = await start({
      script: argv => (argv[0] === 'INCR' ? (argv[1] === 'bad' ? ':1x\r\n' : ':1\r\n') : echo(argv)),
    })
    const redis = client(fake)
    await redis.connect()
    const calls = await Promise.allSettled(['a', 'bad', 'b', 'c'].map(key => redis.incr(key)))
    expect(calls[0]).toMatchObject({ value: 1 })
    expect(calls[1]).toMatchObject({ reason: { name: 'InvalidResponse' } })
    for (const call of calls.slice(2))
      expect(call).toMatchObject({ reason: { name: 'ConnectionError', outcome: 'unknown' } })
  })

  test('a silent server is sent a PING, and the connection is closed when no reply comes', async () => {
    let silent = false
    const fake = await start({ script: argv => (silent ? null : argv[0] === 'PING' ? '+PONG\r\n' : echo(argv)) })
    const redis = client(fake, { healthCheckInterval: 50 })
    await redis.call('ECHO', '1')
    await fake.untilReceived('PING', 2)
    const lost = new Promise<Error>(resolve => redis.once('error', error => resolve(error as Error)))
    silent = true
    expect((await lost).message).toContain('healthCheckInterval')
    silent = false
    expect(await redis.call('ECHO', '2')).toBe('2')
  })
})
