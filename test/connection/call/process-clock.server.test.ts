import { afterEach, describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import { Script } from '../../../src/commands/script.js'
import type { RedisOptions } from '../../../src/connection/options/options.js'
import { Child } from '../../rig/child.js'
import { standStill } from '../../rig/stand-still.js'
import { useServer } from '../../servers/vitest.js'

/** `CHAOS=long` tries more times. */
const LONG = process.env.CHAOS === 'long'
const server = useServer()
const open: Redis[] = []

afterEach(() => {
  for (const client of open.splice(0)) client.destroy()
})

function client(options: RedisOptions = {}): Redis {
  const redis = new Redis({ port: server().port, ...options }).on('error', () => {})
  open.push(redis)
  return redis
}

const nextTurn = () => new Promise(resolve => setTimeout(resolve, 0))

describe('a blocked process fails no call that the server answered', () => {
  const firstCalls: Record<string, (redis: Redis) => Promise<unknown>> = {
    'a call': redis => redis.set('k', 'v'),
    'a script': redis => new Script({ lua: 'return 1' }).run(redis),
    'a pipeline': redis => redis.pipeline().ping().exec(),
    'a transaction': redis => redis.multi().ping().exec(),
    'a subscription': redis => redis.subscribe(['c'], () => {}),
    'a blocking call': redis => redis.blpop(['none'], 0.05),
    'a session': redis => redis.session(session => session.ping()),
    'connect()': redis => redis.connect(),
  }

  test.each(Object.entries(firstCalls))(
    'the first call, %s, is answered although the process was blocked for less than, as long as and longer than its timeout',
    async (_, call) => {
      const options = { commandTimeout: 150, connectTimeout: 150, pool: { acquireTimeout: 150 } }
      for (const ms of LONG ? [140, 149, 155, 230, 600] : [149, 600]) {
        const called = call(client(options))
        standStill(ms)
        await called
      }
      // The process is blocked at different turns: each step on the way to the reply takes one.
      for (const ms of LONG ? [60, 155, 400] : [155]) {
        const called = call(client(options))
        for (let turn = 0; turn < 3; turn++) {
          standStill(ms)
          await nextTurn()
        }
        await called
      }
    },
  )

  test('a call with a timeout shorter than a beat of the clock times out', async () => {
    for (const timeout of [1, 5, 20]) {
      const redis = client()
      await redis.ping()
      const calls = [redis.with({ timeout }).ping(), redis.with({ timeout }).ping()]
      standStill(200)
      expect(await Promise.all(calls)).toEqual(['PONG', 'PONG'])
    }
  })

  test('an idle client that was frozen for two health-check intervals keeps its connection', async () => {
    const redis = client({ healthCheckInterval: 80 })
    const losses: unknown[] = []
    redis.on('error', error => losses.push(error))
    await redis.set('n', 0)
    for (let i = 1; i <= 12; i++) {
      await new Promise(resolve => setTimeout(resolve, i * 9))
      standStill(200 + i)
      expect(await redis.incr('n')).toBe(i)
    }
    expect(losses).toEqual([])
  })

  test('a caller that waits for a leased connection gets the time of a blocked process back', async () => {
    const redis = client({ pool: { max: 1, acquireTimeout: 150 } })
    await redis.session(session => session.ping())
    const first = redis.session(async session => {
      for (let i = 0; i < 5; i++) await session.ping()
    })
    const second = redis.session(session => session.ping())
    const third = redis.with({ timeout: 140 }).session(session => session.ping())
    await nextTurn()
    standStill(400)
    expect(await Promise.all([first, second, third])).toEqual([undefined, 'PONG', 'PONG'])
  })

  test('the timeout of close() does not count the time in which the process was blocked', async () => {
    const redis = client()
    await redis.ping()
    const calls = Array.from({ length: 10_000 }, (_, i) => redis.call('ECHO', `${i}`))
    const closed = redis.close({ timeout: 100 })
    standStill(300)
    expect(await Promise.all(calls)).toEqual(calls.map((_, i) => `${i}`))
    await closed
  })

  test('a process that was stopped and continued by signals goes on without an error', async () => {
    const child = new Child(
      `const { Redis } = require('@respire/redis')
       const options = { port: ${server().port}, commandTimeout: 400, connectTimeout: 400, healthCheckInterval: 150 }
       const redis = new Redis(options).on('error', error => console.log('lost', error.message))
       redis.set('stopped', 0).then(() => {
         console.log('ready')
         const call = async () => {
           for (;;) {
             await redis.incr('stopped').catch(error => console.log('failed', error.message))
             const other = new Redis(options).on('error', error => console.log('lost', error.message))
             await other.ping().catch(error => console.log('failed', error.message))
             other.destroy()
             await new Promise(resolve => setTimeout(resolve, 5))
           }
         }
         call()
       })
       process.stdin.once('data', () => { console.log('over'); process.exit(0) })`,
    )
    await child.printed('ready')
    for (let i = 0; i < 6; i++) {
      child.signal('SIGSTOP')
      await new Promise(resolve => setTimeout(resolve, 350 + i * 100))
      child.signal('SIGCONT')
      await new Promise(resolve => setTimeout(resolve, 40 + i * 20))
    }
    child.say('end')
    const { stdout } = await child.exited
    expect(stdout.split('\n').filter(line => line !== '')).toEqual(['ready', 'over'])
  })
})
