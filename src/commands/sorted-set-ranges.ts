import type { Arguments, Key } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { int, type Scored, scored, texts } from './core/decoders.js'
import { keyAt } from './core/key-specs.js'
import { exclusive, flag, isGiven, known, plainOptions, refuse } from './core/option-tokens.js'
import { read, type Spec, write } from './core/spec.js'
import { type Bound, scoreOf } from './sorted-set-scores.js'

/** A part of a range: `count` members from position `offset` on, counted from 0. A negative count means all. */
export interface Limit {
  readonly offset: number
  readonly count: number
}

/** How the limits of a range are given. By index is the default. @since 6.2 */
export type ZrangeOptions = {
  /** From the highest score to the lowest. Limits by score or name must then be given in this order too. */
  readonly rev?: boolean
} & (
  | { readonly byscore?: false; readonly bylex?: false; readonly limit?: never }
  | {
      /** The limits are scores. */
      readonly byscore: true
      readonly bylex?: false
      readonly limit?: Limit
    }
  | {
      readonly byscore?: false
      /** The limits are names. This is correct only if all scores are the same. */
      readonly bylex: true
      readonly limit?: Limit
    }
)

/** Any options of `zrange`, if they are known only at run time. */
interface AnyRange {
  readonly byscore?: boolean
  readonly bylex?: boolean
  readonly rev?: boolean
  readonly limit?: Limit
  readonly withscores?: boolean
}

const ZRANGE_OPTIONS: ReadonlySet<string> = new Set(['byscore', 'bylex', 'rev', 'limit', 'withscores'])
const ZRANGEBYSCORE_OPTIONS: ReadonlySet<string> = new Set(['withscores', 'limit'])
const ZREVRANGE_OPTIONS: ReadonlySet<string> = new Set(['withscores'])

const between = { keys: [keyAt(0, 'write'), keyAt(1, 'read')] }

const ZCOUNT = read('ZCOUNT', int)
const ZLEXCOUNT = read('ZLEXCOUNT', int)
const ZRANGE = read('ZRANGE', texts)
const ZRANGEBYLEX = read('ZRANGEBYLEX', texts)
const ZRANGEBYSCORE = read('ZRANGEBYSCORE', texts)
const ZRANGESTORE = write('ZRANGESTORE', int, between)
const ZREMRANGEBYLEX = write('ZREMRANGEBYLEX', int)
const ZREMRANGEBYRANK = write('ZREMRANGEBYRANK', int)
const ZREMRANGEBYSCORE = write('ZREMRANGEBYSCORE', int)
const ZREVRANGE = read('ZREVRANGE', texts)
const ZREVRANGEBYLEX = read('ZREVRANGEBYLEX', texts)
const ZREVRANGEBYSCORE = read('ZREVRANGEBYSCORE', texts)

/** Commands for ranges of sorted sets, by index, score or name. */
export abstract class SortedSetRanges<C extends Context> extends Runner<C> {
  /**
   * Returns the number of members with a score from `min` to `max`. @since 2.0
   * [ZCOUNT](https://redis.io/commands/zcount)
   */
  zcount(key: Key, min: Bound, max: Bound): Outcome<C, C['int']> {
    return this.run(new Command(ZCOUNT, [key, scoreOf(min), scoreOf(max)]))
  }

  /**
   * Returns the number of members with a name from `min` to `max`. @since 2.8.9
   * [ZLEXCOUNT](https://redis.io/commands/zlexcount)
   */
  zlexcount(key: Key, min: Key, max: Key): Outcome<C, C['int']> {
    return this.run(new Command(ZLEXCOUNT, [key, min, max]))
  }

  /**
   * Returns the members from `start` to `stop`, both inclusive, by index, or by score or name with `byscore` or
   * `bylex`; with `withscores` their scores too. @since 1.2 [ZRANGE](https://redis.io/commands/zrange)
   */
  zrange(
    key: Key,
    start: Bound,
    stop: Bound,
    options?: ZrangeOptions & { readonly withscores?: false },
  ): Outcome<C, C['text'][]>
  zrange(
    key: Key,
    start: Bound,
    stop: Bound,
    options: ZrangeOptions & { readonly bylex?: false; readonly withscores: true },
  ): Outcome<C, Scored<C['text']>[]>
  zrange(
    key: Key,
    start: Bound,
    stop: Bound,
    options: ZrangeOptions & { readonly bylex?: false; readonly withscores?: boolean },
  ): Outcome<C, C['text'][] | Scored<C['text']>[]>
  zrange(key: Key, start: Bound, stop: Bound, options: AnyRange = {}): Outcome<C, unknown> {
    const args: Arguments = [key, scoreOf(start), scoreOf(stop)]
    known(args, options, ZRANGE_OPTIONS)
    options = plainOptions(args, options)
    exclusive(args, options, 'bylex', 'withscores')
    pushRange(args, options)
    flag(args, 'WITHSCORES', options.withscores)
    return this.run(new Command(ZRANGE, args, options.withscores === true ? scored : texts))
  }

  /**
   * Returns the members with names from `min` to `max`. All scores must be the same. @since 2.8.9
   * [ZRANGEBYLEX](https://redis.io/commands/zrangebylex)
   * @deprecated `zrange` with `bylex` does the same.
   */
  zrangebylex(key: Key, min: Key, max: Key, options: { readonly limit?: Limit } = {}): Outcome<C, C['text'][]> {
    const args: Arguments = [key, min, max]
    return this.run(new Command(ZRANGEBYLEX, limited(args, plainOptions(args, options).limit)))
  }

  /**
   * Returns the members with scores from `min` to `max`; with `withscores` their scores too. @since 1.0.5
   * [ZRANGEBYSCORE](https://redis.io/commands/zrangebyscore)
   * @deprecated `zrange` with `byscore` does the same.
   */
  zrangebyscore(
    key: Key,
    min: Bound,
    max: Bound,
    options?: { readonly limit?: Limit; readonly withscores?: false },
  ): Outcome<C, C['text'][]>
  zrangebyscore(
    key: Key,
    min: Bound,
    max: Bound,
    options: { readonly limit?: Limit; readonly withscores: true },
  ): Outcome<C, Scored<C['text']>[]>
  zrangebyscore(
    key: Key,
    min: Bound,
    max: Bound,
    options: { readonly limit?: Limit; readonly withscores?: boolean },
  ): Outcome<C, C['text'][] | Scored<C['text']>[]>
  zrangebyscore(key: Key, min: Bound, max: Bound, options: AnyRange = {}): Outcome<C, unknown> {
    return this.run(rangeByScore(ZRANGEBYSCORE, key, min, max, options))
  }

  /**
   * Stores the members and scores of a range of `source`. Returns their number. @since 6.2
   * [ZRANGESTORE](https://redis.io/commands/zrangestore)
   */
  zrangestore(
    destination: Key,
    source: Key,
    start: Bound,
    stop: Bound,
    options: ZrangeOptions = {},
  ): Outcome<C, C['int']> {
    const args: Arguments = [destination, source, scoreOf(start), scoreOf(stop)]
    options = plainOptions(args, options)
    pushRange(args, options)
    return this.run(new Command(ZRANGESTORE, args))
  }

  /**
   * Removes the members with names from `min` to `max`. All scores must be the same. Returns the number of removed
   * members. @since 2.8.9 [ZREMRANGEBYLEX](https://redis.io/commands/zremrangebylex)
   */
  zremrangebylex(key: Key, min: Key, max: Key): Outcome<C, C['int']> {
    return this.run(new Command(ZREMRANGEBYLEX, [key, min, max]))
  }

  /**
   * Removes the members from index `start` to index `stop`, both inclusive. Returns the number of removed members.
   * @since 2.0 [ZREMRANGEBYRANK](https://redis.io/commands/zremrangebyrank)
   */
  zremrangebyrank(key: Key, start: number, stop: number): Outcome<C, C['int']> {
    return this.run(new Command(ZREMRANGEBYRANK, [key, start, stop]))
  }

  /**
   * Removes the members with scores from `min` to `max`. Returns the number of removed members. @since 1.2
   * [ZREMRANGEBYSCORE](https://redis.io/commands/zremrangebyscore)
   */
  zremrangebyscore(key: Key, min: Bound, max: Bound): Outcome<C, C['int']> {
    return this.run(new Command(ZREMRANGEBYSCORE, [key, scoreOf(min), scoreOf(max)]))
  }

  /**
   * Returns the members from index `start` to index `stop`, counted from the highest score. @since 1.2
   * [ZREVRANGE](https://redis.io/commands/zrevrange)
   * @deprecated `zrange` with `rev` does the same.
   */
  zrevrange(key: Key, start: number, stop: number, options?: { readonly withscores?: false }): Outcome<C, C['text'][]>
  zrevrange(
    key: Key,
    start: number,
    stop: number,
    options: { readonly withscores: true },
  ): Outcome<C, Scored<C['text']>[]>
  zrevrange(
    key: Key,
    start: number,
    stop: number,
    options: { readonly withscores?: boolean },
  ): Outcome<C, C['text'][] | Scored<C['text']>[]>
  zrevrange(key: Key, start: number, stop: number, options: AnyRange = {}): Outcome<C, unknown> {
    const args: Arguments = [key, start, stop]
    known(args, options, ZREVRANGE_OPTIONS)
    options = plainOptions(args, options)
    flag(args, 'WITHSCORES', options.withscores)
    return this.run(new Command(ZREVRANGE, args, options.withscores === true ? scored : texts))
  }

  /**
   * Like `zrangebylex`, in reverse order, with `max` first. Returns the members. @since 2.8.9
   * [ZREVRANGEBYLEX](https://redis.io/commands/zrevrangebylex)
   * @deprecated `zrange` with `bylex` and `rev` does the same.
   */
  zrevrangebylex(key: Key, max: Key, min: Key, options: { readonly limit?: Limit } = {}): Outcome<C, C['text'][]> {
    const args: Arguments = [key, max, min]
    return this.run(new Command(ZREVRANGEBYLEX, limited(args, plainOptions(args, options).limit)))
  }

  /**
   * Like `zrangebyscore`, from the highest score to the lowest, with `max` first. Returns the members. @since 2.2
   * [ZREVRANGEBYSCORE](https://redis.io/commands/zrevrangebyscore)
   * @deprecated `zrange` with `byscore` and `rev` does the same.
   */
  zrevrangebyscore(
    key: Key,
    max: Bound,
    min: Bound,
    options?: { readonly limit?: Limit; readonly withscores?: false },
  ): Outcome<C, C['text'][]>
  zrevrangebyscore(
    key: Key,
    max: Bound,
    min: Bound,
    options: { readonly limit?: Limit; readonly withscores: true },
  ): Outcome<C, Scored<C['text']>[]>
  zrevrangebyscore(
    key: Key,
    max: Bound,
    min: Bound,
    options: { readonly limit?: Limit; readonly withscores?: boolean },
  ): Outcome<C, C['text'][] | Scored<C['text']>[]>
  zrevrangebyscore(key: Key, max: Bound, min: Bound, options: AnyRange = {}): Outcome<C, unknown> {
    return this.run(rangeByScore(ZREVRANGEBYSCORE, key, max, min, options))
  }
}

function pushRange(args: Arguments, options: AnyRange): void {
  exclusive(args, options, 'byscore', 'bylex')
  if (isGiven(options, 'limit') && !isGiven(options, 'byscore') && !isGiven(options, 'bylex')) {
    refuse(args, 'The option limit needs the option byscore or bylex.')
  }
  flag(args, 'BYSCORE', options.byscore)
  flag(args, 'BYLEX', options.bylex)
  flag(args, 'REV', options.rev)
  limited(args, options.limit)
}

function limited(args: Arguments, limit: Limit | undefined): Arguments {
  if (limit !== undefined) {
    const { offset, count } = plainOptions(args, limit)
    args.push('LIMIT', offset, count)
  }
  return args
}

function rangeByScore(spec: Spec, key: Key, from: Bound, to: Bound, options: AnyRange): Command {
  const args: Arguments = [key, scoreOf(from), scoreOf(to)]
  known(args, options, ZRANGEBYSCORE_OPTIONS)
  options = plainOptions(args, options)
  flag(args, 'WITHSCORES', options.withscores)
  return new Command(spec, limited(args, options.limit), options.withscores === true ? scored : texts)
}
