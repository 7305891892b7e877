import type { Argument, Arguments, Fields, Key, Several } from '../core/argument.js'
import { Command } from '../core/command.js'
import { type Context, Namespace, type Outcome, type Plain, type ReplyTypes } from '../core/context.js'
import { int, list, ok } from '../core/decoders.js'
import { countedKeys, keyAt } from '../core/key-specs.js'
import { plainOptions, pushCounted, pushFields, pushSeveral, refuse } from '../core/option-tokens.js'
import { read, write } from '../core/spec.js'
import { rejectWrongCalls } from '../core/wrong-calls.js'
import { statistics } from './module-decoders.js'

export interface CountMinMergeOptions {
  /** The factors for the counts of each source. Default 1. */
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
 * Commands for Count-min sketches: how often items were counted. A count may be too high, never too low.
 *
 * It was a separate module before Redis 8. @since 8.0
 */
export class CountMin<C extends Context> extends Namespace<C> {
  /**
   * Creates a sketch with `width` counters per row and `depth` rows. Returns `'OK'`.
   * [CMS.INITBYDIM](https://redis.io/commands/cms.initbydim)
   */
  initbydim(key: Key, width: number, depth: number): Outcome<C, 'OK'> {
    return this.run(new Command(INITBYDIM, [key, width, depth]))
  }

  /**
   * Creates a sketch with counts that are too high by at most `error` of the sum, except with the given probability.
   * Returns `'OK'`. [CMS.INITBYPROB](https://redis.io/commands/cms.initbyprob)
   */
  initbyprob(key: Key, error: number, probability: number): Outcome<C, 'OK'> {
    return this.run(new Command(INITBYPROB, [key, error, probability]))
  }

  /**
   * Adds to the counts of items, `{ item: 1 }`. Returns the new counts.
   * [CMS.INCRBY](https://redis.io/commands/cms.incrby)
   */
  incrby(key: Key, items: Fields): Outcome<C, C['int'][]> {
    const args: Arguments = [key]
    pushFields(args, items, 'item')
    return this.run(new Command(INCRBY, args))
  }

  /** Returns the counts of items. [CMS.QUERY](https://redis.io/commands/cms.query) */
  query(key: Key, ...items: Several<Argument>): Outcome<C, C['int'][]> {
    const args: Arguments = [key]
    pushSeveral(args, items, 'item')
    return this.run(new Command(QUERY, args))
  }

  /**
   * Replaces an existing sketch with the sum of other sketches of the same size. Returns `'OK'`.
   * [CMS.MERGE](https://redis.io/commands/cms.merge)
   */
  merge(destination: Key, sources: readonly Key[], options: CountMinMergeOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [destination]
    const { weights } = plainOptions(args, options)
    pushCounted(args, sources)
    if (weights !== undefined) {
      if (weights.length !== sources.length) refuse(args, 'The option weights must have one weight for each source.')
      args.push('WEIGHTS', ...weights)
    }
    return this.run(new Command(MERGE, args))
  }

  /** Returns information about the sketch. [CMS.INFO](https://redis.io/commands/cms.info) */
  info(key: Key): Outcome<C, CountMinInfo<C>> {
    return this.run(new Command(INFO, [key]))
  }
}
rejectWrongCalls(CountMin)
