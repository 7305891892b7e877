import type { Argument, Arguments, Key } from '../core/argument.js'
import { Command } from '../core/command.js'
import { type Context, Namespace, type Outcome, type Plain, type ReplyTypes } from '../core/context.js'
import { bool, int, list, ok } from '../core/decoders.js'
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
import { read, type Spec, write } from '../core/spec.js'
import { rejectWrongCalls } from '../core/wrong-calls.js'
import { chunk, type FilterChunk } from './bloom.js'
import { statistics, truth } from './module-decoders.js'

export interface CuckooReserveOptions {
  /** How many items a bucket holds; 2 unless given. */
  readonly bucketsize?: number
  /** How often items are moved before the filter counts as full; 20 unless given. */
  readonly maxiterations?: number
  /** How many times bigger the next sub-filter is; 0 for one that does not grow; 1 unless given. */
  readonly expansion?: number
}

export type CuckooInsertOptions = AtMostOne<{
  /** How many items the filter is made for; only if it is made now. */
  readonly capacity: number
  /** An error if there is no filter yet. */
  readonly nocreate: boolean
}>

export interface CuckooInfo<F extends ReplyTypes = Plain> {
  /** In bytes. */
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
 * Cuckoo filters: as Bloom filters, and items can be deleted.
 *
 * A module before it became a part of Redis. @since 8.0
 */
export class Cuckoo<C extends Context> extends Namespace<C> {
  /** Makes an empty filter. [CF.RESERVE](https://redis.io/commands/cf.reserve) */
  reserve(key: Key, capacity: number, options: CuckooReserveOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [key, capacity]
    options = plainOptions(args, options)
    option(args, 'BUCKETSIZE', options.bucketsize)
    option(args, 'MAXITERATIONS', options.maxiterations)
    option(args, 'EXPANSION', options.expansion)
    return this.run(new Command(RESERVE, args))
  }

  /** Adds an item, also one that is there already. [CF.ADD](https://redis.io/commands/cf.add) */
  add(key: Key, item: Argument): Outcome<C, boolean> {
    return this.run(new Command(ADD, [key, item]))
  }

  /** Adds an item unless it seems to be there: false then. [CF.ADDNX](https://redis.io/commands/cf.addnx) */
  addnx(key: Key, item: Argument): Outcome<C, boolean> {
    return this.run(new Command(ADDNX, [key, item]))
  }

  /** Adds items; false for each that found the filter full. [CF.INSERT](https://redis.io/commands/cf.insert) */
  insert(key: Key, items: OneOrMore<Argument>, options: CuckooInsertOptions = {}): Outcome<C, boolean[]> {
    return this.run(inserting(INSERT, key, items, options))
  }

  /**
   * Adds the items that do not seem to be there: for each 1, 0 if it seemed to be there, -1 if the filter was full.
   * [CF.INSERTNX](https://redis.io/commands/cf.insertnx)
   */
  insertnx(key: Key, items: OneOrMore<Argument>, options: CuckooInsertOptions = {}): Outcome<C, C['int'][]> {
    return this.run(inserting(INSERTNX, key, items, options))
  }

  /** Whether an item was added. [CF.EXISTS](https://redis.io/commands/cf.exists) */
  exists(key: Key, item: Argument): Outcome<C, boolean> {
    return this.run(new Command(EXISTS, [key, item]))
  }

  /** Whether each item was added. [CF.MEXISTS](https://redis.io/commands/cf.mexists) */
  mexists(key: Key, ...items: Several<Argument>): Outcome<C, boolean[]> {
    const args: Arguments = [key]
    pushSeveral(args, items, 'item')
    return this.run(new Command(MEXISTS, args))
  }

  /**
   * Deletes an item once; false if there is none. One that was never added must not be deleted: another could go instead.
   * [CF.DEL](https://redis.io/commands/cf.del)
   */
  del(key: Key, item: Argument): Outcome<C, boolean> {
    return this.run(new Command(DEL, [key, item]))
  }

  /** How often an item was added, or more. [CF.COUNT](https://redis.io/commands/cf.count) */
  count(key: Key, item: Argument): Outcome<C, C['int']> {
    return this.run(new Command(COUNT, [key, item]))
  }

  /** What the filter is like. [CF.INFO](https://redis.io/commands/cf.info) */
  info(key: Key): Outcome<C, CuckooInfo<C>> {
    return this.run(new Command(INFO, [key]))
  }

  /**
   * A part of the filter, to be loaded elsewhere in the same order: the first with iterator 0, each next one with the iterator
   * that came with the last, until that is 0. [CF.SCANDUMP](https://redis.io/commands/cf.scandump)
   */
  scandump(key: Key, iterator: C['int'] | 0): Outcome<C, FilterChunk<C>> {
    return this.run(new Command(SCANDUMP, [key, iterator]))
  }

  /** Loads what {@link scandump} gave, with the iterator that came with it. [CF.LOADCHUNK](https://redis.io/commands/cf.loadchunk) */
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
