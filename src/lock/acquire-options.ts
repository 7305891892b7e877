/** What calls of a lock take, and what they refuse. */
import { isSignal } from '../commands/core/abort-signals.js'
import { DataError } from '../errors/errors.js'
import { quoted } from './lock-errors.js'

export interface AcquireOptions {
  /** Its abort ends the waiting: `acquire` rejects with the signal's reason, and what it may have taken is given back. */
  readonly signal?: AbortSignal
}

export interface ExtendOptions {
  /** The time is what is left from now on, instead of being added to it. */
  readonly replace?: boolean
}

/** The signal of `options`. Throws DataError for anything else. */
export function signalOf(options: AcquireOptions | undefined, lockName: string): AbortSignal | undefined {
  const signal = readOption(options, 'signal', 'acquire()', lockName)
  if (signal === undefined || isSignal(signal)) return signal
  throw new DataError(`The option signal of acquire() of the lock ${quoted(lockName)} must be an AbortSignal.`)
}

/** Whether `options` say `replace`. Throws DataError for anything else. */
export function replaces(options: ExtendOptions | undefined, lockName: string): boolean {
  const replace = readOption(options, 'replace', 'extend()', lockName) ?? false
  if (typeof replace === 'boolean') return replace
  throw new DataError(`The option replace of extend() of the lock ${quoted(lockName)} must be true or false.`)
}

/** The one option that a call takes. */
function readOption(options: unknown, known: string, call: string, lockName: string): unknown {
  if (options === undefined) return undefined
  const where = `${call} of the lock ${quoted(lockName)}`
  if (typeof options !== 'object' || options === null) throw new DataError(`The options of ${where} must be an object.`)
  for (const name of Object.keys(options)) {
    if (name !== known) throw new DataError(`Unknown option ${quoted(name)} of ${where}: known is ${known}.`)
  }
  return Object.hasOwn(options, known) ? (options as Readonly<Record<string, unknown>>)[known] : undefined
}
