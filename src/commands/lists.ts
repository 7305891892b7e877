import type { Argument, Arguments, Key } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import {
  at,
  int,
  intOrNull,
  key as keyName,
  list,
  ok,
  orNothing,
  orNull,
  text,
  textOrNull,
  texts,
  tuple,
} from './core/decoders.js'
import { countedKeys, keyAt, keysFrom } from './core/key-specs.js'
import {
  isGiven,
  type OneOrMore,
  option,
  plainOptions,
  pushAll,
  pushCounted,
  pushSeveral,
  type Several,
} from './core/option-tokens.js'
import { read, write } from './core/spec.js'

/** An end of a list. */
export type Side = 'left' | 'right'

/** An element, and the key of the list that it came from. */
export interface Popped<T> {
  readonly key: T
  readonly element: T
}

/** Several elements, and the key of the list that they came from. */
export interface PoppedSeveral<T> {
  readonly key: T
  readonly elements: T[]
}

export interface LmpopOptions {
  /** At most so many elements; 1 unless given. */
  readonly count?: number
}

export interface LposOptions {
  /** From which match on: 1 is the first, -1 the last one, searching backwards. */
  readonly rank?: number
  /** Asks for so many positions, 0 for all. */
  readonly count?: number
  /** How many elements are compared at most, 0 for all. */
  readonly maxlen?: number
}

const popped: Decoder = tuple(2, (items, shape) => ({
  key: keyName(at(items, 0), shape),
  element: text(at(items, 1), shape),
}))

const poppedSeveral: Decoder = tuple(2, (items, shape) => ({
  key: keyName(at(items, 0), shape),
  elements: texts(at(items, 1), shape),
}))

const ints = list(int)
const textsOrNull = orNull(texts)

const twoKeys = [keyAt(0, 'write'), keyAt(1, 'write')]

const BLMOVE = write('BLMOVE', textOrNull, { keys: twoKeys, blocks: 'last, seconds' })
const BLMPOP = write('BLMPOP', orNothing(poppedSeveral), { keys: [countedKeys(1, 'write')], blocks: 'first, seconds' })
const BLPOP = write('BLPOP', orNothing(popped), { keys: [keysFrom(0, 'write', -2)], blocks: 'last, seconds' })
const BRPOP = write('BRPOP', orNothing(popped), { keys: [keysFrom(0, 'write', -2)], blocks: 'last, seconds' })
const BRPOPLPUSH = write('BRPOPLPUSH', textOrNull, { keys: twoKeys, blocks: 'last, seconds' })
const LINDEX = read('LINDEX', textOrNull)
const LINSERT = write('LINSERT', int)
const LLEN = read('LLEN', int)
const LMOVE = write('LMOVE', textOrNull, { keys: twoKeys })
const LMPOP = write('LMPOP', orNothing(poppedSeveral), { keys: [countedKeys(0, 'write')] })
const LPOP = write('LPOP', textOrNull)
const LPOS = read('LPOS', intOrNull)
const LPUSH = write('LPUSH', int)
const LPUSHX = write('LPUSHX', int)
const LRANGE = read('LRANGE', texts)
const LREM = write('LREM', int)
const LSET = write('LSET', ok)
const LTRIM = write('LTRIM', ok)
const RPOP = write('RPOP', textOrNull)
const RPOPLPUSH = write('RPOPLPUSH', textOrNull, { keys: twoKeys })
const RPUSH = write('RPUSH', int)
const RPUSHX = write('RPUSHX', int)

/**
 * The blocking commands wait on a connection of their own, `timeout` seconds at most (fractions count), 0 for ever; null
 * says that the time was over.
 */
export abstract class Lists<C extends Context> extends Runner<C> {
  /**
   * As `lmove`, waiting up to `timeout` seconds for an element. @since 6.2 [BLMOVE](https://redis.io/commands/blmove)
   */
  blmove(source: Key, destination: Key, from: Side, to: Side, timeout: number): Outcome<C, C['text'] | null> {
    return this.run(new Command(BLMOVE, [source, destination, from, to, timeout]))
  }

  /**
   * As `lmpop`, waiting up to `timeout` seconds for an element. @since 7.0 [BLMPOP](https://redis.io/commands/blmpop)
   */
  blmpop(
    keys: OneOrMore<Key>,
    side: Side,
    timeout: number,
    options: LmpopOptions = {},
  ): Outcome<C, PoppedSeveral<C['text']> | null> {
    return this.run(new Command(BLMPOP, [timeout, ...popArguments(keys, side, options)]))
  }

  /**
   * Takes the first element of the first list that is not empty, waiting up to `timeout` seconds for one. @since 2.0
   * [BLPOP](https://redis.io/commands/blpop)
   */
  blpop(keys: OneOrMore<Key>, timeout: number): Outcome<C, Popped<C['text']> | null> {
    return this.run(new Command(BLPOP, blockingArguments(keys, timeout)))
  }

  /**
   * Takes the last element of the first list that is not empty, waiting up to `timeout` seconds for one. @since 2.0
   * [BRPOP](https://redis.io/commands/brpop)
   */
  brpop(keys: OneOrMore<Key>, timeout: number): Outcome<C, Popped<C['text']> | null> {
    return this.run(new Command(BRPOP, blockingArguments(keys, timeout)))
  }

  /**
   * Moves the last element of `source` to the front of `destination`, waiting up to `timeout` seconds for one.
   * @since 2.2 [BRPOPLPUSH](https://redis.io/commands/brpoplpush)
   * @deprecated `blmove` from right to left does the same.
   */
  brpoplpush(source: Key, destination: Key, timeout: number): Outcome<C, C['text'] | null> {
    return this.run(new Command(BRPOPLPUSH, [source, destination, timeout]))
  }

  /**
   * The element at `index` (negative: from the end), or null if there is none.
   * [LINDEX](https://redis.io/commands/lindex)
   */
  lindex(key: Key, index: number): Outcome<C, C['text'] | null> {
    return this.run(new Command(LINDEX, [key, index]))
  }

  /**
   * Inserts `element` before or after the first `pivot` and gives the new length; -1 if there is no pivot, 0 if there is
   * no key. @since 2.2 [LINSERT](https://redis.io/commands/linsert)
   */
  linsert(key: Key, where: 'before' | 'after', pivot: Argument, element: Argument): Outcome<C, C['int']> {
    return this.run(new Command(LINSERT, [key, where, pivot, element]))
  }

  /** How many elements the list has. [LLEN](https://redis.io/commands/llen) */
  llen(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(LLEN, [key]))
  }

  /**
   * Moves an element from one end of `source` to one end of `destination` and gives it; null if the source is empty.
   * @since 6.2 [LMOVE](https://redis.io/commands/lmove)
   */
  lmove(source: Key, destination: Key, from: Side, to: Side): Outcome<C, C['text'] | null> {
    return this.run(new Command(LMOVE, [source, destination, from, to]))
  }

  /**
   * Takes elements from one end of the first list that is not empty; null if all are. @since 7.0
   * [LMPOP](https://redis.io/commands/lmpop)
   */
  lmpop(keys: OneOrMore<Key>, side: Side, options: LmpopOptions = {}): Outcome<C, PoppedSeveral<C['text']> | null> {
    return this.run(new Command(LMPOP, popArguments(keys, side, options)))
  }

  /**
   * Takes the first element, or the first `count` of them (`count` since 6.2); null if there is no key.
   * [LPOP](https://redis.io/commands/lpop)
   */
  lpop(key: Key): Outcome<C, C['text'] | null>
  lpop(key: Key, count: number): Outcome<C, C['text'][] | null>
  lpop(key: Key, count?: number): Outcome<C, C['text'] | C['text'][] | null>
  lpop(key: Key, count?: number): Outcome<C, unknown> {
    return this.run(count === undefined ? new Command(LPOP, [key]) : new Command(LPOP, [key, count], textsOrNull))
  }

  /**
   * The position of `element`, or null if there is none; with `count` the positions of several. @since 6.0.6
   * [LPOS](https://redis.io/commands/lpos)
   */
  lpos(key: Key, element: Argument, options?: LposOptions & { readonly count?: never }): Outcome<C, C['int'] | null>
  lpos(key: Key, element: Argument, options: LposOptions & { readonly count: number }): Outcome<C, C['int'][]>
  lpos(key: Key, element: Argument, options: LposOptions): Outcome<C, C['int'] | C['int'][] | null>
  lpos(key: Key, element: Argument, options: LposOptions = {}): Outcome<C, unknown> {
    const args: Arguments = [key, element]
    options = plainOptions(args, options)
    option(args, 'RANK', options.rank)
    option(args, 'COUNT', options.count)
    option(args, 'MAXLEN', options.maxlen)
    return this.run(new Command(LPOS, args, isGiven(options, 'count') ? ints : intOrNull))
  }

  /** Puts elements, one after the other, to the front and gives the new length. [LPUSH](https://redis.io/commands/lpush) */
  lpush(key: Key, ...elements: Several<Argument>): Outcome<C, C['int']> {
    return this.run(new Command(LPUSH, pushArguments(key, elements)))
  }

  /**
   * Puts elements, one after the other, to the front of a list that exists and gives the new length; 0 if there is none.
   * @since 2.2 [LPUSHX](https://redis.io/commands/lpushx)
   */
  lpushx(key: Key, ...elements: Several<Argument>): Outcome<C, C['int']> {
    return this.run(new Command(LPUSHX, pushArguments(key, elements)))
  }

  /**
   * The elements from `start` to `stop`, both included; negative positions count from the end.
   * [LRANGE](https://redis.io/commands/lrange)
   */
  lrange(key: Key, start: number, stop: number): Outcome<C, C['text'][]> {
    return this.run(new Command(LRANGE, [key, start, stop]))
  }

  /**
   * Removes `count` elements equal to `element` from the front (negative: from the back, 0: all) and tells how many.
   * [LREM](https://redis.io/commands/lrem)
   */
  lrem(key: Key, count: number, element: Argument): Outcome<C, C['int']> {
    return this.run(new Command(LREM, [key, count, element]))
  }

  /** Replaces the element at `index`, an error if there is none. [LSET](https://redis.io/commands/lset) */
  lset(key: Key, index: number, element: Argument): Outcome<C, 'OK'> {
    return this.run(new Command(LSET, [key, index, element]))
  }

  /** Removes all elements but those from `start` to `stop`, both included. [LTRIM](https://redis.io/commands/ltrim) */
  ltrim(key: Key, start: number, stop: number): Outcome<C, 'OK'> {
    return this.run(new Command(LTRIM, [key, start, stop]))
  }

  /**
   * Takes the last element, or the last `count` of them (`count` since 6.2); null if there is no key.
   * [RPOP](https://redis.io/commands/rpop)
   */
  rpop(key: Key): Outcome<C, C['text'] | null>
  rpop(key: Key, count: number): Outcome<C, C['text'][] | null>
  rpop(key: Key, count?: number): Outcome<C, C['text'] | C['text'][] | null>
  rpop(key: Key, count?: number): Outcome<C, unknown> {
    return this.run(count === undefined ? new Command(RPOP, [key]) : new Command(RPOP, [key, count], textsOrNull))
  }

  /**
   * Moves the last element of `source` to the front of `destination` and gives it; null if the source is empty.
   * @since 1.2 [RPOPLPUSH](https://redis.io/commands/rpoplpush)
   * @deprecated `lmove` from right to left does the same.
   */
  rpoplpush(source: Key, destination: Key): Outcome<C, C['text'] | null> {
    return this.run(new Command(RPOPLPUSH, [source, destination]))
  }

  /** Puts elements, one after the other, to the end and gives the new length. [RPUSH](https://redis.io/commands/rpush) */
  rpush(key: Key, ...elements: Several<Argument>): Outcome<C, C['int']> {
    return this.run(new Command(RPUSH, pushArguments(key, elements)))
  }

  /**
   * Puts elements, one after the other, to the end of a list that exists and gives the new length; 0 if there is none.
   * @since 2.2 [RPUSHX](https://redis.io/commands/rpushx)
   */
  rpushx(key: Key, ...elements: Several<Argument>): Outcome<C, C['int']> {
    return this.run(new Command(RPUSHX, pushArguments(key, elements)))
  }
}

function pushArguments(key: Key, elements: Several<Argument>): Arguments {
  const args: Arguments = [key]
  pushSeveral(args, elements, 'element')
  return args
}

function blockingArguments(keys: OneOrMore<Key>, timeout: number): Arguments {
  const args: Arguments = []
  pushAll(args, keys, 'key')
  args.push(timeout)
  return args
}

function popArguments(keys: OneOrMore<Key>, side: Side, options: LmpopOptions): Arguments {
  const args: Arguments = []
  pushCounted(args, Array.isArray(keys) ? keys : [keys as Key])
  args.push(side)
  option(args, 'COUNT', plainOptions(args, options).count)
  return args
}
