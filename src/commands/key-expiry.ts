import type { Arguments, Key } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { int } from './core/decoders.js'
import type { AtMostOne } from './core/exclusive-options.js'
import { decided, exclusive, flag, known, option, plainOptions } from './core/option-tokens.js'
import { read, write } from './core/spec.js'

/** When a value expires, in one of four ways. */
export interface Times {
  /** In so many seconds. */
  readonly ex: number
  /** In so many milliseconds. */
  readonly px: number
  /** At this Unix time in seconds. */
  readonly exat: number
  /** At this Unix time in milliseconds. */
  readonly pxat: number
}

/** When what is written expires; never, unless one of these is given. */
export type Lifetime = AtMostOne<
  Times & {
    /** Keeps the time that the old value had. */
    readonly keepttl: boolean
  }
>

/** A new time for what is read; it keeps its own unless one of these is given. */
export type NewLifetime = AtMostOne<
  Times & {
    /** Takes the time away: it no longer expires. */
    readonly persist: boolean
  }
>

const TIMES = ['ex', 'px', 'exat', 'pxat'] as const

/** The names of a `Lifetime`. */
export const LIFETIME: ReadonlySet<string> = new Set([...TIMES, 'keepttl'])
/** The names of a `NewLifetime`. */
export const NEW_LIFETIME: ReadonlySet<string> = new Set([...TIMES, 'persist'])

/** Adds the time of `options` and refuses more than one. */
export function pushLifetime(args: Arguments, options: Lifetime | NewLifetime): void {
  const { ex, px, exat, pxat, keepttl, persist }: Partial<Times & { keepttl: boolean; persist: boolean }> = options
  decided(args, options, TIMES)
  exclusive(args, options, 'ex', 'px', 'exat', 'pxat', 'keepttl', 'persist')
  option(args, 'EX', ex)
  option(args, 'PX', px)
  option(args, 'EXAT', exat)
  option(args, 'PXAT', pxat)
  flag(args, 'KEEPTTL', keepttl)
  flag(args, 'PERSIST', persist)
}

/** On which condition a new time is set. */
export interface ExpiryConditions {
  /** Only if there is no time yet. */
  readonly nx: boolean
  /** Only if there is a time already. */
  readonly xx: boolean
  /** Only if the new time is later; no time counts as infinitely late. */
  readonly gt: boolean
  /** Only if the new time is sooner; no time counts as infinitely late. */
  readonly lt: boolean
}

/** The conditions of the EXPIRE family: `xx` goes with `gt` or `lt`, everything else excludes each other. @since 7.0 */
export type ExpireOptions =
  | (Partial<Pick<ExpiryConditions, 'nx'>> & { readonly xx?: false; readonly gt?: false; readonly lt?: false })
  | (Partial<Pick<ExpiryConditions, 'xx'>> & AtMostOne<Pick<ExpiryConditions, 'gt' | 'lt'>> & { readonly nx?: false })

/** The names of conditions. */
export const CONDITIONS: ReadonlySet<string> = new Set(['nx', 'xx', 'gt', 'lt'])

/** Adds the flags among the conditions. */
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
   * Lets `key` expire in `seconds`; 0 or less deletes it at once. 1, or 0 if there is no key or the condition did not
   * hold. [EXPIRE](https://redis.io/commands/expire)
   */
  expire(key: Key, seconds: number, options: ExpireOptions = {}): Outcome<C, C['int']> {
    return this.run(new Command(EXPIRE, expireArguments(key, seconds, options)))
  }

  /**
   * Lets `key` expire at a Unix time in seconds. 1, or 0 if there is no key or the condition did not hold. @since 1.2
   * [EXPIREAT](https://redis.io/commands/expireat)
   */
  expireat(key: Key, unixSeconds: number, options: ExpireOptions = {}): Outcome<C, C['int']> {
    return this.run(new Command(EXPIREAT, expireArguments(key, unixSeconds, options)))
  }

  /**
   * Lets `key` expire in `milliseconds`; 0 or less deletes it at once. 1, or 0 if there is no key or the condition did
   * not hold. @since 2.6 [PEXPIRE](https://redis.io/commands/pexpire)
   */
  pexpire(key: Key, milliseconds: number, options: ExpireOptions = {}): Outcome<C, C['int']> {
    return this.run(new Command(PEXPIRE, expireArguments(key, milliseconds, options)))
  }

  /**
   * Lets `key` expire at a Unix time in milliseconds. 1, or 0 if there is no key or the condition did not hold.
   * @since 2.6 [PEXPIREAT](https://redis.io/commands/pexpireat)
   */
  pexpireat(key: Key, unixMilliseconds: number, options: ExpireOptions = {}): Outcome<C, C['int']> {
    return this.run(new Command(PEXPIREAT, expireArguments(key, unixMilliseconds, options)))
  }

  /**
   * The Unix time in seconds at which `key` expires; -1 if it does not, -2 if there is none. @since 7.0
   * [EXPIRETIME](https://redis.io/commands/expiretime)
   */
  expiretime(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(EXPIRETIME, [key]))
  }

  /**
   * The Unix time in milliseconds at which `key` expires; -1 if it does not, -2 if there is none. @since 7.0
   * [PEXPIRETIME](https://redis.io/commands/pexpiretime)
   */
  pexpiretime(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(PEXPIRETIME, [key]))
  }

  /** The seconds left to `key`; -1 if it does not expire, -2 if there is none. [TTL](https://redis.io/commands/ttl) */
  ttl(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(TTL, [key]))
  }

  /**
   * The milliseconds left to `key`; -1 if it does not expire, -2 if there is none. @since 2.6
   * [PTTL](https://redis.io/commands/pttl)
   */
  pttl(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(PTTL, [key]))
  }

  /**
   * Takes the time of `key` away: it no longer expires. 1, or 0 if there is no key or it had no time. @since 2.2
   * [PERSIST](https://redis.io/commands/persist)
   */
  persist(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(PERSIST, [key]))
  }
}
