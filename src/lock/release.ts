import type { Promised } from '../commands/core/context.js'
import { performance, sleep } from '../commands/core/timers.js'
import type { LockKeys } from './keys.js'
import type { LockClient } from './lock-client.js'
import { mayPass, neverRan } from './lock-errors.js'
import { ask } from './quorum.js'
import { type Answer, RELEASE } from './scripts.js'

/** Between two tries, ms, at first and at last; and how long one may take when its time is up. */
const FIRST = 20
const LONGEST = 1_000

/**
 * Gives the lock back on one server, if it is `token`'s. What fails is tried again until `until`: then the key has run out by
 * itself. Rejects with the last error.
 */
export async function release(client: LockClient, keys: LockKeys, token: string, until: number): Promise<Answer> {
  let mayHaveRun = false
  for (let failures = 0; ; failures++) {
    const left = until - performance.now()
    try {
      const question = (on: LockClient) => RELEASE.run<Promised>(on, [keys.lock, keys.waiting], token)
      const [ballot] = ask([client], question, Math.max(left, LONGEST))
      const answer = await (ballot as Promise<Answer>)
      // What is not ours any more was given back by a try whose reply was lost.
      return mayHaveRun ? 1 : answer
    } catch (error) {
      mayHaveRun ||= !neverRan(error)
      const delay = Math.random() * Math.min(LONGEST, FIRST * 2 ** failures)
      if (!mayPass(error) || performance.now() + delay >= until) throw error
      await sleep(delay)
    }
  }
}
