import { ownProperties } from '../commands/core/own-properties.js'
import { DataError } from '../errors/errors.js'

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

const OPTIONS = ['ttl', 'wait', 'retryDelay', 'jitter', 'token', 'autoExtend']

/** `options` with their defaults; throws a DataError that names what is wrong. */
export function readLockOptions(options: LockOptions): LockSettings {
  if (typeof options !== 'object' || options === null)
    throw new DataError('A lock needs an object of options with a ttl.')
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name)) {
      throw new DataError(`Unknown option ${name} of a lock: known are ${OPTIONS.join(', ')}.`)
    }
  }
  const { ttl, wait = 10_000, retryDelay, jitter = 50, token, autoExtend = false } = ownProperties(options)
  if (ttl !== Number.POSITIVE_INFINITY) checkTime('option ttl of a lock', ttl)
  if (!(typeof wait === 'number' && wait >= 0)) throw new DataError('The option wait of a lock must be ms from 0.')
  for (const [name, value] of Object.entries({ retryDelay, jitter })) {
    if (value !== undefined && !(Number.isFinite(value) && value >= 0)) {
      throw new DataError(`The option ${name} of a lock must be ms from 0.`)
    }
  }
  if (token !== undefined && !(typeof token === 'string' && token !== '')) {
    throw new DataError('The option token of a lock must be a string that is not empty.')
  }
  if (typeof autoExtend !== 'boolean') throw new DataError('The option autoExtend of a lock must be true or false.')
  return { ttl, wait, retryDelay, jitter, token, autoExtend }
}

export function checkTime(what: string, ms: number): void {
  if (Number.isSafeInteger(ms) && ms > 0) return
  throw new DataError(`The ${what} must be a whole number of ms from 1.`)
}
