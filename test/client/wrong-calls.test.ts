import { afterAll, describe, expect, it } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { Commands } from '../../src/commands/commands.js'
import { Command } from '../../src/commands/core/command.js'
import { specOf } from '../../src/commands/core/spec.js'
import { Script } from '../../src/commands/script.js'
import { DataError, RedisError } from '../../src/errors/errors.js'

const WRONG: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  true: true,
  'a number': 5,
  NaN: Number.NaN,
  text: 'x',
  'a symbol': Symbol('x'),
  'a function': () => {},
  'an object': {},
  'an object without a prototype': Object.create(null),
  'odd options': { odd: 1 },
  'options of other kinds': { signal: 'now', timeout: 'soon', ttl: 'long', wait: null, settle: 1, keys: null, lua: 5 },
  'an array of null': [null],
  'a Map': new Map([['a', null]]),
}

type Method = (...args: readonly unknown[]) => unknown

function* calls(wrong: unknown): Generator<unknown[]> {
  for (const right of ['k', {}, () => {}])
    for (let place = 0; place < 4; place++) yield [...new Array<unknown>(place).fill(right), wrong]
  yield [wrong, wrong, wrong]
}

/** Returns the methods of `holder` and its prototypes, without those that only run a command. */
function methodsOf(holder: object, but: readonly string[] = []): [string, Method][] {
  const names = new Set<string>()
  for (let on = Object.getPrototypeOf(holder); on !== null && on !== Object.prototype; on = Object.getPrototypeOf(on)) {
    for (const name of Object.getOwnPropertyNames(on)) {
      const { value } = Object.getOwnPropertyDescriptor(on, name) as PropertyDescriptor
      if (typeof value === 'function' && name !== 'constructor') names.add(name)
    }
  }
  const commands = new Set(Object.getOwnPropertyNames(Commands.prototype))
  return [...names]
    .filter(name => !but.includes(name) && !name.startsWith('~'))
    .filter(
      name =>
        !commands.has(name) ||
        (holder as Record<string, unknown>)[name] !== (Commands.prototype as unknown as Record<string, unknown>)[name],
    )
    .map(name => [name, (holder as Record<string, Method>)[name] as Method])
}

const SOON = 5_000

/** Returns how `call` ends wrongly, if it does: it must return, settle, or throw an error of this package. */
async function flawOf(call: () => unknown): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>(resolve => {
    timer = setTimeout(resolve, SOON, 'did not settle')
  })
  const ends = async (): Promise<string | undefined> => {
    let result: unknown
    try {
      result = call()
    } catch (error) {
      return error instanceof RedisError
        ? undefined
        : `threw ${error instanceof Error ? error.stack?.split('\n').slice(0, 3).join(' ') : error}`
    }
    try {
      if (typeof result !== 'object' || result === null) return undefined
      if (Symbol.asyncIterator in result) {
        const iterator = (result as AsyncIterable<unknown>)[Symbol.asyncIterator]()
        await iterator.next()
        await iterator.return?.()
      } else await result
    } catch (error) {
      return error instanceof RedisError
        ? undefined
        : `rejected with ${error instanceof Error ? error.stack?.split('\n').slice(0, 3).join(' ') : error}`
    }
    return undefined
  }
  try {
    return await Promise.race([ends(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** No server listens on this port. */
const port = 1
const options = { commandTimeout: 50, connectTimeout: 50, reconnect: { attempts: 0 }, pool: { acquireTimeout: 50 } }
const redis = new Redis({ port, ...options })
const cluster = new RedisCluster([{ host: '127.0.0.1', port }], options as never)
redis.on('error', () => {})
cluster.on('error', () => {})
const script = new Script({ keys: 1, lua: 'return 1' })

afterAll(() => {
  redis.destroy()
  cluster.destroy()
})

// `close` and `destroy` would end the client of the other tests. The methods for events are those of Node.
const ENDS = [
  'close',
  'destroy',
  'on',
  'once',
  'off',
  'emit',
  'addListener',
  'removeListener',
  'prependListener',
  'prependOnceListener',
  'removeAllListeners',
  'setMaxListeners',
  'listeners',
  'rawListeners',
  'listenerCount',
  'getMaxListeners',
  'eventNames',
]

const holders: [string, () => object][] = [
  ['Redis', () => redis],
  ['RedisCluster', () => cluster],
  ['a view', () => redis.with({})],
  ['a pipeline', () => redis.pipeline()],
  ['a transaction', () => redis.multi()],
  ['a lock', () => redis.lock('name', { ttl: 1_000, wait: 0 })],
  ['a script', () => script],
]
const methods = holders.flatMap(([what, make]) =>
  methodsOf(make(), ENDS).map(([name]): [string, () => Method] => [
    `${name} of ${what}`,
    () => {
      const holder = make() as Record<string, Method>
      return (holder[name] as Method).bind(holder)
    },
  ]),
)

describe('wrong calls', () => {
  it.each(methods)(
    'a wrong call of %s settles, and its error is one of this package',
    { timeout: 60_000 },
    async (_, methodOf) => {
      const flaws = new Set<string>()
      const trials: Promise<void>[] = []
      for (const [what, wrong] of Object.entries(WRONG)) {
        for (const args of [[], ...calls(wrong)]) {
          const trial = async () => {
            const flaw = await flawOf(() => methodOf()(...args))
            if (flaw !== undefined) flaws.add(`${what} as argument ${args.length}: ${flaw}`)
          }
          trials.push(trial())
        }
      }
      await Promise.all(trials)
      expect([...flaws]).toEqual([])
    },
  )

  it('a wrong call of close() rejects with DataError', async () => {
    for (const wrong of [null, 5, 'x', { timeout: 'soon' }, { odd: 1 }]) {
      for (const client of [redis, cluster]) {
        await expect(client.close(wrong as never)).rejects.toThrow(DataError)
      }
    }
  })

  it.each(Object.entries(WRONG))('a constructor called with %s throws DataError, or accepts it', (_, wrong) => {
    for (const make of [
      () => new Redis(wrong as never),
      () => new RedisCluster(wrong as never),
      () => new Script(wrong as never),
    ]) {
      try {
        const made = make()
        if (!(made instanceof Script)) made.destroy()
      } catch (error) {
        expect(error).toBeInstanceOf(RedisError)
      }
    }
  })

  it('a Command that is run twice does not change the promise of its first run', async () => {
    const command = new Command(specOf(['GET']), ['k'])
    const first = redis.run(command)
    await expect(redis.run(command)).rejects.toThrow(/was run before/)
    await expect(first).rejects.toMatchObject({ outcome: 'not sent' })
  })

  it.each([new Set(), new Map(), new Blob([])])(
    'run() rejects with DataError for %s, which has a size as a new Command has',
    async wrong => {
      const redis = new Redis()
      await expect(redis.run(wrong as never)).rejects.toThrow(DataError)
      await expect(
        redis
          .pipeline()
          .run(wrong as never)
          .exec(),
      ).rejects.toThrow(DataError)
      redis.destroy()
    },
  )

  it('a wrong call of run() in a pipeline or transaction rejects exec() with DataError', async () => {
    for (const wrong of [null, undefined, 5, 'GET', {}]) {
      await expect(
        redis
          .pipeline()
          .run(wrong as never)
          .exec(),
      ).rejects.toThrow(DataError)
      await expect(
        redis
          .multi()
          .run(wrong as never)
          .exec(),
      ).rejects.toThrow(DataError)
    }
  })

  it('the error of MONITOR on a cluster names monitor() of the clients of its nodes', async () => {
    await expect(cluster.call('MONITOR')).rejects.toThrow(
      /monitor\(\) of a Redis client; in a cluster, of one of the clients of nodes\('primary'\)/,
    )
  })
})
