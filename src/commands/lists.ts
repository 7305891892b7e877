import type { Argument, Arguments, Key, OneOrMore, Several } from './core/argument.js'
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
import { isGiven, option, plainOptions, pushSeveral } from './core/option-tokens.js'
import { blockingArguments, popArguments } from './core/pop-arguments.js'
import { read, write } from './core/spec.js'

/** An end of a list. */
export type Side = 'left' | 'right'

/** An element, and the key of the list that it was removed from. */
export interface Popped<T> {
  readonly key: T
  readonly element: T
}

/** Several elements, and the key of the list that they were removed from. */
export interface PoppedSeveral<T> {
  readonly key: T
  readonly elements: T[]
}

export interface LmpopOptions {
  /** Maximum number of elements. Default 1. */
  readonly count?: number
}

export interface LposOptions {
  /** The first match to return: 1 is the first match, -1 the last one (the search runs backwards). */
  readonly rank?: number
  /** Maximum number of positions to return; 0 for all. */
  readonly count?: number
  /** Maximum number of elements to compare; 0 for all. */
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
 * Commands for lists. The blocking commands wait on a connection of their own, at most `timeout` seconds (fractions are
 * allowed), 0 for ever. They return null when the time is over.
 */
export abstract class Lists<C extends Context> extends Runner<C> {
  /**
   * Like `lmove`, but waits up to `timeout` seconds for an element. Returns null when the time is over. @since 6.2
   * [BLMOVE](https://redis.io/commands/blmove)
   */
  blmove(source: Key, destination: Key, from: Side, to: Side, timeout: number): Outcome<C, C['text'] | null> {
    return this.run(new Command(BLMOVE, [source, destination, from, to, timeout]))
  }

  /**
   * Like `lmpop`, but waits up to `timeout` seconds for an element. Returns null when the time is over. @since 7.0
   * [BLMPOP](https://redis.io/commands/blmpop)
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
   * Removes and returns the first element of the first list that is not empty. Waits up to `timeout` seconds for an
   * element; returns null when the time is over. @since 2.0 [BLPOP](https://redis.io/commands/blpop)
   */
  blpop(keys: OneOrMore<Key>, timeout: number): Outcome<C, Popped<C['text']> | null> {
    return this.run(new Command(BLPOP, blockingArguments(keys, timeout)))
  }

  /**
   * Removes and returns the last element of the first list that is not empty. Waits up to `timeout` seconds for an
   * element; returns null when the time is over. @since 2.0 [BRPOP](https://redis.io/commands/brpop)
   */
  brpop(keys: OneOrMore<Key>, timeout: number): Outcome<C, Popped<C['text']> | null> {
    return this.run(new Command(BRPOP, blockingArguments(keys, timeout)))
  }

  /**
   * Moves the last element of `source` to the front of `destination` and returns it. Waits up to `timeout` seconds for
   * an element; returns null when the time is over. @since 2.2 [BRPOPLPUSH](https://redis.io/commands/brpoplpush)
   * @deprecated `blmove` from right to left does the same.
   */
  brpoplpush(source: Key, destination: Key, timeout: number): Outcome<C, C['text'] | null> {
    return this.run(new Command(BRPOPLPUSH, [source, destination, timeout]))
  }

  /**
   * Returns the element at `index` (negative: from the end), or null if there is none.
   * [LINDEX](https://redis.io/commands/lindex)
   */
  lindex(key: Key, index: number): Outcome<C, C['text'] | null> {
    return this.run(new Command(LINDEX, [key, index]))
  }

  /**
   * Inserts `element` before or after the first `pivot`. Returns the new length; -1 if the list has no such pivot, 0 if
   * the key does not exist. @since 2.2 [LINSERT](https://redis.io/commands/linsert)
   */
  linsert(key: Key, where: 'before' | 'after', pivot: Argument, element: Argument): Outcome<C, C['int']> {
    return this.run(new Command(LINSERT, [key, where, pivot, element]))
  }

  /** Returns the number of elements. [LLEN](https://redis.io/commands/llen) */
  llen(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(LLEN, [key]))
  }

  /**
   * Moves an element from one end of `source` to one end of `destination`. Returns the element, or null if the source
   * is empty. @since 6.2 [LMOVE](https://redis.io/commands/lmove)
   */
  lmove(source: Key, destination: Key, from: Side, to: Side): Outcome<C, C['text'] | null> {
    return this.run(new Command(LMOVE, [source, destination, from, to]))
  }

  /**
   * Removes and returns elements from one end of the first list that is not empty; null if all lists are empty.
   * @since 7.0 [LMPOP](https://redis.io/commands/lmpop)
   */
  lmpop(keys: OneOrMore<Key>, side: Side, options: LmpopOptions = {}): Outcome<C, PoppedSeveral<C['text']> | null> {
    return this.run(new Command(LMPOP, popArguments(keys, side, options)))
  }

  /**
   * Removes and returns the first element, or the first `count` elements (`count` since 6.2); null if the key does not
   * exist. [LPOP](https://redis.io/commands/lpop)
   */
  lpop(key: Key): Outcome<C, C['text'] | null>
  lpop(key: Key, count: number): Outcome<C, C['text'][] | null>
  lpop(key: Key, count?: number): Outcome<C, C['text'] | C['text'][] | null>
  lpop(key: Key, count?: number): Outcome<C, unknown> {
    return this.run(count === undefined ? new Command(LPOP, [key]) : new Command(LPOP, [key, count], textsOrNull))
  }

  /**
   * Returns the position of `element`, or null if there is none; with `count` the positions of several matches.
   * @since 6.0.6 [LPOS](https://redis.io/commands/lpos)
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

  /**
   * Inserts elements at the front, one after the other. Returns the new length.
   * [LPUSH](https://redis.io/commands/lpush)
   */
  lpush(key: Key, ...elements: Several<Argument>): Outcome<C, C['int']> {
    return this.run(new Command(LPUSH, pushArguments(key, elements)))
  }

  /**
   * Inserts elements at the front of an existing list, one after the other. Returns the new length, 0 if the key does
   * not exist. @since 2.2 [LPUSHX](https://redis.io/commands/lpushx)
   */
  lpushx(key: Key, ...elements: Several<Argument>): Outcome<C, C['int']> {
    return this.run(new Command(LPUSHX, pushArguments(key, elements)))
  }

  /**
   * Returns the elements from `start` to `stop`, both inclusive; negative positions count from the end.
   * [LRANGE](https://redis.io/commands/lrange)
   */
  lrange(key: Key, start: number, stop: number): Outcome<C, C['text'][]> {
    return this.run(new Command(LRANGE, [key, start, stop]))
  }

  /**
   * Removes `count` elements that equal `element`, from the front (negative: from the back; 0: all of them). Returns
   * the number of removed elements. [LREM](https://redis.io/commands/lrem)
   */
  lrem(key: Key, count: number, element: Argument): Outcome<C, C['int']> {
    return this.run(new Command(LREM, [key, count, element]))
  }

  /**
   * Replaces the element at `index`. Returns `'OK'`; rejects with the server's error if there is no such element.
   * [LSET](https://redis.io/commands/lset)
   */
  lset(key: Key, index: number, element: Argument): Outcome<C, 'OK'> {
    return this.run(new Command(LSET, [key, index, element]))
  }

  /**
   * Removes all elements except those from `start` to `stop`, both inclusive. Returns `'OK'`.
   * [LTRIM](https://redis.io/commands/ltrim)
   */
  ltrim(key: Key, start: number, stop: number): Outcome<C, 'OK'> {
    return this.run(new Command(LTRIM, [key, start, stop]))
  }

  /**
   * Removes and returns the last element, or the last `count` elements (`count` since 6.2); null if the key does not
   * exist. [RPOP](https://redis.io/commands/rpop)
   */
  rpop(key: Key): Outcome<C, C['text'] | null>
  rpop(key: Key, count: number): Outcome<C, C['text'][] | null>
  rpop(key: Key, count?: number): Outcome<C, C['text'] | C['text'][] | null>
  rpop(key: Key, count?: number): Outcome<C, unknown> {
    return this.run(count === undefined ? new Command(RPOP, [key]) : new Command(RPOP, [key, count], textsOrNull))
  }

  /**
   * Moves the last element of `source` to the front of `destination`. Returns the element, or null if the source is
   * empty. @since 1.2 [RPOPLPUSH](https://redis.io/commands/rpoplpush)
   * @deprecated `lmove` from right to left does the same.
   */
  rpoplpush(source: Key, destination: Key): Outcome<C, C['text'] | null> {
    return this.run(new Command(RPOPLPUSH, [source, destination]))
  }

  /** Appends elements, one after the other. Returns the new length. [RPUSH](https://redis.io/commands/rpush) */
  rpush(key: Key, ...elements: Several<Argument>): Outcome<C, C['int']> {
    return this.run(new Command(RPUSH, pushArguments(key, elements)))
  }

  /**
   * Appends elements to an existing list, one after the other. Returns the new length, 0 if the key does not exist.
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
