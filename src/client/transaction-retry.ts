import type { Key } from '../commands/core/argument.js'
import type { ReplyTypes } from '../commands/core/context.js'
import { backoffDelay, sleep } from '../commands/core/timers.js'
import { WatchError } from '../errors/errors.js'
import type { Session } from './session.js'

export interface RetryOptions {
  /** How often `fn` is run again after a WatchError (default 100). After that the call rejects with the last WatchError. */
  readonly retries?: number | undefined
  /** Upper bound of the first pause, ms (default 2). It doubles up to 250. Each pause is random, from 0 to the bound. */
  readonly delay?: number | undefined
}

const LONGEST = 250

/** Watches `keys` and runs `fn`. Repeats both after a WatchError. Resolves with the result of `fn`. */
export async function retryTransaction<F extends ReplyTypes, T>(
  session: Session<F>,
  keys: Key | readonly Key[],
  fn: (session: Session<F>) => Promise<T> | T,
  { delay = 2, retries = 100 }: RetryOptions,
): Promise<T> {
  const watched = Array.isArray(keys) ? (keys as readonly Key[]) : [keys as Key]
  for (let round = 0; ; round++) {
    try {
      await session.watch(watched)
      return await fn(session)
    } catch (error) {
      if (!(error instanceof WatchError) || round >= retries) throw error
      await sleep(backoffDelay(round, delay, LONGEST))
    }
  }
}
