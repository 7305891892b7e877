import type { Promised } from '../commands/core/context.js'
import { backoffDelay, performance, sleep } from '../commands/core/timers.js'
import type { LockKeys } from './keys.js'
import type { LockClient } from './lock-client.js'
import { isTransient, wasNotSent } from './lock-errors.js'
import { callAll } from './quorum.js'
import { type Answer, RELEASE } from './scripts.js'

/** The shortest and the longest delay between two tries, ms. `LONGEST` is also the time for a try near the end of the ttl. */
const FIRST = 20
const LONGEST = 1_000

/**
 * Releases the lock on one server, if its key holds `token`. A failed try is repeated until `until`, when the key has expired.
 * Resolves with 1 if the lock was released. Rejects with the last error.
 */
export async function release(client: LockClient, keys: LockKeys, token: string, until: number): Promise<Answer> {
  let mayHaveRun = false
  for (let failures = 0; ; failures++) {
    const left = until - performance.now()
    try {
      const call = (on: LockClient) => RELEASE.run<Promised>(on, [keys.lock, keys.waiting], token)
      const [reply] = callAll([client], call, Math.max(left, LONGEST))
      const answer = await (reply as Promise<Answer>)
      // If the key is not ours any more, a try whose reply was lost has released it.
      return mayHaveRun ? 1 : answer
    } catch (error) {
      mayHaveRun ||= !wasNotSent(error)
      const delay = backoffDelay(failures, FIRST, LONGEST)
      if (!isTransient(error) || performance.now() + delay >= until) throw error
      await sleep(delay)
    }
  }
}
