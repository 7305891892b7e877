import type { Arguments, Key, Several } from '../core/argument.js'
import { Command } from '../core/command.js'
import { type Context, Namespace, type Outcome, type Plain, type ReplyTypes } from '../core/context.js'
import { double, int, list, ok } from '../core/decoders.js'
import { countedKeys, keyAt } from '../core/key-specs.js'
import { flag, option, plainOptions, pushCounted, pushSeveral } from '../core/option-tokens.js'
import { read, type Spec, write } from '../core/spec.js'
import { rejectWrongCalls } from '../core/wrong-calls.js'
import { statistics } from './module-decoders.js'

export interface TDigestMergeOptions {
  /** The compression of the result: higher is more exact and larger. Default: the highest of the sources. */
  readonly compression?: number
  /** Replaces the destination instead of merging it too. */
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
  /** Bytes. */
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
 * Commands for t-digests: approximate quantiles and ranks of many observations. For an empty digest the results are
 * NaN, ranks are -2.
 *
 * It was a separate module before Redis 8. @since 8.0
 */
export class TDigest<C extends Context> extends Namespace<C> {
  /**
   * Creates an empty digest. A higher `compression` is more exact and larger (default 100). Returns `'OK'`.
   * [TDIGEST.CREATE](https://redis.io/commands/tdigest.create)
   */
  create(key: Key, options: { readonly compression?: number } = {}): Outcome<C, 'OK'> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    option(args, 'COMPRESSION', options.compression)
    return this.run(new Command(CREATE, args))
  }

  /** Empties a digest. Returns `'OK'`. [TDIGEST.RESET](https://redis.io/commands/tdigest.reset) */
  reset(key: Key): Outcome<C, 'OK'> {
    return this.run(new Command(RESET, [key]))
  }

  /** Adds observations. Returns `'OK'`. [TDIGEST.ADD](https://redis.io/commands/tdigest.add) */
  add(key: Key, ...values: Several<number>): Outcome<C, 'OK'> {
    return this.run(numbered(ADD, key, values, 'value'))
  }

  /**
   * Merges digests into one, which is created if it does not exist. Returns `'OK'`.
   * [TDIGEST.MERGE](https://redis.io/commands/tdigest.merge)
   */
  merge(destination: Key, sources: readonly Key[], options: TDigestMergeOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [destination]
    options = plainOptions(args, options)
    pushCounted(args, sources)
    option(args, 'COMPRESSION', options.compression)
    flag(args, 'OVERRIDE', options.override)
    return this.run(new Command(MERGE, args))
  }

  /** Returns the least observation. [TDIGEST.MIN](https://redis.io/commands/tdigest.min) */
  min(key: Key): Outcome<C, number> {
    return this.run(new Command(MIN, [key]))
  }

  /** Returns the greatest observation. [TDIGEST.MAX](https://redis.io/commands/tdigest.max) */
  max(key: Key): Outcome<C, number> {
    return this.run(new Command(MAX, [key]))
  }

  /**
   * Returns the values below which the given fractions (0 to 1) of all observations are.
   * [TDIGEST.QUANTILE](https://redis.io/commands/tdigest.quantile)
   */
  quantile(key: Key, ...fractions: Several<number>): Outcome<C, number[]> {
    return this.run(numbered(QUANTILE, key, fractions, 'fraction'))
  }

  /**
   * Returns the fractions of observations below the given values; equal observations count half.
   * [TDIGEST.CDF](https://redis.io/commands/tdigest.cdf)
   */
  cdf(key: Key, ...values: Several<number>): Outcome<C, number[]> {
    return this.run(numbered(CDF, key, values, 'value'))
  }

  /** Returns the mean of the observations between two quantiles (0 to 1). [TDIGEST.TRIMMED_MEAN](https://redis.io/commands/tdigest.trimmed_mean) */
  trimmedMean(key: Key, low: number, high: number): Outcome<C, number> {
    return this.run(new Command(TRIMMED_MEAN, [key, low, high]))
  }

  /**
   * Returns the number of observations below the given values; -1 for a value below the least.
   * [TDIGEST.RANK](https://redis.io/commands/tdigest.rank)
   */
  rank(key: Key, ...values: Several<number>): Outcome<C, C['int'][]> {
    return this.run(numbered(RANK, key, values, 'value'))
  }

  /**
   * Returns the number of observations above the given values; -1 for a value above the greatest.
   * [TDIGEST.REVRANK](https://redis.io/commands/tdigest.revrank)
   */
  revrank(key: Key, ...values: Several<number>): Outcome<C, C['int'][]> {
    return this.run(numbered(REVRANK, key, values, 'value'))
  }

  /**
   * Returns the values at the given ranks, counted from 0; Infinity beyond the last rank.
   * [TDIGEST.BYRANK](https://redis.io/commands/tdigest.byrank)
   */
  byrank(key: Key, ...ranks: Several<number>): Outcome<C, number[]> {
    return this.run(numbered(BYRANK, key, ranks, 'rank'))
  }

  /**
   * Returns the values at the given ranks, counted from the greatest down; -Infinity beyond the last rank.
   * [TDIGEST.BYREVRANK](https://redis.io/commands/tdigest.byrevrank)
   */
  byrevrank(key: Key, ...ranks: Several<number>): Outcome<C, number[]> {
    return this.run(numbered(BYREVRANK, key, ranks, 'rank'))
  }

  /** Returns information about the digest. [TDIGEST.INFO](https://redis.io/commands/tdigest.info) */
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
