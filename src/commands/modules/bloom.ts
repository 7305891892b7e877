import type { RedisError } from '../../errors/errors.js'
import type { Argument, Arguments, Key } from '../core/argument.js'
import { Command } from '../core/command.js'
import { type Context, Namespace, type Outcome, type Plain, type ReplyTypes } from '../core/context.js'
import type { Decoder } from '../core/decoder.js'
import { blob, bool, int, intOrNull, itemsOf, list, ok, pairsOf, tuple } from '../core/decoders.js'
import type { AtMostOne } from '../core/exclusive-options.js'
import {
  exclusive,
  flag,
  type OneOrMore,
  option,
  plainOptions,
  pushAll,
  pushSeveral,
  type Several,
} from '../core/option-tokens.js'
import type { Reply } from '../core/reply.js'
import type { ReplyFormat } from '../core/reply-format.js'
import { read, write } from '../core/spec.js'
import { rejectWrongCalls } from '../core/wrong-calls.js'
import { statistics, truth } from './module-decoders.js'

export type BloomGrowth = AtMostOne<{
  /** How many times bigger the next sub-filter is; 2 unless given. */
  readonly expansion: number
  /** Does not grow: adding to a full filter is an error. */
  readonly nonscaling: boolean
}>

export type BloomInsertOptions = BloomGrowth &
  (
    | {
        /** How many items the filter is made for; only if it is made now. */
        readonly capacity?: number
        /** How often an item may seem to be there that is not, between 0 and 1; only if it is made now. */
        readonly error?: number
        readonly nocreate?: false
      }
    | {
        /** An error if there is no filter yet. */
        readonly nocreate?: true
        readonly capacity?: never
        readonly error?: never
      }
  )

export interface BloomInfo<F extends ReplyTypes = Plain> {
  readonly capacity: F['int']
  /** In bytes. */
  readonly size: F['int']
  readonly numberOfFilters: F['int']
  readonly numberOfItemsInserted: F['int']
  /** Null if it does not grow. */
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
  // RESP2 tells the value alone, as a list of one.
  const value = pairs ?? itemsOf(reply)
  return value === undefined ? intOrNull(reply, shape) : intOrNull(value[value.length - 1] ?? null, shape)
}

/** A part of a filter and where the next one begins. */
export const chunk: Decoder = tuple(2, ([iterator = null, data = null], shape) => ({
  iterator: int(iterator, shape),
  data: data === null ? null : blob(data),
}))

/** A part of a filter; behind the last one there is one without data, whose iterator is 0. */
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
 * Bloom filters: whether an item was added, sometimes wrongly yes, never wrongly no.
 *
 * A module before it became a part of Redis. @since 8.0
 */
export class Bloom<C extends Context> extends Namespace<C> {
  /** Makes an empty filter. [BF.RESERVE](https://redis.io/commands/bf.reserve) */
  reserve(key: Key, errorRate: number, capacity: number, options: BloomGrowth = {}): Outcome<C, 'OK'> {
    const args: Arguments = [key, errorRate, capacity]
    options = plainOptions(args, options)
    pushGrowth(args, options)
    return this.run(new Command(RESERVE, args))
  }

  /** Adds an item: false if it seems to have been there. [BF.ADD](https://redis.io/commands/bf.add) */
  add(key: Key, item: Argument): Outcome<C, boolean> {
    return this.run(new Command(ADD, [key, item]))
  }

  /** Adds items; for each what {@link add} gives, or the error that the filter is full. [BF.MADD](https://redis.io/commands/bf.madd) */
  madd(key: Key, ...items: Several<Argument>): Outcome<C, (boolean | RedisError)[]> {
    const args: Arguments = [key]
    pushSeveral(args, items, 'item')
    return this.run(new Command(MADD, args))
  }

  /** As {@link madd}, and says what the filter is like if it is made now. [BF.INSERT](https://redis.io/commands/bf.insert) */
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

  /** Whether an item was added. [BF.EXISTS](https://redis.io/commands/bf.exists) */
  exists(key: Key, item: Argument): Outcome<C, boolean> {
    return this.run(new Command(EXISTS, [key, item]))
  }

  /** Whether each item was added. [BF.MEXISTS](https://redis.io/commands/bf.mexists) */
  mexists(key: Key, ...items: Several<Argument>): Outcome<C, boolean[]> {
    const args: Arguments = [key]
    pushSeveral(args, items, 'item')
    return this.run(new Command(MEXISTS, args))
  }

  /** How many items were added, as far as they seemed new. [BF.CARD](https://redis.io/commands/bf.card) */
  card(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(CARD, [key]))
  }

  /** What the filter is like, or one field of that. [BF.INFO](https://redis.io/commands/bf.info) */
  info(key: Key): Outcome<C, BloomInfo<C>>
  info(key: Key, one: BloomField): Outcome<C, C['int'] | null>
  info(key: Key, one?: BloomField): Outcome<C, BloomInfo<C> | C['int'] | null> {
    if (one === undefined) return this.run(new Command(INFO, [key]))
    return this.run(new Command(INFO, [key, one.toUpperCase()], field))
  }

  /**
   * A part of the filter, to be loaded elsewhere in the same order: the first with iterator 0, each next one with the iterator
   * that came with the last, until that is 0. [BF.SCANDUMP](https://redis.io/commands/bf.scandump)
   */
  scandump(key: Key, iterator: C['int'] | 0): Outcome<C, FilterChunk<C>> {
    return this.run(new Command(SCANDUMP, [key, iterator]))
  }

  /** Loads what {@link scandump} gave, with the iterator that came with it. [BF.LOADCHUNK](https://redis.io/commands/bf.loadchunk) */
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
