import type { RedisError } from '../../errors/errors.js'
import type { Argument, Arguments, Key, OneOrMore, Several } from '../core/argument.js'
import { Command } from '../core/command.js'
import { type Context, Namespace, type Outcome, type Plain, type ReplyTypes } from '../core/context.js'
import type { Decoder } from '../core/decoder.js'
import { blob, bool, int, intOrNull, itemsOf, list, ok, pairsOf, tuple } from '../core/decoders.js'
import type { AtMostOne } from '../core/exclusive-options.js'
import { exclusive, flag, option, plainOptions, pushAll, pushSeveral } from '../core/option-tokens.js'
import type { Reply } from '../core/reply.js'
import type { ReplyFormat } from '../core/reply-format.js'
import { read, write } from '../core/spec.js'
import { rejectWrongCalls } from '../core/wrong-calls.js'
import { statistics, truth } from './module-decoders.js'

export type BloomGrowth = AtMostOne<{
  /** Growth factor of each next sub-filter. Default 2. */
  readonly expansion: number
  /** The filter does not grow: adding to a full filter is an error. */
  readonly nonscaling: boolean
}>

export type BloomInsertOptions = BloomGrowth &
  (
    | {
        /** The expected number of items; only for a filter that is created by the call. */
        readonly capacity?: number
        /** The probability of false positives, between 0 and 1; only for a filter that is created by the call. */
        readonly error?: number
        readonly nocreate?: false
      }
    | {
        /** Rejects if the filter does not exist. */
        readonly nocreate?: true
        readonly capacity?: never
        readonly error?: never
      }
  )

export interface BloomInfo<F extends ReplyTypes = Plain> {
  readonly capacity: F['int']
  /** Bytes. */
  readonly size: F['int']
  readonly numberOfFilters: F['int']
  readonly numberOfItemsInserted: F['int']
  /** Null if the filter does not grow. */
  readonly expansionRate: F['int'] | null
}

/** One field of {@link BloomInfo}. */
export type BloomField = 'capacity' | 'size' | 'filters' | 'items' | 'expansion'

const truths = list(truth)

const info = statistics({
  capacity: int,
  size: int,
  'number of filters': int,
  'number of items inserted': int,
  'expansion rate': intOrNull,
})

/** One field: in a list (RESP2), or with its name (RESP3). */
function field(reply: Reply, shape: ReplyFormat): unknown {
  const pairs = pairsOf(reply)
  // RESP2 returns only the value, as a list of one item.
  const value = pairs ?? itemsOf(reply)
  return value === undefined ? intOrNull(reply, shape) : intOrNull(value[value.length - 1] ?? null, shape)
}

/** A part of a filter, and the iterator of the next part. */
export const chunk: Decoder = tuple(2, ([iterator = null, data = null], shape) => ({
  iterator: int(iterator, shape),
  data: data === null ? null : blob(data),
}))

/** A part of a filter. The last part is followed by one without data, whose iterator is 0. */
export interface FilterChunk<F extends ReplyTypes = Plain> {
  readonly iterator: F['int']
  readonly data: Buffer | null
}

const ADD = write('BF.ADD', bool)
const CARD = read('BF.CARD', int)
const EXISTS = read('BF.EXISTS', bool)
const INFO = read('BF.INFO', info)
const INSERT = write('BF.INSERT', truths)
const LOADCHUNK = write('BF.LOADCHUNK', ok)
const MADD = write('BF.MADD', truths)
const MEXISTS = read('BF.MEXISTS', truths)
const RESERVE = write('BF.RESERVE', ok)
const SCANDUMP = read('BF.SCANDUMP', chunk, { binary: true })

/**
 * Commands for Bloom filters: whether an item was added, with false positives, but without false negatives.
 *
 * It was a separate module before Redis 8. @since 8.0
 */
export class Bloom<C extends Context> extends Namespace<C> {
  /** Creates an empty filter. Returns `'OK'`. [BF.RESERVE](https://redis.io/commands/bf.reserve) */
  reserve(key: Key, errorRate: number, capacity: number, options: BloomGrowth = {}): Outcome<C, 'OK'> {
    const args: Arguments = [key, errorRate, capacity]
    options = plainOptions(args, options)
    pushGrowth(args, options)
    return this.run(new Command(RESERVE, args))
  }

  /** Adds an item. Returns false if it may have been added before. [BF.ADD](https://redis.io/commands/bf.add) */
  add(key: Key, item: Argument): Outcome<C, boolean> {
    return this.run(new Command(ADD, [key, item]))
  }

  /**
   * Adds items. Returns for each the result of {@link add}, or the error that the filter is full.
   * [BF.MADD](https://redis.io/commands/bf.madd)
   */
  madd(key: Key, ...items: Several<Argument>): Outcome<C, (boolean | RedisError)[]> {
    const args: Arguments = [key]
    pushSeveral(args, items, 'item')
    return this.run(new Command(MADD, args))
  }

  /**
   * Like {@link madd}, with settings for a filter that is created by the call. Returns the results.
   * [BF.INSERT](https://redis.io/commands/bf.insert)
   */
  insert(key: Key, items: OneOrMore<Argument>, options: BloomInsertOptions = {}): Outcome<C, (boolean | RedisError)[]> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    exclusive(args, options, 'nocreate', 'capacity')
    exclusive(args, options, 'nocreate', 'error')
    option(args, 'CAPACITY', options.capacity)
    option(args, 'ERROR', options.error)
    flag(args, 'NOCREATE', options.nocreate)
    pushGrowth(args, options)
    args.push('ITEMS')
    pushAll(args, items, 'item')
    return this.run(new Command(INSERT, args))
  }

  /**
   * Returns whether an item was added (false positives are possible). [BF.EXISTS](https://redis.io/commands/bf.exists)
   */
  exists(key: Key, item: Argument): Outcome<C, boolean> {
    return this.run(new Command(EXISTS, [key, item]))
  }

  /**
   * Returns for each item whether it was added (false positives are possible).
   * [BF.MEXISTS](https://redis.io/commands/bf.mexists)
   */
  mexists(key: Key, ...items: Several<Argument>): Outcome<C, boolean[]> {
    const args: Arguments = [key]
    pushSeveral(args, items, 'item')
    return this.run(new Command(MEXISTS, args))
  }

  /** Returns the number of items that were added and were new. [BF.CARD](https://redis.io/commands/bf.card) */
  card(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(CARD, [key]))
  }

  /** Returns information about the filter, or one field of it. [BF.INFO](https://redis.io/commands/bf.info) */
  info(key: Key): Outcome<C, BloomInfo<C>>
  info(key: Key, one: BloomField): Outcome<C, C['int'] | null>
  info(key: Key, one?: BloomField): Outcome<C, BloomInfo<C> | C['int'] | null> {
    if (one === undefined) return this.run(new Command(INFO, [key]))
    return this.run(new Command(INFO, [key, one.toUpperCase()], field))
  }

  /**
   * Returns a part of the filter, for {@link loadchunk} in the same order. Start with iterator 0, then pass the
   * iterator of the last reply, until it is 0. [BF.SCANDUMP](https://redis.io/commands/bf.scandump)
   */
  scandump(key: Key, iterator: C['int'] | 0): Outcome<C, FilterChunk<C>> {
    return this.run(new Command(SCANDUMP, [key, iterator]))
  }

  /**
   * Loads a part that {@link scandump} returned, with its iterator. Returns `'OK'`.
   * [BF.LOADCHUNK](https://redis.io/commands/bf.loadchunk)
   */
  loadchunk(key: Key, iterator: C['int'], data: Key): Outcome<C, 'OK'> {
    return this.run(new Command(LOADCHUNK, [key, iterator, data]))
  }
}
rejectWrongCalls(Bloom)

function pushGrowth(args: Arguments, options: BloomGrowth): void {
  exclusive(args, options, 'expansion', 'nonscaling')
  option(args, 'EXPANSION', options.expansion)
  flag(args, 'NONSCALING', options.nonscaling)
}
