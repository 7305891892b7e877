/** A process of lock-contenders.mjs: several contenders on one client. */
import { openSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../rig/random.mjs'

const { LockError, Redis } = createRequire(import.meta.url)('@respire/redis')

const [port, file, size, ttlText, seed] = process.argv.slice(2)
const ttl = Number(ttlText)
const random = new Random(Number(seed))
const log = openSync(file, 'a')
/** The offset of the clock that all processes share from `performance.now()`. Of several readings the fastest is taken. */
const { offset } = Array.from({ length: 100 }, () => {
  const before = Number(process.hrtime.bigint()) / 1e6
  const now = performance.now()
  const took = Number(process.hrtime.bigint()) / 1e6 - before
  return { took, offset: before + took / 2 - now }
}).reduce((best, look) => (look.took < best.took ? look : best))
const shared = time => (time + offset).toFixed(3)
/** Writes a line at once, so that it is on disk if this process is killed. */
const write = (...words) => writeSync(log, `${words.join(' ')}\n`)

const redis = new Redis({
  port: Number(port),
  clientName: 'contender',
  reconnect: { min: 1, max: 20 },
  commandTimeout: 2_000,
})
redis.on('error', () => {})

/** A resource that rejects a token smaller than the greatest it has seen. */
const GUARDED = `
if tonumber(ARGV[1]) < tonumber(redis.call('get', KEYS[1]) or 0) then
  redis.call('incr', KEYS[3])
  return 0
end
redis.call('set', KEYS[1], ARGV[1])
redis.call('rpush', KEYS[2], ARGV[1])
return 1`
const touch = token =>
  redis.call('EVAL', GUARDED, 3, 'resource:token', 'resource:log', 'resource:refused', token).catch(() => undefined)

const nextImmediate = () => new Promise(resolve => setImmediate(resolve))

/** Contenders are stopped one at a time, until the parent has stopped enough of them. */
let mayBeStopped = true
process.on('message', () => {
  mayBeStopped = false
})

/**
 * Lets the parent stop this process while it runs code, so that the clock jumps. Then reads the state of the lock before any
 * other code can have run.
 */
async function beStopped(id, lock) {
  const { signal } = lock
  mayBeStopped = false
  await new Promise(resolve => process.send('stop me', resolve))
  for (let last = performance.now(), end = last + 500; last < end; ) {
    const now = performance.now()
    // Longer than the time left after any extension.
    if (now - last > 2.5 * ttl) {
      // Every other time `valid` is not read first, because reading it checks the clock and aborts the signal.
      const valid = random.chance(0.5) && lock.valid
      await nextImmediate()
      await nextImmediate()
      write('paused', id, valid || lock.valid ? 'valid' : 'invalid', signal.aborted ? 'aborted' : 'not-aborted')
      mayBeStopped = true
      return
    }
    last = now
  }
}

let sections = 0
async function contend(number) {
  const lock = redis.lock('contended', { ttl, wait: 60_000, autoExtend: random.chance(0.3) })
  for (;;) {
    await lock.acquire()
    const acquired = performance.now()
    const id = `${number}.${++sections}`
    write('acquired', id, shared(acquired), shared(lock.validUntil), lock.fencingToken)
    process.send('section')
    const { fencingToken } = lock
    await touch(fencingToken)
    await sleep(random.int(0, 4))
    if (random.chance(0.1) && !lock.signal.aborted) {
      const ms = random.int(1, ttl)
      const replace = random.chance(0.5)
      // The lock may become shorter, and this process may be killed before it can write that.
      if (replace) write('extended', id, shared(Math.min(lock.validUntil, performance.now() + ms - 5)))
      await lock.extend(ms, { replace }).catch(expected)
    }
    if (mayBeStopped && random.chance(0.05)) await beStopped(id, lock)
    // Without a check of `valid`, the resource must reject stale tokens.
    await touch(fencingToken)
    // The lock may have been extended by hand or automatically before this.
    write('extended', id, shared(lock.validUntil))
    write('released', id, shared(performance.now()))
    await lock.release().catch(expected)
  }
}

/** Accepts errors of a lost lock or an unreachable server. */
function expected(error) {
  if (error instanceof LockError) return
  throw error
}

for (let i = 0; i < Number(size); i++) {
  contend(i).catch(error => {
    if (error instanceof LockError && error.reason === 'unreachable') return
    process.send(error.stack)
  })
}
