import { describe, expect, test } from 'vitest'
import { ConnectionError, RedisError, type RedisOptions, WatchError } from '../../../src/index.js'
import { until } from '../../rig/conditions.js'
import { type FakeConnection, type FakeRedis, type FakeScript, resp } from '../../rig/fake-redis.js'
import { useScriptedServers } from '../scripted-clients.js'

const { client: clientOf, server: scripted } = useScriptedServers()

const client = (port: number, options: RedisOptions = {}) =>
  clientOf(port, { reconnect: { min: 1, max: 10 }, ...options })

/** What the fake server received of `names`, one line a command. */
const received = (fake: FakeRedis, ...names: string[]): string[] =>
  fake.commands.filter(({ argv }) => names.includes(String(argv[0]))).map(({ argv }) => argv.join(' '))

describe('a watch of a session', () => {
  /** Replies READONLY to SET outside of transactions; EXEC succeeds. */
  const demoted: FakeScript = ([name], connection) => {
    const open = transactions.has(connection)
    switch (name) {
      case 'WATCH':
        return resp.ok
      case 'GET':
        return open ? '+QUEUED\r\n' : resp.bulk('10')
      case 'SET':
        return open ? '+QUEUED\r\n' : resp.error("READONLY You can't write against a read only replica.")
      case 'MULTI':
        transactions.add(connection)
        return resp.ok
      case 'EXEC':
        transactions.delete(connection)
        return resp.array([resp.ok])
      default:
        return undefined
    }
  }
  const transactions = new Set<FakeConnection>()

  test('a transaction rejects with WatchError and is not sent after READONLY replaced the connection of its watch', async () => {
    const fake = await scripted(demoted)
    const redis = client(fake.port)
    const outcome = redis.session(async session => {
      await session.watch('stock')
      await session.get('stock')
      await session.set('audit', 'x').catch(() => {})
      return session.multi().set('stock', '9').exec()
    })
    await expect(outcome).rejects.toBeInstanceOf(WatchError)
    await expect(outcome).rejects.toMatchObject({ outcome: 'not sent' })
    expect(fake.received('EXEC')).toHaveLength(0)
    // The next WATCH of the session begins a new watch.
    expect(
      await redis.session(async session => {
        await session.watch('stock')
        await session.set('audit', 'x').catch(() => {})
        await session
          .multi()
          .set('stock', '9')
          .exec()
          .catch(() => {})
        await session.watch('stock')
        return session.multi().set('stock', '9').exec()
      }),
    ).toEqual(['OK'])
  })

  test('the loss of a watch rejects a transaction that was called before the loss and not yet written', async () => {
    let asked = 0
    const fake = await scripted(([name], connection) => {
      if (name === 'WATCH') return resp.ok
      if (name !== 'BLPOP') return undefined
      asked++
      connection.reset()
      return ''
    })
    const redis = client(fake.port)
    await redis.session(async session => {
      await session.watch('k')
      // Nothing is written after a blocking call, so the transaction waits for its reply.
      const blocked = session.blpop(['q'], 1)
      const transaction = session.multi().set('k', '1').exec()
      // It may reject before the other one.
      transaction.catch(() => {})
      await expect(blocked).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'unknown' })
      await expect(transaction).rejects.toMatchObject({ name: 'WatchError', outcome: 'not sent' })
    })
    expect(asked).toBe(1)
    expect(fake.received('MULTI')).toHaveLength(0)
  })

  test('the loss of a watch also rejects a transaction that was declared idempotent', async () => {
    const fake = await scripted(([name], connection) => {
      if (name === 'WATCH' || name === 'MULTI') return resp.ok
      if (name === 'SET') return '+QUEUED\r\n'
      if (name === 'EXEC') connection.reset()
      return name === 'EXEC' ? '' : undefined
    })
    const redis = client(fake.port)
    await redis.session(async session => {
      await session.watch('k')
      const outcome = session.with({ idempotent: true }).multi().set('k', '1').exec()
      await expect(outcome).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'unknown' })
    })
    expect(fake.received('EXEC')).toHaveLength(1)
  })
})

test('a transaction whose MULTI is rejected does not end the watch: the connection is leased again after UNWATCH', async () => {
  const fake = await scripted(([name]) => {
    if (name === 'MULTI') return resp.error("NOPERM this user has no permissions to run the 'multi' command")
    if (name === 'EXEC') return resp.error('ERR EXEC without MULTI')
    return name === 'WATCH' || name === 'UNWATCH' || name === 'SET' ? resp.ok : undefined
  })
  const redis = client(fake.port)
  const outcome = redis.session(async session => {
    await session.watch('stock')
    await session.multi().set('stock', '9').exec()
  })
  await expect(outcome).rejects.toMatchObject({ outcome: 'unknown' })
  await redis.session(session => session.set('stock', '8'))
  expect(received(fake, 'WATCH', 'EXEC', 'UNWATCH', 'SET').slice(2)).toEqual(['EXEC', 'UNWATCH', 'SET stock 8'])
})

describe('a watch that follows another', () => {
  test('the connection of a transaction that was aborted before its MULTI was rejected is unwatched', async () => {
    const controller = new AbortController()
    const fake = await scripted(([name]) => {
      if (name === 'WATCH' || name === 'UNWATCH') return resp.ok
      if (name === 'MULTI') return resp.error("NOPERM this user has no permissions to run the 'multi' command")
      if (name === 'EXEC') return resp.error('ERR EXEC without MULTI')
      return name === 'SET' ? resp.ok : undefined
    })
    const redis = client(fake.port)
    const outcome = redis.session(async session => {
      await session.watch('stock')
      const executed = session.with({ signal: controller.signal }).multi().set('stock', '9').exec()
      await Promise.resolve()
      setImmediate(() => controller.abort())
      return executed
    })
    await expect(outcome).rejects.toThrow()
    await until(() => fake.received('UNWATCH').length === 1)
    await redis.session(session => session.set('stock', '1'))
    expect(received(fake, 'MULTI', 'EXEC', 'UNWATCH', 'SET')).toEqual([
      'MULTI',
      'SET stock 9',
      'EXEC',
      'UNWATCH',
      'SET stock 1',
    ])
  })

  test('a watch is not ended by the EXEC or UNWATCH of the watch before it', async () => {
    for (const end of ['EXEC', 'UNWATCH'] as const) {
      const open = new Set<FakeConnection>()
      const fake = await scripted(([name], connection) => {
        if (name === 'MULTI') open.add(connection)
        if (name === 'EXEC') {
          open.delete(connection)
          return resp.array([resp.ok])
        }
        if (name === 'SET') return open.has(connection) ? '+QUEUED\r\n' : resp.ok
        return name === 'WATCH' || name === 'UNWATCH' || name === 'MULTI' ? resp.ok : undefined
      })
      const redis = client(fake.port)
      await redis.session(async session => {
        await session.watch('a')
        const ended: Promise<unknown> = end === 'EXEC' ? session.multi().set('k', '1').exec() : session.unwatch()
        const watching = session.watch('b')
        await Promise.all([ended, watching])
        const watcher = fake.received('WATCH')[1]?.connection
        watcher?.reset()
        await until(() => session.set('other', '1').catch(() => undefined), { what: 'a new connection' })
        await expect(session.multi().set('k', '2').exec()).rejects.toMatchObject({ name: 'WatchError' })
        // The session has received the error, so that later transactions are not guarded.
        expect(await session.multi().set('k', '3').exec()).toEqual(['OK'])
      })
    }
  })
})

describe('SELECT in a session', () => {
  test('commands after a SELECT reject with it when the connection is lost, and never run in another database', async () => {
    const fake = await scripted(([name], connection) => {
      if (name === 'SELECT') connection.reset()
      return name === 'SELECT' ? '' : name === 'GET' ? resp.bulk('of database 0') : name === 'SET' ? resp.ok : undefined
    })
    const redis = client(fake.port)
    await redis.session(async session => {
      const calls = [
        session.select(3),
        session.get('k'),
        session.set('k', 'v'),
        session.multi().set('k', 'v').exec(),
        session.pipeline().set('k', 'v').exec(),
      ]
      const [selected, ...others] = await Promise.all(calls.map(call => call.catch(error => error)))
      expect(selected).toMatchObject({ name: 'ConnectionError', outcome: 'unknown' })
      for (const error of others) {
        expect(error).toBeInstanceOf(ConnectionError)
        expect(error).toMatchObject({ outcome: 'not sent' })
      }
      expect(await session.get('k')).toBe('of database 0')
    })
    expect(received(fake, 'GET', 'SET', 'MULTI')).toEqual(['GET k'])
  })

  test('commands after a SELECT reject when the server rejects the SELECT', async () => {
    const fake = await scripted(([name]) =>
      name === 'SELECT' ? resp.error('ERR DB index is out of range') : name === 'SET' ? resp.ok : undefined,
    )
    const redis = client(fake.port)
    await redis.session(async session => {
      const results = await session.pipeline().call('SELECT', 999).set('k', 'v').exec({ settle: true })
      expect(results[0]).toMatchObject({ name: 'ResponseError' })
      expect(results[1]).toMatchObject({ command: 'SET', outcome: 'not sent' })
    })
    expect(fake.received('SET')).toHaveLength(0)
  })

  test('a SELECT that is aborted before its reply closes the connection, whose database is unknown', async () => {
    let late = ''
    const fake = await scripted(([name]) => {
      if (name === 'SELECT') return null
      return name === 'GET' ? resp.bulk(late) : undefined
    })
    late = 'of a new connection'
    const redis = client(fake.port)
    await redis.session(async session => {
      const controller = new AbortController()
      const selected = session.with({ signal: controller.signal }).select(3)
      const behind = session.get('k')
      await fake.untilReceived('SELECT')
      controller.abort(new Error('enough'))
      await expect(selected).rejects.toThrow('enough')
      await expect(behind).rejects.toBeInstanceOf(RedisError)
      await expect(behind).rejects.toMatchObject({ command: 'GET', outcome: 'not sent' })
      expect(await session.get('k')).toBe('of a new connection')
    })
  })
})

describe('a leased connection', () => {
  test('a leased connection is not replaced while a call blocks on it', async () => {
    const readonly = resp.error("READONLY You can't write against a read only replica.")
    let popping: FakeConnection | undefined
    let refusing: FakeConnection | undefined
    const fake = await scripted(([name], connection) => {
      if (name === 'SET') refusing = connection
      if (name === 'BLPOP') popping = connection
      return name === 'SET' || name === 'BLPOP' ? '' : undefined
    })
    const redis = client(fake.port)
    await redis.session(async session => {
      const refused = session.set('k', 'v')
      const popped = session.blpop(['q'], 0)
      await fake.untilReceived('BLPOP')
      refusing?.send(readonly)
      await expect(refused).rejects.toMatchObject({ code: 'READONLY' })
      const after = session.ping()
      popping?.send(resp.array([resp.bulk('q'), resp.bulk('element')]))
      expect(await popped).toEqual({ key: 'q', element: 'element' })
      expect(await after).toBe('PONG')
      // It is replaced after the reply.
      expect(fake.commands.findLast(({ argv }) => argv[0] === 'PING')?.connection).not.toBe(popping)
    })
  })
})

test('a connection whose database could not be reset is not leased again', async () => {
  let isBusy = false
  const databases = new Map<FakeConnection, string>()
  const fake = await scripted(([name, argument = ''], connection) => {
    if (name === 'SELECT') {
      if (isBusy)
        return resp.error('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.')
      databases.set(connection, argument)
      return resp.ok
    }
    return name === 'GET' ? resp.bulk(databases.get(connection) ?? '0') : undefined
  })
  const redis = client(fake.port, { pool: { max: 1 } })
  await redis.session(async session => {
    await session.select(6)
    isBusy = true
  })
  await until(() => fake.received('SELECT').length === 2)
  isBusy = false
  expect(await redis.session(session => session.get('database'))).toBe('0')
})
