/** What calls of a lock take, and what they refuse. */
import { type Checks, isAbortSignal, isBoolean, ownOptions } from '../commands/core/check-options.js'
import { quoted } from './lock-errors.js'

export interface AcquireOptions {
  /** Its abort ends the waiting: `acquire` rejects with the signal's reason, and what it may have taken is given back. */
  readonly signal?: AbortSignal
}

export interface ExtendOptions {
  /** The time is what is left from now on, instead of being added to it. */
  readonly replace?: boolean
}

const ACQUIRE_CHECKS: Checks<AcquireOptions> = { signal: isAbortSignal }
const EXTEND_CHECKS: Checks<ExtendOptions> = { replace: isBoolean }

/** The signal of `options`. Throws DataError for anything else. */
export function signalOf(options: AcquireOptions | undefined, lockName: string): AbortSignal | undefined {
  return ownOptions(options, ACQUIRE_CHECKS, { of: `acquire() of the lock ${quoted(lockName)}` }).signal
}

/** Whether `options` say `replace`. Throws DataError for anything else. */
export function replaces(options: ExtendOptions | undefined, lockName: string): boolean {
  return ownOptions(options, EXTEND_CHECKS, { of: `extend() of the lock ${quoted(lockName)}` }).replace ?? false
}
