import type { Argument, Arguments, Key, OneOrMore, Several } from '../core/argument.js'
import { Command } from '../core/command.js'
import { type Context, Namespace, type Outcome, type Plain, type ReplyTypes } from '../core/context.js'
import { bool, int, list, ok } from '../core/decoders.js'
import type { AtMostOne } from '../core/exclusive-options.js'
import { exclusive, flag, option, plainOptions, pushAll, pushSeveral } from '../core/option-tokens.js'
import { read, type Spec, write } from '../core/spec.js'
import { rejectWrongCalls } from '../core/wrong-calls.js'
import { chunk, type FilterChunk } from './bloom.js'
import { statistics, truth } from './module-decoders.js'

export interface CuckooReserveOptions {
  /** Items per bucket. Default 2. */
  readonly bucketsize?: number
  /** How often items are moved before the filter counts as full. Default 20. */
  readonly maxiterations?: number
  /** Growth factor of each next sub-filter; 0 means that the filter does not grow. Default 1. */
  readonly expansion?: number
}

export type CuckooInsertOptions = AtMostOne<{
  /** The expected number of items; only for a filter that is created by the call. */
  readonly capacity: number
  /** Rejects if the filter does not exist. */
  readonly nocreate: boolean
}>

export interface CuckooInfo<F extends ReplyTypes = Plain> {
  /** Bytes. */
  readonly size: F['int']
  readonly numberOfBuckets: F['int']
  readonly numberOfFilters: F['int']
  readonly numberOfItemsInserted: F['int']
  readonly numberOfItemsDeleted: F['int']
  readonly bucketSize: F['int']
  readonly expansionRate: F['int']
  readonly maxIterations: F['int']
}

const truths = list(truth)

const info = statistics({
  size: int,
  'number of buckets': int,
  'number of filters': int,
  'number of items inserted': int,
  'number of items deleted': int,
  'bucket size': int,
  'expansion rate': int,
  'max iterations': int,
})

const ADD = write('CF.ADD', bool)
const ADDNX = write('CF.ADDNX', bool)
const COUNT = read('CF.COUNT', int)
const DEL = write('CF.DEL', bool)
const EXISTS = read('CF.EXISTS', bool)
const INFO = read('CF.INFO', info)
const INSERT = write('CF.INSERT', truths)
const INSERTNX = write('CF.INSERTNX', list(int))
const LOADCHUNK = write('CF.LOADCHUNK', ok)
const MEXISTS = read('CF.MEXISTS', truths)
const RESERVE = write('CF.RESERVE', ok)
const SCANDUMP = read('CF.SCANDUMP', chunk, { binary: true })

/**
 * Commands for Cuckoo filters: like Bloom filters, but items can be deleted.
 *
 * It was a separate module before Redis 8. @since 8.0
 */
export class Cuckoo<C extends Context> extends Namespace<C> {
  /** Creates an empty filter. Returns `'OK'`. [CF.RESERVE](https://redis.io/commands/cf.reserve) */
  reserve(key: Key, capacity: number, options: CuckooReserveOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [key, capacity]
    options = plainOptions(args, options)
    option(args, 'BUCKETSIZE', options.bucketsize)
    option(args, 'MAXITERATIONS', options.maxiterations)
    option(args, 'EXPANSION', options.expansion)
    return this.run(new Command(RESERVE, args))
  }

  /** Adds an item, even if it exists. Returns true. [CF.ADD](https://redis.io/commands/cf.add) */
  add(key: Key, item: Argument): Outcome<C, boolean> {
    return this.run(new Command(ADD, [key, item]))
  }

  /** Adds an item that does not exist. Returns false if it may exist. [CF.ADDNX](https://redis.io/commands/cf.addnx) */
  addnx(key: Key, item: Argument): Outcome<C, boolean> {
    return this.run(new Command(ADDNX, [key, item]))
  }

  /**
   * Adds items. Returns false for each item that found the filter full.
   * [CF.INSERT](https://redis.io/commands/cf.insert)
   */
  insert(key: Key, items: OneOrMore<Argument>, options: CuckooInsertOptions = {}): Outcome<C, boolean[]> {
    return this.run(inserting(INSERT, key, items, options))
  }

  /**
   * Adds the items that do not exist. Returns for each 1, 0 if it may exist, -1 if the filter was full.
   * [CF.INSERTNX](https://redis.io/commands/cf.insertnx)
   */
  insertnx(key: Key, items: OneOrMore<Argument>, options: CuckooInsertOptions = {}): Outcome<C, C['int'][]> {
    return this.run(inserting(INSERTNX, key, items, options))
  }

  /**
   * Returns whether an item was added (false positives are possible). [CF.EXISTS](https://redis.io/commands/cf.exists)
   */
  exists(key: Key, item: Argument): Outcome<C, boolean> {
    return this.run(new Command(EXISTS, [key, item]))
  }

  /**
   * Returns for each item whether it was added (false positives are possible).
   * [CF.MEXISTS](https://redis.io/commands/cf.mexists)
   */
  mexists(key: Key, ...items: Several<Argument>): Outcome<C, boolean[]> {
    const args: Arguments = [key]
    pushSeveral(args, items, 'item')
    return this.run(new Command(MEXISTS, args))
  }

  /**
   * Deletes an item once. Returns false if it does not exist. Never delete an item that was not added, because another
   * item may be deleted instead. [CF.DEL](https://redis.io/commands/cf.del)
   */
  del(key: Key, item: Argument): Outcome<C, boolean> {
    return this.run(new Command(DEL, [key, item]))
  }

  /** Returns how often an item was added; the number may be too high. [CF.COUNT](https://redis.io/commands/cf.count) */
  count(key: Key, item: Argument): Outcome<C, C['int']> {
    return this.run(new Command(COUNT, [key, item]))
  }

  /** Returns information about the filter. [CF.INFO](https://redis.io/commands/cf.info) */
  info(key: Key): Outcome<C, CuckooInfo<C>> {
    return this.run(new Command(INFO, [key]))
  }

  /**
   * Returns a part of the filter, for {@link loadchunk} in the same order. Start with iterator 0, then pass the
   * iterator of the last reply, until it is 0. [CF.SCANDUMP](https://redis.io/commands/cf.scandump)
   */
  scandump(key: Key, iterator: C['int'] | 0): Outcome<C, FilterChunk<C>> {
    return this.run(new Command(SCANDUMP, [key, iterator]))
  }

  /**
   * Loads a part that {@link scandump} returned, with its iterator. Returns `'OK'`.
   * [CF.LOADCHUNK](https://redis.io/commands/cf.loadchunk)
   */
  loadchunk(key: Key, iterator: C['int'], data: Key): Outcome<C, 'OK'> {
    return this.run(new Command(LOADCHUNK, [key, iterator, data]))
  }
}
rejectWrongCalls(Cuckoo)

function inserting(spec: Spec, key: Key, items: OneOrMore<Argument>, options: CuckooInsertOptions): Command {
  const args: Arguments = [key]
  options = plainOptions(args, options)
  exclusive(args, options, 'capacity', 'nocreate')
  option(args, 'CAPACITY', options.capacity)
  flag(args, 'NOCREATE', options.nocreate)
  args.push('ITEMS')
  pushAll(args, items, 'item')
  return new Command(spec, args)
}
