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
  /** How long it holds without an extension, whole ms. `Infinity`: until it is released, and it cannot be extended. */
  readonly ttl: number
  /** How long `acquire` waits while it is taken, ms (default 10000). 0 tries once. */
  readonly wait?: number
  /**
   * How long one that waits lets pass before it asks again, ms (default 1000 where it is called when the lock is free, else 100).
   * It asks sooner when the holder's time is up.
   */
  readonly retryDelay?: number
  /** A random time on top, up to so many ms (default 50), so that those who wait do not ask all at once. */
  readonly jitter?: number
  /**
   * A token of your own instead of 128 random bits. It must be another for each holder: who has the same one passes for the
   * same holder.
   */
  readonly token?: string
  /** Extends it while it is held, by one timer (default false). `using` does so by itself. */
  readonly autoExtend?: boolean
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

/** `options` with their defaults; throws a DataError that names what is wrong. */
export function readLockOptions(options: LockOptions): LockSettings {
  if (!isObject(options)) throw new DataError('A lock needs an object of options with a ttl.')
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
  if (ttl === undefined) throw new DataError('A lock needs the option ttl: how long it holds, in ms.')
  return { ttl, wait, retryDelay, jitter, token, autoExtend }
}

/** Throws a DataError for what is no time to extend by. */
export function checkExtension(lockName: string, ms: number): void {
  if (isPositive(ms) === undefined) return
  throw new DataError(
    `The time of an extension of the lock ${quoted(lockName)} must be ${WHOLE_MS}: got ${kindOf(ms)}.`,
  )
}
