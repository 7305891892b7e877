import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Redis } from '../../src/index.js'
import { useServer } from '../servers/vitest.js'

const server = useServer({ password: 'canary-right' })
const told: unknown[] = []
const onWarning = (warning: unknown) => told.push(warning)

beforeAll(() => {
  process.on('warning', onWarning)
})
afterAll(() => {
  process.off('warning', onWarning)
})

/** Returns all text of a value that a log could contain. */
function shown(value: unknown): string {
  const seen = [inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true }), String(value)]
  try {
    seen.push(JSON.stringify(value) ?? '')
  } catch {}
  for (let error = value; error instanceof Error; error = error.cause) seen.push(error.message, error.stack ?? '')
  return seen.join('\n')
}

test('errors, events, warnings and printed clients contain no secret and no value', async () => {
  const values: unknown[] = []
  const take = async (call: Promise<unknown>) =>
    values.push(
      await call.then(
        () => undefined,
        error => error,
      ),
    )

  for (const password of ['canary-wrong', 'canary-right']) {
    const redis = new Redis(`redis://:${password}@127.0.0.1:${server().port}`, { commandTimeout: 300 })
    redis.on('error', error => values.push(error))
    values.push(redis, redis.bytes, redis.with({ timeout: 100 }), redis.stats, redis.status)
    await take(redis.connect())
    await take(redis.set('canary-key', 'canary-value'))
    await take(redis.lpush('canary-key', 'canary-element'))
    await take(redis.call('AUTH', 'canary-auth'))
    await take(redis.call('HELLO', '3', 'AUTH', 'default', 'canary-auth'))
    await take(redis.call('NO.SUCH', 'canary-argument'))
    await take(redis.call('CONFIG', 'SET', 'requirepass'))
    await take(redis.call('ACL', 'SETUSER', 'bob', 'canary-rule'))
    await take(redis.call('EVAL', 'return redis.call("SET", KEYS[1])', 1, 'canary-key'))
    await take(redis.call('SET', 'canary-key', 'canary-value', 'canary-option'))
    await take(redis.set('canary-key', { canary: 'canary-object' } as unknown as string))
    await take(redis.pipeline().get('canary-key').incr('canary-key').exec())
    await take(redis.multi().get('canary-key').incr('canary-key').exec())
    await take(redis.with({ timeout: 1 }).call('DEBUG', 'SLEEP', '0.05'))
    await take(redis.session(session => session.call('OBJECT', 'NOSUCH', 'canary-key')))
    values.push(redis.pipeline().set('canary-key', 'canary-value'), redis.multi().set('canary-key', 'canary-value'))
    redis.destroy()
  }
  // Without a listener the error becomes a warning of the process.
  const silent = new Redis({ port: server().port, password: 'canary-wrong' })
  await take(silent.get('canary-key'))
  silent.destroy()
  try {
    new Redis('redis://user:canary-password@host:port')
  } catch (error) {
    values.push(error)
  }
  expect(values.filter(value => value instanceof Error).length).toBeGreaterThan(20)
  for (const value of [...values, ...told]) {
    if (value instanceof Error && 'results' in value) {
      // Replies are data of the caller. They are not enumerable, so they are not printed.
      expect(inspect(value)).not.toContain('canary')
    } else expect(shown(value)).not.toContain('canary')
  }
})
