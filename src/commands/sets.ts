import type { Argument, Arguments, Key } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { int, list, textOrNull, texts } from './core/decoders.js'
import { countedKeys, keyAt, keysFrom } from './core/key-specs.js'
import { type OneOrMore, option, plainOptions, pushCounted, pushSeveral, type Several } from './core/option-tokens.js'
import { pushScanOptions, type ScanOptions, scanned } from './core/scan-options.js'
import { read, write } from './core/spec.js'

export interface ScannedMembers<T> {
  readonly cursor: string
  readonly members: T[]
}

export interface SintercardOptions {
  /** Stops counting here; 0 never does. */
  readonly limit?: number
}

const read0 = { keys: [keysFrom(0, 'read')] }
const store = { keys: [keyAt(0, 'write'), keysFrom(1, 'read')] }

const SADD = write('SADD', int)
const SCARD = read('SCARD', int)
const SDIFF = read('SDIFF', texts, read0)
const SDIFFSTORE = write('SDIFFSTORE', int, store)
const SINTER = read('SINTER', texts, read0)
const SINTERCARD = read('SINTERCARD', int, { keys: [countedKeys(0, 'read')] })
const SINTERSTORE = write('SINTERSTORE', int, store)
const SISMEMBER = read('SISMEMBER', int)
const SMEMBERS = read('SMEMBERS', texts)
const SMISMEMBER = read('SMISMEMBER', list(int))
const SMOVE = write('SMOVE', int, { keys: [keyAt(0, 'write'), keyAt(1, 'write')] })
const SPOP = write('SPOP', textOrNull)
const SRANDMEMBER = read('SRANDMEMBER', textOrNull)
const SREM = write('SREM', int)
const SSCAN = read('SSCAN', scanned('members', texts))
const SUNION = read('SUNION', texts, read0)
const SUNIONSTORE = write('SUNIONSTORE', int, store)

export abstract class Sets<C extends Context> extends Runner<C> {
  /** Adds members and tells how many of them are new. [SADD](https://redis.io/commands/sadd) */
  sadd(key: Key, ...members: Several<Argument>): Outcome<C, C['int']> {
    return this.run(new Command(SADD, behind([key], members, 'member')))
  }

  /** How many members the set has. [SCARD](https://redis.io/commands/scard) */
  scard(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(SCARD, [key]))
  }

  /** The members of the first set that none of the others has. [SDIFF](https://redis.io/commands/sdiff) */
  sdiff(...keys: Several<Key>): Outcome<C, C['text'][]> {
    return this.run(new Command(SDIFF, behind([], keys, 'key')))
  }

  /**
   * Stores the members of the first set that none of the others has, and tells how many.
   * [SDIFFSTORE](https://redis.io/commands/sdiffstore)
   */
  sdiffstore(destination: Key, ...keys: Several<Key>): Outcome<C, C['int']> {
    return this.run(new Command(SDIFFSTORE, behind([destination], keys, 'key')))
  }

  /** The members that all sets have. [SINTER](https://redis.io/commands/sinter) */
  sinter(...keys: Several<Key>): Outcome<C, C['text'][]> {
    return this.run(new Command(SINTER, behind([], keys, 'key')))
  }

  /** How many members all sets have. @since 7.0 [SINTERCARD](https://redis.io/commands/sintercard) */
  sintercard(keys: OneOrMore<Key>, options: SintercardOptions = {}): Outcome<C, C['int']> {
    const args: Arguments = []
    options = plainOptions(args, options)
    pushCounted(args, Array.isArray(keys) ? keys : [keys as Key])
    option(args, 'LIMIT', options.limit)
    return this.run(new Command(SINTERCARD, args))
  }

  /**
   * Stores the members that all sets have, and tells how many. [SINTERSTORE](https://redis.io/commands/sinterstore)
   */
  sinterstore(destination: Key, ...keys: Several<Key>): Outcome<C, C['int']> {
    return this.run(new Command(SINTERSTORE, behind([destination], keys, 'key')))
  }

  /** 1 if the set has the member, else 0. [SISMEMBER](https://redis.io/commands/sismember) */
  sismember(key: Key, member: Argument): Outcome<C, C['int']> {
    return this.run(new Command(SISMEMBER, [key, member]))
  }

  /** All members; none if there is no key. [SMEMBERS](https://redis.io/commands/smembers) */
  smembers(key: Key): Outcome<C, C['text'][]> {
    return this.run(new Command(SMEMBERS, [key]))
  }

  /** For each member 1 if the set has it, else 0. @since 6.2 [SMISMEMBER](https://redis.io/commands/smismember) */
  smismember(key: Key, ...members: Several<Argument>): Outcome<C, C['int'][]> {
    return this.run(new Command(SMISMEMBER, behind([key], members, 'member')))
  }

  /** Moves a member to another set. 1, or 0 if there is none. [SMOVE](https://redis.io/commands/smove) */
  smove(source: Key, destination: Key, member: Argument): Outcome<C, C['int']> {
    return this.run(new Command(SMOVE, [source, destination, member]))
  }

  /**
   * Takes a member chosen at random, null if there is none; or `count` of them. [SPOP](https://redis.io/commands/spop)
   */
  spop(key: Key): Outcome<C, C['text'] | null>
  spop(key: Key, count: number): Outcome<C, C['text'][]>
  spop(key: Key, count?: number): Outcome<C, C['text'] | null | C['text'][]>
  spop(key: Key, count?: number): Outcome<C, unknown> {
    return this.run(count === undefined ? new Command(SPOP, [key]) : new Command(SPOP, [key, count], texts))
  }

  /**
   * A member chosen at random, null if there is none; `count` of them, each once, or with a negative count so many with
   * repetitions. [SRANDMEMBER](https://redis.io/commands/srandmember)
   */
  srandmember(key: Key): Outcome<C, C['text'] | null>
  srandmember(key: Key, count: number): Outcome<C, C['text'][]>
  srandmember(key: Key, count?: number): Outcome<C, C['text'] | null | C['text'][]>
  srandmember(key: Key, count?: number): Outcome<C, unknown> {
    return this.run(
      count === undefined ? new Command(SRANDMEMBER, [key]) : new Command(SRANDMEMBER, [key, count], texts),
    )
  }

  /** Removes members and tells how many there were. [SREM](https://redis.io/commands/srem) */
  srem(key: Key, ...members: Several<Argument>): Outcome<C, C['int']> {
    return this.run(new Command(SREM, behind([key], members, 'member')))
  }

  /**
   * One step of an iteration over all members: start with cursor 0, go on with the cursor of the reply until it is
   * `'0'`. @since 2.8 [SSCAN](https://redis.io/commands/sscan)
   */
  sscan(key: Key, cursor: Argument, options: ScanOptions = {}): Outcome<C, ScannedMembers<C['text']>> {
    const args: Arguments = [key, cursor]
    options = plainOptions(args, options)
    pushScanOptions(args, options)
    return this.run(new Command(SSCAN, args))
  }

  /** The members that any of the sets has. [SUNION](https://redis.io/commands/sunion) */
  sunion(...keys: Several<Key>): Outcome<C, C['text'][]> {
    return this.run(new Command(SUNION, behind([], keys, 'key')))
  }

  /**
   * Stores the members that any of the sets has, and tells how many.
   * [SUNIONSTORE](https://redis.io/commands/sunionstore)
   */
  sunionstore(destination: Key, ...keys: Several<Key>): Outcome<C, C['int']> {
    return this.run(new Command(SUNIONSTORE, behind([destination], keys, 'key')))
  }
}

/** `args` with the given items behind them. */
function behind(args: Arguments, items: Several<Argument>, what: string): Arguments {
  pushSeveral(args, items, what)
  return args
}
