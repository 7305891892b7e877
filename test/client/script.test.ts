import { beforeEach, describe, expect, test } from 'vitest'
import { NoScriptError, type Redis, Script } from '../../src/index.js'
import { useScriptedServers } from '../connection/scripted-clients.js'
import { until } from '../rig/conditions.js'
import { type FakeRedis, type FakeScript, resp } from '../rig/fake-redis.js'

const OWN = resp.error('NOSCRIPT No matching script. Please use EVAL.')
const OTHER = resp.error('NOSCRIPT No script found for this hash')
const ADD = new Script<number>({ keys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" })
const LOOK = new Script<string>({ keys: 1, lua: "return redis.call('GET', KEYS[1])", readonly: true })

let fake: FakeRedis
const scripted = useScriptedServers()

beforeEach(async () => {
  fake = await scripted.server()
})

function client(script: FakeScript, options = {}): Redis {
  fake.script = script
  return scripted.client(fake.port, options)
}

/** The names of the commands received after the handshake, without their arguments. */
function received(): string[] {
  return fake.commands.map(({ argv }) => argv[0] as string).filter(name => !['HELLO', 'CLIENT', 'PING'].includes(name))
}

describe('NOSCRIPT errors with another text than that of Redis', () => {
  const answering = (exists: string): FakeScript => {
    return ([name]) => {
      if (name === 'SCRIPT') return exists
      if (name === 'EVAL' || name === 'EVAL_RO') return resp.integer(1)
      return name?.startsWith('EVALSHA') ? OTHER : undefined
    }
  }

  test('the text is sent after a NOSCRIPT error if SCRIPT EXISTS returns 0', async () => {
    const redis = client(answering(resp.array([resp.integer(0)])))
    expect(await ADD.run(redis, 'k', 1)).toBe(1)
    expect(received()).toEqual(['EVALSHA', 'SCRIPT', 'EVAL'])
    expect(fake.received('SCRIPT')[0]?.argv).toEqual(['SCRIPT', 'EXISTS', ADD.sha1])
  })

  test('a NOSCRIPT error is an error of the script itself if SCRIPT EXISTS returns 1', async () => {
    const redis = client(answering(resp.array([resp.integer(1)])))
    await expect(ADD.run(redis, 'k', 1)).rejects.toMatchObject({ name: 'NoScriptError', command: 'EVALSHA' })
    expect(received()).toEqual(['EVALSHA', 'SCRIPT'])
  })

  test('if SCRIPT EXISTS is rejected, only a read-only script is sent again', async () => {
    const redis = client(answering(resp.error("NOPERM this user has no permissions to run 'script|exists'")))
    await expect(ADD.run(redis, 'k', 1)).rejects.toBeInstanceOf(NoScriptError)
    expect(await LOOK.run(redis, 'k')).toBe(1)
    expect(received()).toEqual(['EVALSHA', 'SCRIPT', 'EVALSHA_RO', 'SCRIPT', 'EVAL_RO'])
  })

  test('a script whose SCRIPT EXISTS gets no reply rejects at its deadline, with an unknown outcome', async () => {
    const redis = client(([name]) => (name === 'EVALSHA' ? OTHER : name === 'SCRIPT' ? null : undefined))
    await expect(ADD.run(redis.with({ timeout: 50 }), 'k', 1)).rejects.toMatchObject({
      name: 'TimeoutError',
      outcome: 'unknown',
    })
  })

  test('a script can be aborted while SCRIPT EXISTS is in flight', async () => {
    const redis = client(([name]) => (name === 'EVALSHA' ? OTHER : name === 'SCRIPT' ? null : undefined))
    const controller = new AbortController()
    const run = ADD.run(redis.with({ signal: controller.signal }), 'k', 1)
    run.catch(() => {})
    await fake.untilReceived('SCRIPT')
    controller.abort(new Error('enough'))
    await expect(run).rejects.toThrow('enough')
  })
})

test('a NOSCRIPT error is an error of the script itself if the script was sent with its text', async () => {
  const redis = client(([name]) => (name?.startsWith('EVAL') ? OWN : undefined))
  await expect(ADD.run(redis, 'k', 1)).rejects.toBeInstanceOf(NoScriptError)
  expect(received()).toEqual(['EVALSHA', 'EVAL'])
})

test.each([
  'CLUSTERDOWN Hash slot not served',
  'TRYAGAIN Multiple keys request during rehashing of slot',
  'MOVED 1 127.0.0.1:1',
  'ASK 1 127.0.0.1:1',
])('on a standalone server the error %s is an error of the script itself', async text => {
  const redis = client(([name]) => (name?.startsWith('EVAL') ? resp.error(text) : undefined))
  const script = new Script({ lua: 'return 1' })
  await expect(script.run(redis, ['a', 'b'])).rejects.toMatchObject({ message: text })
  await expect(script.run(redis.pipeline(), ['a', 'b']).exec()).rejects.toMatchObject({ message: text })
  expect(received()).toEqual(['EVALSHA', 'EVAL'])
})

describe('scripts in a pipeline', () => {
  test('a pipeline sends the text with the first run of a script, and the hash with the others', async () => {
    const redis = client(([name]) => (name?.startsWith('EVAL') ? resp.integer(1) : undefined))
    const pipeline = redis.pipeline()
    for (let i = 0; i < 3; i++) ADD.run(pipeline, 'k', i)
    LOOK.run(pipeline, 'k')
    LOOK.run(pipeline, 'k')
    await pipeline.exec()
    expect(received()).toEqual(['EVAL', 'EVALSHA', 'EVALSHA', 'EVAL_RO', 'EVALSHA_RO'])
    expect(fake.received('EVALSHA')[0]?.argv).toEqual(['EVALSHA', ADD.sha1, '1', 'k', '1'])
    expect(fake.received('EVAL')[0]?.argv).toEqual(['EVAL', ADD.lua, '1', 'k', '0'])
  })

  test('the text of a script is sent again after a SCRIPT FLUSH in the same pipeline or transaction', async () => {
    const redis = client(([name]) => {
      if (name === 'MULTI' || name === 'SCRIPT') return resp.ok
      if (name === 'EXEC') return resp.error('ERR of this test')
      return name?.startsWith('EVAL') ? resp.integer(1) : undefined
    })
    const pipeline = ADD.run(redis.pipeline(), 'k', 1)
    await ADD.run(ADD.run(pipeline.scriptFlush(), 'k', 2), 'k', 3).exec()
    expect(received()).toEqual(['EVAL', 'SCRIPT', 'EVAL', 'EVALSHA'])
    const multi = ADD.run(redis.multi(), 'k', 1)
    await ADD.run(multi.call('SCRIPT', 'FLUSH'), 'k', 2)
      .exec()
      .catch(() => {})
    expect(received().slice(4, 8)).toEqual(['MULTI', 'EVAL', 'SCRIPT', 'EVAL'])
  })

  test('scripts are sent with their texts again if the server keeps fewer scripts', async () => {
    const redis = client(([name]) => (name?.startsWith('EVAL') ? resp.integer(1) : undefined))
    const pipeline = redis.pipeline()
    const scripts = Array.from({ length: 600 }, (_, i) => new Script({ lua: `return ${i}` }))
    for (const script of [...scripts, ...scripts]) script.run(pipeline)
    await pipeline.exec()
    expect(fake.received('EVALSHA')).toHaveLength(0)
    expect(fake.received('EVAL')).toHaveLength(1_200)
  })

  test.each([
    'NOSCRIPT No matching script. Please use EVAL.',
    'NOSCRIPT No matching script.', // Valkey since 8.0
  ])('a script that the server has lost meanwhile is sent again with its text after %s', async text => {
    const known = new Set<string>()
    let flushed = false
    const redis = client(argv => {
      if (argv[0] === 'EVAL') known.add(argv[1] as string)
      if (argv[0] === 'EVAL') return resp.integer(Number(argv[4]))
      if (argv[0] !== 'EVALSHA') return undefined
      if (!flushed) known.clear()
      flushed = true
      return known.has(ADD.lua) ? resp.integer(Number(argv[4])) : resp.error(text)
    })
    const pipeline = redis.pipeline()
    for (let i = 0; i < 5; i++) ADD.run(pipeline, 'k', i)
    expect(await pipeline.exec()).toEqual([0, 1, 2, 3, 4])
    expect(received()).toEqual(['EVAL', ...Array(4).fill('EVALSHA'), 'EVAL', ...Array(3).fill('EVALSHA')])
  })

  test('a script is not sent again if a later command of the pipeline has the same key', async () => {
    const script: FakeScript = ([name]) => {
      if (name === 'EVALSHA') return OWN
      return name === 'EVAL' || name === 'INCR'
        ? resp.integer(1)
        : name === 'MGET'
          ? resp.array([resp.bulk('1'), resp.bulk('2')])
          : undefined
    }
    const redis = client(script)
    const pipeline = ADD.run(ADD.run(redis.pipeline(), 'a', 1), Buffer.from('k'), 2)
    const results = await pipeline.incr('k').exec({ settle: true })
    expect(results).toEqual([1, expect.any(NoScriptError), 1])
    const other = ADD.run(ADD.run(redis.pipeline(), 'a', 1), 'k', 2)
    expect(await other.incr('other').mget('x', 'y').exec()).toEqual([1, 1, 1, ['1', '2']])
  })

  test('a script in a writing pipeline that rejects with an unknown NOSCRIPT text is not sent again, because it may have run', async () => {
    const redis = client(([name]) => {
      if (name === 'EVALSHA') return OTHER
      return name === 'EVAL' || name === 'INCR' ? resp.integer(1) : undefined
    })
    const pipeline = ADD.run(ADD.run(redis.pipeline(), 'a', 1), 'b', 2).incr('other')
    expect(await pipeline.exec({ settle: true })).toEqual([1, expect.any(NoScriptError), 1])
    expect(received()).toEqual(['EVAL', 'EVALSHA', 'INCR'])
  })

  test('in a pipeline of reads each script that NOSCRIPT rejected is sent again on its own', async () => {
    const redis = client(([name]) => (name === 'EVALSHA_RO' ? OWN : name === 'EVAL_RO' ? resp.bulk('v') : undefined))
    const pipeline = redis.pipeline()
    for (let i = 0; i < 3; i++) LOOK.run(pipeline, 'k')
    expect(await pipeline.exec()).toEqual(['v', 'v', 'v'])
    expect(received()).toEqual(['EVAL_RO', 'EVALSHA_RO', 'EVALSHA_RO', 'EVAL_RO', 'EVAL_RO'])
  })

  test('a script that is sent again on another connection is sent with its text', async () => {
    const redis = client(([name], connection) => {
      if (!name?.startsWith('EVAL')) return undefined
      if (connection.id > 0) return name === 'EVAL_RO' ? resp.bulk('v') : OWN
      connection.reset()
      return null
    })
    const pipeline = redis.pipeline()
    for (let i = 0; i < 3; i++) LOOK.run(pipeline, 'k')
    expect(await pipeline.exec()).toEqual(['v', 'v', 'v'])
    expect(received().slice(-3)).toEqual(['EVAL_RO', 'EVAL_RO', 'EVAL_RO'])
  })

  test('a pipeline that was rejected as a whole is sent again with the text of its script', async () => {
    let loading = true
    const redis = client(([name, , , , n]) => {
      if (!name?.startsWith('EVAL')) return undefined
      if (!loading) return resp.integer(Number(n))
      if (n === '2') loading = false
      return resp.error('LOADING Redis is loading the dataset in memory')
    })
    const pipeline = redis.pipeline()
    for (let i = 0; i < 3; i++) ADD.run(pipeline, 'k', i)
    expect(await pipeline.exec()).toEqual([0, 1, 2])
    expect(received()).toEqual(['EVAL', 'EVALSHA', 'EVALSHA', 'EVAL', 'EVALSHA', 'EVALSHA'])
  })
})

test('an error of the script itself that begins like one of the server does not say that the script did not run', async () => {
  for (const text of ['LOADING of my own', 'DENIED of my own', 'NOAUTH of my own']) {
    const redis = client(([name]) => {
      if (name === 'MULTI') return resp.ok
      if (name === 'EXEC') return resp.array([resp.error(text)])
      return name?.startsWith('EVAL')
        ? fake.received('MULTI').length > 0
          ? '+QUEUED\r\n'
          : resp.error(text)
        : undefined
    })
    const expected = { message: text, outcome: 'unknown' }
    await expect(ADD.run(redis, 'k', 1)).rejects.toMatchObject(expected)
    await expect(ADD.run(redis.pipeline(), 'k', 1).exec()).rejects.toMatchObject(expected)
    await expect(ADD.run(redis.multi(), 'k', 1).exec()).rejects.toMatchObject(expected)
    fake.commands.length = 0
  }
})

test('a NOSCRIPT error in a transaction is the result of that command', async () => {
  const redis = client(([name]) => {
    if (name === 'MULTI') return resp.ok
    if (name === 'EXEC') return resp.array([resp.integer(1), OWN])
    return name?.startsWith('EVAL') ? '+QUEUED\r\n' : undefined
  })
  const multi = ADD.run(ADD.run(redis.multi(), 'k', 1), 'k', 2)
  expect(await multi.exec({ settle: true })).toEqual([1, expect.any(NoScriptError)])
  expect(received()).toEqual(['MULTI', 'EVAL', 'EVALSHA', 'EXEC'])
})

describe('close() with pending scripts and pipelines', () => {
  test('close() waits for a script that must be sent again with its text, for any NOSCRIPT error', async () => {
    for (const refusal of [OWN, OTHER]) {
      const redis = client(([name]) => {
        if (name === 'SCRIPT') return resp.array([resp.integer(0)])
        return name === 'EVALSHA' ? refusal : name === 'EVAL' ? resp.integer(7) : undefined
      })
      await redis.connect()
      const run = ADD.run(redis, 'k', 1)
      await redis.close()
      expect(await run).toBe(7)
    }
  })

  test('close() waits for a pipeline that is retried while the server loads', async () => {
    let tries = 0
    const redis = client(([name]) => {
      if (name !== 'INCR') return undefined
      return ++tries < 5 ? resp.error('LOADING Redis is loading the dataset in memory') : resp.integer(tries)
    })
    await redis.connect()
    const exec = redis.pipeline().incr('n').incr('n').exec()
    await fake.untilReceived('INCR', 2)
    expect(redis.stats).toMatchObject({ queued: expect.any(Number) })
    const closing = redis.close()
    expect(await exec).toEqual([5, 6])
    await closing
    await expect(redis.pipeline().incr('n').exec()).rejects.toMatchObject({ outcome: 'not sent' })
  })

  test('destroy() rejects a pipeline that is retried while the server loads', async () => {
    const redis = client(([name]) =>
      name === 'INCR' ? resp.error('LOADING Redis is loading the dataset in memory') : undefined,
    )
    const exec = redis.pipeline().incr('n').incr('n').exec()
    await fake.untilReceived('INCR', 2)
    await until(() => redis.stats.queued === 2, { what: 'both to wait for their next try' })
    redis.destroy()
    await expect(exec).rejects.toMatchObject({ outcome: 'not sent' })
  })
})
