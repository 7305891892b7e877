import { afterEach, describe, expect, test } from 'vitest'
import { ConnectionError, Redis, RedisError, TimeoutError, WatchError } from '../../../src/index.js'
import { until } from '../../rig/conditions.js'
import { type FakeConnection, FakeRedis, type FakeScript, resp } from '../../rig/fake-redis.js'

const clients: Redis[] = []
const fakes: FakeRedis[] = []

async function scripted(script: FakeScript): Promise<FakeRedis> {
  const fake = await FakeRedis.start({ script })
  fakes.push(fake)
  return fake
}

function client(port: number, options = {}): Redis {
  const redis = new Redis({ port, reconnect: { min: 1, max: 10 }, ...options })
  redis.on('error', () => {})
  clients.push(redis)
  return redis
}

afterEach(async () => {
  for (const redis of clients.splice(0)) redis.destroy()
  for (const fake of fakes.splice(0)) await fake.stop()
})

/** What the fake server received of `names`, one line a command. */
const received = (fake: FakeRedis, ...names: string[]): string[] =>
  fake.commands.filter(({ argv }) => names.includes(String(argv[0]))).map(({ argv }) => argv.join(' '))

describe('a watch', () => {
  /** READONLY for SET outside of transactions; EXEC runs. */
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

  test('ends when READONLY replaces its connection: the transaction rejects with WatchError and is not sent', async () => {
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
    // What the session watches after that begins anew.
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

  test('that is lost rejects a transaction that was called before the loss and is not written', async () => {
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
      // Nothing is written after a call that blocks, so the transaction waits for it.
      const blocked = session.blpop(['q'], 1)
      const transaction = session.multi().set('k', '1').exec()
      await expect(blocked).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'unknown' })
      await expect(transaction).rejects.toMatchObject({ name: 'WatchError', outcome: 'not sent' })
    })
    expect(asked).toBe(1)
    expect(fake.received('MULTI')).toHaveLength(0)
  })

  test('rejects a transaction that was declared idempotent too', async () => {
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

describe('a watch that follows another', () => {
  test('is not ended by the EXEC, or the UNWATCH, of the one before it', async () => {
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
        // The holder knows: what follows is not guarded.
        expect(await session.multi().set('k', '3').exec()).toEqual(['OK'])
      })
    }
  })
})

describe('SELECT in a session', () => {
  test('takes with it what was called after it when the link is lost: nothing runs in another database', async () => {
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

  test('that the server refuses rejects what was called after it', async () => {
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

  test('that is given up before its reply ends its connection, whose database is not known', async () => {
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

describe('CLIENT UNBLOCK', () => {
  const isUnblock = (argv: readonly string[]) => argv[0] === 'CLIENT' && argv[1] === 'UNBLOCK'

  test('that is not answered yet ends no other call: the connection is not leased before', async () => {
    const pops: FakeConnection[] = []
    let shared: FakeConnection | undefined
    const fake = await scripted((argv, connection) => {
      if (argv[0] === 'BLPOP') {
        pops.push(connection)
        return ''
      }
      if (!isUnblock(argv)) return undefined
      shared = connection
      return ''
    })
    const redis = client(fake.port, { pool: { max: 1 } })
    const controller = new AbortController()
    const first = redis.with({ signal: controller.signal }).blpop(['q'], 0)
    await fake.untilReceived('BLPOP')
    controller.abort()
    await until(() => shared, { what: 'UNBLOCK' })
    pops[0]?.send(resp.array([resp.bulk('q'), resp.bulk('element')]))
    expect(await first).toEqual({ key: 'q', element: 'element' })
    const second = redis.blpop(['q'], 0)
    await client(fake.port).ping()
    expect(fake.received('BLPOP')).toHaveLength(1)
    shared?.send(resp.integer(0))
    await fake.untilReceived('BLPOP', 2)
    pops[1]?.send(resp.array([resp.bulk('q'), resp.bulk('another')]))
    expect(await second).toEqual({ key: 'q', element: 'another' })
    // It was the same connection: nothing was lost, so nothing had to be dropped.
    expect(pops[1]).toBe(pops[0])
  })

  test('that is not answered yet holds back the next call of the session', async () => {
    let popping: FakeConnection | undefined
    let shared: FakeConnection | undefined
    const fake = await scripted((argv, connection) => {
      if (argv[0] === 'BLPOP') popping = connection
      if (isUnblock(argv)) shared = connection
      return argv[0] === 'BLPOP' || isUnblock(argv) ? '' : undefined
    })
    const redis = client(fake.port)
    await redis.session(async session => {
      const controller = new AbortController()
      const first = session.with({ signal: controller.signal }).blpop(['q'], 0)
      await fake.untilReceived('BLPOP')
      controller.abort()
      await until(() => shared, { what: 'UNBLOCK' })
      popping?.send(resp.array([resp.bulk('q'), resp.bulk('element')]))
      expect(await first).toEqual({ key: 'q', element: 'element' })
      const second = session.blpop(['q'], 0)
      await client(fake.port).ping()
      expect(fake.received('BLPOP')).toHaveLength(1)
      shared?.send(resp.integer(0))
      await fake.untilReceived('BLPOP', 2)
      popping?.send(resp.array([resp.bulk('q'), resp.bulk('another')]))
      expect(await second).toEqual({ key: 'q', element: 'another' })
    })
  })

  test('is repeated while the server says that it blocks nobody: the call may still be on its way', async () => {
    let asked = 0
    let popping: FakeConnection | undefined
    const fake = await scripted((argv, connection) => {
      if (argv[0] === 'BLPOP') {
        popping = connection
        return ''
      }
      if (!isUnblock(argv)) return undefined
      if (++asked < 4) return resp.integer(0)
      popping?.send(resp.nil)
      return resp.integer(1)
    })
    const redis = client(fake.port)
    const controller = new AbortController()
    const waiting = redis.with({ signal: controller.signal }).blpop(['q'], 0)
    await fake.untilReceived('BLPOP')
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    expect(asked).toBe(4)
    expect(fake.openConnections).toHaveLength(2)
  })

  test('that the server refuses leads to the end of the blocked connection', async () => {
    for (const refusal of ['BUSY Redis is busy running a script.', 'NOPERM no', "ERR unknown command 'CLIENT'"]) {
      const fake = await scripted(argv =>
        argv[0] === 'BLPOP' ? '' : isUnblock(argv) ? resp.error(refusal) : undefined,
      )
      const redis = client(fake.port)
      const controller = new AbortController()
      const waiting = redis.with({ signal: controller.signal }).blpop(['q'], 0)
      const { connection } = await fake.untilReceived('BLPOP')
      controller.abort(new Error('enough'))
      await expect(waiting).rejects.toThrow('enough')
      await until(() => connection.closed, { what: 'the blocked connection dropped' })
      await until(() => redis.pool.lent === 0, { what: 'given back' })
    }
  })

  test('is not sent to a server that has started anew, where its id is somebody else', async () => {
    let ids = 100
    const unblocked: string[] = []
    const blocked: FakeConnection[] = []
    const fake = await scripted((argv, connection) => {
      if (argv[0] === 'HELLO') {
        return resp.map([
          [resp.bulk('server'), resp.bulk('redis')],
          [resp.bulk('version'), resp.bulk('7.0.15')],
          [resp.bulk('proto'), resp.integer(3)],
          [resp.bulk('id'), resp.integer(ids++)],
          [resp.bulk('mode'), resp.bulk('standalone')],
        ])
      }
      if (argv[0] === 'BLPOP') {
        blocked.push(connection)
        return ''
      }
      if (!isUnblock(argv)) return undefined
      unblocked.push(String(argv[2]))
      return resp.integer(1)
    })
    const redis = client(fake.port)
    await redis.ping()
    const controller = new AbortController()
    const waiting = redis.with({ signal: controller.signal }).blpop(['q'], 0)
    await fake.untilReceived('BLPOP')
    // The shared connection is lost and comes back to a server whose ids begin anew; the blocked one has not noticed yet.
    ids = 1
    fake.connections[0]?.reset()
    await until(() => redis.stats.reconnects === 1, { what: 'reconnected' })
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    expect(unblocked).toEqual([])
    await until(() => blocked[0]?.closed, { what: 'the blocked connection dropped' })
  })

  test('lost on its way is sent again, and its connection is not leased to anybody else', async () => {
    let asked = 0
    let popping: FakeConnection | undefined
    const fake = await scripted((argv, connection) => {
      if (argv[0] === 'BLPOP') {
        popping = connection
        return ''
      }
      if (!isUnblock(argv)) return undefined
      if (asked++ === 0) connection.reset()
      else popping?.send(resp.nil)
      return asked === 1 ? '' : resp.integer(1)
    })
    const redis = client(fake.port)
    await redis.ping()
    const controller = new AbortController()
    const waiting = redis.with({ signal: controller.signal }).blpop(['q'], 0)
    await fake.untilReceived('BLPOP')
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    expect(asked).toBe(2)
    await until(() => popping?.closed, { what: 'dropped' })
  })

  test('without any answer the blocked connection is dropped after one health-check interval', async () => {
    const fake = await scripted(argv => (argv[0] === 'BLPOP' || isUnblock(argv) ? null : undefined))
    const redis = client(fake.port, { healthCheckInterval: 80 })
    const controller = new AbortController()
    const waiting = redis.with({ signal: controller.signal }).blpop(['q'], 0)
    await fake.untilReceived('BLPOP')
    const start = performance.now()
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    expect(performance.now() - start).toBeGreaterThan(70)
    expect(performance.now() - start).toBeLessThan(3_000)
  })
})

describe('an aborted call that blocks', () => {
  test('is not sent again after a loss, nor to where a redirect leads, and rejects with the reason', async () => {
    const blocked: FakeConnection[] = []
    const fake = await scripted((argv, connection) => {
      if (argv[0] !== 'XREAD') return argv[1] === 'UNBLOCK' ? '' : undefined
      blocked.push(connection)
      return ''
    })
    const redis = client(fake.port)
    for (const end of [
      () => blocked.at(-1)?.reset(),
      () => blocked.at(-1)?.send(resp.error('LOADING Redis is loading the dataset in memory')),
    ]) {
      const controller = new AbortController()
      const waiting = redis.with({ signal: controller.signal }).xread({ s: '$' }, { block: 0 })
      const before = blocked.length
      await until(() => blocked.length > before, { what: 'XREAD' })
      controller.abort(new Error('enough'))
      end()
      await expect(waiting).rejects.toThrow('enough')
      await client(fake.port).ping()
      expect(blocked).toHaveLength(before + 1)
    }
  })

  test('whose time is up is ended like an aborted one: an element that comes is the result', async () => {
    let popping: FakeConnection | undefined
    const fake = await scripted((argv, connection) => {
      if (argv[0] === 'BLPOP') popping = connection
      if (argv[1] !== 'UNBLOCK') return argv[0] === 'BLPOP' ? '' : undefined
      popping?.send(argv[2] === undefined ? '' : reply)
      return resp.integer(reply === resp.nil ? 1 : 0)
    })
    let reply = resp.array([resp.bulk('q'), resp.bulk('element')])
    const redis = client(fake.port)
    expect(await redis.with({ timeout: 50 }).blpop(['q'], 0)).toEqual({ key: 'q', element: 'element' })
    reply = resp.nil
    await expect(redis.with({ timeout: 50 }).blpop(['q'], 0)).rejects.toBeInstanceOf(TimeoutError)
  })
})

describe('a connection that was leased', () => {
  test('is not replaced while a call blocks on it', async () => {
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
      // Then it is.
      expect(fake.commands.findLast(({ argv }) => argv[0] === 'PING')?.connection).not.toBe(popping)
    })
  })
})
