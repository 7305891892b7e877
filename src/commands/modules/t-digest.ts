import type { Arguments, Key } from '../core/argument.js'
import { Command } from '../core/command.js'
import { type Context, Namespace, type Outcome, type Plain, type ReplyTypes } from '../core/context.js'
import { double, int, list, ok } from '../core/decoders.js'
import { countedKeys, keyAt } from '../core/key-specs.js'
import { flag, option, plainOptions, pushCounted, pushSeveral, type Several } from '../core/option-tokens.js'
import { read, type Spec, write } from '../core/spec.js'
import { rejectWrongCalls } from '../core/wrong-calls.js'
import { statistics } from './module-decoders.js'

export interface TDigestMergeOptions {
  /** Of the result: the greater it is, the more exact and the bigger; the greatest of the sources unless given. */
  readonly compression?: number
  /** What the destination held is not merged too. */
  readonly override?: boolean
}

export interface TDigestInfo<F extends ReplyTypes = Plain> {
  readonly compression: F['int']
  readonly capacity: F['int']
  readonly mergedNodes: F['int']
  readonly unmergedNodes: F['int']
  readonly mergedWeight: F['int']
  readonly unmergedWeight: F['int']
  readonly observations: F['int']
  readonly totalCompressions: F['int']
  /** In bytes. */
  readonly memoryUsage: F['int']
}

const doubles = list(double)
const ints = list(int)

const info = statistics({
  compression: int,
  capacity: int,
  'merged nodes': int,
  'unmerged nodes': int,
  'merged weight': int,
  'unmerged weight': int,
  observations: int,
  'total compressions': int,
  'memory usage': int,
})

const ADD = write('TDIGEST.ADD', ok)
const BYRANK = read('TDIGEST.BYRANK', doubles)
const BYREVRANK = read('TDIGEST.BYREVRANK', doubles)
const CDF = read('TDIGEST.CDF', doubles)
const CREATE = write('TDIGEST.CREATE', ok)
const INFO = read('TDIGEST.INFO', info)
const MAX = read('TDIGEST.MAX', double)
const MERGE = write('TDIGEST.MERGE', ok, { keys: [keyAt(0, 'write'), countedKeys(1, 'read')] })
const MIN = read('TDIGEST.MIN', double)
const QUANTILE = read('TDIGEST.QUANTILE', doubles)
const RANK = read('TDIGEST.RANK', ints)
const RESET = write('TDIGEST.RESET', ok)
const REVRANK = read('TDIGEST.REVRANK', ints)
const TRIMMED_MEAN = read('TDIGEST.TRIMMED_MEAN', double)

/**
 * t-digests: quantiles and ranks of many observations, about. What an empty one is asked for is NaN, a rank of it -2.
 *
 * A module before it became a part of Redis. @since 8.0
 */
export class TDigest<C extends Context> extends Namespace<C> {
  /**
   * Makes an empty digest. The greater `compression` (100 unless given), the more exact and the bigger.
   * [TDIGEST.CREATE](https://redis.io/commands/tdigest.create)
   */
  create(key: Key, options: { readonly compression?: number } = {}): Outcome<C, 'OK'> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    option(args, 'COMPRESSION', options.compression)
    return this.run(new Command(CREATE, args))
  }

  /** Empties it. [TDIGEST.RESET](https://redis.io/commands/tdigest.reset) */
  reset(key: Key): Outcome<C, 'OK'> {
    return this.run(new Command(RESET, [key]))
  }

  /** Adds observations. [TDIGEST.ADD](https://redis.io/commands/tdigest.add) */
  add(key: Key, ...values: Several<number>): Outcome<C, 'OK'> {
    return this.run(numbered(ADD, key, values, 'value'))
  }

  /** Merges others into one, which is made if need be. [TDIGEST.MERGE](https://redis.io/commands/tdigest.merge) */
  merge(destination: Key, sources: readonly Key[], options: TDigestMergeOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [destination]
    options = plainOptions(args, options)
    pushCounted(args, sources)
    option(args, 'COMPRESSION', options.compression)
    flag(args, 'OVERRIDE', options.override)
    return this.run(new Command(MERGE, args))
  }

  /** The least observation. [TDIGEST.MIN](https://redis.io/commands/tdigest.min) */
  min(key: Key): Outcome<C, number> {
    return this.run(new Command(MIN, [key]))
  }

  /** The greatest observation. [TDIGEST.MAX](https://redis.io/commands/tdigest.max) */
  max(key: Key): Outcome<C, number> {
    return this.run(new Command(MAX, [key]))
  }

  /** The values below which such fractions (0 to 1) of all are. [TDIGEST.QUANTILE](https://redis.io/commands/tdigest.quantile) */
  quantile(key: Key, ...fractions: Several<number>): Outcome<C, number[]> {
    return this.run(numbered(QUANTILE, key, fractions, 'fraction'))
  }

  /** The fractions of all that are below such values, or equal by half. [TDIGEST.CDF](https://redis.io/commands/tdigest.cdf) */
  cdf(key: Key, ...values: Several<number>): Outcome<C, number[]> {
    return this.run(numbered(CDF, key, values, 'value'))
  }

  /**
   * The mean of the observations between two quantiles, fractions from 0 to 1.
   * [TDIGEST.TRIMMED_MEAN](https://redis.io/commands/tdigest.trimmed_mean)
   */
  trimmedMean(key: Key, low: number, high: number): Outcome<C, number> {
    return this.run(new Command(TRIMMED_MEAN, [key, low, high]))
  }

  /** How many observations are below such values: -1 below the least. [TDIGEST.RANK](https://redis.io/commands/tdigest.rank) */
  rank(key: Key, ...values: Several<number>): Outcome<C, C['int'][]> {
    return this.run(numbered(RANK, key, values, 'value'))
  }

  /** How many are above such values: -1 above the greatest. [TDIGEST.REVRANK](https://redis.io/commands/tdigest.revrank) */
  revrank(key: Key, ...values: Several<number>): Outcome<C, C['int'][]> {
    return this.run(numbered(REVRANK, key, values, 'value'))
  }

  /** The values of such ranks from 0, Infinity beyond the last. [TDIGEST.BYRANK](https://redis.io/commands/tdigest.byrank) */
  byrank(key: Key, ...ranks: Several<number>): Outcome<C, number[]> {
    return this.run(numbered(BYRANK, key, ranks, 'rank'))
  }

  /**
   * The values of such ranks from the greatest down, -Infinity beyond the last.
   * [TDIGEST.BYREVRANK](https://redis.io/commands/tdigest.byrevrank)
   */
  byrevrank(key: Key, ...ranks: Several<number>): Outcome<C, number[]> {
    return this.run(numbered(BYREVRANK, key, ranks, 'rank'))
  }

  /** What the digest is like. [TDIGEST.INFO](https://redis.io/commands/tdigest.info) */
  info(key: Key): Outcome<C, TDigestInfo<C>> {
    return this.run(new Command(INFO, [key]))
  }
}
rejectWrongCalls(TDigest)

function numbered(spec: Spec, key: Key, numbers: Several<number>, what: string): Command {
  const args: Arguments = [key]
  pushSeveral(args, numbers, what)
  return new Command(spec, args)
}
