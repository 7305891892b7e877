import { beforeEach, expect, test } from 'vitest'
import {
  ConnectionError,
  ExecAbortError,
  InvalidResponse,
  NoPermissionError,
  type Redis,
  type RedisError,
} from '../../../src/index.js'
import { until } from '../../rig/conditions.js'
import { type FakeRedis, type FakeScript, resp } from '../../rig/fake-redis.js'
import { useScriptedServers } from '../scripted-clients.js'

const QUEUED = '+QUEUED\r\n'

let fake: FakeRedis
const scripted = useScriptedServers()

beforeEach(async () => {
  fake = await scripted.server()
})

function client(script: (name: string, argv: readonly string[]) => ReturnType<FakeScript>): Redis {
  fake.script = argv => script((argv[0] as string).toUpperCase(), argv)
  return scripted.client(fake.port, { reconnect: { min: 1, max: 5 } })
}

/** A server with working transactions, except for the commands that have another reply in `replies`. */
function transactional(replies: Readonly<Record<string, string>>): (name: string) => string | undefined {
  const usual: Readonly<Record<string, string>> = {
    MULTI: resp.ok,
    SET: QUEUED,
    GET: QUEUED,
    INCR: QUEUED,
    EXEC: resp.array([resp.ok, resp.bulk('v')]),
    ECHO: resp.bulk('echo'),
  }
  return name => replies[name] ?? usual[name]
}

for (const [what, replies] of Object.entries({
  'a line that is not answered with QUEUED': { GET: resp.bulk('somebody else’s') },
  'a line that is answered with OK': { SET: resp.ok },
  'MULTI that is not answered with OK': { MULTI: QUEUED },
  'EXEC with too few results': { EXEC: resp.array([resp.ok]) },
  'EXEC with too many results': { EXEC: resp.array([resp.ok, resp.ok, resp.ok]) },
  'EXEC that is not answered with a list': { EXEC: resp.ok },
})) {
  test(`${what} proves that replies are shifted, and the connection is closed`, async () => {
    const redis = client(transactional(replies))
    const transaction = redis.multi().set('a', 1).get('a').exec()
    const write = redis.set('other', 1)
    await expect(transaction).rejects.toMatchObject({ name: 'InvalidResponse', outcome: 'unknown', command: 'EXEC' })
    const error: RedisError = await write.then(
      () => expect.fail('the reply may be that of another command'),
      error => error,
    )
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).not.toBeInstanceOf(InvalidResponse)
    expect(error).toMatchObject({ outcome: 'unknown', command: 'SET' })
    expect(error.message).toMatch(/replies belong to other commands/)
    expect(fake.connections[0]?.closed || (await until(() => fake.connections[0]?.closed))).toBe(true)
  })
}

test('shifted replies found after a transaction has timed out close the connection too', async () => {
  let answer = (_: string): void => {}
  const redis = client(name => {
    if (name === 'GET') return new Promise(resolve => (answer = resolve))
    return transactional({})(name)
  })
  await redis.connect()
  await expect(redis.with({ timeout: 200 }).multi().set('a', 1).get('a').exec()).rejects.toThrow('timed out')
  answer(resp.bulk('not QUEUED'))
  await until(() => fake.connections[0]?.closed)
  expect(await redis.ping()).toBe('PONG')
  expect(fake.connections).toHaveLength(2)
})

test('a transaction accepts QUEUED and OK as bulk strings, as text and as bytes', async () => {
  const redis = client(transactional({ MULTI: resp.bulk('OK'), GET: resp.bulk('QUEUED') }))
  expect(await redis.multi().set('a', 1).get('a').exec()).toEqual(['OK', 'v'])
  expect(await redis.bytes.multi().set('a', 1).get('a').exec()).toEqual(['OK', Buffer.from('v')])
})

test('a transaction whose MULTI was rejected while its commands ran rejects as unknown with an error that says so', async () => {
  const redis = client((name: string) =>
    transactional({
      MULTI: resp.error("NOPERM User app has no permissions to run the 'multi' command"),
      SET: resp.ok,
      GET: resp.bulk('v'),
      EXEC: resp.error('ERR EXEC without MULTI'),
    })(name),
  )
  const error = await redis
    .multi()
    .set('a', 1)
    .get('a')
    .exec()
    .catch(error => error)
  expect(error).toBeInstanceOf(NoPermissionError)
  expect(error).toMatchObject({ outcome: 'unknown', command: 'MULTI', code: 'NOPERM' })
  expect(error.message).toMatch(/outside of MULTI/)
})

test('a transaction whose MULTI was rejected with LOADING is not resent if a command after it ran', async () => {
  const redis = client(
    transactional({
      MULTI: resp.error('LOADING Redis is loading the dataset in memory'),
      SET: resp.ok,
      GET: resp.error('LOADING Redis is loading the dataset in memory'),
      EXEC: resp.error('ERR EXEC without MULTI'),
    }),
  )
  const error = await redis
    .multi()
    .set('a', 1)
    .get('a')
    .exec()
    .catch(error => error)
  expect(error).toMatchObject({ name: 'BusyLoadingError', outcome: 'unknown' })
  expect(error.message).toMatch(/outside of MULTI/)
  expect(fake.received('SET')).toHaveLength(1)
})

test('a transaction is unknown if a command after the rejected MULTI failed with another error', async () => {
  const redis = client(
    transactional({
      MULTI: resp.error('ERR unknown command MULTI'),
      SET: resp.error('WRONGTYPE Operation against a key holding the wrong kind of value'),
      GET: resp.error('ERR unknown command GET'),
      EXEC: resp.error('ERR unknown command EXEC'),
    }),
  )
  await expect(redis.multi().set('a', 1).get('a').exec()).rejects.toMatchObject({
    outcome: 'unknown',
    command: 'MULTI',
  })
})

test('a transaction of which every command was rejected with LOADING is resent', async () => {
  let loading = true
  const redis = client(name => {
    if (!loading || name === 'HELLO' || name === 'CLIENT') return transactional({})(name)
    if (name === 'EXEC') loading = false
    return resp.error('LOADING Redis is loading the dataset in memory')
  })
  expect(await redis.multi().set('a', 1).get('a').exec()).toEqual(['OK', 'v'])
})

test('the error of a rejected EXEC has the reason as its cause, and READONLY replaces the connection', async () => {
  const readonly = "READONLY You can't write against a read only replica."
  const redis = client(transactional({ EXEC: resp.error(`EXECABORT Transaction discarded because of: ${readonly}`) }))
  const error = await redis
    .multi()
    .set('a', 1)
    .get('a')
    .exec()
    .catch(error => error)
  expect(error).toBeInstanceOf(ExecAbortError)
  expect(error.cause).toMatchObject({ name: 'ReadOnlyError', message: readonly })
  await redis.echo('x')
  expect(fake.connections).toHaveLength(2)
})

test('READONLY for a queued command replaces the connection at most once a second', async () => {
  const redis = client(
    transactional({
      SET: resp.error("READONLY You can't write against a read only replica."),
      EXEC: resp.error('EXECABORT Transaction discarded because of previous errors.'),
    }),
  )
  for (let i = 0; i < 3; i++) await expect(redis.multi().set('a', 1).exec()).rejects.toBeInstanceOf(ExecAbortError)
  expect(fake.connections).toHaveLength(2)
})

test('a command that was retried after LOADING and never answered times out as unknown', async () => {
  let tries = 0
  const redis = client(name => {
    if (name !== 'INCR') return undefined
    return ++tries === 1 ? resp.error('LOADING Redis is loading the dataset in memory') : null
  })
  await expect(redis.with({ timeout: 200 }).incr('n')).rejects.toMatchObject({
    name: 'TimeoutError',
    phase: 'written',
    outcome: 'unknown',
  })
  expect(tries).toBe(2)
})

test('a transaction of reads that got no reply is resent only if it was declared idempotent', async () => {
  const redis = client(transactional({ EXEC: resp.array([resp.bulk('v')]) }))
  for (const idempotent of [false, true]) {
    let losses = 0
    const { script } = fake
    fake.script = (argv, connection) => {
      if (argv[0] !== 'EXEC' || losses > 0) return script(argv, connection)
      losses++
      connection.end()
      return ''
    }
    const before = fake.received('MULTI').length
    const outcome = redis.with({ idempotent }).multi().get('a').exec()
    if (idempotent) await expect(outcome).resolves.toEqual(['v'])
    else await expect(outcome).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'unknown' })
    expect(fake.received('MULTI').length - before).toBe(idempotent ? 2 : 1)
    fake.script = script
  }
})
