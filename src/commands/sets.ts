import type { Argument, Arguments, Key, OneOrMore, Several } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { int, itemPerArgument, list, textOrNull, texts } from './core/decoders.js'
import { countedKeys, keyAt, keysFrom } from './core/key-specs.js'
import { option, plainOptions, pushCounted, pushSeveral } from './core/option-tokens.js'
import { pushScanOptions, type ScanOptions, scanned } from './core/scan-options.js'
import { read, write } from './core/spec.js'

export interface ScannedMembers<T> {
  readonly cursor: string
  readonly members: T[]
}

export interface SintercardOptions {
  /** The server stops counting at this number; 0 means no limit. */
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
const SMISMEMBER = read('SMISMEMBER', itemPerArgument(1, list(int)))
const SMOVE = write('SMOVE', int, { keys: [keyAt(0, 'write'), keyAt(1, 'write')] })
const SPOP = write('SPOP', textOrNull)
const SRANDMEMBER = read('SRANDMEMBER', textOrNull)
const SREM = write('SREM', int)
const SSCAN = read('SSCAN', scanned('members', texts))
const SUNION = read('SUNION', texts, read0)
const SUNIONSTORE = write('SUNIONSTORE', int, store)

export abstract class Sets<C extends Context> extends Runner<C> {
  /** Adds members. Returns the number of members that were new. [SADD](https://redis.io/commands/sadd) */
  sadd(key: Key, ...members: Several<Argument>): Outcome<C, C['int']> {
    return this.run(new Command(SADD, withItems([key], members, 'member')))
  }

  /** Returns the number of members. [SCARD](https://redis.io/commands/scard) */
  scard(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(SCARD, [key]))
  }

  /**
   * Returns the members of the first set that are in none of the other sets. [SDIFF](https://redis.io/commands/sdiff)
   */
  sdiff(...keys: Several<Key>): Outcome<C, C['text'][]> {
    return this.run(new Command(SDIFF, withItems([], keys, 'key')))
  }

  /**
   * Stores the members of the first set that are in none of the other sets. Returns their number.
   * [SDIFFSTORE](https://redis.io/commands/sdiffstore)
   */
  sdiffstore(destination: Key, ...keys: Several<Key>): Outcome<C, C['int']> {
    return this.run(new Command(SDIFFSTORE, withItems([destination], keys, 'key')))
  }

  /** Returns the members that are in all sets. [SINTER](https://redis.io/commands/sinter) */
  sinter(...keys: Several<Key>): Outcome<C, C['text'][]> {
    return this.run(new Command(SINTER, withItems([], keys, 'key')))
  }

  /**
   * Returns the number of members that are in all sets. @since 7.0 [SINTERCARD](https://redis.io/commands/sintercard)
   */
  sintercard(keys: OneOrMore<Key>, options: SintercardOptions = {}): Outcome<C, C['int']> {
    const args: Arguments = []
    options = plainOptions(args, options)
    pushCounted(args, Array.isArray(keys) ? keys : [keys as Key])
    option(args, 'LIMIT', options.limit)
    return this.run(new Command(SINTERCARD, args))
  }

  /**
   * Stores the members that are in all sets. Returns their number. [SINTERSTORE](https://redis.io/commands/sinterstore)
   */
  sinterstore(destination: Key, ...keys: Several<Key>): Outcome<C, C['int']> {
    return this.run(new Command(SINTERSTORE, withItems([destination], keys, 'key')))
  }

  /** Returns 1 if the set has the member, else 0. [SISMEMBER](https://redis.io/commands/sismember) */
  sismember(key: Key, member: Argument): Outcome<C, C['int']> {
    return this.run(new Command(SISMEMBER, [key, member]))
  }

  /** Returns all members; an empty array if the key does not exist. [SMEMBERS](https://redis.io/commands/smembers) */
  smembers(key: Key): Outcome<C, C['text'][]> {
    return this.run(new Command(SMEMBERS, [key]))
  }

  /**
   * Returns for each member 1 if the set has it, else 0. @since 6.2 [SMISMEMBER](https://redis.io/commands/smismember)
   */
  smismember(key: Key, ...members: Several<Argument>): Outcome<C, C['int'][]> {
    return this.run(new Command(SMISMEMBER, withItems([key], members, 'member')))
  }

  /**
   * Moves a member to another set. Returns 1, or 0 if the source does not have it.
   * [SMOVE](https://redis.io/commands/smove)
   */
  smove(source: Key, destination: Key, member: Argument): Outcome<C, C['int']> {
    return this.run(new Command(SMOVE, [source, destination, member]))
  }

  /**
   * Removes and returns a random member, null if the key does not exist; with `count` an array of so many members.
   * [SPOP](https://redis.io/commands/spop)
   */
  spop(key: Key): Outcome<C, C['text'] | null>
  spop(key: Key, count: number): Outcome<C, C['text'][]>
  spop(key: Key, count?: number): Outcome<C, C['text'] | null | C['text'][]>
  spop(key: Key, count?: number): Outcome<C, unknown> {
    return this.run(count === undefined ? new Command(SPOP, [key]) : new Command(SPOP, [key, count], texts))
  }

  /**
   * Returns a random member, null if the key does not exist. With `count` it returns so many distinct members; a
   * negative count allows repetitions. [SRANDMEMBER](https://redis.io/commands/srandmember)
   */
  srandmember(key: Key): Outcome<C, C['text'] | null>
  srandmember(key: Key, count: number): Outcome<C, C['text'][]>
  srandmember(key: Key, count?: number): Outcome<C, C['text'] | null | C['text'][]>
  srandmember(key: Key, count?: number): Outcome<C, unknown> {
    return this.run(
      count === undefined ? new Command(SRANDMEMBER, [key]) : new Command(SRANDMEMBER, [key, count], texts),
    )
  }

  /** Removes members. Returns the number of members that existed. [SREM](https://redis.io/commands/srem) */
  srem(key: Key, ...members: Several<Argument>): Outcome<C, C['int']> {
    return this.run(new Command(SREM, withItems([key], members, 'member')))
  }

  /**
   * Returns one step of an iteration over all members. Start with cursor 0, then pass the cursor of the reply, until it
   * is `'0'`. @since 2.8 [SSCAN](https://redis.io/commands/sscan)
   */
  sscan(key: Key, cursor: Argument, options: ScanOptions = {}): Outcome<C, ScannedMembers<C['text']>> {
    const args: Arguments = [key, cursor]
    options = plainOptions(args, options)
    pushScanOptions(args, options)
    return this.run(new Command(SSCAN, args))
  }

  /** Returns the members that are in any of the sets. [SUNION](https://redis.io/commands/sunion) */
  sunion(...keys: Several<Key>): Outcome<C, C['text'][]> {
    return this.run(new Command(SUNION, withItems([], keys, 'key')))
  }

  /**
   * Stores the members that are in any of the sets. Returns their number.
   * [SUNIONSTORE](https://redis.io/commands/sunionstore)
   */
  sunionstore(destination: Key, ...keys: Several<Key>): Outcome<C, C['int']> {
    return this.run(new Command(SUNIONSTORE, withItems([destination], keys, 'key')))
  }
}

/** Returns `args` with the given items after them. */
function withItems(args: Arguments, items: Several<Argument>, what: string): Arguments {
  pushSeveral(args, items, what)
  return args
}
