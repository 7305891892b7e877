/** The options of `acquire` and `extend` of a lock, and their checks. */
import { type Checks, isAbortSignal, isBoolean, ownOptions } from '../commands/core/check-options.js'
import { quoted } from './lock-errors.js'

export interface AcquireOptions {
  /** Ends the waiting when it aborts: `acquire` rejects with the signal's reason, and releases the lock if it was acquired. */
  readonly signal?: AbortSignal | undefined
}

export interface ExtendOptions {
  /** Whether the remaining time is set to the given time. If false (default), the given time is added to it. */
  readonly replace?: boolean | undefined
}

const ACQUIRE_CHECKS: Checks<AcquireOptions> = { signal: isAbortSignal }
const EXTEND_CHECKS: Checks<ExtendOptions> = { replace: isBoolean }

/** Returns the signal of `options`. Throws DataError for unknown options and bad values. */
export function signalOf(options: AcquireOptions | undefined, lockName: string): AbortSignal | undefined {
  return ownOptions(options, ACQUIRE_CHECKS, { of: `acquire() of the lock ${quoted(lockName)}` }).signal
}

/** Returns `replace` of `options`. Throws DataError for unknown options and bad values. */
export function replaces(options: ExtendOptions | undefined, lockName: string): boolean {
  return ownOptions(options, EXTEND_CHECKS, { of: `extend() of the lock ${quoted(lockName)}` }).replace ?? false
}
