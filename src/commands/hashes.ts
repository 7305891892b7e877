import type { Argument, Arguments, Fields, Key, Several } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import {
  int,
  itemPerArgument,
  longDouble,
  ok,
  pairsOf,
  text,
  textOrNull,
  textRecord,
  texts,
  textsOrNulls,
} from './core/decoders.js'
import { flag, plainOptions, pushFields, pushSeveral, refuse } from './core/option-tokens.js'
import { unexpectedReply } from './core/reply-errors.js'
import { pushScanOptions, SCAN_OPTIONS, type ScanOptions, scanned } from './core/scan-options.js'
import { read, write } from './core/spec.js'

/** A field and its value, for replies that an object cannot hold: duplicate fields, or names that are not text. */
export interface FieldValue<T> {
  readonly field: T
  readonly value: T
}

export interface HscanOptions extends ScanOptions {
  /** Returns only the names. @since 7.4 */
  readonly novalues?: boolean
}

const HSCAN_OPTIONS: ReadonlySet<string> = new Set([...SCAN_OPTIONS, 'novalues'])

export interface ScannedEntries<T> {
  readonly cursor: string
  readonly entries: FieldValue<T>[]
}

export interface ScannedFields<T> {
  readonly cursor: string
  readonly fields: T[]
}

const fieldValues: Decoder = (reply, shape) => {
  const pairs = pairsOf(reply)
  if (pairs === undefined) return unexpectedReply(reply, 'fields with values')
  const entries: FieldValue<unknown>[] = []
  for (let i = 0; i < pairs.length; i += 2) {
    entries.push({ field: text(pairs[i] ?? null, shape), value: text(pairs[i + 1] ?? null, shape) })
  }
  return entries
}
const scannedEntries = scanned('entries', fieldValues)
const scannedFields = scanned('fields', texts)

/** One text, or a list of texts. */
const textOrTexts: Decoder = (reply, shape) => (Array.isArray(reply) ? texts(reply, shape) : textOrNull(reply, shape))

const HDEL = write('HDEL', int)
const HEXISTS = read('HEXISTS', int)
const HGET = read('HGET', textOrNull)
const HGETALL = read('HGETALL', textRecord)
const HINCRBY = write('HINCRBY', int)
const HINCRBYFLOAT = write('HINCRBYFLOAT', longDouble)
const HKEYS = read('HKEYS', texts)
const HLEN = read('HLEN', int)
const HMGET = read('HMGET', itemPerArgument(1, textsOrNulls))
const HMSET = write('HMSET', ok)
const HRANDFIELD = read('HRANDFIELD', textOrTexts)
const HSCAN = read('HSCAN', scannedEntries)
const HSET = write('HSET', int)
const HSETNX = write('HSETNX', int)
const HSTRLEN = read('HSTRLEN', int)
const HVALS = read('HVALS', texts)

export abstract class Hashes<C extends Context> extends Runner<C> {
  /** Deletes fields. Returns the number of fields that existed. @since 2.0 [HDEL](https://redis.io/commands/hdel) */
  hdel(key: Key, ...fields: Several<Key>): Outcome<C, C['int']> {
    const args: Arguments = [key]
    pushSeveral(args, fields, 'field')
    return this.run(new Command(HDEL, args))
  }

  /** Returns 1 if the hash has the field, else 0. @since 2.0 [HEXISTS](https://redis.io/commands/hexists) */
  hexists(key: Key, field: Key): Outcome<C, C['int']> {
    return this.run(new Command(HEXISTS, [key, field]))
  }

  /** Returns the value of a field, or null if it does not exist. @since 2.0 [HGET](https://redis.io/commands/hget) */
  hget(key: Key, field: Key): Outcome<C, C['text'] | null> {
    return this.run(new Command(HGET, [key, field]))
  }

  /**
   * Returns all fields and values as a plain object; empty if the key does not exist. `hgetall<User>(key)` gives it a type
   * of yours, which is not checked. Rejects with `DataError` if two field names are invalid UTF-8 and would be the same
   * text. @since 2.0 [HGETALL](https://redis.io/commands/hgetall)
   */
  hgetall<T extends object = Record<string, C['text']>>(key: Key): Outcome<C, T> {
    return this.run(new Command(HGETALL, [key]))
  }

  /**
   * Increments the integer in a field by `increment`; a missing field counts as 0. Returns the new value. @since 2.0
   * [HINCRBY](https://redis.io/commands/hincrby)
   */
  hincrby(key: Key, field: Key, increment: number | bigint): Outcome<C, C['int']> {
    return this.run(new Command(HINCRBY, [key, field, increment]))
  }

  /**
   * Increments the number in a field by `increment`; a missing field counts as 0. Returns the new value. @since 2.6
   * [HINCRBYFLOAT](https://redis.io/commands/hincrbyfloat)
   */
  hincrbyfloat(key: Key, field: Key, increment: number): Outcome<C, number> {
    return this.run(new Command(HINCRBYFLOAT, [key, field, increment]))
  }

  /** Returns the names of all fields. @since 2.0 [HKEYS](https://redis.io/commands/hkeys) */
  hkeys(key: Key): Outcome<C, C['text'][]> {
    return this.run(new Command(HKEYS, [key]))
  }

  /** Returns the number of fields. @since 2.0 [HLEN](https://redis.io/commands/hlen) */
  hlen(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(HLEN, [key]))
  }

  /**
   * Returns the values of fields in the same order; null for a field that does not exist. @since 2.0
   * [HMGET](https://redis.io/commands/hmget)
   */
  hmget(key: Key, ...fields: Several<Key>): Outcome<C, (C['text'] | null)[]> {
    const args: Arguments = [key]
    pushSeveral(args, fields, 'field')
    return this.run(new Command(HMGET, args))
  }

  /**
   * Sets fields. Returns `'OK'`. @since 2.0 [HMSET](https://redis.io/commands/hmset)
   * @deprecated `hset` does the same.
   */
  hmset(key: Key, fields: Fields): Outcome<C, 'OK'> {
    const args: Arguments = [key]
    pushFields(args, fields)
    return this.run(new Command(HMSET, args))
  }

  /**
   * Returns a random field, or null if the key does not exist. With `count` it returns so many distinct fields; a
   * negative count allows repetitions. With `withvalues` it returns their values too. @since 6.2
   * [HRANDFIELD](https://redis.io/commands/hrandfield)
   */
  hrandfield(key: Key): Outcome<C, C['text'] | null>
  hrandfield(key: Key, count: number, options?: { readonly withvalues?: false }): Outcome<C, C['text'][]>
  hrandfield(key: Key, count: number, options: { readonly withvalues: true }): Outcome<C, FieldValue<C['text']>[]>
  hrandfield(
    key: Key,
    count: number,
    options: { readonly withvalues?: boolean },
  ): Outcome<C, C['text'][] | FieldValue<C['text']>[]>
  hrandfield(key: Key, count?: number, options: { readonly withvalues?: boolean } = {}): Outcome<C, unknown> {
    const args: Arguments = count === undefined ? [key] : [key, count]
    options = plainOptions(args, options)
    flag(args, 'WITHVALUES', options.withvalues)
    return this.run(new Command(HRANDFIELD, args, options.withvalues === true ? fieldValues : textOrTexts))
  }

  /**
   * Returns one step of an iteration over all fields. Start with cursor 0, then pass the cursor of the reply, until it
   * is `'0'`. @since 2.8 [HSCAN](https://redis.io/commands/hscan)
   */
  hscan(
    key: Key,
    cursor: Argument,
    options?: HscanOptions & { readonly novalues?: false },
  ): Outcome<C, ScannedEntries<C['text']>>
  hscan(
    key: Key,
    cursor: Argument,
    options: HscanOptions & { readonly novalues: true },
  ): Outcome<C, ScannedFields<C['text']>>
  hscan(
    key: Key,
    cursor: Argument,
    options: HscanOptions,
  ): Outcome<C, ScannedEntries<C['text']> | ScannedFields<C['text']>>
  hscan(key: Key, cursor: Argument, options: HscanOptions = {}): Outcome<C, unknown> {
    const args: Arguments = [key, cursor]
    options = plainOptions(args, options)
    pushScanOptions(args, options, HSCAN_OPTIONS)
    flag(args, 'NOVALUES', options.novalues)
    return this.run(new Command(HSCAN, args, options.novalues === true ? scannedFields : scannedEntries))
  }

  /**
   * Sets one field, or all fields of an object or a Map. Returns the number of fields that were added. @since 2.0
   * [HSET](https://redis.io/commands/hset)
   */
  hset(key: Key, field: Key, value: Argument): Outcome<C, C['int']>
  hset(key: Key, fields: Fields): Outcome<C, C['int']>
  hset(key: Key, first: Key | Fields, ...values: readonly Argument[]): Outcome<C, C['int']> {
    const args: Arguments = [key]
    if (values.length === 1) args.push(first as Key, values[0] as Argument)
    else if (values.length === 0) pushFields(args, first as Fields)
    else refuse(args, 'Expected one field with its value, or an object for several: hset(key, { field: value }).')
    return this.run(new Command(HSET, args))
  }

  /**
   * Sets a field if it does not exist. Returns 1, or 0 if it existed. @since 2.0
   * [HSETNX](https://redis.io/commands/hsetnx)
   */
  hsetnx(key: Key, field: Key, value: Argument): Outcome<C, C['int']> {
    return this.run(new Command(HSETNX, [key, field, value]))
  }

  /**
   * Returns the length of a field's value in bytes, 0 if the field does not exist. @since 3.2
   * [HSTRLEN](https://redis.io/commands/hstrlen)
   */
  hstrlen(key: Key, field: Key): Outcome<C, C['int']> {
    return this.run(new Command(HSTRLEN, [key, field]))
  }

  /** Returns the values of all fields. @since 2.0 [HVALS](https://redis.io/commands/hvals) */
  hvals(key: Key): Outcome<C, C['text'][]> {
    return this.run(new Command(HVALS, [key]))
  }
}
