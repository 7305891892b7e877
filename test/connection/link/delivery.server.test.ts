import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import { until } from '../../rig/conditions.js'
import { Ledger } from '../../rig/ledger.js'
import { ChaosProxy } from '../../rig/proxy.js'
import { seeded } from '../../rig/random.mjs'
import { Watchdog } from '../../rig/watchdog.js'
import { useServer } from '../../servers/vitest.js'

/** `npm run chaos` runs the long form. */
const LONG = process.env.CHAOS === 'long'

const server = useServer()
const open: { destroy(): void }[] = []
const proxies: ChaosProxy[] = []

afterEach(async () => {
  for (const client of open.splice(0)) client.destroy()
  for (const proxy of proxies.splice(0)) await proxy.stop()
})

describe('the delivery of commands', () => {
  // 100 kills among 50,000 commands whose replies are known beforehand.
  test('during 100 kills no reply is wrong, no acknowledged write is lost or done twice, and every promise settles', {
    timeout: 60_000,
  }, async () => {
    const COMMANDS = LONG ? 1_000_000 : 50_000
    const KILLS = LONG ? 2_000 : 100
    const random = seeded('ledger chaos')
    const proxy = await ChaosProxy.start(server(), random.int(1, 1e9))
    proxies.push(proxy)
    const redis = new Redis({ port: proxy.port, commandTimeout: 10_000, reconnect: { min: 1, max: 20 } })
    open.push(redis)
    redis.on('error', () => {})
    const ledger = new Ledger()
    const watchdog = new Watchdog()
    let issued = 0
    let kills = 0
    const worker = async (id: number) => {
      while (issued < COMMANDS) {
        const serial = issued++
        if (serial % Math.floor(COMMANDS / KILLS) === 0 && kills < KILLS) {
          kills++
          if (random.chance(0.5)) await proxy.kill(random.pick(['rst', 'fin']))
          else await proxy.cutOpen({ direction: random.pick(['up', 'down']), after: random.int(0, 400), ending: 'rst' })
        }
        const which = random.int(0, 2)
        if (which === 0) {
          await ledger.book(`counter:${id % 16}`, watchdog.watch(redis.incr(`counter:${id % 16}`), 'incr'))
        } else if (which === 1) {
          const text = `echo:${serial}`
          await watchdog.watch(redis.call('ECHO', text), 'echo').then(
            reply => ledger.bookReply(reply, text),
            () => {},
          )
        } else {
          const key = `own:${id}`
          const value = `value:${serial}`
          const stored = await watchdog.watch(redis.set(key, value), 'set').then(
            () => true,
            () => false,
          )
          // Only this worker uses the key, so it must read the value that it wrote.
          if (stored) {
            await watchdog.watch(redis.get(key), 'get').then(
              reply => ledger.bookReply(reply, value),
              () => {},
            )
          }
        }
      }
    }
    await Promise.all(Array.from({ length: 64 }, (_, id) => worker(id)))
    await watchdog.expectAllSettled()
    console.log(`${await ledger.expectBalanced(server())}, ${kills} kills, ${redis.stats.reconnects} reconnects`)
    expect(kills).toBe(KILLS)
    expect(redis.stats.reconnects).toBeGreaterThan(KILLS / 20)
  })

  test("a call that rejects as 'not sent' never reached the server", async () => {
    const random = seeded('not sent')
    const proxy = await ChaosProxy.start(server(), 1)
    proxies.push(proxy)
    const redis = new Redis({ port: proxy.port, commandTimeout: 150, reconnect: { min: 1, max: 20 } })
    open.push(redis)
    redis.on('error', () => {})
    let serial = 0
    const refused: string[] = []
    for (let round = 0; round < 20; round++) {
      if (round % 2 === 0) await proxy.refuse()
      else await proxy.accept()
      await proxy.kill()
      await Promise.all(
        Array.from({ length: 100 }, async () => {
          const key = `once:${serial++}`
          const controller = new AbortController()
          const call = redis.with({ signal: controller.signal, timeout: random.int(1, 200) }).incr(key)
          if (random.chance(0.2)) controller.abort()
          await call.catch(error => {
            if (error.outcome === 'not sent') refused.push(key)
          })
        }),
      )
    }
    await proxy.accept()
    expect(refused.length).toBeGreaterThan(50)
    const raw = await server().connect()
    for (const key of refused) expect(await raw.command('EXISTS', key), key).toBe(0)
    raw.close()
  })

  test('a call aborted in the turn of the call is never sent', async () => {
    const redis = new Redis({ port: server().port })
    open.push(redis)
    await redis.connect()
    const reason = new Error('changed my mind')
    const controller = new AbortController()
    const call = redis.with({ signal: controller.signal }).set('aborted', '1')
    const kept = redis.set('kept', '1')
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
    await kept
    expect(await server().command('EXISTS', 'aborted')).toBe(0)
    const over = AbortSignal.abort(reason)
    await expect(redis.with({ signal: over }).set('aborted', '1')).rejects.toBe(reason)
    await redis.get('kept')
    expect(await server().command('EXISTS', 'aborted')).toBe(0)
  })

  test('an abort after the write rejects at once, and the next calls get their own replies', async () => {
    const proxy = await ChaosProxy.start(server(), 1)
    proxies.push(proxy)
    const redis = new Redis({ port: proxy.port })
    open.push(redis)
    await redis.connect()
    await proxy.set({ down: { mode: 'hold' } })
    const controller = new AbortController()
    const aborted = redis.with({ signal: controller.signal }).call('ECHO', 'first')
    const second = redis.call('ECHO', 'second')
    await until(() => redis.stats.inflight === 2, { what: 'both written' })
    controller.abort()
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    await proxy.calm()
    expect(await second).toBe('second')
    expect(await redis.call('ECHO', 'third')).toBe('third')
  })

  test('a blocked event loop times out no call whose reply has arrived', async () => {
    const redis = new Redis({ port: server().port })
    open.push(redis)
    await redis.connect()
    const calls = Array.from({ length: 1_000 }, (_, i) => redis.with({ timeout: 200 }).call('ECHO', `${i}`))
    // The calls are written by now; the replies arrive while the event loop is blocked.
    await new Promise(resolve => process.nextTick(resolve))
    const end = performance.now() + 400
    while (performance.now() < end);
    expect(await Promise.all(calls)).toEqual(calls.map((_, i) => `${i}`))
  })

  test('a call does not lose the time in which the event loop was blocked before the write', async () => {
    const redis = new Redis({ port: server().port })
    open.push(redis)
    await redis.connect()
    const before = redis.with({ timeout: 200 }).call('ECHO', 'before')
    const end = performance.now() + 400
    while (performance.now() < end);
    const behind = redis.with({ timeout: 200 }).call('ECHO', 'behind')
    expect(await Promise.all([before, behind])).toEqual(['before', 'behind'])
  })

  test('after a lost connection writes reject as unknown and reads are resent', async () => {
    const proxy = await ChaosProxy.start(server(), 1)
    proxies.push(proxy)
    const redis = new Redis({ port: proxy.port, reconnect: { min: 1, max: 10 } })
    open.push(redis)
    redis.on('error', () => {})
    await redis.set('k', 'v')
    await proxy.set({ mode: 'swallow' })
    const write = redis.incr('lost')
    // It may reject before the proxy has stopped its faults.
    write.catch(() => {})
    const read = redis.get('k')
    const declared = redis.with({ idempotent: true }).set('k2', 'v2')
    await until(() => redis.stats.inflight === 3, { what: 'all written' })
    await proxy.kill()
    await proxy.calm()
    await expect(write).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'unknown', command: 'INCR' })
    expect(await read).toBe('v')
    expect(await declared).toBe('OK')
    expect(await server().command('EXISTS', 'lost')).toBe(0)
  })

  test('the queue is limited in commands and bytes, and the error names the limit', async () => {
    const proxy = await ChaosProxy.start(server(), 1)
    proxies.push(proxy)
    await proxy.refuse()
    const redis = new Redis({ port: proxy.port, queue: { maxCommands: 10, maxBytes: 10_000 }, commandTimeout: 300 })
    open.push(redis)
    redis.on('error', () => {})
    const calls = await Promise.allSettled(Array.from({ length: 12 }, () => redis.get('k')))
    const messages = calls.map(call => (call as PromiseRejectedResult).reason)
    expect(messages.filter(error => error.name === 'TimeoutError' && error.outcome === 'not sent')).toHaveLength(10)
    expect(
      messages.filter(error => /queue\.maxCommands \(10\)/.test(error.message) && error.outcome === 'not sent'),
    ).toHaveLength(2)
    await expect(redis.set('k', 'x'.repeat(20_000))).rejects.toThrow(/queue\.maxBytes \(10000\)/)
  })

  test('without an offline queue calls reject at once after a loss, and wait for the first connection', async () => {
    const proxy = await ChaosProxy.start(server(), 1)
    proxies.push(proxy)
    const redis = new Redis({ port: proxy.port, offlineQueue: false })
    open.push(redis)
    redis.on('error', () => {})
    expect(await redis.call('ECHO', 'first')).toBe('first')
    await proxy.refuse()
    await proxy.kill()
    await until(() => redis.status !== 'ready', { what: 'the loss' })
    await expect(redis.get('k')).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
  })

  test('the error of a timeout says how far the call came', async () => {
    const proxy = await ChaosProxy.start(server(), 1)
    proxies.push(proxy)
    const redis = new Redis({ port: proxy.port, commandTimeout: 100 })
    open.push(redis)
    redis.on('error', () => {})
    await redis.connect()
    await proxy.set({ mode: 'swallow' })
    await expect(redis.get('k')).rejects.toMatchObject({
      name: 'TimeoutError',
      phase: 'written',
      outcome: 'unknown',
      message: expect.stringMatching(/GET timed out after 1\d\d ms: written to 127\.0\.0\.1:\d+, no reply/),
    })
    await proxy.refuse()
    await proxy.kill()
    await until(() => redis.status !== 'ready', { what: 'the loss' })
    await expect(redis.get('k')).rejects.toMatchObject({
      name: 'TimeoutError',
      phase: 'connecting',
      outcome: 'not sent',
    })
  })

  test('a call is retried after LOADING, and rejects with BusyLoadingError if that lasts', async () => {
    const redis = new Redis({ port: server().port, commandTimeout: 10_000 })
    open.push(redis)
    await server().command('CONFIG', 'SET', 'key-load-delay', '2000')
    await server().command('DEBUG', 'POPULATE', '400')
    const reload = server().command('DEBUG', 'RELOAD')
    const refused = redis.with({ timeout: 60 }).set('loading', '1')
    const waited = redis.set('loading', '2')
    await expect(refused).rejects.toMatchObject({
      name: expect.stringMatching(/BusyLoadingError|TimeoutError/),
      outcome: expect.any(String),
    })
    expect(await waited).toBe('OK')
    await reload
    await server().command('CONFIG', 'SET', 'key-load-delay', '0')
  })
})
