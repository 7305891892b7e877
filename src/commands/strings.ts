import type { Argument, Arguments, Fields, Key, Several } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import {
  at,
  int,
  itemPerArgument,
  list,
  longDouble,
  named,
  ok,
  okOrNull,
  orNull,
  text,
  textOrNull,
  textsOrNulls,
  tuple,
  word,
} from './core/decoders.js'
import type { AtMostOne, NoneOf } from './core/exclusive-options.js'
import { keysFrom } from './core/key-specs.js'
import {
  decided,
  exclusive,
  flag,
  isGiven,
  known,
  option,
  plainOptions,
  pushFields,
  pushSeveral,
  refuse,
} from './core/option-tokens.js'
import { concat, first } from './core/response-policies.js'
import { read, write } from './core/spec.js'
import { LIFETIME, type Lifetime, NEW_LIFETIME, type NewLifetime, pushLifetime } from './key-expiry.js'

/** Conditions on the current value of a key. @since 8.4; IFEQ of SET also Valkey 8.1 */
export interface Comparison {
  /** Only if the value equals this one. */
  readonly ifeq: Argument
  /** Only if the value differs from this one, or the key does not exist. */
  readonly ifne: Argument
  /** Only if the value has this digest (see `digest`). */
  readonly ifdeq: string
  /** Only if the value has another digest, or the key does not exist. */
  readonly ifdne: string
}

/** The conditions under which a key is set; at most one of them. */
export interface SetConditions extends Comparison {
  /** Only if the key does not exist. */
  readonly nx: boolean
  /** Only if the key exists. */
  readonly xx: boolean
}

export type SetOptions = Lifetime & AtMostOne<SetConditions>

export type MsetexOptions = Lifetime & AtMostOne<Pick<SetConditions, 'nx' | 'xx'>>

const SET_OPTIONS: ReadonlySet<string> = new Set([...LIFETIME, 'nx', 'xx', 'get', 'ifeq', 'ifne', 'ifdeq', 'ifdne'])
const MSETEX_OPTIONS: ReadonlySet<string> = new Set([...LIFETIME, 'nx', 'xx'])

const COMPARISON = ['ifeq', 'ifne', 'ifdeq', 'ifdne'] as const

function pushComparison(args: Arguments, options: Partial<Comparison>): void {
  const { ifeq, ifne, ifdeq, ifdne } = options
  decided(args, options, COMPARISON)
  option(args, 'IFEQ', ifeq)
  option(args, 'IFNE', ifne)
  option(args, 'IFDEQ', ifdeq)
  option(args, 'IFDNE', ifdne)
}

export interface LcsIdxOptions {
  readonly idx: true
  readonly len?: false
  /** Ignores matches that are shorter than this. */
  readonly minmatchlen?: number
  /** Adds the length of each match. */
  readonly withmatchlen?: boolean
}

export type LcsOptions = AtMostOne<{
  /** Returns only the length. */
  readonly len: boolean
  /** Returns the positions of the matches. */
  readonly idx: boolean
}> & {
  readonly minmatchlen?: number
  readonly withmatchlen?: boolean
}

/** One run of bytes that both values contain: its first and last position in each value, both inclusive. */
export interface LcsMatch<I> {
  readonly key1: [start: I, end: I]
  readonly key2: [start: I, end: I]
}

/** The matches, from the last to the first, and the length of the whole subsequence. */
export interface LcsMatches<I, M = LcsMatch<I>> {
  readonly matches: M[]
  readonly len: I
}

const ints = list(int)

const lcsMatch: Decoder = tuple(2, (items, shape) => {
  const match = { key1: ints(at(items, 0), shape), key2: ints(at(items, 1), shape) }
  return items.length < 3 ? match : { ...match, length: int(at(items, 2), shape) }
})
const lcsMatches = named({ matches: list(lcsMatch), len: int })

const APPEND = write('APPEND', int)
const DECR = write('DECR', int)
const DECRBY = write('DECRBY', int)
const DELEX = write('DELEX', int)
const DELIFEQ = write('DELIFEQ', int)
const DIGEST = read('DIGEST', orNull(word))
const GET = read('GET', textOrNull)
const GETDEL = write('GETDEL', textOrNull)
const GETEX = write('GETEX', textOrNull)
const GETRANGE = read('GETRANGE', text)
const GETSET = write('GETSET', textOrNull)
const INCR = write('INCR', int)
const INCRBY = write('INCRBY', int)
const INCRBYFLOAT = write('INCRBYFLOAT', longDouble)
const LCS = read('LCS', text, { keys: [keysFrom(0, 'read', 1)] })
const MGET = read('MGET', itemPerArgument(0, textsOrNulls), {
  keys: [keysFrom(0, 'read')],
  requestPolicy: 'multi_shard',
  responsePolicy: concat,
})
const MSET = write('MSET', ok, {
  keys: [keysFrom(0, 'write', -1, 2)],
  requestPolicy: 'multi_shard',
  responsePolicy: first,
})
const MSETEX = write('MSETEX', int, { keys: [{ begin: 0, find: { count: 0, first: 1, step: 2 }, access: 'write' }] })
const MSETNX = write('MSETNX', int, { keys: [keysFrom(0, 'write', -1, 2)] })
const PSETEX = write('PSETEX', ok)
const SET = write('SET', ok)
const SETEX = write('SETEX', ok)
const SETNX = write('SETNX', int)
const SETRANGE = write('SETRANGE', int)
const STRLEN = read('STRLEN', int)
const SUBSTR = read('SUBSTR', text)

export abstract class Strings<C extends Context> extends Runner<C> {
  /**
   * Appends `value` to the value of `key`. Returns the new length in bytes. @since 2.0
   * [APPEND](https://redis.io/commands/append)
   */
  append(key: Key, value: Argument): Outcome<C, C['int']> {
    return this.run(new Command(APPEND, [key, value]))
  }

  /**
   * Decrements the integer at `key` by one; a missing key counts as 0. Returns the new value.
   * [DECR](https://redis.io/commands/decr)
   */
  decr(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(DECR, [key]))
  }

  /**
   * Decrements the integer at `key` by `decrement`; a missing key counts as 0. Returns the new value.
   * [DECRBY](https://redis.io/commands/decrby)
   */
  decrby(key: Key, decrement: number | bigint): Outcome<C, C['int']> {
    return this.run(new Command(DECRBY, [key, decrement]))
  }

  /**
   * Deletes `key` if the condition holds for its string. Returns 1 if it was deleted, 0 if it was kept or did not
   * exist. @since 8.4 [DELEX](https://redis.io/commands/delex)
   */
  delex(key: Key, options: AtMostOne<Comparison> = {}): Outcome<C, C['int']> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    exclusive(args, options, 'ifeq', 'ifne', 'ifdeq', 'ifdne')
    pushComparison(args, options)
    return this.run(new Command(DELEX, args))
  }

  /**
   * Deletes `key` if its value equals `value`. Returns 1 if it was deleted, 0 if it was kept or did not exist. Valkey
   * only, since 9.0: Redis has `delex`. [DELIFEQ](https://valkey.io/commands/delifeq)
   */
  delifeq(key: Key, value: Argument): Outcome<C, C['int']> {
    return this.run(new Command(DELIFEQ, [key, value]))
  }

  /**
   * Returns the digest of the string at `key` (XXH3, in hexadecimal), for `ifdeq` and `ifdne`; null if the key does not
   * exist. @since 8.4 [DIGEST](https://redis.io/commands/digest)
   */
  digest(key: Key): Outcome<C, string | null> {
    return this.run(new Command(DIGEST, [key]))
  }

  /** Returns the value of `key`, or null if it does not exist. [GET](https://redis.io/commands/get) */
  get(key: Key): Outcome<C, C['text'] | null> {
    return this.run(new Command(GET, [key]))
  }

  /**
   * Deletes `key`. Returns the value that it had, or null if it did not exist. @since 6.2
   * [GETDEL](https://redis.io/commands/getdel)
   */
  getdel(key: Key): Outcome<C, C['text'] | null> {
    return this.run(new Command(GETDEL, [key]))
  }

  /**
   * Returns the value of `key`, or null if it does not exist, and changes its time to live. @since 6.2
   * [GETEX](https://redis.io/commands/getex)
   */
  getex(key: Key, options: NewLifetime = {}): Outcome<C, C['text'] | null> {
    const args: Arguments = [key]
    known(args, options, NEW_LIFETIME)
    options = plainOptions(args, options)
    pushLifetime(args, options)
    return this.run(new Command(GETEX, args))
  }

  /**
   * Returns the bytes of the value from `start` to `end`, both inclusive; negative positions count from the end. Empty
   * if the key does not exist. @since 2.4 [GETRANGE](https://redis.io/commands/getrange)
   */
  getrange(key: Key, start: number, end: number): Outcome<C, C['text']> {
    return this.run(new Command(GETRANGE, [key, start, end]))
  }

  /**
   * Sets `key` to `value`. Returns the old value, or null if the key did not exist.
   * [GETSET](https://redis.io/commands/getset)
   * @deprecated `set` with `get` does the same.
   */
  getset(key: Key, value: Argument): Outcome<C, C['text'] | null> {
    return this.run(new Command(GETSET, [key, value]))
  }

  /**
   * Increments the integer at `key` by one; a missing key counts as 0. Returns the new value.
   * [INCR](https://redis.io/commands/incr)
   */
  incr(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(INCR, [key]))
  }

  /**
   * Increments the integer at `key` by `increment`; a missing key counts as 0. Returns the new value.
   * [INCRBY](https://redis.io/commands/incrby)
   */
  incrby(key: Key, increment: number | bigint): Outcome<C, C['int']> {
    return this.run(new Command(INCRBY, [key, increment]))
  }

  /**
   * Increments the number at `key` by `increment`; a missing key counts as 0. Returns the new value. @since 2.6
   * [INCRBYFLOAT](https://redis.io/commands/incrbyfloat)
   */
  incrbyfloat(key: Key, increment: number): Outcome<C, number> {
    return this.run(new Command(INCRBYFLOAT, [key, increment]))
  }

  /**
   * Returns the longest common subsequence of two values as text; with `len` only its length in bytes, with `idx` the
   * positions of its matches. @since 7.0 [LCS](https://redis.io/commands/lcs)
   */
  lcs(key1: Key, key2: Key, options?: { readonly len?: false; readonly idx?: false }): Outcome<C, C['text']>
  lcs(key1: Key, key2: Key, options: { readonly len: true; readonly idx?: false }): Outcome<C, C['int']>
  lcs(
    key1: Key,
    key2: Key,
    options: LcsIdxOptions & { readonly withmatchlen: true },
  ): Outcome<C, LcsMatches<C['int'], LcsMatch<C['int']> & { readonly length: C['int'] }>>
  lcs(
    key1: Key,
    key2: Key,
    options: LcsIdxOptions & { readonly withmatchlen?: false },
  ): Outcome<C, LcsMatches<C['int']>>
  lcs(
    key1: Key,
    key2: Key,
    options: LcsOptions,
  ): Outcome<C, C['text'] | C['int'] | LcsMatches<C['int'], LcsMatch<C['int']> & { readonly length?: C['int'] }>>
  lcs(key1: Key, key2: Key, options: LcsOptions = {}): Outcome<C, unknown> {
    const args: Arguments = [key1, key2]
    options = plainOptions(args, options)
    exclusive(args, options, 'len', 'idx')
    if (options.idx !== true && (isGiven(options, 'minmatchlen') || isGiven(options, 'withmatchlen'))) {
      refuse(args, 'The options minmatchlen and withmatchlen need the option idx.')
    }
    flag(args, 'LEN', options.len)
    flag(args, 'IDX', options.idx)
    option(args, 'MINMATCHLEN', options.minmatchlen)
    flag(args, 'WITHMATCHLEN', options.withmatchlen)
    return this.run(new Command(LCS, args, options.idx === true ? lcsMatches : options.len === true ? int : text))
  }

  /**
   * Returns the values of `keys` in the same order; null for a key that does not exist or holds no string.
   * [MGET](https://redis.io/commands/mget)
   */
  mget(...keys: Several<Key>): Outcome<C, (C['text'] | null)[]> {
    const args: Arguments = []
    pushSeveral(args, keys)
    return this.run(new Command(MGET, args))
  }

  /** Sets several keys; atomic on each server. Returns `'OK'`. @since 1.0.1 [MSET](https://redis.io/commands/mset) */
  mset(values: Fields): Outcome<C, 'OK'> {
    const args: Arguments = []
    pushFields(args, values, 'key')
    return this.run(new Command(MSET, args))
  }

  /**
   * Sets several keys with one time to live: all of them, or none if `nx` or `xx` does not hold for every key. Returns
   * 1, or 0 if nothing was set. @since 8.4 [MSETEX](https://redis.io/commands/msetex)
   */
  msetex(values: Fields, options: MsetexOptions = {}): Outcome<C, C['int']> {
    const pairs: Arguments = []
    pushFields(pairs, values, 'key')
    const args: Arguments = [pairs.length / 2]
    for (const each of pairs) args.push(each)
    known(args, options, MSETEX_OPTIONS)
    options = plainOptions(args, options)
    exclusive(args, options, 'nx', 'xx')
    flag(args, 'NX', options.nx)
    flag(args, 'XX', options.xx)
    pushLifetime(args, options)
    return this.run(new Command(MSETEX, args))
  }

  /**
   * Sets several keys if none of them exists. Returns 1, or 0 if nothing was set. @since 1.0.1
   * [MSETNX](https://redis.io/commands/msetnx)
   */
  msetnx(values: Fields): Outcome<C, C['int']> {
    const args: Arguments = []
    pushFields(args, values, 'key')
    return this.run(new Command(MSETNX, args))
  }

  /**
   * Sets `key` to a value that expires after `milliseconds`. Returns `'OK'`. @since 2.6
   * [PSETEX](https://redis.io/commands/psetex)
   * @deprecated `set` with `px` does the same.
   */
  psetex(key: Key, milliseconds: number, value: Argument): Outcome<C, 'OK'> {
    return this.run(new Command(PSETEX, [key, milliseconds, value]))
  }

  /**
   * Sets `key` to `value`, whatever it held before. Returns `'OK'`, or null if a condition did not hold. With `get` it
   * returns the old value, or null if the key did not exist, whether it was set or not.
   * [SET](https://redis.io/commands/set)
   */
  set(
    key: Key,
    value: Argument,
    options?: Lifetime & NoneOf<SetConditions> & { readonly get?: false },
  ): Outcome<C, 'OK'>
  set(key: Key, value: Argument, options: SetOptions & { readonly get: true }): Outcome<C, C['text'] | null>
  set(key: Key, value: Argument, options: SetOptions & { readonly get?: false }): Outcome<C, 'OK' | null>
  set(key: Key, value: Argument, options: SetOptions & { readonly get?: boolean }): Outcome<C, C['text'] | 'OK' | null>
  set(key: Key, value: Argument, options?: SetOptions & { readonly get?: boolean }): Outcome<C, unknown> {
    const args: Arguments = [key, value]
    if (options === undefined) return this.run(new Command(SET, args))
    known(args, options, SET_OPTIONS)
    options = plainOptions(args, options)
    exclusive(args, options, 'nx', 'xx', 'ifeq', 'ifne', 'ifdeq', 'ifdne')
    flag(args, 'NX', options.nx)
    flag(args, 'XX', options.xx)
    pushComparison(args, options)
    flag(args, 'GET', options.get)
    pushLifetime(args, options)
    return this.run(new Command(SET, args, options.get === true ? textOrNull : okOrNull))
  }

  /**
   * Sets `key` to a value that expires after `seconds`. Returns `'OK'`. @since 2.0
   * [SETEX](https://redis.io/commands/setex)
   * @deprecated `set` with `ex` does the same.
   */
  setex(key: Key, seconds: number, value: Argument): Outcome<C, 'OK'> {
    return this.run(new Command(SETEX, [key, seconds, value]))
  }

  /**
   * Sets `key` if it does not exist. Returns 1, or 0 if it existed. [SETNX](https://redis.io/commands/setnx)
   * @deprecated `set` with `nx` does the same.
   */
  setnx(key: Key, value: Argument): Outcome<C, C['int']> {
    return this.run(new Command(SETNX, [key, value]))
  }

  /**
   * Overwrites the value from `offset` on; a shorter value is first padded with zero bytes. Returns the new length in
   * bytes. @since 2.2 [SETRANGE](https://redis.io/commands/setrange)
   */
  setrange(key: Key, offset: number, value: Argument): Outcome<C, C['int']> {
    return this.run(new Command(SETRANGE, [key, offset, value]))
  }

  /**
   * Returns the length of the value in bytes, 0 if the key does not exist. @since 2.2
   * [STRLEN](https://redis.io/commands/strlen)
   */
  strlen(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(STRLEN, [key]))
  }

  /**
   * Returns the bytes of the value from `start` to `end`, both inclusive. [SUBSTR](https://redis.io/commands/substr)
   * @deprecated `getrange` does the same.
   */
  substr(key: Key, start: number, end: number): Outcome<C, C['text']> {
    return this.run(new Command(SUBSTR, [key, start, end]))
  }
}
