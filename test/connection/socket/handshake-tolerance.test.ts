import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import { RedisCluster } from '../../../src/cluster/redis-cluster.js'
import type { RedisOptions } from '../../../src/connection/options/options.js'
import { AuthorizationError } from '../../../src/errors/errors.js'
import { until } from '../../rig/conditions.js'
import { type FakeConnection, type FakeOptions, FakeRedis, type FakeReply, resp } from '../../rig/fake-redis.js'

const fakes: FakeRedis[] = []
const clients: Redis[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  for (const fake of fakes.splice(0)) await fake.stop()
})

async function start(options: FakeOptions): Promise<FakeRedis> {
  const fake = await FakeRedis.start(options)
  fakes.push(fake)
  return fake
}

function client(fake: FakeRedis, options: RedisOptions = {}): Redis {
  const redis = new Redis({ port: fake.port, reconnect: { min: 1, max: 5 }, commandTimeout: 4_000, ...options })
  redis.on('error', () => {})
  clients.push(redis)
  return redis
}

const words = (argv: readonly string[]) => argv.slice(0, 2).join(' ').toUpperCase()
const echo = (argv: readonly string[]) => (argv[0] === 'ECHO' ? resp.bulk(argv[1] ?? '') : undefined)

/** The commands that each connection received, without the arguments of PING. */
function received(fake: FakeRedis): string[][] {
  return fake.connections.map(connection =>
    fake.commands
      .filter(each => each.connection === connection)
      .map(({ argv }) => (argv[0] === 'PING' ? `PING${argv[1] === undefined ? '' : ' nonce'}` : words(argv))),
  )
}

/** Resets the connection, and waits until the client has another one. */
async function reconnected(fake: FakeRedis, redis: Redis): Promise<void> {
  const again = new Promise<void>(resolve => redis.once('ready', resolve))
  for (const connection of fake.openConnections) connection.reset()
  await again
}

describe('a server that rejects HELLO', () => {
  test.each<[server: string, refusal: string, options?: RedisOptions]>([
    ['Envoy', "unsupported command 'HELLO'"],
    ['Envoy with a password', 'NOAUTH Authentication required.', { password: 'p' }],
    ['redis-cluster-proxy', 'ERR unsupported command `hello`'],
    ['a server with RESP2 only', 'ERR RESP3 is not supported'],
    ['Redis 5', 'ERR unknown command `HELLO`, with args beginning with: `3`, '],
    ['a server whose HELLO has no arguments', "ERR wrong number of arguments for 'hello' command"],
    [
      'Redis for a user without the right',
      "NOPERM User app has no permissions to run the 'hello' command",
      { password: 'p' },
    ],
  ])('a HELLO rejected by %s leads to RESP2 for this connection only', async (_, refusal, options) => {
    const loggedIn = new Set<FakeConnection>()
    const fake = await start({
      script: (argv, connection) => {
        if (argv[0] === 'HELLO') return resp.error(refusal)
        if (argv[0] === 'AUTH') loggedIn.add(connection)
        if (options !== undefined && !loggedIn.has(connection)) return resp.error('NOAUTH Authentication required.')
        return echo(argv)
      },
    })
    const redis = client(fake, options)
    expect(await redis.call('ECHO', 'hi')).toBe('hi')
    await reconnected(fake, redis)
    expect(await redis.call('ECHO', 'again')).toBe('again')
    expect(fake.received('HELLO')).toHaveLength(2)
    const insisting = client(fake, { ...options, protocol: 3 })
    await expect(insisting.connect()).rejects.toThrow(refusal.split(',')[0]?.slice(0, 12))
  })

  test('a HELLO that is rejected only for now is tried again in a new attempt', async () => {
    for (const refusal of [
      'BUSY Redis is busy running a script.',
      'LOADING Redis is loading',
      'ERR max number of clients reached',
    ]) {
      let refusals = 2
      const fake = await start({
        script: argv => (argv[0] === 'HELLO' && refusals-- > 0 ? resp.error(refusal) : echo(argv)),
      })
      expect(await client(fake).call('ECHO', 'hi')).toBe('hi')
      expect(fake.connections.length).toBe(3)
      expect(fake.connections.at(-1)?.protocol).toBe(3)
    }
  })
})

describe('a server that closes the connection or is silent at unknown commands', () => {
  const ends = (argv: readonly string[], connection: FakeConnection): FakeReply | undefined => {
    if (!['HELLO', 'CLIENT'].includes(argv[0] ?? '')) return echo(argv)
    connection.end()
    return ''
  }

  test('the handshake with protocol: 2 sends nothing but PING', async () => {
    const fake = await start({ script: ends })
    expect(await client(fake, { protocol: 2 }).call('ECHO', 'hi')).toBe('hi')
    expect(received(fake)).toEqual([['PING nonce', 'ECHO HI']])
  })

  test('RESP2 is tried once after two attempts in a row were closed at HELLO', async () => {
    const fake = await start({ script: ends })
    const redis = client(fake, { clientName: 'me' })
    expect(await redis.call('ECHO', 'hi')).toBe('hi')
    expect(received(fake)).toEqual([['HELLO 3'], ['HELLO 3'], ['PING', 'ECHO HI']])
    await reconnected(fake, redis)
    expect(received(fake).slice(3)).toEqual([['HELLO 3'], ['PING']])
  })

  test('HELLO is tried again after an attempt with RESP2 failed too', async () => {
    let attempts = 0
    const fake = await start({
      script: (argv, connection) => {
        if (attempts < 3 && ['HELLO', 'PING'].includes(argv[0] ?? '')) {
          attempts++
          connection.end()
          return ''
        }
        return echo(argv)
      },
    })
    expect(await client(fake).call('ECHO', 'hi')).toBe('hi')
    expect(received(fake).slice(0, 3)).toEqual([['HELLO 3'], ['HELLO 3'], ['PING']])
    expect(fake.connections.at(-1)?.protocol).toBe(3)
  })

  test('RESP2 is never tried with protocol: 3', async () => {
    const fake = await start({ script: ends })
    const redis = client(fake, { protocol: 3, commandTimeout: 300 })
    await expect(redis.call('ECHO', 'hi')).rejects.toThrow(/does not know HELLO/)
    expect(fake.received('PING')).toHaveLength(0)
  })

  test('the next connections do not wait for HELLO after the server was silent at it', async () => {
    const fake = await start({ script: argv => (argv[0] === 'HELLO' ? null : echo(argv)) })
    const redis = client(fake, { connectTimeout: 100 })
    expect(await redis.call('ECHO', 'hi')).toBe('hi')
    await reconnected(fake, redis)
    expect(fake.received('HELLO')).toHaveLength(2)
  })

  test('PING is sent without an argument after two attempts were closed at PING with one', async () => {
    const fake = await start({
      script: (argv, connection) => {
        if (argv[0] !== 'PING' || argv.length === 1) return echo(argv)
        connection.end()
        return ''
      },
    })
    expect(await client(fake, { protocol: 2 }).call('ECHO', 'hi')).toBe('hi')
    expect(received(fake)).toEqual([['PING nonce'], ['PING nonce'], ['PING', 'ECHO HI']])
  })
})

describe('a password for a server without one', () => {
  test.each([
    ['3', 'ERR Client sent AUTH, but no password is set'],
    [
      '2',
      'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
    ],
  ])('a client with a password connects to a server without one under RESP%s', async (protocol, text) => {
    const fake = await start({
      script: argv => (argv[0] === 'AUTH' || argv.includes('AUTH') ? resp.error(text) : echo(argv)),
    })
    const redis = client(fake, { password: 'needless', protocol: protocol === '3' ? 3 : 2 })
    expect(await redis.call('ECHO', 'hi')).toBe('hi')
  })
})

describe('temporary and permanent errors of the handshake', () => {
  test.each<[step: string, refusal: string, options: RedisOptions]>([
    ['SELECT', 'BUSY Redis is busy running a script.', { db: 1 }],
    ['SELECT', "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", { db: 1 }],
    ['SELECT', 'LOADING Redis is loading the dataset in memory', { db: 1 }],
    ['READONLY', 'BUSY Redis is busy running a script.', { readonly: true, protocol: 2 }],
    ['CLIENT', 'BUSY Redis is busy running a script.', { clientName: 'me', protocol: 2 }],
    ['AUTH', 'BUSY Redis is busy running a script.', { password: 'p', protocol: 2 }],
    ['AUTH', 'ERR Problem with LDAP service', { password: 'p', protocol: 2 }],
  ])('after %s was rejected with "%s" the call waits for another attempt', async (step, refusal, options) => {
    let refusals = 2
    const fake = await start({
      script: argv => (argv[0] === step && refusals-- > 0 ? resp.error(refusal) : echo(argv)),
    })
    const redis = client(fake, options)
    expect(await redis.call('ECHO', 'hi')).toBe('hi')
    expect(fake.received(step).length).toBe(3)
  })

  test.each<[step: string, refusal: string, name: string, options: RedisOptions]>([
    [
      'HELLO',
      'WRONGPASS invalid username-password pair or user is disabled.',
      'AuthenticationError',
      { password: 'p' },
    ],
    ['HELLO', 'NOAUTH HELLO must be called with the client already authenticated', 'AuthenticationError', {}],
    ['AUTH', 'ERR invalid password', 'AuthenticationError', { password: 'p', protocol: 2 }],
    [
      'AUTH',
      "NOPERM this user has no permissions to run the 'auth' command",
      'AuthorizationError',
      { password: 'p', protocol: 2 },
    ],
    ['PING', 'NOAUTH Authentication required.', 'AuthenticationError', { protocol: 2 }],
    ['SELECT', 'ERR DB index is out of range', 'ResponseError', { db: 99 }],
    ['SELECT', "NOPERM this user has no permissions to run the 'select' command", 'AuthorizationError', { db: 1 }],
  ])('after %s was rejected with "%s" the call rejects at once', async (step, refusal, name, options) => {
    const fake = await start({ script: argv => (argv[0] === step ? resp.error(refusal) : echo(argv)) })
    await expect(client(fake, options).call('ECHO', 'hi')).rejects.toMatchObject({ name, outcome: 'not sent' })
    expect(fake.connections).toHaveLength(1)
  })
})

describe('the optional commands of a handshake', () => {
  test('CLIENT SETINFO is sent to Redis 7.2 and newer only', async () => {
    for (const [version, times] of [
      ['7.0.15', 0],
      ['7.2.0', 2],
      ['8.0.2', 2],
    ] as const) {
      const fake = await start({ script: echo, version })
      expect(await client(fake).call('ECHO', 'hi')).toBe('hi')
      expect(fake.received('CLIENT')).toHaveLength(times)
      expect(await client(fake, { setInfo: false }).call('ECHO', 'hi')).toBe('hi')
      expect(fake.received('CLIENT')).toHaveLength(times)
    }
  })

  test('an optional command that the server rejected is not sent to it again', async () => {
    const refusing = ['CLIENT SETINFO', 'CLIENT SETNAME', 'CLIENT ID', 'PING']
    const fake = await start({
      script: argv =>
        refusing.some(each => words(argv).startsWith(each))
          ? resp.error(
              `NOPERM this user has no permissions to run the '${argv
                .slice(0, argv[0] === 'PING' ? 1 : 2)
                .join('|')
                .toLowerCase()}' command`,
            )
          : echo(argv),
    })
    const resp3 = client(fake)
    expect(await resp3.call('ECHO', 'hi')).toBe('hi')
    await reconnected(fake, resp3)
    expect(received(fake)).toEqual([
      ['HELLO 3', 'CLIENT SETINFO', 'CLIENT SETINFO', 'PING nonce', 'ECHO HI'],
      ['HELLO 3'],
    ])
    const resp2 = client(fake, { protocol: 2, clientName: 'me' })
    expect(await resp2.call('ECHO', 'hi')).toBe('hi')
    for (let i = 0; i < 2; i++) await resp2.session(session => session.call('ECHO', 'hi'))
    await Promise.all([1, 2].map(() => resp2.session(session => session.call('ECHO', 'hi'))))
    expect(received(fake).slice(2)).toEqual([
      ['CLIENT SETNAME', 'PING nonce', 'ECHO HI'],
      ['CLIENT ID', 'ECHO HI', 'ECHO HI', 'ECHO HI'],
      ['ECHO HI'],
    ])
  })

  test('READONLY may be rejected by a primary and by a server outside a cluster, and not by a replica', async () => {
    let role = 'master'
    let refusal = "NOPERM this user has no permissions to run the 'readonly' command"
    const fake = await start({
      script: argv => {
        if (argv[0] === 'READONLY') return resp.error(refusal)
        if (argv[0] !== 'HELLO') return echo(argv)
        return resp.map([
          [resp.bulk('proto'), resp.integer(3)],
          [resp.bulk('role'), resp.bulk(role)],
        ])
      },
    })
    expect(await client(fake, { readonly: true }).call('ECHO', 'hi')).toBe('hi')
    role = 'replica'
    await expect(client(fake, { readonly: true }).call('ECHO', 'hi')).rejects.toBeInstanceOf(AuthorizationError)
    refusal = 'ERR This instance has cluster support disabled'
    expect(await client(fake, { readonly: true }).call('ECHO', 'hi')).toBe('hi')
  })

  test('PING is sent without an argument to a server that replied PONG to PING with one', async () => {
    const fake = await start({ script: argv => (argv[0] === 'PING' ? '+PONG\r\n' : echo(argv)) })
    const redis = client(fake)
    expect(await redis.call('ECHO', 'hi')).toBe('hi')
    await reconnected(fake, redis)
    expect(received(fake).map(each => each.find(word => word.startsWith('PING')))).toEqual(['PING nonce', 'PING'])
  })
})

describe('a reply that does not belong to its step of the handshake', () => {
  const steps = ['HELLO', 'AUTH', 'CLIENT SETINFO', 'CLIENT SETNAME', 'CLIENT ID', 'SELECT', 'READONLY'] as const
  const cases = steps.flatMap(step => ([2, 3] as const).map(protocol => [step, protocol] as const))
  test.each(
    cases.filter(([step, protocol]) => {
      const resp3 = step === 'HELLO' || step === 'CLIENT SETINFO'
      const resp2 = step === 'AUTH' || step === 'CLIENT SETNAME' || step === 'CLIENT ID'
      return protocol === 3 ? !resp2 : !resp3
    }),
  )(
    'a %s answered twice under RESP%i closes the connection before a command of a caller is sent',
    async (step, protocol) => {
      let spoilt = 0
      // Long enough for the client to read a reply, and to write what it leads to.
      const turns = async () => {
        for (let turn = 0; turn < 10; turn++) await new Promise(resolve => setImmediate(resolve))
      }
      const fake = await start({
        script: async (argv, connection) => {
          const own = echo(argv)
          if (spoilt > 0) await turns()
          if (own !== undefined || spoilt > 0 || !words(argv).startsWith(step)) return own
          spoilt = fake.connections.indexOf(connection) + 1
          const reply =
            step === 'HELLO'
              ? resp.map([[resp.bulk('proto'), resp.integer(3)]])
              : step === 'CLIENT ID'
                ? resp.integer(7)
                : resp.ok
          // Each reply in a segment of its own: the second one arrives after the client has sent other commands.
          return (async function* () {
            yield reply
            await turns()
            yield reply
          })()
        },
      })
      const redis = client(fake, { protocol, password: 'p', clientName: 'me', db: 1, readonly: true })
      expect(
        await redis.session(session => Promise.all(['a', 'b', 'c'].map(each => session.call('ECHO', each)))),
      ).toEqual(['a', 'b', 'c'])
      expect(spoilt).toBeGreaterThan(0)
      const received = fake.commands.filter(each => each.connection === fake.connections[spoilt - 1])
      expect(received.filter(({ argv }) => argv[0] === 'ECHO')).toEqual([])
    },
  )

  test('an error reply that was sent twice is not taken for the reply to PING', async () => {
    let refusals = 0
    const fake = await start({
      script: argv => {
        if (words(argv) !== 'CLIENT SETINFO') return echo(argv)
        const text = resp.error("ERR Unknown subcommand or wrong number of arguments for 'SETINFO'. Try CLIENT HELP.")
        return refusals++ === 0 ? text + text : text
      },
    })
    const redis = client(fake)
    const error = new Promise(resolve => redis.once('error', resolve))
    expect(await Promise.all(['a', 'b'].map(each => redis.call('ECHO', each)))).toEqual(['a', 'b'])
    expect(await error).toMatchObject({ name: 'InvalidResponse' })
  })

  test.each([
    ['HELLO', resp.bulk('hello'), {}],
    ['HELLO', resp.ok, {}],
    ['AUTH', resp.integer(1), { protocol: 2, password: 'p' }],
    ['SELECT', resp.array([]), { db: 1 }],
    ['SELECT', resp.bulk('no'), { db: 1 }],
    ['PING', resp.ok, {}],
    ['PING', resp.bulk('other'), {}],
  ] as const)('connect() rejects with InvalidResponse when %s is answered with %j', async (step, reply, options) => {
    let spoilt = false
    const fake = await start({
      script: argv => {
        if (argv[0] !== step || spoilt) return echo(argv)
        spoilt = true
        return reply
      },
    })
    const redis = client(fake, options)
    await expect(redis.connect()).rejects.toMatchObject({ name: 'InvalidResponse', command: step })
    expect(await redis.call('ECHO', 'hi')).toBe('hi')
    await until(() => fake.openConnections.length === 1)
  })

  test('HELLO answered with a flat list is read as a map', async () => {
    const flat = resp.array([resp.bulk('proto'), resp.integer(3), resp.bulk('mode'), resp.bulk('standalone')])
    const fake = await start({ script: argv => (argv[0] === 'HELLO' ? flat : echo(argv)) })
    expect(await client(fake).call('ECHO', 'hi')).toBe('hi')
  })
})

describe('a client of the wrong class for its server', () => {
  test('the MovedError of a node of a cluster recommends RedisCluster, and that of a single server does not', async () => {
    const mode = (text: string) => resp.map([[resp.bulk('mode'), resp.bulk(text)]])
    const script = (text: string) => (argv: readonly string[]) =>
      argv[0] === 'HELLO' ? mode(text) : argv[0] === 'GET' ? resp.error('MOVED 1 127.0.0.1:7000') : undefined
    const cluster = client(await start({ script: script('cluster') }))
    await expect(cluster.get('a')).rejects.toMatchObject({
      name: 'MovedError',
      message: expect.stringMatching(/^MOVED 1 .*new RedisCluster/),
    })
    const single = client(await start({ script: script('standalone') }))
    await expect(single.get('a')).rejects.toMatchObject({ name: 'MovedError', message: 'MOVED 1 127.0.0.1:7000' })
  })

  test('the error of RedisCluster at a server outside a cluster recommends Redis', async () => {
    const fake = await start({
      script: argv =>
        argv[0] === 'CLUSTER' ? resp.error('ERR This instance has cluster support disabled') : undefined,
    })
    const cluster = new RedisCluster(fake.url)
    cluster.on('error', () => {})
    await expect(cluster.get('a')).rejects.toThrow(/cluster support disabled\)?\nUse new Redis\(\) for a server/)
    cluster.destroy()
  })
})
