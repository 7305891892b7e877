import type { Argument, Arguments, Key } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import {
  at,
  double,
  int,
  intOrNull,
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
import {
  exclusive,
  flag,
  known,
  type OneOrMore,
  option,
  plainOptions,
  pushAll,
  pushCounted,
  pushSeveral,
  refuse,
  type Several,
} from './core/option-tokens.js'
import { ownProperties } from './core/own-properties.js'
import { pushScanOptions, SCAN_OPTIONS, type ScanOptions, scanned } from './core/scan-options.js'
import { read, write } from './core/spec.js'
import type { ScannedMembers } from './sets.js'
import { pushScored, type ScoredMember, scoreOf } from './sorted-set-scores.js'

/** Whether members are taken from the lowest score on, or from the highest. */
export type Extreme = 'min' | 'max'

/** On which condition a score is set. `gt` and `lt` do not keep new members out. */
export type ZaddConditions =
  | { readonly nx: true; readonly xx?: false; readonly gt?: false; readonly lt?: false }
  | ({ readonly nx?: false; readonly xx?: boolean } & AtMostOne<{
      /** Changes a score only if the new one is greater. @since 6.2 */
      readonly gt: boolean
      /** Changes a score only if the new one is less. @since 6.2 */
      readonly lt: boolean
    }>)

/** `nx` adds new members only, `xx` changes those only that are there. */
export type ZaddOptions = ZaddConditions & {
  /** Counts the members whose score changed too, not only the new ones. */
  readonly ch?: boolean
}

const ZADD_OPTIONS: ReadonlySet<string> = new Set(['nx', 'xx', 'gt', 'lt', 'ch', 'incr'])

/** Where a member stands, 0 being the first place, and its score. */
export interface Ranked<I> {
  readonly rank: I
  readonly score: number
}

/** The member that was taken, its score, and the key of its sorted set. */
export interface PoppedScored<T> {
  readonly key: T
  readonly member: T
  readonly score: number
}

/** The members that were taken, and the key of their sorted set. */
export interface PoppedSeveralScored<T> {
  readonly key: T
  readonly members: Scored<T>[]
}

export interface ZscanOptions extends ScanOptions {
  /** Gives members only. Valkey only, @since 8.0 */
  readonly noscores?: boolean
}

export interface ZmpopOptions {
  /** At most so many members; 1 unless given. */
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
const ZMSCORE = read('ZMSCORE', list(orNull(double)))
const ZPOPMAX = write('ZPOPMAX', scored)
const ZPOPMIN = write('ZPOPMIN', scored)
const ZRANDMEMBER = read('ZRANDMEMBER', textOrNull)
const ZRANK = read('ZRANK', intOrNull)
const ZREM = write('ZREM', int)
const ZREVRANK = read('ZREVRANK', intOrNull)
const ZSCAN = read('ZSCAN', scannedScored)
const ZSCORE = read('ZSCORE', orNull(double))

/** Sorted sets member by member: each has a score, a double, and they are in the order of their scores. */
export abstract class SortedSets<C extends Context> extends Runner<C> {
  /** As `zmpop`, waiting up to `timeout` seconds for a member. @since 7.0 [BZMPOP](https://redis.io/commands/bzmpop) */
  bzmpop(
    keys: OneOrMore<Key>,
    where: Extreme,
    timeout: number,
    options: ZmpopOptions = {},
  ): Outcome<C, PoppedSeveralScored<C['text']> | null> {
    return this.run(new Command(BZMPOP, [timeout, ...popArguments(keys, where, options)]))
  }

  /**
   * Takes the member with the highest score of the first sorted set that is not empty, waiting up to `timeout` seconds for
   * one (0: for ever); null if none came. @since 5.0 [BZPOPMAX](https://redis.io/commands/bzpopmax)
   */
  bzpopmax(keys: OneOrMore<Key>, timeout: number): Outcome<C, PoppedScored<C['text']> | null> {
    return this.run(new Command(BZPOPMAX, blockingArguments(keys, timeout)))
  }

  /**
   * Takes the member with the lowest score of the first sorted set that is not empty, waiting up to `timeout` seconds for
   * one (0: for ever); null if none came. @since 5.0 [BZPOPMIN](https://redis.io/commands/bzpopmin)
   */
  bzpopmin(keys: OneOrMore<Key>, timeout: number): Outcome<C, PoppedScored<C['text']> | null> {
    return this.run(new Command(BZPOPMIN, blockingArguments(keys, timeout)))
  }

  /**
   * Sets scores, adding members that are new, and tells how many are. With `incr` adds to the score of one member and gives
   * the new one, or null if a condition kept it as it was. @since 1.2 [ZADD](https://redis.io/commands/zadd)
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
    // What is no object is refused behind the members: `zadd(key, score, member)` is about those.
    const given: typeof options = typeof options === 'object' ? plainOptions(args, options) : ownProperties()
    const incr = given.incr === true
    exclusive(args, given, 'nx', 'xx')
    exclusive(args, given, 'nx', 'gt', 'lt')
    if (incr && Array.isArray(members) && members.length !== 1) refuse(args, 'The option incr takes one member.')
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

  /** How many members there are. @since 1.2 [ZCARD](https://redis.io/commands/zcard) */
  zcard(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(ZCARD, [key]))
  }

  /**
   * Adds to the score of a member, which counts as 0 if it is new, and gives the sum. @since 1.2
   * [ZINCRBY](https://redis.io/commands/zincrby)
   */
  zincrby(key: Key, increment: number, member: Argument): Outcome<C, number> {
    return this.run(new Command(ZINCRBY, [key, scoreOf(increment), member]))
  }

  /**
   * Takes the members with the lowest or highest scores of the first sorted set that is not empty; null if all are.
   * @since 7.0 [ZMPOP](https://redis.io/commands/zmpop)
   */
  zmpop(
    keys: OneOrMore<Key>,
    where: Extreme,
    options: ZmpopOptions = {},
  ): Outcome<C, PoppedSeveralScored<C['text']> | null> {
    return this.run(new Command(ZMPOP, popArguments(keys, where, options)))
  }

  /**
   * The scores of members in their order, null where there is no such member. @since 6.2
   * [ZMSCORE](https://redis.io/commands/zmscore)
   */
  zmscore(key: Key, ...members: Several<Argument>): Outcome<C, (number | null)[]> {
    const args: Arguments = [key]
    pushSeveral(args, members, 'member')
    return this.run(new Command(ZMSCORE, args))
  }

  /**
   * Takes the member with the highest score, null if there is none; or the `count` highest, from the highest on. @since 5.0
   * [ZPOPMAX](https://redis.io/commands/zpopmax)
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
   * Takes the member with the lowest score, null if there is none; or the `count` lowest, from the lowest on. @since 5.0
   * [ZPOPMIN](https://redis.io/commands/zpopmin)
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
   * A member chosen at random, null if there is none; `count` of them, each once, or with a negative count so many with
   * repetitions; with `withscores` their scores too. @since 6.2 [ZRANDMEMBER](https://redis.io/commands/zrandmember)
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
   * The place of a member, counted from 0 at the lowest score; null if there is no such member. `withscore` (since 7.2)
   * gives its score too. @since 2.0 [ZRANK](https://redis.io/commands/zrank)
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

  /** Removes members and tells how many there were. @since 1.2 [ZREM](https://redis.io/commands/zrem) */
  zrem(key: Key, ...members: Several<Argument>): Outcome<C, C['int']> {
    const args: Arguments = [key]
    pushSeveral(args, members, 'member')
    return this.run(new Command(ZREM, args))
  }

  /**
   * The place of a member, counted from 0 at the highest score; null if there is no such member. `withscore` (since 7.2)
   * gives its score too. @since 2.0 [ZREVRANK](https://redis.io/commands/zrevrank)
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
   * One step of an iteration over all members and scores: start with cursor 0, go on with the cursor of the reply until it
   * is `'0'`. @since 2.8 [ZSCAN](https://redis.io/commands/zscan)
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

  /** The score of a member, null if there is none. @since 1.2 [ZSCORE](https://redis.io/commands/zscore) */
  zscore(key: Key, member: Argument): Outcome<C, number | null> {
    return this.run(new Command(ZSCORE, [key, member]))
  }
}

function blockingArguments(keys: OneOrMore<Key>, timeout: number): Arguments {
  const args: Arguments = []
  pushAll(args, keys, 'key')
  args.push(timeout)
  return args
}

function popArguments(keys: OneOrMore<Key>, where: Extreme, options: ZmpopOptions): Arguments {
  const args: Arguments = []
  pushCounted(args, Array.isArray(keys) ? keys : [keys as Key])
  args.push(where)
  option(args, 'COUNT', plainOptions(args, options).count)
  return args
}
