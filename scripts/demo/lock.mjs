import { setTimeout as sleep } from 'node:timers/promises'

/** Five contenders for one lock, an extension, and a lock that is lost. */
export async function lockStep({ redis, say, check }) {
  say("await redis.lock('till', { ttl: 2_000 }).using(async (signal, lock) => { … })")
  let inside = 0
  let most = 0
  const order = []
  const tokens = []
  await redis.set('till', 100)
  const pay = async name => {
    const lock = redis.lock('{till}:lock', { ttl: 2_000, wait: 10_000 })
    await lock.using(async () => {
      inside++
      most = Math.max(most, inside)
      order.push(name)
      tokens.push(lock.fencingToken)
      // Read, wait, write: without the lock the last writer would win.
      const sum = Number(await redis.get('till'))
      await sleep(20)
      await redis.set('till', sum - 10)
      inside--
    })
  }
  await Promise.all(['Ada', 'Ben', 'Cleo', 'Dan', 'Eve'].map(pay))
  say(`  → ${order.join(', ')}: one after another, ${(await redis.get('till')) ?? 0} left of 100`)
  check(
    most === 1 && (await redis.get('till')) === '50',
    'of five contenders never two hold the lock at once, and no update is lost',
  )
  check(
    tokens.every((token, i) => i === 0 || token > tokens[i - 1]),
    'their fencing tokens grow, so that the till could reject a late write',
  )

  const lock = await redis.lock('report', { ttl: 1_000 }).acquire()
  await lock.extend(4_000)
  const left = lock.validUntil - performance.now()
  say(
    `await lock.extend(4_000)\n  → valid for ${(left / 1_000).toFixed(2)} s more by the local clock, less 1 % for clock drift`,
  )
  check(left > 4_000 && (await lock.owned()), 'an extension adds to the time left')
  await lock.release()

  const lost = await redis.lock('report', { ttl: 150 }).acquire()
  const { signal } = lost
  const aborted = new Promise(resolve => signal.addEventListener('abort', () => resolve(performance.now())))
  const next = redis.lock('report', { ttl: 2_000, wait: 5_000 }).acquire()
  const late = (await aborted) - lost.validUntil
  const other = await next
  const error = await lost.release().catch(error => error)
  say('a holder that takes longer than its ttl')
  say(
    `  → its signal aborted ${late.toFixed(1)} ms after validUntil; release(): ${error.name}, reason '${error.reason}'`,
  )
  check(
    !lost.valid && signal.reason.name === 'LockNotOwnedError',
    'a lost lock aborts its signal at once, without asking the server',
  )
  check(
    error.name === 'LockNotOwnedError' && (await other.owned()),
    "the release of a lost lock does not touch the next holder's lock",
  )
  await other.release()
}
