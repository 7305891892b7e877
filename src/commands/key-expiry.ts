import type { Arguments, Key } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { int } from './core/decoders.js'
import type { AtMostOne } from './core/exclusive-options.js'
import { decided, exclusive, flag, known, option, plainOptions, whole } from './core/option-tokens.js'
import { read, write } from './core/spec.js'

/** The time at which a value expires, in one of four ways. */
export interface Times {
  /** After this number of seconds. */
  readonly ex: number
  /** After this number of milliseconds. */
  readonly px: number
  /** At this Unix time in seconds. */
  readonly exat: number
  /** At this Unix time in milliseconds. */
  readonly pxat: number
}

/** The time to live of a new value. Without one of these options it never expires. */
export type Lifetime = AtMostOne<
  Times & {
    /** Keeps the time to live of the old value. */
    readonly keepttl: boolean
  }
>

/** A new time to live for a value that is read. Without one of these options it stays unchanged. */
export type NewLifetime = AtMostOne<
  Times & {
    /** Removes the expiry: the value no longer expires. */
    readonly persist: boolean
  }
>

const TIMES = ['ex', 'px', 'exat', 'pxat'] as const

/** The names of the options of a `Lifetime`. */
export const LIFETIME: ReadonlySet<string> = new Set([...TIMES, 'keepttl'])
/** The names of the options of a `NewLifetime`. */
export const NEW_LIFETIME: ReadonlySet<string> = new Set([...TIMES, 'persist'])

/** Adds the time of `options`. More than one is an error. */
export function pushLifetime(args: Arguments, options: Lifetime | NewLifetime): void {
  const { ex, px, exat, pxat, keepttl, persist }: Partial<Times & { keepttl: boolean; persist: boolean }> = options
  decided(args, options, TIMES)
  whole(args, options, TIMES)
  exclusive(args, options, 'ex', 'px', 'exat', 'pxat', 'keepttl', 'persist')
  option(args, 'EX', ex)
  option(args, 'PX', px)
  option(args, 'EXAT', exat)
  option(args, 'PXAT', pxat)
  flag(args, 'KEEPTTL', keepttl)
  flag(args, 'PERSIST', persist)
}

/** The conditions under which a new expiry is set. */
export interface ExpiryConditions {
  /** Only if the key has no expiry. */
  readonly nx: boolean
  /** Only if the key has an expiry. */
  readonly xx: boolean
  /** Only if the new time is later. No expiry counts as infinitely late. */
  readonly gt: boolean
  /** Only if the new time is sooner. No expiry counts as infinitely late. */
  readonly lt: boolean
}

/**
 * The conditions of the EXPIRE family: `xx` can be combined with `gt` or `lt`, all other combinations exclude each
 * other. @since 7.0
 */
export type ExpireOptions =
  | (Partial<Pick<ExpiryConditions, 'nx'>> & { readonly xx?: false; readonly gt?: false; readonly lt?: false })
  | (Partial<Pick<ExpiryConditions, 'xx'>> & AtMostOne<Pick<ExpiryConditions, 'gt' | 'lt'>> & { readonly nx?: false })

/** The names of the conditions. */
export const CONDITIONS: ReadonlySet<string> = new Set(['nx', 'xx', 'gt', 'lt'])

/** Adds the flags of the conditions. */
export function pushConditions(args: Arguments, { nx, xx, gt, lt }: Partial<ExpiryConditions>): void {
  flag(args, 'NX', nx)
  flag(args, 'XX', xx)
  flag(args, 'GT', gt)
  flag(args, 'LT', lt)
}

function expireArguments(key: Key, time: number, options: ExpireOptions): Arguments {
  const args: Arguments = [key, time]
  known(args, options, CONDITIONS)
  options = plainOptions(args, options)
  exclusive(args, options, 'nx', 'xx')
  exclusive(args, options, 'nx', 'gt', 'lt')
  pushConditions(args, options)
  return args
}

const EXPIRE = write('EXPIRE', int)
const EXPIREAT = write('EXPIREAT', int)
const EXPIRETIME = read('EXPIRETIME', int)
const PERSIST = write('PERSIST', int)
const PEXPIRE = write('PEXPIRE', int)
const PEXPIREAT = write('PEXPIREAT', int)
const PEXPIRETIME = read('PEXPIRETIME', int)
const PTTL = read('PTTL', int)
const TTL = read('TTL', int)

export abstract class Expiry<C extends Context> extends Runner<C> {
  /**
   * Makes `key` expire after `seconds`; 0 or less deletes it at once. Returns 1, or 0 if the key does not exist or the
   * condition did not hold. [EXPIRE](https://redis.io/commands/expire)
   */
  expire(key: Key, seconds: number, options: ExpireOptions = {}): Outcome<C, C['int']> {
    return this.run(new Command(EXPIRE, expireArguments(key, seconds, options)))
  }

  /**
   * Makes `key` expire at a Unix time in seconds. Returns 1, or 0 if the key does not exist or the condition did not
   * hold. @since 1.2 [EXPIREAT](https://redis.io/commands/expireat)
   */
  expireat(key: Key, unixSeconds: number, options: ExpireOptions = {}): Outcome<C, C['int']> {
    return this.run(new Command(EXPIREAT, expireArguments(key, unixSeconds, options)))
  }

  /**
   * Makes `key` expire after `milliseconds`; 0 or less deletes it at once. Returns 1, or 0 if the key does not exist or
   * the condition did not hold. @since 2.6 [PEXPIRE](https://redis.io/commands/pexpire)
   */
  pexpire(key: Key, milliseconds: number, options: ExpireOptions = {}): Outcome<C, C['int']> {
    return this.run(new Command(PEXPIRE, expireArguments(key, milliseconds, options)))
  }

  /**
   * Makes `key` expire at a Unix time in milliseconds. Returns 1, or 0 if the key does not exist or the condition did
   * not hold. @since 2.6 [PEXPIREAT](https://redis.io/commands/pexpireat)
   */
  pexpireat(key: Key, unixMilliseconds: number, options: ExpireOptions = {}): Outcome<C, C['int']> {
    return this.run(new Command(PEXPIREAT, expireArguments(key, unixMilliseconds, options)))
  }

  /**
   * Returns the Unix time in seconds at which `key` expires; -1 if it has no expiry, -2 if it does not exist.
   * @since 7.0 [EXPIRETIME](https://redis.io/commands/expiretime)
   */
  expiretime(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(EXPIRETIME, [key]))
  }

  /**
   * Returns the Unix time in milliseconds at which `key` expires; -1 if it has no expiry, -2 if it does not exist.
   * @since 7.0 [PEXPIRETIME](https://redis.io/commands/pexpiretime)
   */
  pexpiretime(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(PEXPIRETIME, [key]))
  }

  /**
   * Returns the remaining time to live of `key` in seconds; -1 if it has no expiry, -2 if it does not exist.
   * [TTL](https://redis.io/commands/ttl)
   */
  ttl(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(TTL, [key]))
  }

  /**
   * Returns the remaining time to live of `key` in milliseconds; -1 if it has no expiry, -2 if it does not exist.
   * @since 2.6 [PTTL](https://redis.io/commands/pttl)
   */
  pttl(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(PTTL, [key]))
  }

  /**
   * Removes the expiry of `key`. Returns 1, or 0 if the key does not exist or had no expiry. @since 2.2
   * [PERSIST](https://redis.io/commands/persist)
   */
  persist(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(PERSIST, [key]))
  }
}
