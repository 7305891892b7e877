import type { Argument, Arguments, Key, OneOrMore, Several } from '../core/argument.js'
import { Command } from '../core/command.js'
import { type Context, Namespace, type Outcome } from '../core/context.js'
import type { Decoder } from '../core/decoder.js'
import {
  anything,
  bool,
  int,
  intOrNull,
  list,
  ok,
  okOrNull,
  orNull,
  scalar,
  textOrNull,
  texts,
  textsOrNulls,
  word,
} from '../core/decoders.js'
import type { AtMostOne } from '../core/exclusive-options.js'
import { keysFrom } from '../core/key-specs.js'
import { exclusive, flag, option, plainOptions, pushSeveral, refuse } from '../core/option-tokens.js'
import { ownProperties } from '../core/own-properties.js'
import type { Reply } from '../core/reply.js'
import { read, type Spec, write } from '../core/spec.js'
import { rejectWrongCalls } from '../core/wrong-calls.js'
import { each, type JsonPath, type Matches, numbersAt, parsed, pushJson, wrappedEach } from './json-values.js'

/** Returns JSON text instead of the parsed value, so that numbers of any size stay exact. */
export interface RawJson {
  readonly raw: true
}

export interface RawJsonFormat extends RawJson {
  /** The indentation of each level. */
  readonly indent?: string
  /** The end of each line. */
  readonly newline?: string
  /** The text between a name and its value. */
  readonly space?: string
}

export type JsonSetOptions = AtMostOne<{
  /** Only if the path does not exist. */
  readonly nx: boolean
  /** Only if the path exists. */
  readonly xx: boolean
}> & {
  /** How arrays of fractions are stored. @since 8.8 */
  readonly fpha?: 'FP16' | 'BF16' | 'FP32' | 'FP64'
}

/** A value with its key and path. */
export interface JsonEntry {
  readonly key: Key
  readonly path: string
  readonly value: unknown
}

/** The new value of a boolean: 1 or 0, or a word for a legacy path. */
function toggled(reply: Reply): unknown {
  if (reply === null) return null
  // For a legacy path the reply is text.
  const text = scalar(reply)
  return text === 'true' ? true : text === 'false' ? false : bool(reply)
}

const words = list(word)

/** Sent if no path is given: the server's default path differs between RESP2 and RESP3. */
const ROOT = '.'

const ARRAPPEND = write('JSON.ARRAPPEND', intOrNull)
const ARRINDEX = read('JSON.ARRINDEX', intOrNull)
const ARRINSERT = write('JSON.ARRINSERT', intOrNull)
const ARRLEN = read('JSON.ARRLEN', intOrNull)
const ARRPOP = write('JSON.ARRPOP', parsed)
const ARRTRIM = write('JSON.ARRTRIM', intOrNull)
const CLEAR = write('JSON.CLEAR', int)
const DEBUG_HELP = read('JSON.DEBUG HELP', words, { keys: [] })
const DEBUG_MEMORY = read('JSON.DEBUG MEMORY', int)
const DEL = write('JSON.DEL', int)
const FORGET = write('JSON.FORGET', int)
const GET = read('JSON.GET', parsed)
const MERGE = write('JSON.MERGE', okOrNull)
const MGET = read('JSON.MGET', parsed, { keys: [keysFrom(0, 'read', -2)] })
const MSET = write('JSON.MSET', ok, { keys: [keysFrom(0, 'write', -1, 3)] })
const NUMINCRBY = write('JSON.NUMINCRBY', parsed)
const NUMMULTBY = write('JSON.NUMMULTBY', parsed)
const OBJKEYS = read('JSON.OBJKEYS', orNull(texts))
const OBJLEN = read('JSON.OBJLEN', intOrNull)
const RESP = read('JSON.RESP', anything)
const SET = write('JSON.SET', okOrNull)
const STRAPPEND = write('JSON.STRAPPEND', intOrNull)
const STRLEN = read('JSON.STRLEN', intOrNull)
const TOGGLE = write('JSON.TOGGLE', toggled)
const TYPE = read('JSON.TYPE', orNull(word))

/**
 * Commands for JSON documents. Arguments and replies are JavaScript values. Numbers are parsed by `JSON.parse`, so that
 * an integer beyond 2⁵³ is rounded: `{ raw: true }` returns the text.
 *
 * A path that begins with `$` can match several values and returns a list with one element for each match. A legacy
 * path (`.`, which is the default, or `.a.b`) returns one value.
 *
 * It was a separate module before Redis 8. @since 8.0
 */
export class Json<C extends Context> extends Namespace<C> {
  /**
   * Returns the value at a path, null if the key does not exist; for several paths an object with the path of each
   * value. `get<User>('user:1')`, `get('user:1', '$.name', '$.tags')`, `get('user:1', '.', { raw: true })`.
   * [JSON.GET](https://redis.io/commands/json.get)
   */
  get<T = unknown>(key: Key, ...paths: Several<string>): Outcome<C, T | null>
  get(key: Key, paths: OneOrMore<string>, options: RawJsonFormat): Outcome<C, C['text'] | null>
  get(key: Key, ...given: readonly (OneOrMore<string> | RawJsonFormat)[]): Outcome<C, unknown> {
    const last = given.at(-1)
    const options = isOptions(last) ? ownProperties(last) : undefined
    const args: Arguments = [key]
    option(args, 'INDENT', options?.indent)
    option(args, 'NEWLINE', options?.newline)
    option(args, 'SPACE', options?.space)
    const paths = (options === undefined ? given : given.slice(0, -1)).flat() as string[]
    args.push(...(paths.length === 0 ? [ROOT] : paths))
    return this.run(new Command(GET, args, options?.raw === true ? textOrNull : parsed))
  }

  /**
   * Returns the values at one path of several keys; null for a missing one.
   * [JSON.MGET](https://redis.io/commands/json.mget)
   */
  mget<T = unknown>(keys: readonly Key[], path: string): Outcome<C, (T | null)[]>
  mget(keys: readonly Key[], path: string, options: RawJson): Outcome<C, (C['text'] | null)[]>
  mget(keys: readonly Key[], path: string, options: { readonly raw?: boolean } = {}): Outcome<C, unknown[]> {
    const args: Arguments = []
    options = plainOptions(args, options)
    pushSeveral(args, keys)
    args.push(path)
    return this.run(new Command(MGET, args, options.raw === true ? textsOrNulls : parsed))
  }

  /**
   * Sets the value at a path to any JSON value. Returns `'OK'`, or null if `nx`, `xx` or a missing parent prevented it.
   * With `raw` the value is JSON text. [JSON.SET](https://redis.io/commands/json.set)
   */
  set(
    key: Key,
    path: string,
    value: unknown,
    options?: JsonSetOptions & { readonly raw?: false },
  ): Outcome<C, 'OK' | null>
  set(key: Key, path: string, text: Argument, options: JsonSetOptions & RawJson): Outcome<C, 'OK' | null>
  set(
    key: Key,
    path: string,
    value: unknown,
    options: JsonSetOptions & { readonly raw?: boolean } = {},
  ): Outcome<C, 'OK' | null> {
    const args: Arguments = [key, path]
    options = plainOptions(args, options)
    pushJson(args, value, options.raw)
    exclusive(args, options, 'nx', 'xx')
    flag(args, 'NX', options.nx)
    flag(args, 'XX', options.xx)
    option(args, 'FPHA', options.fpha)
    return this.run(new Command(SET, args))
  }

  /**
   * Sets several values at once. Returns `'OK'`. All keys must be in one slot.
   * [JSON.MSET](https://redis.io/commands/json.mset)
   */
  mset(entries: readonly JsonEntry[], options: { readonly raw?: boolean } = {}): Outcome<C, 'OK'> {
    const args: Arguments = []
    options = plainOptions(args, options)
    for (const { key, path, value } of entries) {
      args.push(key, path)
      pushJson(args, value, options.raw)
    }
    if (args.length === 0) refuse(args, 'At least one entry is needed.')
    return this.run(new Command(MSET, args))
  }

  /**
   * Merges a value into the value at a path, as defined by RFC 7396: null deletes, arrays are replaced. Returns `'OK'`,
   * or null if the path does not exist. [JSON.MERGE](https://redis.io/commands/json.merge)
   */
  merge(key: Key, path: string, value: unknown, options: { readonly raw?: boolean } = {}): Outcome<C, 'OK' | null> {
    const args: Arguments = [key, path]
    options = plainOptions(args, options)
    pushJson(args, value, options.raw)
    return this.run(new Command(MERGE, args))
  }

  /**
   * Deletes the values at a path, by default the whole key. Returns the number of deleted values.
   * [JSON.DEL](https://redis.io/commands/json.del)
   */
  del(key: Key, path?: string): Outcome<C, C['int']> {
    return this.run(atPath(DEL, key, path, int))
  }

  /**
   * Deletes the values at a path, like {@link del}. Returns the number of deleted values.
   * [JSON.FORGET](https://redis.io/commands/json.forget)
   */
  forget(key: Key, path?: string): Outcome<C, C['int']> {
    return this.run(atPath(FORGET, key, path, int))
  }

  /**
   * Empties arrays and objects and sets numbers to 0. Returns the number of changed values.
   * [JSON.CLEAR](https://redis.io/commands/json.clear)
   */
  clear(key: Key, path?: string): Outcome<C, C['int']> {
    return this.run(atPath(CLEAR, key, path, int))
  }

  /**
   * Returns the types of values: `'object'`, `'integer'`, `'number'`… [JSON.TYPE](https://redis.io/commands/json.type)
   */
  type<P extends string = '.'>(key: Key, path?: P): Outcome<C, Matches<P, string>> {
    return this.run(atPath(TYPE, key, path, wrappedEach(path ?? ROOT, word)))
  }

  /**
   * Appends values to arrays, each argument as one element, even if it is an array. Returns the new lengths; null for a
   * value that is not an array. [JSON.ARRAPPEND](https://redis.io/commands/json.arrappend)
   */
  arrappend<P extends string>(
    key: Key,
    path: P,
    ...values: readonly unknown[]
  ): Outcome<C, Matches<P, C['int'] | null>> {
    const args: Arguments = [key, path]
    if (values.length === 0) refuse(args, 'At least one value is needed.')
    for (const value of values) pushJson(args, value)
    return this.run(new Command(ARRAPPEND, args, each(path, int)))
  }

  /**
   * Inserts values before an index; a negative index counts from the end. Returns the new lengths.
   * [JSON.ARRINSERT](https://redis.io/commands/json.arrinsert)
   */
  arrinsert<P extends string>(
    key: Key,
    path: P,
    index: number,
    ...values: readonly unknown[]
  ): Outcome<C, Matches<P, C['int'] | null>> {
    const args: Arguments = [key, path, index]
    if (values.length === 0) refuse(args, 'At least one value is needed.')
    for (const value of values) pushJson(args, value)
    return this.run(new Command(ARRINSERT, args, each(path, int)))
  }

  /**
   * Returns the first position of a value, from `start` on and before `stop` (0: to the end); -1 if it is not found,
   * null for a value that is not an array. [JSON.ARRINDEX](https://redis.io/commands/json.arrindex)
   */
  arrindex<P extends string>(
    key: Key,
    path: P,
    value: unknown,
    start?: number,
    stop?: number,
  ): Outcome<C, Matches<P, C['int'] | null>> {
    const args: Arguments = [key, path]
    pushJson(args, value)
    if (start !== undefined || stop !== undefined) args.push(start ?? 0)
    if (stop !== undefined) args.push(stop)
    return this.run(new Command(ARRINDEX, args, each(path, int)))
  }

  /**
   * Returns the lengths of arrays; null for a value that is not an array.
   * [JSON.ARRLEN](https://redis.io/commands/json.arrlen)
   */
  arrlen<P extends string = '.'>(key: Key, path?: P): Outcome<C, Matches<P, C['int'] | null>> {
    return this.run(atPath(ARRLEN, key, path, each(path ?? ROOT, int)))
  }

  /**
   * Removes and returns an element of arrays, by default the last one; null for an empty array and for a value that is
   * not an array. [JSON.ARRPOP](https://redis.io/commands/json.arrpop)
   */
  arrpop<T = unknown>(key: Key): Outcome<C, T | null>
  arrpop<T = unknown>(key: Key, path: JsonPath, index?: number): Outcome<C, (T | null)[] | null>
  arrpop<T = unknown>(key: Key, path: string, index?: number): Outcome<C, T | (T | null)[] | null>
  arrpop(key: Key, path?: string, index?: number): Outcome<C, unknown> {
    const args: Arguments = [key, path ?? ROOT]
    if (index !== undefined) args.push(index)
    return this.run(new Command(ARRPOP, args))
  }

  /**
   * Keeps only the elements of arrays from `start` to `stop`. Returns the new lengths.
   * [JSON.ARRTRIM](https://redis.io/commands/json.arrtrim)
   */
  arrtrim<P extends string>(key: Key, path: P, start: number, stop: number): Outcome<C, Matches<P, C['int'] | null>> {
    return this.run(new Command(ARRTRIM, [key, path, start, stop], each(path, int)))
  }

  /**
   * Adds to numbers. Returns the new values; null for a value that is not a number.
   * [JSON.NUMINCRBY](https://redis.io/commands/json.numincrby)
   */
  numincrby<P extends string>(key: Key, path: P, by: number | bigint): Outcome<C, Matches<P, number | null>> {
    return this.run(new Command(NUMINCRBY, [key, path, by], numbersAt(path)))
  }

  /**
   * Multiplies numbers. Returns the new values; null for a value that is not a number.
   * [JSON.NUMMULTBY](https://redis.io/commands/json.nummultby)
   */
  nummultby<P extends string>(key: Key, path: P, by: number | bigint): Outcome<C, Matches<P, number | null>> {
    return this.run(new Command(NUMMULTBY, [key, path, by], numbersAt(path)))
  }

  /**
   * Returns the names in objects; null for a value that is not an object.
   * [JSON.OBJKEYS](https://redis.io/commands/json.objkeys)
   */
  objkeys<P extends string = '.'>(key: Key, path?: P): Outcome<C, Matches<P, C['text'][] | null>> {
    return this.run(atPath(OBJKEYS, key, path, each(path ?? ROOT, texts)))
  }

  /**
   * Returns the number of names in objects; null for a value that is not an object.
   * [JSON.OBJLEN](https://redis.io/commands/json.objlen)
   */
  objlen<P extends string = '.'>(key: Key, path?: P): Outcome<C, Matches<P, C['int'] | null>> {
    return this.run(atPath(OBJLEN, key, path, each(path ?? ROOT, int)))
  }

  /**
   * Appends to strings. Returns the new lengths; null for a value that is not a string.
   * [JSON.STRAPPEND](https://redis.io/commands/json.strappend)
   */
  strappend<P extends string>(key: Key, path: P, text: string): Outcome<C, Matches<P, C['int'] | null>> {
    const args: Arguments = [key, path]
    pushJson(args, text)
    return this.run(new Command(STRAPPEND, args, each(path, int)))
  }

  /**
   * Returns the lengths of strings in bytes; null for a value that is not a string.
   * [JSON.STRLEN](https://redis.io/commands/json.strlen)
   */
  strlen<P extends string = '.'>(key: Key, path?: P): Outcome<C, Matches<P, C['int'] | null>> {
    return this.run(atPath(STRLEN, key, path, each(path ?? ROOT, int)))
  }

  /**
   * Toggles booleans. Returns the new values; null for a value that is not a boolean.
   * [JSON.TOGGLE](https://redis.io/commands/json.toggle)
   */
  toggle<P extends string>(key: Key, path: P): Outcome<C, Matches<P, boolean | null>> {
    return this.run(new Command(TOGGLE, [key, path], each(path, toggled)))
  }

  /**
   * Returns the value as nested replies. The first item of each list is its type: `{` or
   * `[`. [JSON.RESP](https://redis.io/commands/json.resp)
   */
  resp(key: Key, path?: string): Outcome<C, unknown> {
    return this.run(atPath(RESP, key, path, anything))
  }

  /** Returns the memory size of values, in bytes. [JSON.DEBUG MEMORY](https://redis.io/commands/json.debug-memory) */
  debugMemory<P extends string = '.'>(key: Key, path?: P): Outcome<C, Matches<P, C['int']>> {
    return this.run(atPath(DEBUG_MEMORY, key, path, each(path ?? ROOT, int)))
  }

  /** Returns the help text of the subcommands, line by line. [JSON.DEBUG](https://redis.io/commands/json.debug) */
  debugHelp(): Outcome<C, string[]> {
    return this.run(new Command(DEBUG_HELP, []))
  }
}
rejectWrongCalls(Json)

function atPath(spec: Spec, key: Key, path: string | undefined, decode: Decoder): Command {
  return new Command(spec, [key, path ?? ROOT], decode)
}

function isOptions(given: OneOrMore<string> | RawJsonFormat | undefined): given is RawJsonFormat {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}
