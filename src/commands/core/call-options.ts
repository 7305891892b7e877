import { DataError } from '../../errors/errors.js'
import type { Key } from './argument.js'
import { type Checks, isAbortSignal, isAnything, isBoolean, isMs, ownOptions } from './check-options.js'
import { ownProperties } from './own-properties.js'

/** The options of one call, or of each call of a view, beyond the command and its arguments. */
export interface CallOptions {
  /**
   * Deadline of a call in ms, instead of `commandTimeout`; 0 or Infinity means none. For a blocking command it covers
   * the whole time.
   */
  readonly timeout?: number | undefined
  /** Aborts a call in any phase. The call rejects with the signal's reason; if it was not yet written, it never is. */
  readonly signal?: AbortSignal | undefined
  /** Declares that a call may run twice: it is sent again after a lost connection, as reads are. */
  readonly idempotent?: boolean | undefined
  /** The key by which a cluster routes a command whose key positions are unknown. */
  readonly key?: Key | undefined
}

const CHECKS: Checks<CallOptions> = {
  timeout: isMs,
  signal: isAbortSignal,
  idempotent: isBoolean,
  key: isAnything,
}

/** Returns `before` with `options` on top. Throws DataError. */
export function addCallOptions(before: CallOptions | undefined, options: CallOptions): CallOptions {
  if (options === undefined) throw new DataError('The argument of with() must be an object of options.')
  return ownProperties(before, ownOptions(options, CHECKS, { of: 'with()' }))
}
