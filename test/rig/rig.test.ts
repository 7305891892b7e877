import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import type { Raw } from '../servers/servers.mjs'
import { connectRaw } from '../servers/servers.mjs'
import { Child, isBuilt, runChild } from './child.js'
import { until } from './conditions.js'
import type { FakeOptions } from './fake-redis.js'
import { FakeRedis, resp } from './fake-redis.js'
import { Random } from './random.mjs'
import { Watchdog } from './watchdog.js'

const execute = promisify(execFile)

describe('until', () => {
  test('until resolves with the value of the condition, and names a condition that is never fulfilled', async () => {
    let count = 0
    expect(await until(() => ++count === 3 && 'third')).toBe('third')
    const never = until(() => Promise.reject(new Error('why')), { timeout: 10, what: 'it comes' })
    await expect(never).rejects.toMatchObject({
      message: 'not fulfilled after 10 ms: it comes',
      cause: new Error('why'),
    })
  })
})

describe('Random', () => {
  test('Random repeats itself for the same seed, and for no other', () => {
    const draw = (seed: number): number[] => Array.from({ length: 20 }, () => new Random(seed).int(0, 1_000_000))
    const run = (random: Random): number[] => Array.from({ length: 20 }, () => random.int(0, 1_000_000))
    expect(draw(7)).toEqual(draw(7))
    expect(run(new Random(7))).toEqual(run(new Random(7)))
    expect(run(new Random(7))).not.toEqual(run(new Random(8)))
    expect(new Set(run(new Random(7))).size).toBeGreaterThan(15)
  })

  test('Random stays within its bounds and reaches them', () => {
    const random = new Random(1)
    const drawn = new Set(Array.from({ length: 500 }, () => random.int(-2, 2)))
    expect([...drawn].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2])
    expect(random.shuffle([1, 2, 3, 4]).sort()).toEqual([1, 2, 3, 4])
    expect(random.bytes(9)).toHaveLength(9)
  })
})

describe('Watchdog', () => {
  test('Watchdog names the promises that never settle', async () => {
    const watchdog = new Watchdog()
    let release = (): void => {}
    const late = watchdog.watch(new Promise<void>(resolve => (release = resolve)), 'the late one')
    await expect(watchdog.watch(Promise.reject(new Error('no')), 'a failure')).rejects.toThrow('no')
    await expect(watchdog.expectAllSettled(10)).rejects.toThrow('1 promises not settled after 10 ms: the late one')
    release()
    await late
    await watchdog.expectAllSettled(10)
    expect([watchdog.fulfilled, watchdog.rejected]).toEqual([1, 1])
  })
})

describe('FakeRedis', () => {
  const open: { stop(): Promise<void> }[] = []
  const raws: Raw[] = []

  afterEach(async () => {
    for (const raw of raws.splice(0)) raw.close()
    for (const fake of open.splice(0)) await fake.stop()
  })

  async function fakeWith(options?: FakeOptions): Promise<{ fake: FakeRedis; raw: Raw }> {
    const fake = await FakeRedis.start(options)
    open.push(fake)
    const raw = await connectRaw(fake)
    raws.push(raw)
    return { fake, raw }
  }

  test('FakeRedis replies by its script, then by the handshake, then with an unknown-command error', async () => {
    const { fake, raw } = await fakeWith({ script: ([name]) => (name === 'GET' ? resp.bulk('value') : undefined) })
    expect(await raw.command('GET', 'key')).toBe('value')
    expect(await raw.command('HELLO', '2')).toContain('redis')
    await expect(raw.command('HELLO', '4')).rejects.toThrow('NOPROTO')
    await expect(raw.command('SET', 'key', 'value')).rejects.toThrow("unknown command 'SET'")
    expect(fake.received('get').map(({ argv }) => argv)).toEqual([['GET', 'key']])
  })

  test('FakeRedis requires its password, and can be too old for HELLO', async () => {
    const { raw } = await fakeWith({ password: 'secret' })
    await expect(raw.command('HELLO', 2)).rejects.toThrow('NOAUTH')
    await expect(raw.command('HELLO', 2, 'AUTH', 'default', 'guess')).rejects.toThrow('WRONGPASS')
    expect(await raw.command('AUTH', 'secret')).toBe('OK')
    const old = await fakeWith({ hello: false })
    await expect(old.raw.command('HELLO', 3)).rejects.toThrow('unknown command')
  })

  test('FakeRedis sends a reply in pieces when the test allows, and later replies after it', async () => {
    let release = (): void => {}
    const released = new Promise<void>(resolve => (release = resolve))
    const { raw, fake } = await fakeWith()
    fake.script = ([name]) => (name === 'SLOW' ? pieces() : undefined)
    async function* pieces(): AsyncGenerator<string> {
      yield '$5\r\nhe'
      await released
      yield 'llo\r\n'
    }
    const order: string[] = []
    const slow = raw.command('SLOW').then(reply => order.push(reply))
    const ping = raw.command('PING').then(reply => order.push(reply))
    await fake.untilReceived('PING')
    expect(order).toEqual([])
    release()
    await Promise.all([slow, ping])
    expect(order).toEqual(['hello', 'PONG'])
  })

  test('FakeRedis can send bytes without a command, never reply, and close the connection', async () => {
    const { raw, fake } = await fakeWith({ script: ([name]) => (name === 'NEVER' ? null : undefined) })
    const never = expect(raw.command('NEVER')).rejects.toThrow('closed')
    const { connection } = await fake.untilReceived('NEVER')
    expect(fake.openConnections).toEqual([connection])
    connection.reset()
    await never
    await until(() => fake.openConnections.length === 0)
    const greeted = await fakeWith({ onConnection: it => (it.onData = () => it.send('+hello\r\n')) })
    expect(await greeted.raw.command('ANYTHING')).toBe('hello')
    expect(greeted.fake.commands).toEqual([])
  })
})

describe('Child', () => {
  test('Child reports the exit and the output of a process', async ({ skip }) => {
    skip(!isBuilt(), 'no dist/: run `npm run build` first')
    const code = 'console.log(process.argv[1], process.env.WHAT); console.error("oops"); process.exitCode = 3'
    expect(await runChild(code, { args: ['given'], env: { WHAT: 'so' } })).toEqual({
      code: 3,
      signal: null,
      stdout: 'given so\n',
      stderr: 'oops\n',
      timedOut: false,
    })
    const stuck = await runChild('setInterval(() => {}, 1000)', { timeout: 200 })
    expect(stuck).toMatchObject({ code: null, signal: 'SIGKILL', timedOut: true })
  })

  test('Child receives input and can require the package by its name', async ({ skip }) => {
    skip(!isBuilt(), 'no dist/: run `npm run build` first')
    const child = new Child(`
      process.stdin.on('data', text => { console.log('got', String(text)); process.exit() })
      console.log('ready', typeof require('@respire/redis'))`)
    await child.printed('ready object')
    child.say('hello')
    expect(await child.exited).toMatchObject({ code: 0, stdout: 'ready object\ngot hello\n\n' })
    await expect(child.printed('more')).rejects.toThrow('the child ended before it printed more')
  })
})

describe('the keeper', () => {
  test('the keeper kills the children of a killed process', async () => {
    const servers = JSON.stringify(path.join(__dirname, '../servers/servers.mjs'))
    const code = `
      import { spawn } from 'node:child_process'
      import { keep } from ${servers}
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
      keep(child)
      console.log(child.pid)
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50)`
    const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', code]).catch(error => error)
    const pid = Number(stdout)
    expect(pid).toBeGreaterThan(0)
    await until(() => hasEnded(pid), { what: `process ${pid} is dead` })
  })
})

/** Whether a process is dead, or a zombie that was not reaped. */
async function hasEnded(pid: number): Promise<boolean> {
  const { stdout } = await execute('ps', ['-o', 'stat=', '-p', `${pid}`]).catch(() => ({ stdout: '' }))
  return stdout.trim() === '' || stdout.startsWith('Z')
}
