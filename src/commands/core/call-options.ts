import { DataError } from '../../errors/errors.js'
import { isSignal } from './abort-signals.js'
import type { Key } from './argument.js'
import { ownProperties } from './own-properties.js'

/** What the caller says about a call beyond the command itself: for one call, or for each call of a view. */
export interface CallOptions {
  /** Deadline of a call, ms, instead of `commandTimeout`; 0 or Infinity is none. For a blocking command it is the whole time. */
  readonly timeout?: number
  /** Aborts a call in any phase: it rejects with the signal's reason, and if it was not yet written it never is. */
  readonly signal?: AbortSignal
  /** Says that a call may run twice: it is sent again after a loss, as reads are. */
  readonly idempotent?: boolean
  /** Where a cluster sends a command whose keys are not known. */
  readonly key?: Key
}

const OPTIONS = ['timeout', 'signal', 'idempotent', 'key']

/** Refuses unknown options and bad values with a DataError. */
function checkCallOptions(options: CallOptions): void {
  if (typeof options !== 'object' || options === null) throw new DataError('with() takes an object of options.')
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name))
      throw new DataError(`Unknown option ${name} of with(): known are ${OPTIONS.join(', ')}.`)
  }
  const { idempotent, signal, timeout } = ownProperties(options)
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout >= 0)) {
    throw new DataError('The option timeout of with() must be milliseconds from 0, or Infinity.')
  }
  if (signal !== undefined && !isSignal(signal)) {
    throw new DataError('The option signal of with() must be an AbortSignal.')
  }
  if (idempotent !== undefined && typeof idempotent !== 'boolean') {
    throw new DataError('The option idempotent of with() must be true or false.')
  }
}

/** `options` over those that hold already. Throws DataError. */
export function addCallOptions(before: CallOptions | undefined, options: CallOptions): CallOptions {
  checkCallOptions(options)
  return ownProperties(before, options)
}
