import { expect, test } from 'vitest'
import { readLine } from '../../src/client/monitor.js'
import { type MonitorEntry, Redis } from '../../src/index.js'
import { until } from '../rig/conditions.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()

test('monitor() returns every command until the loop is left', async () => {
  const redis = new Redis({ port: server().port })
  await redis.connect()
  const seen: MonitorEntry[] = []
  const monitoring = (async () => {
    for await (const entry of redis.monitor()) {
      if (entry.args[0] === 'probe') continue
      seen.push(entry)
      if (entry.args[0] === 'SET') break
    }
  })()
  const monitors = async () => String(await server().command('CLIENT', 'LIST')).includes(' cmd=monitor')
  await until(monitors, { what: 'a monitor' })
  const odd = Buffer.from('a"b\\c\n\0ü')
  await redis.set(odd, 'v')
  await monitoring
  expect(seen.at(-1)).toEqual({
    time: expect.any(Number),
    db: 0,
    client: expect.stringContaining('127.0.0.1:'),
    args: ['SET', 'a"b\\c\n\0ü', 'v'],
  })
  await until(async () => !(await monitors()), { what: 'the connection closed' })
  await redis.close()
})

test('the loop of a monitor ends after close(), and throws after destroy() or a lost connection', async () => {
  const watch = async (redis: Redis) => {
    for await (const _ of redis.monitor());
    return 'ended'
  }
  const ready = () =>
    until(async () => String(await server().command('CLIENT', 'LIST')).includes(' cmd=monitor'), { what: 'a monitor' })
  const first = new Redis({ port: server().port })
  const ended = watch(first)
  await ready()
  await first.close()
  expect(await ended).toBe('ended')
  const second = new Redis({ port: server().port })
  const destroyed = watch(second)
  destroyed.catch(() => {})
  await ready()
  second.destroy()
  await expect(destroyed).rejects.toMatchObject({ name: 'ConnectionError' })
  const third = new Redis({ port: server().port })
  const lost = watch(third)
  lost.catch(() => {})
  await ready()
  await server().command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await expect(lost).rejects.toMatchObject({ name: 'ConnectionError' })
  third.destroy()
})

test('monitor() of a closed client throws, and a monitor that is not read does not connect', async () => {
  const redis = new Redis({ port: server().port, clientName: 'monitoring' })
  await redis.connect()
  await redis.monitor().return()
  await redis.close()
  await expect(redis.monitor().next()).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
  expect(await server().command('CLIENT', 'LIST')).not.toContain('name=monitoring')
})

test('a monitor returns a long argument whole, beyond the line limit of replies', async () => {
  const redis = new Redis({ port: server().port })
  await redis.connect()
  const big = '\x01'.repeat(1_000_000)
  const told = (async () => {
    for await (const { args } of redis.monitor()) if (args[0] === 'SET') return args[2]
    return undefined
  })()
  await until(async () => String(await server().command('CLIENT', 'LIST')).includes(' cmd=monitor'))
  await redis.set('big', big)
  expect((await told) === big).toBe(true)
  await redis.close()
})

test('any line of MONITOR is parsed in linear time', () => {
  const start = process.cpuUsage()
  for (const fill of ['1', '"', '\\', ']', ' [']) readLine(`1.1 [0 x] "${fill.repeat(1_000_000)}`)
  expect(process.cpuUsage(start).user).toBeLessThan(5e6)
  expect(readLine('1.5 [3 lua] "get" "\\x41\\"\\\\"')).toEqual({
    time: 1.5,
    db: 3,
    client: 'lua',
    args: ['get', 'A"\\'],
  })
  // The format of Valkey 8.1.
  expect(readLine(String.raw`1.5 [0 x] "set" "a"b\c\n\xc3\xbc" ""`)?.args).toEqual(['set', 'a"b\\c\nü', ''])
  expect(readLine('nonsense')).toBeUndefined()
})

test('a monitor whose reader is slow drops the oldest entries by their size, too', { timeout: 60_000 }, async () => {
  const redis = new Redis({ port: server().port })
  const entries = redis.monitor()
  const first = entries.next()
  const monitor = async () => /.* cmd=monitor.*/.exec(String(await server().command('CLIENT', 'LIST')))?.[0]
  await until(monitor)
  await server().command('ECHO', 'first')
  await first
  const writer = new Redis({ port: server().port, commandTimeout: 0 })
  for (let i = 0; i < 300; i++) await writer.echo(`${i} ${'x'.repeat(300_000)}`)
  await until(async () => (await monitor())?.includes(' omem=0 '), {
    what: 'the monitor has read all but what is on its way',
  })
  // 64 MiB hold 223 entries; up to 20 more may be on their way.
  const oldest = Number((await entries.next()).value?.args[1]?.split(' ')[0])
  expect(oldest).toBeGreaterThan(50)
  expect(oldest).toBeLessThan(80)
  await entries.return()
  await Promise.all([redis.close(), writer.close()])
})
