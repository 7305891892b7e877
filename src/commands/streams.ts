import type { Argument, Arguments, Fields, Key, OneOrMore, Several } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { int, list, ok, orNothing, orNull, word } from './core/decoders.js'
import type { AtMostOne } from './core/exclusive-options.js'
import { halfAfter } from './core/key-specs.js'
import {
  decided,
  exclusive,
  flag,
  isGiven,
  known,
  option,
  plainOptions,
  pushCounted,
  pushFields,
  pushSeveral,
  refuse,
} from './core/option-tokens.js'
import { keyless, read, write } from './core/spec.js'
import {
  entries,
  type FullStreamInfo,
  fullStreamInfo,
  type StreamEntries,
  type StreamEntry,
  type StreamInfo,
  streamInfo,
  streams,
} from './stream-replies.js'

/** The id of an entry: `'1526919030474-55'`, or only the milliseconds. */
export type StreamId = string | number

/** The streams to read, each with the id after which its entries are read; one object or Map. */
export type StreamIds<I = StreamId> = Readonly<Record<string, I>> | ReadonlyMap<Key, I>

/** How references of groups to deleted entries are handled. Default `keepref`. @since 8.2 */
export type References = AtMostOne<{
  /** Groups keep their pending entries. */
  readonly keepref: boolean
  /** The pending entries of every group are deleted too. */
  readonly delref: boolean
  /** Deletes only entries that all groups have read and acknowledged. */
  readonly acked: boolean
}>

interface TrimBy {
  /** Keeps this number of the newest entries. */
  readonly maxlen: number
  /** Keeps the entries from this id on. @since 6.2 */
  readonly minid: StreamId
}

type By =
  | { readonly maxlen: TrimBy['maxlen']; readonly minid?: never }
  | { readonly minid: TrimBy['minid']; readonly maxlen?: never }

type Exactness =
  | { readonly approximate?: false; readonly limit?: never }
  | {
      /** Deletes only whole nodes of the stream's tree (`~`): much cheaper, but a few more entries remain. */
      readonly approximate: true
      /** Maximum number of entries to delete; 0 for no limit. @since 6.2 */
      readonly limit?: number
    }

export type TrimOptions = By & Exactness & References

/**
 * Prevents duplicates: an XADD that is sent again with the same ids returns the id of the existing entry. @since 8.6
 */
type Idempotence = AtMostOne<{
  /** Identifies the producer, and the entry by an id of the producer's own. */
  readonly idmp: { readonly producer: Argument; readonly id: Argument }
  /** Identifies the producer. The entry is identified by its content. */
  readonly idmpauto: Argument
}>

export type XaddOptions = (TrimOptions | (References & NoTrim)) & Idempotence

const XTRIM_OPTIONS: ReadonlySet<string> = new Set([
  'maxlen',
  'minid',
  'approximate',
  'limit',
  'keepref',
  'delref',
  'acked',
])
const THRESHOLDS = ['maxlen', 'minid'] as const
const IDEMPOTENCE = ['idmp', 'idmpauto'] as const
const XADD_OPTIONS: ReadonlySet<string> = new Set([...XTRIM_OPTIONS, 'nomkstream', 'idmp', 'idmpauto'])
const XREAD_OPTIONS: ReadonlySet<string> = new Set(['count', 'block'])

interface NoTrim {
  readonly maxlen?: never
  readonly minid?: never
  readonly approximate?: never
  readonly limit?: never
}

export interface RangeOptions {
  /** Maximum number of entries. */
  readonly count?: number
}

export interface XreadOptions {
  /** Maximum number of entries of each stream. */
  readonly count?: number
  /** If there is no entry, waits for one up to this number of milliseconds; 0 for ever. */
  readonly block?: number
}

export interface XsetidOptions {
  /** The number of entries ever added. @since 7.0 */
  readonly entriesadded?: number
  /** The greatest id that was deleted. @since 7.0 */
  readonly maxdeletedid?: StreamId
}

export interface XcfgsetOptions {
  /** For how many seconds idempotent ids are kept. */
  readonly idmpDuration?: number
  /** How many idempotent ids of one producer are kept. */
  readonly idmpMaxsize?: number
}

/** Any trim options, if they are known only at run time. */
interface AnyTrim extends Partial<TrimBy> {
  readonly approximate?: boolean
  readonly limit?: number | undefined
  readonly keepref?: boolean
  readonly delref?: boolean
  readonly acked?: boolean
}

const XADD = write('XADD', orNull(word))
const XCFGSET = write('XCFGSET', ok)
const XDEL = write('XDEL', int)
const XDELEX = write('XDELEX', list(int))
const XINFO_HELP = keyless('XINFO HELP', list(word))
const XINFO_STREAM = read('XINFO STREAM', streamInfo)
const XLEN = read('XLEN', int)
const XRANGE = read('XRANGE', entries)
const XREAD = read('XREAD', orNothing(streams), { keys: [halfAfter('STREAMS', 'read')], blocks: 'after BLOCK, ms' })
const XREVRANGE = read('XREVRANGE', entries)
const XSETID = write('XSETID', ok)
const XTRIM = write('XTRIM', int)

/** Commands for streams: logs of entries, each with fields and an increasing id. */
export abstract class Streams<C extends Context> extends Runner<C> {
  /**
   * Appends an entry. Returns its id: `id`, or an id that the server generates for `'*'`. With `nomkstream` it returns
   * null if the stream does not exist. The options of `xtrim` trim the stream in the same step. @since 5.0
   * [XADD](https://redis.io/commands/xadd)
   */
  xadd(
    key: Key,
    id: StreamId,
    fields: Fields,
    options?: XaddOptions & { readonly nomkstream?: false },
  ): Outcome<C, string>
  xadd(
    key: Key,
    id: StreamId,
    fields: Fields,
    options: XaddOptions & { readonly nomkstream?: boolean },
  ): Outcome<C, string | null>
  xadd(
    key: Key,
    id: StreamId,
    fields: Fields,
    options: XaddOptions & { readonly nomkstream?: boolean } = {},
  ): Outcome<C, string | null> {
    const args: Arguments = [key]
    known(args, options, XADD_OPTIONS)
    options = plainOptions(args, options)
    const { idmp, idmpauto } = options
    decided(args, options, IDEMPOTENCE)
    exclusive(args, options, 'idmp', 'idmpauto')
    flag(args, 'NOMKSTREAM', options.nomkstream)
    pushReferences(args, options)
    option(args, 'IDMPAUTO', idmpauto)
    if (idmp !== undefined) pushIdempotence(args, plainOptions(args, idmp))
    pushTrim(args, options)
    args.push(id)
    pushFields(args, fields)
    return this.run(new Command(XADD, args))
  }

  /**
   * Sets how long and how many idempotent ids of `xadd` are kept. Returns `'OK'`. @since 8.6
   * [XCFGSET](https://redis.io/commands/xcfgset)
   */
  xcfgset(key: Key, options: XcfgsetOptions): Outcome<C, 'OK'> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    option(args, 'IDMP-DURATION', options.idmpDuration)
    option(args, 'IDMP-MAXSIZE', options.idmpMaxsize)
    return this.run(new Command(XCFGSET, args))
  }

  /** Deletes entries. Returns the number of entries that existed. @since 5.0 [XDEL](https://redis.io/commands/xdel) */
  xdel(key: Key, ...ids: Several<StreamId>): Outcome<C, C['int']> {
    const args: Arguments = [key]
    pushSeveral(args, ids, 'id')
    return this.run(new Command(XDEL, args))
  }

  /**
   * Deletes entries, and the references of groups to them as the options say. Returns for each id 1 if it was deleted,
   * -1 if it does not exist, 2 if a group still refers to it. @since 8.2 [XDELEX](https://redis.io/commands/xdelex)
   */
  xdelex(key: Key, ids: OneOrMore<StreamId>, options: References = {}): Outcome<C, C['int'][]> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    pushReferences(args, options)
    pushIds(args, ids)
    return this.run(new Command(XDELEX, args))
  }

  /** Returns the server's own help on XINFO. @since 5.0 [XINFO HELP](https://redis.io/commands/xinfo-help) */
  xinfoHelp(): Outcome<C, string[]> {
    return this.run(new Command(XINFO_HELP, []))
  }

  /**
   * Returns information about a stream. With `full` (since 6.0) it includes its groups and consumers, with at most
   * `count` entries in each list (default 10, 0 for all). @since 5.0
   * [XINFO STREAM](https://redis.io/commands/xinfo-stream)
   */
  xinfoStream(key: Key, options?: { readonly full?: false }): Outcome<C, StreamInfo<C>>
  xinfoStream(key: Key, options: { readonly full: true; readonly count?: number }): Outcome<C, FullStreamInfo<C>>
  xinfoStream(
    key: Key,
    options: { readonly full?: boolean; readonly count?: number },
  ): Outcome<C, StreamInfo<C> | FullStreamInfo<C>>
  xinfoStream(key: Key, options: { readonly full?: boolean; readonly count?: number } = {}): Outcome<C, unknown> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    const full = options.full === true
    if (!full && isGiven(options, 'count')) refuse(args, 'The option count needs the option full.')
    flag(args, 'FULL', full)
    option(args, 'COUNT', options.count)
    return this.run(new Command(XINFO_STREAM, args, full ? fullStreamInfo : streamInfo))
  }

  /** Returns the number of entries. @since 5.0 [XLEN](https://redis.io/commands/xlen) */
  xlen(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(XLEN, [key]))
  }

  /**
   * Returns the entries from `start` to `end`, both inclusive unless written as `'(id'`; by default all entries.
   * @since 5.0 [XRANGE](https://redis.io/commands/xrange)
   */
  xrange(
    key: Key,
    start: StreamId = '-',
    end: StreamId = '+',
    options: RangeOptions = {},
  ): Outcome<C, StreamEntry<C['text']>[]> {
    const args: Arguments = [key, start, end]
    options = plainOptions(args, options)
    option(args, 'COUNT', options.count)
    return this.run(new Command(XRANGE, args))
  }

  /**
   * Returns the entries after the given id of each stream: `{ orders: '0', returns: '$' }`. `'$'` means entries that
   * are added from now on, `'+'` (since 7.4) the last entry. Returns null if there are none, after `block` milliseconds
   * if given. @since 5.0 [XREAD](https://redis.io/commands/xread)
   */
  xread(
    streams: StreamIds,
    options: XreadOptions = {},
  ): Outcome<C, StreamEntries<C['text'], StreamEntry<C['text']>>[] | null> {
    const args: Arguments = []
    known(args, options, XREAD_OPTIONS)
    options = plainOptions(args, options)
    option(args, 'COUNT', options.count)
    option(args, 'BLOCK', options.block)
    pushStreams(args, streams)
    return this.run(new Command(XREAD, args))
  }

  /**
   * Like `xrange`, but newest first, and `end` is the first argument. Returns the entries. @since 5.0
   * [XREVRANGE](https://redis.io/commands/xrevrange)
   */
  xrevrange(
    key: Key,
    end: StreamId = '+',
    start: StreamId = '-',
    options: RangeOptions = {},
  ): Outcome<C, StreamEntry<C['text']>[]> {
    const args: Arguments = [key, end, start]
    options = plainOptions(args, options)
    option(args, 'COUNT', options.count)
    return this.run(new Command(XREVRANGE, args))
  }

  /**
   * Sets the last id of the stream: the next entry gets a greater one. Returns `'OK'`. @since 5.0
   * [XSETID](https://redis.io/commands/xsetid)
   */
  xsetid(key: Key, lastId: StreamId, options: XsetidOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [key, lastId]
    options = plainOptions(args, options)
    option(args, 'ENTRIESADDED', options.entriesadded)
    option(args, 'MAXDELETEDID', options.maxdeletedid)
    return this.run(new Command(XSETID, args))
  }

  /**
   * Deletes the oldest entries. Returns the number of deleted entries. @since 5.0
   * [XTRIM](https://redis.io/commands/xtrim)
   */
  xtrim(key: Key, options: TrimOptions): Outcome<C, C['int']> {
    const args: Arguments = [key]
    known(args, options, XTRIM_OPTIONS)
    options = plainOptions(args, options)
    if (!isGiven(options, 'maxlen') && !isGiven(options, 'minid'))
      refuse(args, 'One of the options maxlen and minid is needed.')
    pushTrim(args, options)
    pushReferences(args, options)
    return this.run(new Command(XTRIM, args))
  }
}

/** Adds STREAMS, the keys, and their ids in the same order; no stream is an error. */
export function pushStreams(args: Arguments, streams: StreamIds): void {
  const pairs: Arguments = []
  pushFields(pairs, streams, 'stream')
  args.push('STREAMS', ...pairs.filter((_, i) => i % 2 === 0), ...pairs.filter((_, i) => i % 2 === 1))
}

/** Adds IDS, the number of ids, and the ids. */
export function pushIds(args: Arguments, ids: OneOrMore<StreamId>): void {
  args.push('IDS')
  pushCounted(args, Array.isArray(ids) ? ids : [ids as StreamId], 'id')
}

/** Adds the option for references; more than one is an error. */
export function pushReferences(args: Arguments, options: AnyTrim): void {
  exclusive(args, options, 'keepref', 'delref', 'acked')
  flag(args, 'KEEPREF', options.keepref)
  flag(args, 'DELREF', options.delref)
  flag(args, 'ACKED', options.acked)
}

function pushIdempotence(
  args: Arguments,
  { producer, id }: { readonly producer: Argument; readonly id: Argument },
): void {
  args.push('IDMP', producer, id)
}

function pushTrim(args: Arguments, options: AnyTrim): void {
  const { maxlen, minid, approximate, limit } = options
  decided(args, options, THRESHOLDS)
  exclusive(args, options, 'maxlen', 'minid')
  if (maxlen === undefined && minid === undefined && (approximate === true || limit !== undefined)) {
    refuse(args, 'The options approximate and limit need the option maxlen or minid.')
  }
  if (limit !== undefined && approximate !== true) refuse(args, 'The option limit needs the option approximate.')
  const how = approximate === true ? '~' : '='
  if (maxlen !== undefined) args.push('MAXLEN', how, maxlen)
  if (minid !== undefined) args.push('MINID', how, minid)
  option(args, 'LIMIT', limit)
}
