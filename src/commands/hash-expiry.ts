import type { Arguments, Fields, Key, OneOrMore } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { int, list, textsOrNulls } from './core/decoders.js'
import type { AtMostOne } from './core/exclusive-options.js'
import { exclusive, flag, known, plainOptions, pushCounted, pushFields } from './core/option-tokens.js'
import { read, type Spec, write } from './core/spec.js'
import {
  CONDITIONS,
  type ExpiryConditions,
  LIFETIME,
  type Lifetime,
  NEW_LIFETIME,
  type NewLifetime,
  pushConditions,
  pushLifetime,
} from './key-expiry.js'

/** The conditions under which the expiry of a field is set; at most one of them. */
export type HexpireOptions = AtMostOne<ExpiryConditions>

/** The conditions under which fields are set; at most one of them. */
export interface FieldConditions {
  /** Only if none of the fields exists. */
  readonly fnx: boolean
  /** Only if all of the fields exist. */
  readonly fxx: boolean
}

export type HsetexOptions = Lifetime & AtMostOne<FieldConditions>

const HSETEX_OPTIONS: ReadonlySet<string> = new Set([...LIFETIME, 'fnx', 'fxx'])

const ints = list(int)

const HEXPIRE = write('HEXPIRE', ints)
const HEXPIREAT = write('HEXPIREAT', ints)
const HEXPIRETIME = read('HEXPIRETIME', ints)
const HGETDEL = write('HGETDEL', textsOrNulls)
const HGETEX = write('HGETEX', textsOrNulls)
const HPERSIST = write('HPERSIST', ints)
const HPEXPIRE = write('HPEXPIRE', ints)
const HPEXPIREAT = write('HPEXPIREAT', ints)
const HPEXPIRETIME = read('HPEXPIRETIME', ints)
const HPTTL = read('HPTTL', ints)
const HSETEX = write('HSETEX', int)
const HTTL = read('HTTL', ints)

function pushFieldNames(args: Arguments, fields: OneOrMore<Key>): void {
  args.push('FIELDS')
  pushCounted(args, Array.isArray(fields) ? fields : [fields as Key], 'field')
}

function ask(spec: Spec, key: Key, fields: OneOrMore<Key>): Command {
  const args: Arguments = [key]
  pushFieldNames(args, fields)
  return new Command(spec, args)
}

function expire(spec: Spec, key: Key, time: number, fields: OneOrMore<Key>, options: HexpireOptions): Command {
  const args: Arguments = [key, time]
  known(args, options, CONDITIONS)
  options = plainOptions(args, options)
  exclusive(args, options, 'nx', 'xx', 'gt', 'lt')
  pushConditions(args, options)
  pushFieldNames(args, fields)
  return new Command(spec, args)
}

/** Commands for hash fields that expire. Replies contain one item for each field, in the order of the call. */
export abstract class HashExpiry<C extends Context> extends Runner<C> {
  /**
   * Makes fields expire after `seconds`. Returns for each field 1 if it was set, 0 if the condition did not hold, 2 if
   * the field was deleted at once (0 seconds), -2 if it does not exist. @since 7.4
   * [HEXPIRE](https://redis.io/commands/hexpire)
   */
  hexpire(key: Key, seconds: number, fields: OneOrMore<Key>, options: HexpireOptions = {}): Outcome<C, C['int'][]> {
    return this.run(expire(HEXPIRE, key, seconds, fields, options))
  }

  /**
   * Makes fields expire at a Unix time in seconds. Returns for each field 1 if it was set, 0 if the condition did not
   * hold, 2 if the field was deleted at once (a time in the past), -2 if it does not exist. @since 7.4
   * [HEXPIREAT](https://redis.io/commands/hexpireat)
   */
  hexpireat(
    key: Key,
    unixSeconds: number,
    fields: OneOrMore<Key>,
    options: HexpireOptions = {},
  ): Outcome<C, C['int'][]> {
    return this.run(expire(HEXPIREAT, key, unixSeconds, fields, options))
  }

  /**
   * Returns the Unix times in seconds at which fields expire; -1 for a field without expiry, -2 for one that does not
   * exist. @since 7.4 [HEXPIRETIME](https://redis.io/commands/hexpiretime)
   */
  hexpiretime(key: Key, fields: OneOrMore<Key>): Outcome<C, C['int'][]> {
    return this.run(ask(HEXPIRETIME, key, fields))
  }

  /**
   * Deletes fields. Returns the values that they had; null for a field that did not exist. @since 8.0
   * [HGETDEL](https://redis.io/commands/hgetdel)
   */
  hgetdel(key: Key, fields: OneOrMore<Key>): Outcome<C, (C['text'] | null)[]> {
    return this.run(ask(HGETDEL, key, fields))
  }

  /**
   * Returns the values of fields, null for a field that does not exist, and changes their time to live. @since 8.0
   * [HGETEX](https://redis.io/commands/hgetex)
   */
  hgetex(key: Key, fields: OneOrMore<Key>, options: NewLifetime = {}): Outcome<C, (C['text'] | null)[]> {
    const args: Arguments = [key]
    known(args, options, NEW_LIFETIME)
    options = plainOptions(args, options)
    pushLifetime(args, options)
    pushFieldNames(args, fields)
    return this.run(new Command(HGETEX, args))
  }

  /**
   * Removes the expiry of fields. Returns for each field 1 if it was removed, -1 if there was none, -2 if the field
   * does not exist. @since 7.4 [HPERSIST](https://redis.io/commands/hpersist)
   */
  hpersist(key: Key, fields: OneOrMore<Key>): Outcome<C, C['int'][]> {
    return this.run(ask(HPERSIST, key, fields))
  }

  /**
   * Makes fields expire after `milliseconds`. Returns for each field 1 if it was set, 0 if the condition did not hold,
   * 2 if the field was deleted at once (0 milliseconds), -2 if it does not exist. @since 7.4
   * [HPEXPIRE](https://redis.io/commands/hpexpire)
   */
  hpexpire(
    key: Key,
    milliseconds: number,
    fields: OneOrMore<Key>,
    options: HexpireOptions = {},
  ): Outcome<C, C['int'][]> {
    return this.run(expire(HPEXPIRE, key, milliseconds, fields, options))
  }

  /**
   * Makes fields expire at a Unix time in milliseconds. Returns for each field 1 if it was set, 0 if the condition did
   * not hold, 2 if the field was deleted at once (a time in the past), -2 if it does not exist. @since 7.4
   * [HPEXPIREAT](https://redis.io/commands/hpexpireat)
   */
  hpexpireat(
    key: Key,
    unixMilliseconds: number,
    fields: OneOrMore<Key>,
    options: HexpireOptions = {},
  ): Outcome<C, C['int'][]> {
    return this.run(expire(HPEXPIREAT, key, unixMilliseconds, fields, options))
  }

  /**
   * Returns the Unix times in milliseconds at which fields expire; -1 for a field without expiry, -2 for one that does
   * not exist. @since 7.4 [HPEXPIRETIME](https://redis.io/commands/hpexpiretime)
   */
  hpexpiretime(key: Key, fields: OneOrMore<Key>): Outcome<C, C['int'][]> {
    return this.run(ask(HPEXPIRETIME, key, fields))
  }

  /**
   * Returns the remaining time to live of fields in milliseconds; -1 for a field without expiry, -2 for one that does
   * not exist. @since 7.4 [HPTTL](https://redis.io/commands/hpttl)
   */
  hpttl(key: Key, fields: OneOrMore<Key>): Outcome<C, C['int'][]> {
    return this.run(ask(HPTTL, key, fields))
  }

  /**
   * Sets fields with one time to live: all of them, or none if the condition does not hold. Returns 1, or 0 if nothing
   * was set. @since 8.0 [HSETEX](https://redis.io/commands/hsetex)
   */
  hsetex(key: Key, fields: Fields, options: HsetexOptions = {}): Outcome<C, C['int']> {
    const pairs: Arguments = []
    pushFields(pairs, fields)
    const args: Arguments = [key]
    known(args, options, HSETEX_OPTIONS)
    options = plainOptions(args, options)
    exclusive(args, options, 'fnx', 'fxx')
    flag(args, 'FNX', options.fnx)
    flag(args, 'FXX', options.fxx)
    pushLifetime(args, options)
    args.push('FIELDS', pairs.length / 2)
    return this.run(new Command(HSETEX, args.concat(pairs)))
  }

  /**
   * Returns the remaining time to live of fields in seconds; -1 for a field without expiry, -2 for one that does not
   * exist. @since 7.4 [HTTL](https://redis.io/commands/httl)
   */
  httl(key: Key, fields: OneOrMore<Key>): Outcome<C, C['int'][]> {
    return this.run(ask(HTTL, key, fields))
  }
}
