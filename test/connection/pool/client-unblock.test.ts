import { describe, expect, test } from 'vitest'
import { type RedisOptions, TimeoutError } from '../../../src/index.js'
import { until } from '../../rig/conditions.js'
import { type FakeConnection, resp } from '../../rig/fake-redis.js'
import { standStill } from '../../rig/stand-still.js'
import { useScriptedServers } from '../scripted-clients.js'

const { client: clientOf, server: scripted } = useScriptedServers()

const client = (port: number, options: RedisOptions = {}) =>
  clientOf(port, { reconnect: { min: 1, max: 10 }, ...options })

describe('CLIENT UNBLOCK', () => {
  const isUnblock = (argv: readonly string[]) => argv[0] === 'CLIENT' && argv[1] === 'UNBLOCK'

  test('CLIENT UNBLOCK that is not answered yet ends no other call: the connection is not leased before', async () => {
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

  test('CLIENT UNBLOCK that is not answered yet holds back the next call of the session', async () => {
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

  test('CLIENT UNBLOCK is repeated while the server says that it blocks nobody: the call may still be on its way', async () => {
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

  test('CLIENT UNBLOCK that the server refuses leads to the end of the blocked connection', async () => {
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

  test('an aborted blocking call is ended by CLIENT UNBLOCK if the shared connection was dialled first and became ready last', async () => {
    let popping: FakeConnection | undefined
    let release = () => {}
    const isBlocked = new Promise<void>(resolve => {
      release = resolve
    })
    const fake = await scripted(async (argv, connection) => {
      if (argv[0] === 'HELLO' && connection === fake.connections[0]) await isBlocked
      if (argv[0] === 'BLPOP') {
        popping = connection
        return ''
      }
      if (!isUnblock(argv)) return undefined
      // The element was on its way: the server blocks nobody any more.
      popping?.send(resp.array([resp.bulk('q'), resp.bulk('element')]))
      return resp.integer(0)
    })
    const redis = client(fake.port)
    const ready = redis.connect()
    await until(() => fake.connections.length === 1, { what: 'the shared connection' })
    const controller = new AbortController()
    const waiting = redis.with({ signal: controller.signal }).blpop(['q'], 0)
    await fake.untilReceived('BLPOP')
    release()
    await ready
    controller.abort(new Error('enough'))
    expect(await waiting).toEqual({ key: 'q', element: 'element' })
  })

  test('CLIENT UNBLOCK ends an aborted blocking call, and one in a pipeline of a session, that was retried after LOADING', async () => {
    let tries = 0
    let popping: FakeConnection | undefined
    const fake = await scripted((argv, connection) => {
      if (argv[0] === 'BLPOP') {
        popping = connection
        return ++tries % 2 === 1 ? resp.error('LOADING Redis is loading the dataset in memory') : ''
      }
      if (!isUnblock(argv)) return undefined
      // The element was on its way: the server blocks nobody any more.
      popping?.send(resp.array([resp.bulk('q'), resp.bulk('element')]))
      return resp.integer(0)
    })
    const redis = client(fake.port)
    const element = { key: 'q', element: 'element' }
    const single = new AbortController()
    const call = redis.with({ signal: single.signal }).blpop(['q'], 0)
    await fake.untilReceived('BLPOP', 2)
    single.abort(new Error('enough'))
    expect(await call).toEqual(element)
    const several = new AbortController()
    const batch = redis.session(session =>
      session.with({ signal: several.signal }).pipeline().blpop(['q'], 0).exec({ settle: true }),
    )
    await fake.untilReceived('BLPOP', 4)
    several.abort(new Error('enough'))
    expect(await batch).toEqual([element])
  })

  test('CLIENT UNBLOCK is not sent to a server that has started anew, where its id is somebody else', async () => {
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

  test('CLIENT UNBLOCK lost on its way is sent again, and its connection is not leased to anybody else', async () => {
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

  test('without any answer to CLIENT UNBLOCK the blocked connection is dropped after one health-check interval', async () => {
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

  test('CLIENT UNBLOCK is sent after a standstill that was longer than connectTimeout, and the element that comes is the result', async () => {
    let popping: FakeConnection | undefined
    let isHeld = false
    const fake = await scripted(async (argv, connection) => {
      if (argv[0] === 'HELLO' && isHeld) await until(() => !isHeld)
      if (argv[0] === 'BLPOP') {
        popping = connection
        return ''
      }
      if (!isUnblock(argv)) return undefined
      popping?.send(resp.array([resp.bulk('q'), resp.bulk('element')]))
      return resp.integer(1)
    })
    const redis = client(fake.port, { connectTimeout: 400 })
    await redis.ping()
    const [shared] = fake.connections
    const controller = new AbortController()
    const waiting = redis.with({ signal: controller.signal }).blpop(['q'], 0)
    await fake.untilReceived('BLPOP')
    isHeld = true
    const greetings = fake.received('HELLO').length
    shared?.reset()
    await fake.untilReceived('HELLO', greetings + 1)
    controller.abort(new Error('enough'))
    await new Promise(resolve => setImmediate(resolve))
    standStill(800)
    isHeld = false
    expect(await waiting).toEqual({ key: 'q', element: 'element' })
  })
})

describe('an aborted call that blocks', () => {
  test('an aborted call that blocks is not sent again after a loss, nor to where a redirect leads, and rejects with the reason', async () => {
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

  test('an aborted call that blocks whose time is up is ended like an aborted one: an element that comes is the result', async () => {
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
