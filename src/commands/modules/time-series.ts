import type { RedisError } from '../../errors/errors.js'
import type { Argument, Arguments, Fields, Key, OneOrMore } from '../core/argument.js'
import { Command } from '../core/command.js'
import { type Context, Namespace, type Outcome } from '../core/context.js'
import type { Decoder } from '../core/decoder.js'
import { int, keys, list, ok } from '../core/decoders.js'
import type { AtMostOne } from '../core/exclusive-options.js'
import { keysFrom } from '../core/key-specs.js'
import { decided, exclusive, flag, option, plainOptions, pushAll, pushFields, refuse } from '../core/option-tokens.js'
import { read, type Spec, write } from '../core/spec.js'
import { isMap } from '../core/value-types.js'
import { rejectWrongCalls } from '../core/wrong-calls.js'
import {
  type GroupRange,
  groupRanges,
  type Sample,
  type SeriesDetails,
  type SeriesInfo,
  type SeriesRange,
  type SeriesSample,
  sample,
  samples,
  seriesInfo,
  seriesRanges,
  seriesSamples,
} from './time-series-replies.js'

/**
 * Milliseconds since the Unix epoch. `'*'` is the server's clock. In ranges `'-'` is the earliest and `'+'` the latest
 * sample.
 */
export type Timestamp = number | bigint | string

/** How a second sample with the same timestamp is handled. */
export type DuplicatePolicy = 'BLOCK' | 'FIRST' | 'LAST' | 'MIN' | 'MAX' | 'SUM'

/** How the values of a bucket, or of several series, are combined into one value. The last two: @since 8.6 */
export type Aggregator =
  | 'avg'
  | 'sum'
  | 'min'
  | 'max'
  | 'range'
  | 'count'
  | 'first'
  | 'last'
  | 'std.p'
  | 'std.s'
  | 'var.p'
  | 'var.s'
  | 'twa'
  | 'countNaN'
  | 'countAll'

export interface SeriesAlteration {
  /** How long samples are kept, in ms; 0 for ever. */
  readonly retention?: number
  /** Size of a chunk in bytes, a multiple of 8. */
  readonly chunkSize?: number
  readonly duplicatePolicy?: DuplicatePolicy
  /** Ignores a sample whose time (in ms) and value are both this close to the last sample. */
  readonly ignore?: { readonly maxTimeDiff: number; readonly maxValDiff: number }
  /** The new labels; they replace all existing labels. */
  readonly labels?: Fields
}

export interface SeriesOptions extends SeriesAlteration {
  readonly encoding?: 'COMPRESSED' | 'UNCOMPRESSED'
}

export interface SeriesAddOptions extends SeriesOptions {
  /** For this sample, instead of the policy of the series. */
  readonly onDuplicate?: DuplicatePolicy
}

export interface SeriesCountOptions extends SeriesOptions {
  /** Not before the last sample. Default: the server's clock. */
  readonly timestamp?: Timestamp
}

export interface NewSample {
  readonly key: Key
  readonly timestamp: Timestamp
  readonly value: Argument
}

export interface Aggregation {
  readonly aggregator: Aggregator
  /** The length of a bucket in ms. */
  readonly bucketDuration: number
  /** Where buckets begin: a timestamp, or the start or the end of the range. Default 0. */
  readonly align?: Timestamp
  /** Which time of a bucket is returned. Default: its start. */
  readonly bucketTimestamp?: 'start' | 'mid' | 'end'
  /** Returns empty buckets too. */
  readonly empty?: boolean
}

export interface SeriesRangeOptions {
  /** For a compaction: returns the last bucket too, which is not complete yet. */
  readonly latest?: boolean
  /** Only samples with these timestamps. */
  readonly filterByTs?: OneOrMore<Timestamp>
  /** Only values from `min` to `max`. */
  readonly filterByValue?: { readonly min: number; readonly max: number }
  /** Maximum number of samples of each series. */
  readonly count?: number
  readonly aggregation?: Aggregation
}

/** The labels that are returned with each series. Default: none. */
export type SeriesLabelOptions = AtMostOne<{
  readonly withlabels: boolean
  readonly selectedLabels: OneOrMore<Key>
}>

export type SeriesRangesOptions = SeriesRangeOptions & SeriesLabelOptions

/** Combines the series that have the same value of a label. */
export interface SeriesGrouping {
  readonly groupby: { readonly label: Key; readonly reduce: Aggregator }
}

const ADD = write('TS.ADD', int)
const ALTER = write('TS.ALTER', ok)
const CREATE = write('TS.CREATE', ok)
const CREATERULE = write('TS.CREATERULE', ok, { keys: [keysFrom(0, 'write', 1)] })
const DECRBY = write('TS.DECRBY', int)
const DEL = write('TS.DEL', int)
const DELETERULE = write('TS.DELETERULE', ok, { keys: [keysFrom(0, 'write', 1)] })
const GET = read('TS.GET', sample)
const INCRBY = write('TS.INCRBY', int)
const INFO = read('TS.INFO', seriesInfo)
const MADD = write('TS.MADD', list(int), { keys: [keysFrom(0, 'write', -1, 3)] })
const MGET = read('TS.MGET', seriesSamples, { keys: [] })
const MRANGE = read('TS.MRANGE', seriesRanges, { keys: [] })
const MREVRANGE = read('TS.MREVRANGE', seriesRanges, { keys: [] })
const QUERYINDEX = read('TS.QUERYINDEX', keys, { keys: [] })
const RANGE = read('TS.RANGE', samples)
const REVRANGE = read('TS.REVRANGE', samples)

/**
 * Commands for time series: samples that consist of a timestamp and a number. Filters are texts: `'label=value'`,
 * `'label!=value'`, `'label='` (label missing), `'label!='` (label present), `'label=(a,b)'`. At least one filter must
 * contain a value.
 *
 * It was a separate module before Redis 8. @since 8.0
 */
export class TimeSeries<C extends Context> extends Namespace<C> {
  /** Creates an empty series. Returns `'OK'`. [TS.CREATE](https://redis.io/commands/ts.create) */
  create(key: Key, options: SeriesOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    pushSeries(args, options)
    return this.run(new Command(CREATE, args))
  }

  /** Changes the settings of a series. Returns `'OK'`. [TS.ALTER](https://redis.io/commands/ts.alter) */
  alter(key: Key, options: SeriesAlteration): Outcome<C, 'OK'> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    pushSeries(args, options)
    return this.run(new Command(ALTER, args))
  }

  /**
   * Adds a sample; creates the series with these options if it does not exist. Returns the timestamp of the sample.
   * [TS.ADD](https://redis.io/commands/ts.add)
   */
  add(key: Key, timestamp: Timestamp, value: Argument, options: SeriesAddOptions = {}): Outcome<C, C['int']> {
    const args: Arguments = [key, timestamp, value]
    options = plainOptions(args, options)
    pushSeries(args, options, options.onDuplicate)
    return this.run(new Command(ADD, args))
  }

  /**
   * Adds samples. Returns for each its timestamp, or the error that prevented it. All keys must be in one slot.
   * [TS.MADD](https://redis.io/commands/ts.madd)
   */
  madd(newSamples: readonly NewSample[]): Outcome<C, (C['int'] | RedisError)[]> {
    const args: Arguments = []
    for (const { key, timestamp, value } of newSamples) args.push(key, timestamp, value)
    if (args.length === 0) refuse(args, 'At least one sample is needed.')
    return this.run(new Command(MADD, args))
  }

  /**
   * Adds a sample that is the last value plus `value`. Returns its timestamp.
   * [TS.INCRBY](https://redis.io/commands/ts.incrby)
   */
  incrby(key: Key, by: Argument, options: SeriesCountOptions = {}): Outcome<C, C['int']> {
    return this.run(counting(INCRBY, key, by, options))
  }

  /**
   * Adds a sample that is the last value minus `value`. Returns its timestamp.
   * [TS.DECRBY](https://redis.io/commands/ts.decrby)
   */
  decrby(key: Key, by: Argument, options: SeriesCountOptions = {}): Outcome<C, C['int']> {
    return this.run(counting(DECRBY, key, by, options))
  }

  /**
   * Deletes the samples from one time to another, both inclusive. Returns the number of deleted samples.
   * [TS.DEL](https://redis.io/commands/ts.del)
   */
  del(key: Key, from: Timestamp, to: Timestamp): Outcome<C, C['int']> {
    return this.run(new Command(DEL, [key, from, to]))
  }

  /**
   * Compacts samples that are added to one series from now on into another series. Returns `'OK'`.
   * [TS.CREATERULE](https://redis.io/commands/ts.createrule)
   */
  createrule(
    source: Key,
    destination: Key,
    aggregator: Aggregator,
    bucketDuration: number,
    alignTimestamp?: number,
  ): Outcome<C, 'OK'> {
    const args: Arguments = [source, destination, 'AGGREGATION', aggregator, bucketDuration]
    if (alignTimestamp !== undefined) args.push(alignTimestamp)
    return this.run(new Command(CREATERULE, args))
  }

  /** Deletes a rule of {@link createrule}. Returns `'OK'`. [TS.DELETERULE](https://redis.io/commands/ts.deleterule) */
  deleterule(source: Key, destination: Key): Outcome<C, 'OK'> {
    return this.run(new Command(DELETERULE, [source, destination]))
  }

  /** Returns the samples from one time to another, both inclusive. [TS.RANGE](https://redis.io/commands/ts.range) */
  range(key: Key, from: Timestamp, to: Timestamp, options: SeriesRangeOptions = {}): Outcome<C, Sample<C>[]> {
    const args: Arguments = [key, from, to]
    options = plainOptions(args, options)
    pushSelection(args, options)
    pushBuckets(args, options)
    return this.run(new Command(RANGE, args))
  }

  /**
   * Like {@link range}, the last sample first. Returns the samples.
   * [TS.REVRANGE](https://redis.io/commands/ts.revrange)
   */
  revrange(key: Key, from: Timestamp, to: Timestamp, options: SeriesRangeOptions = {}): Outcome<C, Sample<C>[]> {
    const args: Arguments = [key, from, to]
    options = plainOptions(args, options)
    pushSelection(args, options)
    pushBuckets(args, options)
    return this.run(new Command(REVRANGE, args))
  }

  /** Returns the samples of all series that match the filters. [TS.MRANGE](https://redis.io/commands/ts.mrange) */
  mrange(
    from: Timestamp,
    to: Timestamp,
    filter: OneOrMore<string>,
    options?: SeriesRangesOptions & { readonly groupby?: never },
  ): Outcome<C, SeriesRange<C>[]>
  mrange(
    from: Timestamp,
    to: Timestamp,
    filter: OneOrMore<string>,
    options: SeriesRangesOptions & SeriesGrouping,
  ): Outcome<C, GroupRange<C>[]>
  mrange(
    from: Timestamp,
    to: Timestamp,
    filter: OneOrMore<string>,
    options: SeriesRangesOptions & Partial<SeriesGrouping> = {},
  ): Outcome<C, SeriesRange<C>[] | GroupRange<C>[]> {
    return this.run(ranging(MRANGE, from, to, filter, options))
  }

  /**
   * Like {@link mrange}, the last sample first. Returns the samples.
   * [TS.MREVRANGE](https://redis.io/commands/ts.mrevrange)
   */
  mrevrange(
    from: Timestamp,
    to: Timestamp,
    filter: OneOrMore<string>,
    options?: SeriesRangesOptions & { readonly groupby?: never },
  ): Outcome<C, SeriesRange<C>[]>
  mrevrange(
    from: Timestamp,
    to: Timestamp,
    filter: OneOrMore<string>,
    options: SeriesRangesOptions & SeriesGrouping,
  ): Outcome<C, GroupRange<C>[]>
  mrevrange(
    from: Timestamp,
    to: Timestamp,
    filter: OneOrMore<string>,
    options: SeriesRangesOptions & Partial<SeriesGrouping> = {},
  ): Outcome<C, SeriesRange<C>[] | GroupRange<C>[]> {
    return this.run(ranging(MREVRANGE, from, to, filter, options))
  }

  /** Returns the last sample, or null if the series is empty. [TS.GET](https://redis.io/commands/ts.get) */
  get(key: Key, options: { readonly latest?: boolean } = {}): Outcome<C, Sample<C> | null> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    flag(args, 'LATEST', options.latest)
    return this.run(new Command(GET, args))
  }

  /** Returns the last sample of every series that matches the filters. [TS.MGET](https://redis.io/commands/ts.mget) */
  mget(
    filter: OneOrMore<string>,
    options: SeriesLabelOptions & { readonly latest?: boolean } = {},
  ): Outcome<C, SeriesSample<C>[]> {
    const args: Arguments = []
    options = plainOptions(args, options)
    flag(args, 'LATEST', options.latest)
    pushLabelOptions(args, options)
    args.push('FILTER')
    pushAll(args, filter, 'filter')
    return this.run(new Command(MGET, args))
  }

  /**
   * Returns information about a series; with `debug` about its chunks too. [TS.INFO](https://redis.io/commands/ts.info)
   */
  info(key: Key, options?: { readonly debug?: false }): Outcome<C, SeriesInfo<C>>
  info(key: Key, options: { readonly debug: true }): Outcome<C, SeriesDetails<C>>
  info(key: Key, options: { readonly debug?: boolean }): Outcome<C, SeriesInfo<C> | SeriesDetails<C>>
  info(key: Key, options: { readonly debug?: boolean } = {}): Outcome<C, SeriesInfo<C> | SeriesDetails<C>> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    flag(args, 'DEBUG', options.debug)
    return this.run(new Command(INFO, args))
  }

  /** Returns the keys of all series that match the filters. [TS.QUERYINDEX](https://redis.io/commands/ts.queryindex) */
  queryindex(filter: OneOrMore<string>): Outcome<C, C['text'][]> {
    const args: Arguments = []
    pushAll(args, filter, 'filter')
    return this.run(new Command(QUERYINDEX, args))
  }
}
rejectWrongCalls(TimeSeries)

function pushSeries(args: Arguments, options: SeriesOptions, onDuplicate?: DuplicatePolicy): void {
  const { ignore, labels } = options
  decided(args, options, ['retention'])
  option(args, 'RETENTION', options.retention)
  option(args, 'ENCODING', options.encoding)
  option(args, 'CHUNK_SIZE', options.chunkSize)
  option(args, 'DUPLICATE_POLICY', options.duplicatePolicy)
  option(args, 'ON_DUPLICATE', onDuplicate)
  if (ignore !== undefined) args.push('IGNORE', ignore.maxTimeDiff, ignore.maxValDiff)
  if (labels === undefined) return
  // The server takes every argument after LABELS as a label. An empty list of labels removes existing labels.
  args.push('LABELS')
  if (isEmpty(labels)) return
  pushFields(args, labels, 'label')
}

function isEmpty(fields: Fields): boolean {
  return isMap(fields) ? fields.size === 0 : Object.keys(fields).length === 0
}

function counting(spec: Spec, key: Key, by: Argument, options: SeriesCountOptions): Command {
  const args: Arguments = [key, by]
  options = plainOptions(args, options)
  option(args, 'TIMESTAMP', options.timestamp)
  pushSeries(args, options)
  return new Command(spec, args)
}

/** Adds the options that select samples before they are counted and aggregated. */
function pushSelection(args: Arguments, options: SeriesRangeOptions): void {
  const { filterByTs, filterByValue } = options
  flag(args, 'LATEST', options.latest)
  if (filterByTs !== undefined) {
    args.push('FILTER_BY_TS')
    pushAll(args, filterByTs, 'timestamp')
  }
  if (filterByValue !== undefined) args.push('FILTER_BY_VALUE', filterByValue.min, filterByValue.max)
}

function pushBuckets(args: Arguments, { aggregation, count }: SeriesRangeOptions): void {
  option(args, 'COUNT', count)
  if (aggregation === undefined) return
  option(args, 'ALIGN', aggregation.align)
  args.push('AGGREGATION', aggregation.aggregator, aggregation.bucketDuration)
  option(args, 'BUCKETTIMESTAMP', aggregation.bucketTimestamp)
  flag(args, 'EMPTY', aggregation.empty)
}

function pushLabelOptions(args: Arguments, options: SeriesLabelOptions): void {
  exclusive(args, options, 'withlabels', 'selectedLabels')
  flag(args, 'WITHLABELS', options.withlabels)
  if (options.selectedLabels === undefined) return
  args.push('SELECTED_LABELS')
  pushAll(args, options.selectedLabels, 'label')
}

function ranging(
  spec: Spec,
  from: Timestamp,
  to: Timestamp,
  filter: OneOrMore<string>,
  options: SeriesRangesOptions & Partial<SeriesGrouping>,
): Command {
  const args: Arguments = [from, to]
  options = plainOptions(args, options)
  const { groupby } = options
  pushSelection(args, options)
  pushBuckets(args, options)
  // SELECTED_LABELS ends at the next word that the server expects after it: FILTER is such a word, ALIGN is not.
  pushLabelOptions(args, options)
  args.push('FILTER')
  pushAll(args, filter, 'filter')
  if (groupby !== undefined) args.push('GROUPBY', groupby.label, 'REDUCE', groupby.reduce)
  const decode: Decoder = groupby === undefined ? seriesRanges : groupRanges
  return new Command(spec, args, decode)
}
