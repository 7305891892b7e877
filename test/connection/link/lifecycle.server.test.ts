import { describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import { Child, runChild } from '../../rig/child.js'
import { until } from '../../rig/conditions.js'
import { FakeRedis, resp } from '../../rig/fake-redis.js'
import { Watchdog } from '../../rig/watchdog.js'
import { useServer } from '../../servers/vitest.js'

const server = useServer()

const strict = ['--unhandled-rejections=strict']

describe('the process of a client', () => {
  test("a process without any listener survives the server's restart and exits by itself after close()", async () => {
    const child = new Child(
      `const { Redis } = require('@respire/redis')
       const redis = new Redis({ port: ${server().port} })
       redis.set('survivor', '1').then(() => console.log('set'))
       process.stdin.once('data', async () => {
         for (;;) try { await redis.get('survivor'); break } catch {}
         console.log('again')
         await redis.close()
         process.stdin.destroy()
       })`,
      { nodeArgs: strict },
    )
    await child.printed('set')
    for (let i = 0; i < 3; i++) await server().restart()
    child.say('go')
    const result = await child.exited
    expect(result.stdout).toContain('again')
    expect(result).toMatchObject({ code: 0, timedOut: false })
    // The error is not silent: one warning reports it.
    expect(result.stderr.match(/RespireWarning/g)).toHaveLength(1)
  })

  const states = {
    idle: '',
    connecting: 'redis.get("k").catch(() => {})',
    ready: 'await redis.get("k")',
    'in flight': 'await redis.get("k"); redis.get("k").catch(() => {})',
    backoff: 'redis.get("k").catch(() => {}); await new Promise(resolve => setTimeout(resolve, 60))',
    lent: 'await redis.session(session => session.get("k"))',
    blocking:
      'await redis.get("k"); redis.blpop(["nothing"], 0).catch(() => {}); await new Promise(resolve => setTimeout(resolve, 30))',
  }

  test.each(
    Object.entries(states).flatMap(([state, code]) => ['close', 'destroy'].map(end => [state, end, code] as const)),
  )('has no handle left when it was %s at %s()', async (state, end, code) => {
    const port = state === 'backoff' ? 1 : server().port
    const result = await runChild(
      `const { Redis } = require('@respire/redis')
         const redis = new Redis({ port: ${port} }).on('error', () => {})
         ;(async () => {
           ${code}
           const start = performance.now()
           await redis.${end}(${end === 'close' ? '{ timeout: 200 }' : ''})
           await redis.${end}()
           process.on('exit', () => console.log('ended', performance.now() - start))
         })()`,
      { nodeArgs: strict },
    )
    expect(result).toMatchObject({ code: 0, timedOut: false, stdout: expect.stringContaining('ended') })
    expect(Number(result.stdout.split(' ')[1])).toBeLessThan(2_000)
  })

  test('a process exits while its only client is connected and unref()ed', async () => {
    const result = await runChild(
      `const { Redis } = require('@respire/redis')
       const redis = new Redis({ port: ${server().port} })
       redis.get('k').then(() => redis.unref())`,
      { nodeArgs: strict, timeout: 15_000 },
    )
    expect(result).toMatchObject({ code: 0, timedOut: false })
  })
})

describe('the pool of a client', () => {
  test.each(['before its session', 'after its session'])(
    'a pool that was unref()ed %s keeps no process alive',
    async when => {
      const before = when.startsWith('before')
      const result = await runChild(
        `const { Redis } = require('@respire/redis')
       const redis = new Redis({ port: ${server().port}, pool: { min: 1 } })
       ${before ? 'redis.unref()' : ''}
       redis.session(session => session.ping()).then(() => ${before ? '{}' : 'redis.unref()'})`,
        { nodeArgs: strict, timeout: 15_000 },
      )
      expect(result).toMatchObject({ code: 0, timedOut: false })
    },
  )
})

describe('close()', () => {
  test('close() waits for accepted calls and rejects new ones', async () => {
    const redis = new Redis({ port: server().port })
    const calls = Array.from({ length: 1_000 }, (_, i) => redis.call('ECHO', `${i}`))
    const closed = redis.close()
    await expect(redis.get('k')).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
    await closed
    expect(await Promise.all(calls)).toHaveLength(1_000)
    expect(redis.status).toBe('closed')
    await redis.close()
    redis.destroy()
    await expect(redis.connect()).rejects.toMatchObject({ name: 'ConnectionError' })
  })

  test('close() ends after its timeout, and destroy() ends at once', async () => {
    const fake = await FakeRedis.start({ script: argv => (argv[0] === 'GET' ? null : undefined) })
    const redis = new Redis({ port: fake.port })
    const watchdog = new Watchdog()
    const lost = watchdog.watch(redis.get('k'), 'get')
    await fake.untilReceived('GET')
    await redis.close({ timeout: 50 })
    await expect(lost).rejects.toMatchObject({ name: 'ConnectionError' })
    const other = new Redis({ port: fake.port })
    const calls = Promise.allSettled([other.get('a'), other.incr('b')])
    await fake.untilReceived('GET', 2)
    other.destroy()
    expect((await calls).map(call => call.status)).toEqual(['rejected', 'rejected'])
    await watchdog.expectAllSettled(100)
    await fake.stop()
  })

  test('close() lets a session finish with its later calls, leases no connection, and ends blocking calls', async () => {
    const answers: (() => void)[] = []
    const fake = await FakeRedis.start({
      script: async ([name]) => {
        if (name === 'BLPOP') return null
        if (name !== 'INCR') return undefined
        await new Promise<void>(resolve => answers.push(resolve))
        return resp.integer(1)
      },
    })
    const redis = new Redis({ port: fake.port })
    const session = redis.session(async lent => [await lent.incr('k'), await lent.incr('k')])
    const blocking = redis.blpop(['nothing'], 0)
    blocking.catch(() => {})
    await fake.untilReceived('INCR')
    await fake.untilReceived('BLPOP')
    const closed = redis.close()
    await expect(blocking).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'unknown' })
    await expect(redis.session(() => 'never')).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
    await expect(redis.incr('k')).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
    answers[0]?.()
    await fake.untilReceived('INCR', 2)
    answers[1]?.()
    expect(await session).toEqual([1, 1])
    await closed
    await until(() => fake.openConnections.length === 0, { what: 'all closed' })
    await fake.stop()
  })

  test('the event close is emitted once although close() is called several times', async () => {
    const redis = new Redis({ port: server().port })
    await redis.connect()
    let told = 0
    redis.on('close', () => told++)
    const closed = [redis.close(), redis.close()]
    redis.destroy()
    await Promise.all(closed)
    expect(told).toBe(1)
  })

  test('close() opens none of the connections that pool.min keeps', async () => {
    const fake = await FakeRedis.start()
    const result = await runChild(
      `const { Redis } = require('@respire/redis')
       const redis = new Redis({ port: ${fake.port}, pool: { min: 2 } })
       redis.connect().then(() => redis.close())`,
      { nodeArgs: strict, timeout: 15_000 },
    )
    expect(result).toMatchObject({ code: 0, timedOut: false })
    expect(fake.connections).toHaveLength(1)
    await fake.stop()
  })

  test('await using closes the client', async () => {
    let kept: Redis
    {
      await using redis = new Redis({ port: server().port })
      kept = redis
      await redis.get('k')
    }
    expect(kept.status).toBe('closed')
  })
})

describe('a lost connection', () => {
  test('several connections of a node that are lost together count as one failure', async () => {
    const redis = new Redis({ port: server().port, reconnect: { min: 1, attempts: 3 } })
    redis.on('error', () => {})
    let waiting = 0
    const lent = Array.from({ length: 6 }, () =>
      redis.session(async session => {
        await session.ping()
        waiting++
        await until(() => waiting === 6, { what: 'all at work' })
      }),
    )
    await Promise.all(lent)
    // The shared connection is the youngest, so that its loss is found last.
    await redis.ping()
    const reconnecting = new Promise(resolve => redis.once('reconnecting', resolve))
    await server().command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await reconnecting
    await until(() => redis.status === 'ready', { what: 'ready again' })
    redis.destroy()
  })
})

describe('the events of a client', () => {
  test('the events connect, ready, reconnecting, error and close are emitted in order', async () => {
    const seen: string[] = []
    const redis = new Redis({ port: server().port, reconnect: { min: 1, max: 5 } })
    for (const name of ['connect', 'ready', 'reconnecting', 'error', 'close'] as const)
      redis.on(name, () => seen.push(name))
    await redis.connect()
    await server().command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await until(() => seen.filter(name => name === 'ready').length === 2, { what: 'ready again' })
    await redis.close()
    expect(seen).toEqual(['connect', 'ready', 'error', 'reconnecting', 'connect', 'ready', 'close'])
  })

  test('no attempt follows after a listener of reconnecting has destroyed the client', async () => {
    const fake = await FakeRedis.start()
    const redis = new Redis(fake.url)
    redis.on('error', () => {})
    await redis.connect()
    redis.on('reconnecting', () => redis.destroy())
    fake.openConnections[0]!.reset()
    await until(() => redis.status === 'closed')
    await new Promise(resolve => setTimeout(resolve, 150))
    expect(fake.connections).toHaveLength(1)
    expect(redis.status).toBe('closed')
    await fake.stop()
  })

  test('a listener that throws disturbs no other listener and no call', async () => {
    const errors: unknown[] = []
    const redis = new Redis({ port: server().port })
    const thrown = new Error('a bug in the listener')
    redis.on('ready', () => {
      throw thrown
    })
    redis.on('error', error => errors.push(error))
    expect(await redis.call('ECHO', 'hi')).toBe('hi')
    expect(errors).toEqual([thrown])
    redis.destroy()
  })

  test('duplicate() creates another client with the same options', async () => {
    const redis = new Redis({ port: server().port, db: 3, clientName: 'first' })
    const other = redis.duplicate({ clientName: 'second' })
    expect(await other.call('CLIENT', 'GETNAME')).toBe('second')
    expect(await redis.call('CLIENT', 'GETNAME')).toBe('first')
    await other.set('three', 'yes')
    expect(await redis.get('three')).toBe('yes')
    await Promise.all([redis.close(), other.close()])
  })
})
