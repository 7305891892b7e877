import { describe, expect, test } from 'vitest'
import type { Command } from '../../src/commands/core/command.js'
import { ConnectionError, DataError, ResponseError } from '../../src/errors/errors.js'
import { Lock } from '../../src/lock/lock.js'
import type { LockClient } from '../../src/lock/lock-client.js'
import { ACQUIRE, EXTEND, RELEASE } from '../../src/lock/scripts.js'
import { until } from '../rig/conditions.js'

/** An object that runs commands: it records the SHA-1 of the scripts, and returns one answer after another. */
function answering(...answers: (() => unknown)[]): { client: LockClient; asked: unknown[] } {
  const asked: unknown[] = []
  const client: LockClient = {
    run: async <R>(command: Command) => {
      asked.push(command.args[0])
      return (answers.shift() ?? (() => 1))() as R
    },
  }
  return { client, asked }
}

function standStill(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

describe('a lock on any object that runs commands', () => {
  test('acquire rejects if its reply arrives after the validity of the lock is over', async () => {
    const { client, asked } = answering(() => {
      standStill(50)
      return { fencing: 1 }
    })
    const lock = new Lock(client, 'job', { ttl: 40, wait: 0 })
    await expect(lock.acquire()).rejects.toMatchObject({ name: 'LockError', reason: 'expired' })
    expect([lock.valid, lock.token]).toEqual([false, null])
    await new Promise(setImmediate)
    expect(asked).toEqual([ACQUIRE.sha1, RELEASE.sha1])
  })

  test('acquire rejects if the allowance for clock drift uses up the ttl', async () => {
    const lock = new Lock(answering(() => ({ fencing: 1 })).client, 'job', { ttl: 2, wait: 0 })
    await expect(lock.acquire()).rejects.toMatchObject({ name: 'LockError' })
  })

  test('an attempt that never ran is not followed by a release', async () => {
    const { client, asked } = answering(() => {
      throw new ConnectionError('no link', { outcome: 'not sent' })
    })
    await expect(new Lock(client, 'job', { ttl: 1_000, wait: 0 }).acquire()).rejects.toMatchObject({
      reason: 'unreachable',
      message: 'Too few servers replied to decide who holds the lock "job": no link',
      cause: { name: 'ConnectionError' },
    })
    await new Promise(setImmediate)
    expect(asked).toEqual([ACQUIRE.sha1])
  })

  test.each([new DataError('bad argument'), new ResponseError('ERR no scripts here')])(
    'acquire rejects at once with an error that waiting cannot fix: %s',
    async error => {
      const { client, asked } = answering(() => {
        throw error
      })
      const lock = new Lock(client, 'job', { ttl: 1_000, wait: Number.POSITIVE_INFINITY })
      await expect(lock.acquire()).rejects.toMatchObject({ reason: 'unreachable', cause: error })
      expect(asked.filter(sha1 => sha1 === ACQUIRE.sha1)).toHaveLength(1)
    },
  )

  test('with a token of its own a lock waits for the release of its last attempt before the next one', async () => {
    let freed: (answer: number) => void = () => {}
    const { client, asked } = answering(
      () => {
        throw new ConnectionError('lost', { outcome: 'unknown' })
      },
      () =>
        new Promise(resolve => {
          freed = resolve
        }),
      () => ({ fencing: 2 }),
    )
    const lock = new Lock(client, 'job', { ttl: 5_000, token: 'mine', retryDelay: 1, jitter: 0 })
    const acquiring = lock.acquire()
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(asked).toEqual([ACQUIRE.sha1, RELEASE.sha1])
    freed(1)
    await acquiring
    expect(asked).toEqual([ACQUIRE.sha1, RELEASE.sha1, ACQUIRE.sha1])
  })
})

describe('a lock with a token of its own whose earlier attempt is being released', () => {
  /** The first attempt is lost, and its release is never answered. */
  const stuck = () =>
    answering(
      () => {
        throw new ConnectionError('lost', { outcome: 'unknown' })
      },
      () => new Promise(() => {}),
    )

  test('a lock waits for the release of an earlier attempt no longer than its wait', async () => {
    const lock = new Lock(stuck().client, 'job', { ttl: 60_000, token: 'mine', wait: 50, retryDelay: 1, jitter: 0 })
    await expect(lock.acquire()).rejects.toMatchObject({ reason: 'unreachable' })
    await expect(lock.acquire()).rejects.toMatchObject({ reason: 'unreachable', cause: { name: 'TimeoutError' } })
  })

  test('a lock that waits for the release of an earlier attempt can be aborted', async () => {
    const { client, asked } = stuck()
    const lock = new Lock(client, 'job', { ttl: 60_000, token: 'mine', retryDelay: 1, jitter: 0 })
    const controller = new AbortController()
    const acquiring = lock.acquire({ signal: controller.signal })
    await until(() => asked.length === 2)
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
    controller.abort('enough')
    await expect(acquiring).rejects.toBe('enough')
  })
})

describe('the name of a lock', () => {
  const held = { left: 5_000, place: 1 }

  async function messages(name: string): Promise<string[]> {
    const { client } = answering(
      () => held,
      () => ({ left: -1, place: 1 }),
      () => ({ key: 'lock', type: 'hash' }),
      () => {
        throw new ConnectionError('no link', { outcome: 'not sent' })
      },
      () => {
        throw new ConnectionError('The client was closed.', { outcome: 'not sent' })
      },
      () => ({ fencing: 1 }),
      () => -1,
      () => ({ fencing: 1 }),
      () => 0,
      () => ({ fencing: 1 }),
    )
    const found: string[] = []
    const note = (call: Promise<unknown>) =>
      call.then(
        () => expect.unreachable('it was not refused'),
        error => found.push(error.message),
      )
    const lock = new Lock(client, name, { ttl: 10_000, wait: 0 })
    await note(lock.release())
    await note(lock.extend(1_000))
    await note(lock.reacquire())
    found.push(lock.signal.reason.message)
    for (let i = 0; i < 5; i++) await note(lock.acquire())
    for (let i = 0; i < 2; i++) {
      await lock.acquire()
      await note(lock.release())
    }
    await lock.acquire()
    await note(lock.acquire())
    await note(lock.extend(0))
    await note(new Lock(answering(() => ({ fencing: 1 })).client, name, { ttl: 2, wait: 0 }).acquire())
    const eternal = new Lock(answering(() => ({ fencing: 1 })).client, name, { ttl: Number.POSITIVE_INFINITY })
    await eternal.acquire()
    await note(eternal.extend(1))
    return found
  }

  test('every error message contains the name of the lock as JSON', async () => {
    for (const name of ['job', 'a "quoted" name', 'two\r\nlines', '\u202eleft']) {
      const found = await messages(name)
      expect(found).toHaveLength(15)
      for (const message of found) expect(message).toContain(`ock ${JSON.stringify(name)}`)
    }
  })

  test('a long name is shortened in error messages', async () => {
    for (const message of await messages('😀'.repeat(100_000))) {
      expect(message.length).toBeLessThan(500)
      expect(message).toContain(`"${'😀'.repeat(50)}…"`)
    }
  })

  test.each(['\ud83d', 'job:\udc00', '', undefined, Buffer.from('job')])('%j is not a valid lock name', name => {
    expect(() => new Lock(answering().client, name as string, { ttl: 1_000 })).toThrow(DataError)
  })
})

describe('the clients of a lock', () => {
  test.each([undefined, null, 'redis', [], [undefined], { run: 1 }])('%j is not a valid client of a lock', clients => {
    expect(() => new Lock(clients as never, 'job', { ttl: 1_000 })).toThrow(DataError)
  })

  test('two servers where a key is no lock leave no majority of three', async () => {
    const foreign = () => ({ key: 'lock', type: 'hash' })
    const clients = [() => ({ fencing: 1 }), foreign, foreign].map(answer => answering(answer).client)
    const lock = new Lock(clients, 'job', { ttl: 10_000, wait: 60_000 })
    await expect(lock.acquire()).rejects.toMatchObject({ reason: 'not a lock' })
    const one = [() => ({ fencing: 1 }), () => ({ fencing: 1 }), foreign].map(answer => answering(answer).client)
    await new Lock(one, 'job', { ttl: 10_000, wait: 0 }).acquire()
  })
})

describe('wrong calls of a lock', () => {
  test.each<[string, (lock: Lock) => Promise<unknown>]>([
    ['acquire(null)', lock => lock.acquire(null as never)],
    ['acquire(5_000)', lock => lock.acquire(5_000 as never)],
    ['acquire with a time-out', lock => lock.acquire({ timeout: 5_000 } as never)],
    ['acquire with an invalid signal', lock => lock.acquire({ signal: 'now' } as never)],
    ['tryAcquire(null)', lock => lock.tryAcquire(null as never)],
    ['using without a function', lock => lock.using(undefined as never)],
    ['using with null', lock => lock.using(() => {}, null as never)],
  ])('%s rejects with DataError and sends nothing', async (_, call) => {
    const { client, asked } = answering()
    const lock = new Lock(client, 'job', { ttl: 10_000 })
    await expect(call(lock)).rejects.toThrow(DataError)
    await expect(call(lock)).rejects.toThrow('the lock "job"')
    expect(asked).toEqual([])
  })

  test.each([null, true, { replace: 1 }, { by: 5 }])('extend(1_000, %j) rejects with DataError', async options => {
    const lock = await new Lock(answering(() => ({ fencing: 1 })).client, 'job', { ttl: 10_000 }).acquire()
    await expect(lock.extend(1_000, options as never)).rejects.toThrow(DataError)
    expect(lock.valid).toBe(true)
  })

  test('properties of Object.prototype are not options of a lock', async () => {
    const { client, asked } = answering(
      () => ({ fencing: 1 }),
      () => 10_000,
    )
    const polluted = Object.prototype as { signal?: AbortSignal; replace?: boolean }
    try {
      polluted.signal = AbortSignal.abort()
      polluted.replace = true
      const lock = await new Lock(client, 'job', { ttl: 10_000 }).acquire({})
      await lock.extend(1_000, {})
      expect(lock.valid).toBe(true)
      expect(asked).toEqual([ACQUIRE.sha1, EXTEND.sha1])
    } finally {
      delete polluted.signal
      delete polluted.replace
    }
  })

  test.each(['\ud83d', 'a\ude00b'])('a token with half of a surrogate pair throws: %j', token => {
    expect(() => new Lock(answering().client, 'job', { ttl: 1_000, token })).toThrow(DataError)
  })
})
