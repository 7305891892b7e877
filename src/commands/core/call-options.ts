import { DataError } from '../../errors/errors.js'
import { isSignal } from './abort-signals.js'
import type { Key } from './argument.js'
import { ownProperties } from './own-properties.js'

/** The options of one call, or of each call of a view, beyond the command and its arguments. */
export interface CallOptions {
  /**
   * Deadline of a call in ms, instead of `commandTimeout`; 0 or Infinity means none. For a blocking command it covers
   * the whole time.
   */
  readonly timeout?: number
  /** Aborts a call in any phase. The call rejects with the signal's reason; if it was not yet written, it never is. */
  readonly signal?: AbortSignal
  /** Declares that a call may run twice: it is sent again after a lost connection, as reads are. */
  readonly idempotent?: boolean
  /** The key by which a cluster routes a command whose key positions are unknown. */
  readonly key?: Key
}

const OPTIONS = ['timeout', 'signal', 'idempotent', 'key']

/** Throws DataError for unknown options and invalid values. */
function checkCallOptions(options: CallOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new DataError('The argument of with() must be an object of options.')
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name))
      throw new DataError(`Unknown option ${name} of with(): known are ${OPTIONS.join(', ')}.`)
  }
  const { idempotent, signal, timeout } = ownProperties(options)
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout >= 0)) {
    throw new DataError('The option timeout of with() must be a number of milliseconds, 0 or more, or Infinity.')
  }
  if (signal !== undefined && !isSignal(signal)) {
    throw new DataError('The option signal of with() must be an AbortSignal.')
  }
  if (idempotent !== undefined && typeof idempotent !== 'boolean') {
    throw new DataError('The option idempotent of with() must be true or false.')
  }
}

/** Returns `before` with `options` on top. Throws DataError. */
export function addCallOptions(before: CallOptions | undefined, options: CallOptions): CallOptions {
  checkCallOptions(options)
  return ownProperties(before, options)
}
