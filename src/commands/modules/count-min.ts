import type { Argument, Arguments, Key } from '../core/argument.js'
import { Command } from '../core/command.js'
import { type Context, Namespace, type Outcome, type Plain, type ReplyTypes } from '../core/context.js'
import { int, list, ok } from '../core/decoders.js'
import { countedKeys, keyAt } from '../core/key-specs.js'
import {
  type Fields,
  plainOptions,
  pushCounted,
  pushFields,
  pushSeveral,
  refuse,
  type Several,
} from '../core/option-tokens.js'
import { read, write } from '../core/spec.js'
import { rejectWrongCalls } from '../core/wrong-calls.js'
import { statistics } from './module-decoders.js'

export interface CountMinMergeOptions {
  /** What the counts of each source are multiplied by, one for each; 1 unless given. */
  readonly weights?: readonly number[]
}

export interface CountMinInfo<F extends ReplyTypes = Plain> {
  readonly width: F['int']
  readonly depth: F['int']
  /** The sum of all counts. */
  readonly count: F['int']
}

const counts = list(int)
const info = statistics({ width: int, depth: int, count: int })

const INCRBY = write('CMS.INCRBY', counts)
const INFO = read('CMS.INFO', info)
const INITBYDIM = write('CMS.INITBYDIM', ok)
const INITBYPROB = write('CMS.INITBYPROB', ok)
const MERGE = write('CMS.MERGE', ok, { keys: [keyAt(0, 'write'), countedKeys(1, 'read')] })
const QUERY = read('CMS.QUERY', counts)

/**
 * Count-min sketches: how often items were seen, sometimes too high, never too low.
 *
 * A module before it became a part of Redis. @since 8.0
 */
export class CountMin<C extends Context> extends Namespace<C> {
  /** Makes a sketch of that many counters in a row and rows. [CMS.INITBYDIM](https://redis.io/commands/cms.initbydim) */
  initbydim(key: Key, width: number, depth: number): Outcome<C, 'OK'> {
    return this.run(new Command(INITBYDIM, [key, width, depth]))
  }

  /**
   * Makes a sketch whose counts are too high by at most `error` of the sum of all, except with that probability.
   * [CMS.INITBYPROB](https://redis.io/commands/cms.initbyprob)
   */
  initbyprob(key: Key, error: number, probability: number): Outcome<C, 'OK'> {
    return this.run(new Command(INITBYPROB, [key, error, probability]))
  }

  /** Adds to the counts of items, `{ item: 1 }`, and gives them. [CMS.INCRBY](https://redis.io/commands/cms.incrby) */
  incrby(key: Key, items: Fields): Outcome<C, C['int'][]> {
    const args: Arguments = [key]
    pushFields(args, items, 'item')
    return this.run(new Command(INCRBY, args))
  }

  /** The counts of items. [CMS.QUERY](https://redis.io/commands/cms.query) */
  query(key: Key, ...items: Several<Argument>): Outcome<C, C['int'][]> {
    const args: Arguments = [key]
    pushSeveral(args, items, 'item')
    return this.run(new Command(QUERY, args))
  }

  /** Makes a sketch, which must be there, the sum of others of its size. [CMS.MERGE](https://redis.io/commands/cms.merge) */
  merge(destination: Key, sources: readonly Key[], options: CountMinMergeOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [destination]
    const { weights } = plainOptions(args, options)
    pushCounted(args, sources)
    if (weights !== undefined) {
      if (weights.length !== sources.length) refuse(args, 'There must be one weight for each source.')
      args.push('WEIGHTS', ...weights)
    }
    return this.run(new Command(MERGE, args))
  }

  /** What the sketch is like. [CMS.INFO](https://redis.io/commands/cms.info) */
  info(key: Key): Outcome<C, CountMinInfo<C>> {
    return this.run(new Command(INFO, [key]))
  }
}
rejectWrongCalls(CountMin)
