import { type Channel, channel } from 'node:diagnostics_channel'
import { afterEach, describe, expect, test } from 'vitest'
import { ExecAbortError, Redis, WatchError } from '../../src/index.js'
import { until } from '../rig/conditions.js'
import { FakeRedis, resp } from '../rig/fake-redis.js'
import { Ledger } from '../rig/ledger.js'
import { ChaosProxy } from '../rig/proxy.js'
import { seeded } from '../rig/random.mjs'
import { Watchdog } from '../rig/watchdog.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()
const clients: Redis[] = []
const proxies: ChaosProxy[] = []

function client(port = server().port, options = {}): Redis {
  const redis = new Redis({ port, ...options })
  redis.on('error', () => {})
  clients.push(redis)
  return redis
}

async function proxied(): Promise<ChaosProxy> {
  const proxy = await ChaosProxy.start(server(), 1)
  proxies.push(proxy)
  return proxy
}

/** Resolves when a message is published on the channel. */
function once(heard: Channel): Promise<void> {
  return new Promise(resolve => {
    const listener = () => {
      heard.unsubscribe(listener)
      resolve()
    }
    heard.subscribe(listener)
  })
}

afterEach(async () => {
  for (const redis of clients.splice(0)) redis.destroy()
  for (const proxy of proxies.splice(0)) await proxy.stop()
})

describe('transactions with multi()', () => {
  test('a transaction runs without other commands in between, and resolves with its replies in order', async () => {
    const redis = client()
    expect(await redis.multi().set('a', '1').incr('a').get('a').exec()).toEqual(['OK', 2, '2'])
    expect(await redis.bytes.multi().get('a').exec()).toEqual([Buffer.from('2')])
    expect(await redis.prefixed('p:').multi().set('k', 'v').get('k').exec()).toEqual(['OK', 'v'])
    expect(await redis.get('p:k')).toBe('v')
    expect(await redis.multi().exec()).toEqual([])
  })

  test('a transaction can have commands with replies as bytes and as text', async () => {
    for (const protocol of [2, 3] as const) {
      const redis = client(server().port, { protocol })
      await redis.set('bin', Buffer.from([0xff, 0xfe, 0x80, 1, 2]))
      await redis.del('h', 'z')
      await redis.hset('h', { f: 'é', g: 'v' })
      await redis.zadd('z', { member: 'm', score: 1.5 })
      const dump = await redis.dump('bin')
      for (const dumpFirst of [true, false]) {
        const multi = redis.multi()
        if (dumpFirst) multi.dump('bin')
        multi.hgetall('h').dump('bin').zrange('z', 0, -1, { withscores: true }).zscore('z', 'm').get('none').incr('h')
        const results = await multi.eval("return {'a', {'b', 1, {'c'}}}").exec({ settle: true })
        const [hash, bytes, scores, score, none, error, nested] = (dumpFirst ? results.slice(1) : results) as unknown[]
        expect(hash).toEqual(expect.objectContaining({ f: 'é', g: 'v' }))
        expect(bytes).toEqual(dump)
        expect(scores).toEqual([{ member: 'm', score: 1.5 }])
        expect(score).toBe(1.5)
        expect(none).toBeNull()
        expect(error).toMatchObject({ name: 'ResponseError', command: 'INCR', code: 'WRONGTYPE' })
        expect(nested).toEqual(['a', ['b', 1, ['c']]])
      }
      expect(await redis.multi().get('bin').functionDump().call('DUMP', 'bin').exec()).toEqual([
        await redis.get('bin'),
        await redis.functionDump(),
        dump,
      ])
      expect(await redis.bytes.multi().get('bin').dump('bin').exec()).toEqual([await redis.bytes.get('bin'), dump])
      const inSession = redis.session(session => session.multi().dump('bin').hget('h', 'f').exec())
      expect(await inSession).toEqual([dump, 'é'])
    }
  })

  test('an error reply before EXEC rejects with ExecAbortError and its cause, and no command runs', async () => {
    const redis = client()
    await redis.del('never')
    const error = await redis
      .multi()
      .set('never', '1')
      .call('NO.SUCH.COMMAND')
      .exec()
      .catch(error => error)
    expect(error).toBeInstanceOf(ExecAbortError)
    expect(error.cause).toMatchObject({ name: 'ResponseError', message: expect.stringContaining('unknown command') })
    expect(await redis.exists('never')).toBe(0)
  })

  test('an error reply of one command is at its place in the results, and the other commands run', async () => {
    const redis = client()
    const error = await redis
      .multi()
      .set('t', 'abc')
      .incr('t')
      .set('t', 'def')
      .exec()
      .catch(error => error)
    expect(error).toMatchObject({ name: 'ResponseError', command: 'INCR', index: 1 })
    expect(error.results).toEqual(['OK', error, 'OK'])
    expect(await redis.get('t')).toBe('def')
    const settled = await redis.multi().incr('t').get('t').exec({ settle: true })
    expect(settled).toEqual([expect.objectContaining({ command: 'INCR' }), 'def'])
  })

  test('discard() drops the commands of a transaction', async () => {
    const multi = client().multi().set('discarded', '1')
    multi.discard()
    await expect(multi.exec()).rejects.toMatchObject({ name: 'DataError' })
  })

  test('after a connection loss in EXEC the outcome of a transaction is unknown, and it is not sent again', async () => {
    const proxy = await proxied()
    const redis = client(proxy.port, { reconnect: { min: 1, max: 10 } })
    await redis.del('m')
    await proxy.set({ down: { mode: 'hold' } })
    const result = redis.multi().incr('m').incr('m').exec()
    // It may be rejected before the proxy has stopped cutting.
    result.catch(() => {})
    await until(() => redis.stats.inflight > 0, { what: 'written' })
    await until(async () => (await server().command('GET', 'm')) === '2', { what: 'executed' })
    await proxy.kill()
    await proxy.calm()
    await expect(result).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'unknown', command: 'EXEC' })
    expect(await redis.get('m')).toBe('2')
  })

  test('a transaction that is rejected while the server loads is sent again as a whole', async () => {
    const redis = client(server().port, { commandTimeout: 10_000 })
    await server().command('CONFIG', 'SET', 'key-load-delay', '1000')
    await server().command('DEBUG', 'POPULATE', '200')
    const reload = server().command('DEBUG', 'RELOAD')
    expect(await redis.multi().set('l', '1').incr('l').exec()).toEqual(['OK', 2])
    await reload
    await server().command('CONFIG', 'SET', 'key-load-delay', '0')
  })
})

describe('watched keys', () => {
  test('a transaction rejects with WatchError only if a watched key has changed', async () => {
    const redis = client()
    await redis.set('w', '1')
    await expect(
      redis.session(async session => {
        await session.watch('w')
        await redis.set('w', '2')
        return session.multi().set('w', '3').exec()
      }),
    ).rejects.toBeInstanceOf(WatchError)
    expect(await redis.get('w')).toBe('2')
    const done = await redis.session(async session => {
      await session.watch(['w'])
      return session.multi().set('w', '3').exec()
    })
    expect(done).toEqual(['OK'])
    // An empty transaction rejects too.
    await expect(
      redis.session(async session => {
        await session.watch('w')
        await redis.set('w', '4')
        return session.multi().exec()
      }),
    ).rejects.toBeInstanceOf(WatchError)
  })

  test('after unwatch() a changed key does not reject the transaction', async () => {
    const redis = client()
    const done = await redis.session(async session => {
      await session.watch('w')
      await redis.set('w', '5')
      await session.unwatch()
      return session.multi().set('w', '6').exec()
    })
    expect(done).toEqual(['OK'])
  })

  test('a connection loss while keys are watched rejects with WatchError before any command is written', async () => {
    const proxy = await proxied()
    const redis = client(proxy.port, { reconnect: { min: 1, max: 10 } })
    await redis.del('lost')
    await expect(
      redis.session(async session => {
        await session.watch('lost')
        await proxy.kill()
        // The session uses a new connection, which watches no key.
        for (;;) {
          try {
            await session.set('other', '1')
            break
          } catch {}
        }
        return session.multi().set('lost', '1').exec()
      }),
    ).rejects.toMatchObject({ name: 'WatchError', outcome: 'not sent' })
    expect(await redis.exists('lost')).toBe(0)
  })

  test('a transaction that cannot be sent does not end the watch', async () => {
    const redis = client(server().port, { pool: { max: 1 }, reconnect: { min: 1, max: 10 } })
    await redis.set('kept', '1')
    await redis.session(async session => {
      await session.watch('kept')
      const wrong = session.multi().call('SET', 'kept', {} as string)
      await expect(wrong.exec()).rejects.toMatchObject({ name: 'DataError' })
      const aborted = session.with({ signal: AbortSignal.abort(new Error('no')) }).multi()
      await expect(aborted.set('kept', '2').exec()).rejects.toThrow('no')
    })
    await redis.set('kept', '3')
    // The next transaction watches no key.
    expect(await redis.session(session => session.multi().set('kept', '4').exec())).toEqual(['OK'])
    const lost = redis.session(async session => {
      await session.watch('kept')
      await session
        .with({ signal: AbortSignal.abort() })
        .multi()
        .exec()
        .catch(() => {})
      await server().command('CLIENT', 'KILL', 'ID', String(await session.call('CLIENT', 'ID')))
      await redis.set('kept', '5')
      await until(() => session.ping().catch(() => undefined), { what: 'a new connection' })
      return session.multi().set('kept', '6').exec()
    })
    await expect(lost).rejects.toMatchObject({ name: 'WatchError', outcome: 'not sent' })
    expect(await redis.get('kept')).toBe('5')
  })

  test('a transaction runs after a WATCH that was called before the server could be reached', async () => {
    const proxy = await proxied()
    await proxy.refuse()
    const redis = client(proxy.port, { reconnect: { min: 1, max: 10 } })
    const refused = once(channel('tracing:respire:connect:error'))
    const done = redis.session(async session => {
      const watching = session.watch('late')
      await refused
      await proxy.accept()
      await watching
      return session.multi().set('late', '1').exec()
    })
    expect(await done).toEqual(['OK'])
  })

  test('a transaction that the server rejects ends the watch, and is not sent again without it', async () => {
    let loading = true
    const fake = await FakeRedis.start({
      script: ([name]) => {
        if (name === 'WATCH' || name === 'MULTI') return resp.ok
        if (name === 'SET')
          return loading ? resp.error('LOADING Redis is loading the dataset in memory') : '+QUEUED\r\n'
        if (name !== 'EXEC') return undefined
        if (!loading) return resp.array([resp.ok])
        loading = false
        return resp.error('EXECABORT Transaction discarded because of previous errors.')
      },
    })
    const redis = client(fake.port)
    await expect(
      redis.session(async session => {
        await session.watch('k')
        return session.multi().set('k', '1').exec()
      }),
    ).rejects.toMatchObject({ name: 'WatchError', outcome: 'not sent', message: expect.stringContaining('LOADING') })
    expect(fake.received('EXEC')).toHaveLength(1)
    loading = true
    expect(await redis.transaction('k', session => session.multi().set('k', '1').exec())).toEqual(['OK'])
    expect(fake.received('WATCH')).toHaveLength(3)
    await fake.stop()
  })
})

describe('repeated transactions with transaction()', () => {
  test('transaction() repeats until no other client was faster, and resolves with the result of its function', async () => {
    const redis = client(server().port, { pool: { max: 16 } })
    await redis.set('n', '0')
    let runs = 0
    let read = 0
    const results = await Promise.all(
      Array.from({ length: 16 }, () =>
        redis.transaction('n', async session => {
          runs++
          const n = Number(await session.get('n'))
          read++
          // All sixteen have read the value, so one is the fastest and fifteen repeat.
          await until(() => read >= 16, { what: 'all have read' })
          await session
            .multi()
            .set('n', n + 1)
            .exec()
          return n + 1
        }),
      ),
    )
    expect(results.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1))
    expect(await redis.get('n')).toBe('16')
    expect(runs).toBeGreaterThan(16)
  })

  test('transaction() rejects with the last WatchError when the retries are used up', async () => {
    const redis = client()
    let runs = 0
    await expect(
      redis.transaction(
        ['n'],
        async session => {
          runs++
          await redis.incr('n')
          await session.multi().incr('n').exec()
        },
        { retries: 3, delay: 1 },
      ),
    ).rejects.toBeInstanceOf(WatchError)
    expect(runs).toBe(4)
  })

  test('transaction() rejects with the error of its function', async () => {
    const thrown = new Error('mine')
    await expect(
      client().transaction('n', () => {
        throw thrown
      }),
    ).rejects.toBe(thrown)
  })

  // 16 counters; some connections are killed between the write of EXEC and its reply.
  test('transaction() loses no update and runs none twice under random kills', { timeout: 60_000 }, async () => {
    const random = seeded('compare and set')
    const proxy = await proxied()
    const redis = client(proxy.port, { reconnect: { min: 1, max: 10 }, pool: { max: 16 }, commandTimeout: 10_000 })
    const ledger = new Ledger()
    const watchdog = new Watchdog()
    let kills = 0
    let working = true
    let unknown = 0
    let settled = 0
    const killer = (async () => {
      while (working) {
        // Kills are counted in transactions, not in ms: on a slow machine no transaction would finish between two kills.
        const next = settled + random.int(1, 12)
        await until(() => !working || settled >= next, { timeout: 60_000 })
        kills++
        // About half of the cuts are in the middle of a reply: EXEC has run, and its reply is lost.
        if (random.chance(0.6)) await proxy.cutOpen({ direction: 'down', after: random.int(0, 60), ending: 'rst' })
        else await proxy.kill('rst')
      }
    })()
    await Promise.all(
      Array.from({ length: 32 }, async (_, id) => {
        const key = `cas:${id % 16}`
        for (let i = 0; i < 30 || unknown === 0; i++) {
          const update = redis.transaction(key, async session => {
            const value = Number((await session.get(key)) ?? 0)
            await session
              .multi()
              .set(key, value + 1)
              .exec()
          })
          update.catch(error => {
            if (error.outcome === 'unknown') unknown++
          })
          await ledger.book(key, watchdog.watch(update, 'transaction'))
          settled++
        }
      }),
    )
    working = false
    await killer
    await watchdog.expectAllSettled()
    console.log(`${await ledger.expectBalanced(server())}, ${kills} kills`)
  })
})
