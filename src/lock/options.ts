import {
  type Check,
  type Checks,
  isBoolean,
  isFilledText,
  isMs,
  isPositive,
  ownOptions,
} from '../commands/core/check-options.js'
import { isObject, kindOf } from '../commands/core/value-types.js'
import { DataError } from '../errors/errors.js'
import { quoted } from './lock-errors.js'

export interface LockOptions {
  /** How long the lock is held without an extension, whole ms. `Infinity`: until it is released; it cannot be extended then. */
  readonly ttl: number
  /** How long `acquire` waits for a lock that is held, ms (default 10000). 0 tries once. */
  readonly wait?: number | undefined
  /**
   * How long a waiting lock pauses before it tries again, ms. The default is 1000 if it is woken when the lock is released, that
   * is, on one server with a client that can subscribe; else 100. It tries sooner when the holder's ttl ends.
   */
  readonly retryDelay?: number | undefined
  /** The upper bound of a random time that is added to each pause, ms (default 50), so that waiting locks do not try all at once. */
  readonly jitter?: number | undefined
  /**
   * The token that identifies the holder (default: 128 random bits). It must be different for each holder: two holders with
   * the same token count as one.
   */
  readonly token?: string | undefined
  /** Whether the lock is extended automatically while it is held (default false). `using` always does so. */
  readonly autoExtend?: boolean | undefined
}

export interface LockSettings {
  readonly ttl: number
  readonly wait: number
  readonly retryDelay: number | undefined
  readonly jitter: number
  readonly token: string | undefined
  readonly autoExtend: boolean
}

const WHOLE_MS = 'a whole number of ms from 1'

const isTime: Check = value => (Number.isFinite(value) ? isMs(value) : 'milliseconds from 0')

const CHECKS: Checks<LockOptions> = {
  ttl: value => (value === Number.POSITIVE_INFINITY ? undefined : isPositive(value) && `${WHOLE_MS}, or Infinity`),
  wait: isMs,
  retryDelay: isTime,
  jitter: isTime,
  token: isFilledText,
  autoExtend: isBoolean,
}

/** Returns `options` with their defaults. Throws DataError for unknown options and bad values. */
export function readLockOptions(options: LockOptions): LockSettings {
  if (!isObject(options)) throw new DataError('The options of a lock must be an object with a ttl.')
  const {
    ttl,
    wait = 10_000,
    retryDelay,
    jitter = 50,
    token,
    autoExtend = false,
  } = ownOptions(options, CHECKS, {
    of: 'a lock',
  })
  if (ttl === undefined) throw new DataError('The option ttl of a lock is missing: the time until it expires, in ms.')
  return { ttl, wait, retryDelay, jitter, token, autoExtend }
}

/** Throws DataError if `ms` is not a valid time for an extension. */
export function checkExtension(lockName: string, ms: number): void {
  if (isPositive(ms) === undefined) return
  throw new DataError(
    `The time of an extension of the lock ${quoted(lockName)} must be ${WHOLE_MS}: got ${kindOf(ms)}.`,
  )
}
