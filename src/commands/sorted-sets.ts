import type { Argument, Arguments, Key, OneOrMore, Several } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import {
  at,
  double,
  int,
  intOrNull,
  itemPerArgument,
  key as keyName,
  list,
  orNothing,
  orNull,
  type Scored,
  scored,
  text,
  textOrNull,
  texts,
  tuple,
} from './core/decoders.js'
import type { AtMostOne } from './core/exclusive-options.js'
import { countedKeys, keysFrom } from './core/key-specs.js'
import { exclusive, flag, known, plainOptions, pushSeveral, refuse } from './core/option-tokens.js'
import { ownProperties } from './core/own-properties.js'
import { blockingArguments, popArguments } from './core/pop-arguments.js'
import { pushScanOptions, SCAN_OPTIONS, type ScanOptions, scanned } from './core/scan-options.js'
import { read, write } from './core/spec.js'
import type { ScannedMembers } from './sets.js'
import { pushScored, type ScoredMember, scoreOf } from './sorted-set-scores.js'

/** Whether members are removed from the lowest or from the highest score. */
export type Extreme = 'min' | 'max'

/** The conditions under which a score is set. `gt` and `lt` do not prevent new members from being added. */
export type ZaddConditions =
  | { readonly nx: true; readonly xx?: false; readonly gt?: false; readonly lt?: false }
  | ({ readonly nx?: false; readonly xx?: boolean } & AtMostOne<{
      /** Changes a score only if the new one is greater. @since 6.2 */
      readonly gt: boolean
      /** Changes a score only if the new one is less. @since 6.2 */
      readonly lt: boolean
    }>)

/** With `nx` only new members are added; with `xx` only existing members are changed. */
export type ZaddOptions = ZaddConditions & {
  /** The reply counts members whose score changed too, not only new members. */
  readonly ch?: boolean
}

const ZADD_OPTIONS: ReadonlySet<string> = new Set(['nx', 'xx', 'gt', 'lt', 'ch', 'incr'])

/** The rank of a member, counted from 0, and its score. */
export interface Ranked<I> {
  readonly rank: I
  readonly score: number
}

/** The removed member, its score, and the key of its sorted set. */
export interface PoppedScored<T> {
  readonly key: T
  readonly member: T
  readonly score: number
}

/** The removed members, and the key of their sorted set. */
export interface PoppedSeveralScored<T> {
  readonly key: T
  readonly members: Scored<T>[]
}

export interface ZscanOptions extends ScanOptions {
  /** Returns only the members. Valkey only, @since 8.0 */
  readonly noscores?: boolean
}

export interface ZmpopOptions {
  /** Maximum number of members. Default 1. */
  readonly count?: number
}

const ZSCAN_OPTIONS: ReadonlySet<string> = new Set([...SCAN_OPTIONS, 'noscores'])

const firstScored: Decoder = (reply, shape) => {
  const members = reply === null ? null : scored(reply, shape)
  return Array.isArray(members) ? (members[0] ?? null) : members
}

const popped: Decoder = tuple(3, (items, shape) => ({
  key: keyName(at(items, 0), shape),
  member: text(at(items, 1), shape),
  score: double(at(items, 2)),
}))

const poppedSeveral: Decoder = tuple(2, (items, shape) => ({
  key: keyName(at(items, 0), shape),
  members: scored(at(items, 1), shape),
}))

const ranked: Decoder = orNothing(
  tuple(2, (items, shape) => ({ rank: int(at(items, 0), shape), score: double(at(items, 1)) })),
)
const doubleOrNull = orNull(double)

const scannedScored = scanned('members', scored)
const scannedMembers = scanned('members', texts)

const allButLast = { keys: [keysFrom(0, 'write', -2)], blocks: 'last, seconds' } as const

const BZMPOP = write('BZMPOP', orNothing(poppedSeveral), { keys: [countedKeys(1, 'write')], blocks: 'first, seconds' })
const BZPOPMAX = write('BZPOPMAX', orNothing(popped), allButLast)
const BZPOPMIN = write('BZPOPMIN', orNothing(popped), allButLast)
const ZADD = write('ZADD', int)
const ZCARD = read('ZCARD', int)
const ZINCRBY = write('ZINCRBY', double)
const ZMPOP = write('ZMPOP', orNothing(poppedSeveral), { keys: [countedKeys(0, 'write')] })
const ZMSCORE = read('ZMSCORE', itemPerArgument(1, list(orNull(double))))
const ZPOPMAX = write('ZPOPMAX', scored)
const ZPOPMIN = write('ZPOPMIN', scored)
const ZRANDMEMBER = read('ZRANDMEMBER', textOrNull)
const ZRANK = read('ZRANK', intOrNull)
const ZREM = write('ZREM', int)
const ZREVRANK = read('ZREVRANK', intOrNull)
const ZSCAN = read('ZSCAN', scannedScored)
const ZSCORE = read('ZSCORE', orNull(double))

/**
 * Commands for single members of sorted sets. Each member has a score (a double), and the members are sorted by score.
 */
export abstract class SortedSets<C extends Context> extends Runner<C> {
  /**
   * Like `zmpop`, but waits up to `timeout` seconds for a member (0: for ever). Returns null when the time is over.
   * @since 7.0 [BZMPOP](https://redis.io/commands/bzmpop)
   */
  bzmpop(
    keys: OneOrMore<Key>,
    where: Extreme,
    timeout: number,
    options: ZmpopOptions = {},
  ): Outcome<C, PoppedSeveralScored<C['text']> | null> {
    return this.run(new Command(BZMPOP, [timeout, ...popArguments(keys, where, options)]))
  }

  /**
   * Removes and returns the member with the highest score of the first sorted set that is not empty. Waits up to
   * `timeout` seconds for a member (0: for ever); returns null when the time is over. @since 5.0
   * [BZPOPMAX](https://redis.io/commands/bzpopmax)
   */
  bzpopmax(keys: OneOrMore<Key>, timeout: number): Outcome<C, PoppedScored<C['text']> | null> {
    return this.run(new Command(BZPOPMAX, blockingArguments(keys, timeout)))
  }

  /**
   * Removes and returns the member with the lowest score of the first sorted set that is not empty. Waits up to
   * `timeout` seconds for a member (0: for ever); returns null when the time is over. @since 5.0
   * [BZPOPMIN](https://redis.io/commands/bzpopmin)
   */
  bzpopmin(keys: OneOrMore<Key>, timeout: number): Outcome<C, PoppedScored<C['text']> | null> {
    return this.run(new Command(BZPOPMIN, blockingArguments(keys, timeout)))
  }

  /**
   * Sets the scores of members and adds new members. Returns the number of new members. With `incr` it adds to the
   * score of one member and returns its new score, or null if a condition did not hold. @since 1.2
   * [ZADD](https://redis.io/commands/zadd)
   */
  zadd(
    key: Key,
    members: OneOrMore<ScoredMember>,
    options?: ZaddOptions & { readonly incr?: false },
  ): Outcome<C, C['int']>
  zadd(key: Key, member: ScoredMember, options: ZaddOptions & { readonly incr: true }): Outcome<C, number | null>
  zadd(
    key: Key,
    member: ScoredMember,
    options: ZaddOptions & { readonly incr?: boolean },
  ): Outcome<C, C['int'] | number | null>
  zadd(
    key: Key,
    members: OneOrMore<ScoredMember>,
    options: ZaddOptions & { readonly incr?: boolean } = {},
  ): Outcome<C, unknown> {
    const args: Arguments = [key]
    // Options that are not an object add their error after the members: in `zadd(key, score, member)` the members are
    // wrong.
    const given: typeof options = typeof options === 'object' ? plainOptions(args, options) : ownProperties()
    const incr = given.incr === true
    exclusive(args, given, 'nx', 'xx')
    exclusive(args, given, 'nx', 'gt', 'lt')
    if (incr && Array.isArray(members) && members.length !== 1)
      refuse(args, 'The option incr takes exactly one member.')
    flag(args, 'NX', given.nx)
    flag(args, 'XX', given.xx)
    flag(args, 'GT', given.gt)
    flag(args, 'LT', given.lt)
    flag(args, 'CH', given.ch)
    flag(args, 'INCR', incr)
    pushScored(args, members)
    known(args, options, ZADD_OPTIONS)
    return this.run(new Command(ZADD, args, incr ? doubleOrNull : int))
  }

  /** Returns the number of members. @since 1.2 [ZCARD](https://redis.io/commands/zcard) */
  zcard(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(ZCARD, [key]))
  }

  /**
   * Adds `increment` to the score of a member; a new member counts as 0. Returns the new score. @since 1.2
   * [ZINCRBY](https://redis.io/commands/zincrby)
   */
  zincrby(key: Key, increment: number, member: Argument): Outcome<C, number> {
    return this.run(new Command(ZINCRBY, [key, scoreOf(increment), member]))
  }

  /**
   * Removes and returns the members with the lowest or highest scores of the first sorted set that is not empty; null
   * if all are empty. @since 7.0 [ZMPOP](https://redis.io/commands/zmpop)
   */
  zmpop(
    keys: OneOrMore<Key>,
    where: Extreme,
    options: ZmpopOptions = {},
  ): Outcome<C, PoppedSeveralScored<C['text']> | null> {
    return this.run(new Command(ZMPOP, popArguments(keys, where, options)))
  }

  /**
   * Returns the scores of members in the same order; null for a member that does not exist. @since 6.2
   * [ZMSCORE](https://redis.io/commands/zmscore)
   */
  zmscore(key: Key, ...members: Several<Argument>): Outcome<C, (number | null)[]> {
    const args: Arguments = [key]
    pushSeveral(args, members, 'member')
    return this.run(new Command(ZMSCORE, args))
  }

  /**
   * Removes and returns the member with the highest score, null if the key does not exist; with `count` an array of so
   * many, the highest first. @since 5.0 [ZPOPMAX](https://redis.io/commands/zpopmax)
   */
  zpopmax(key: Key): Outcome<C, Scored<C['text']> | null>
  zpopmax(key: Key, count: number): Outcome<C, Scored<C['text']>[]>
  zpopmax(key: Key, count?: number): Outcome<C, Scored<C['text']> | null | Scored<C['text']>[]>
  zpopmax(key: Key, count?: number): Outcome<C, unknown> {
    return this.run(
      count === undefined ? new Command(ZPOPMAX, [key], firstScored) : new Command(ZPOPMAX, [key, count], scored),
    )
  }

  /**
   * Removes and returns the member with the lowest score, null if the key does not exist; with `count` an array of so
   * many, the lowest first. @since 5.0 [ZPOPMIN](https://redis.io/commands/zpopmin)
   */
  zpopmin(key: Key): Outcome<C, Scored<C['text']> | null>
  zpopmin(key: Key, count: number): Outcome<C, Scored<C['text']>[]>
  zpopmin(key: Key, count?: number): Outcome<C, Scored<C['text']> | null | Scored<C['text']>[]>
  zpopmin(key: Key, count?: number): Outcome<C, unknown> {
    return this.run(
      count === undefined ? new Command(ZPOPMIN, [key], firstScored) : new Command(ZPOPMIN, [key, count], scored),
    )
  }

  /**
   * Returns a random member, null if the key does not exist. With `count` it returns so many distinct members; a
   * negative count allows repetitions. With `withscores` it returns their scores too. @since 6.2
   * [ZRANDMEMBER](https://redis.io/commands/zrandmember)
   */
  zrandmember(key: Key): Outcome<C, C['text'] | null>
  zrandmember(key: Key, count: number, options?: { readonly withscores?: false }): Outcome<C, C['text'][]>
  zrandmember(key: Key, count: number, options: { readonly withscores: true }): Outcome<C, Scored<C['text']>[]>
  zrandmember(
    key: Key,
    count: number,
    options: { readonly withscores?: boolean },
  ): Outcome<C, C['text'][] | Scored<C['text']>[]>
  zrandmember(key: Key, count?: number, options: { readonly withscores?: boolean } = {}): Outcome<C, unknown> {
    if (count === undefined) return this.run(new Command(ZRANDMEMBER, [key]))
    const args: Arguments = [key, count]
    options = plainOptions(args, options)
    flag(args, 'WITHSCORES', options.withscores)
    return this.run(new Command(ZRANDMEMBER, args, options.withscores === true ? scored : texts))
  }

  /**
   * Returns the rank of a member, counted from 0 at the lowest score; null if the member does not exist. With
   * `withscore` (since 7.2) it returns the score too. @since 2.0 [ZRANK](https://redis.io/commands/zrank)
   */
  zrank(key: Key, member: Argument, options?: { readonly withscore?: false }): Outcome<C, C['int'] | null>
  zrank(key: Key, member: Argument, options: { readonly withscore: true }): Outcome<C, Ranked<C['int']> | null>
  zrank(
    key: Key,
    member: Argument,
    options: { readonly withscore?: boolean },
  ): Outcome<C, C['int'] | Ranked<C['int']> | null>
  zrank(key: Key, member: Argument, options: { readonly withscore?: boolean } = {}): Outcome<C, unknown> {
    const args: Arguments = [key, member]
    options = plainOptions(args, options)
    flag(args, 'WITHSCORE', options.withscore)
    return this.run(new Command(ZRANK, args, options.withscore === true ? ranked : intOrNull))
  }

  /** Removes members. Returns the number of members that existed. @since 1.2 [ZREM](https://redis.io/commands/zrem) */
  zrem(key: Key, ...members: Several<Argument>): Outcome<C, C['int']> {
    const args: Arguments = [key]
    pushSeveral(args, members, 'member')
    return this.run(new Command(ZREM, args))
  }

  /**
   * Returns the rank of a member, counted from 0 at the highest score; null if the member does not exist. With
   * `withscore` (since 7.2) it returns the score too. @since 2.0 [ZREVRANK](https://redis.io/commands/zrevrank)
   */
  zrevrank(key: Key, member: Argument, options?: { readonly withscore?: false }): Outcome<C, C['int'] | null>
  zrevrank(key: Key, member: Argument, options: { readonly withscore: true }): Outcome<C, Ranked<C['int']> | null>
  zrevrank(
    key: Key,
    member: Argument,
    options: { readonly withscore?: boolean },
  ): Outcome<C, C['int'] | Ranked<C['int']> | null>
  zrevrank(key: Key, member: Argument, options: { readonly withscore?: boolean } = {}): Outcome<C, unknown> {
    const args: Arguments = [key, member]
    options = plainOptions(args, options)
    flag(args, 'WITHSCORE', options.withscore)
    return this.run(new Command(ZREVRANK, args, options.withscore === true ? ranked : intOrNull))
  }

  /**
   * Returns one step of an iteration over all members and scores. Start with cursor 0, then pass the cursor of the
   * reply, until it is `'0'`. @since 2.8 [ZSCAN](https://redis.io/commands/zscan)
   */
  zscan(
    key: Key,
    cursor: Argument,
    options?: ZscanOptions & { readonly noscores?: false },
  ): Outcome<C, ScannedMembers<Scored<C['text']>>>
  zscan(
    key: Key,
    cursor: Argument,
    options: ZscanOptions & { readonly noscores: true },
  ): Outcome<C, ScannedMembers<C['text']>>
  zscan(
    key: Key,
    cursor: Argument,
    options: ZscanOptions,
  ): Outcome<C, ScannedMembers<Scored<C['text']>> | ScannedMembers<C['text']>>
  zscan(key: Key, cursor: Argument, options: ZscanOptions = {}): Outcome<C, unknown> {
    const args: Arguments = [key, cursor]
    options = plainOptions(args, options)
    pushScanOptions(args, options, ZSCAN_OPTIONS)
    flag(args, 'NOSCORES', options.noscores)
    return this.run(new Command(ZSCAN, args, options.noscores === true ? scannedMembers : scannedScored))
  }

  /**
   * Returns the score of a member, or null if the member does not exist. @since 1.2
   * [ZSCORE](https://redis.io/commands/zscore)
   */
  zscore(key: Key, member: Argument): Outcome<C, number | null> {
    return this.run(new Command(ZSCORE, [key, member]))
  }
}
