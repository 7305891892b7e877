/** The replies of time series commands: samples, and series with their labels. */
import type { Plain, ReplyTypes } from '../core/context.js'
import type { Decoder } from '../core/decoder.js'
import {
  double,
  int,
  itemsOf,
  key,
  list,
  named,
  orNull,
  pairsOf,
  record,
  text,
  textOrNull,
  word,
} from '../core/decoders.js'
import { MapReply, type Reply } from '../core/reply.js'
import { unexpectedReply } from '../core/reply-errors.js'
import type { ReplyFormat } from '../core/reply-format.js'
import { statistics } from './module-decoders.js'

export interface Sample<F extends ReplyTypes = Plain> {
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: F['int']
  readonly value: number
}

/** Labels with their values; null for a requested label that does not exist. */
export type Labels<F extends ReplyTypes = Plain> = Record<string, F['text'] | null>

export interface SeriesSample<F extends ReplyTypes = Plain> {
  readonly key: F['text']
  /** Empty unless they were requested. */
  readonly labels: Labels<F>
  /** Null if the series is empty. */
  readonly sample: Sample<F> | null
}

export interface SeriesRange<F extends ReplyTypes = Plain> {
  readonly key: F['text']
  /** Empty unless they were requested. */
  readonly labels: Labels<F>
  readonly samples: Sample<F>[]
}

/** Several series that were reduced to one. */
export interface GroupRange<F extends ReplyTypes = Plain> {
  /** `label=value`, which all its series have in common. */
  readonly group: F['text']
  /** Empty unless they were requested. */
  readonly labels: Labels<F>
  /** The keys of its series. Under RESP2 only with `withlabels`. */
  readonly sources: F['text'][]
  readonly samples: Sample<F>[]
}

export interface SeriesRule<F extends ReplyTypes = Plain> {
  readonly key: F['text']
  /** Milliseconds. */
  readonly bucketDuration: F['int']
  readonly aggregator: string
  readonly alignment: F['int']
}

export interface SeriesInfo<F extends ReplyTypes = Plain> {
  readonly totalSamples: F['int']
  /** Bytes. */
  readonly memoryUsage: F['int']
  readonly firstTimestamp: F['int']
  readonly lastTimestamp: F['int']
  /** Milliseconds; 0 for ever. */
  readonly retentionTime: F['int']
  readonly chunkCount: F['int']
  /** Bytes. */
  readonly chunkSize: F['int']
  readonly chunkType: string
  readonly duplicatePolicy: string | null
  readonly labels: Record<string, F['text']>
  /** The key of its source, if it is a compaction. */
  readonly sourceKey: F['text'] | null
  /** Its compactions. */
  readonly rules: SeriesRule<F>[]
  readonly ignoreMaxTimeDiff?: F['int']
  readonly ignoreMaxValDiff?: number
}

export interface SeriesDetails<F extends ReplyTypes = Plain> extends SeriesInfo<F> {
  readonly keySelfName: F['text']
  readonly chunks: SeriesChunk<F>[]
}

export interface SeriesChunk<F extends ReplyTypes = Plain> {
  readonly startTimestamp: F['int']
  readonly endTimestamp: F['int']
  readonly samples: F['int']
  /** Bytes. */
  readonly size: F['int']
  readonly bytesPerSample: number
}

/** A sample; null for an empty list, which means that there is none. */
export function sample(reply: Reply, shape: ReplyFormat): unknown {
  const items = itemsOf(reply)
  if (reply === null || items?.length === 0) return null
  if (items === undefined || items.length < 2) return unexpectedReply(reply, 'a timestamp and a value')
  return { timestamp: int(items[0] ?? null, shape), value: double(items[1] ?? null) }
}

export const samples: Decoder = list(sample)

const labels = record(textOrNull)

/** Each series with its details: `[key, ...details]` in a list (RESP2), or a map of keys to details (RESP3). */
function series(each: (name: Reply, details: readonly Reply[], shape: ReplyFormat) => object): Decoder {
  return (reply, shape) => {
    if (reply instanceof MapReply) {
      const found: object[] = []
      for (let i = 0; i < reply.flat.length; i += 2) {
        found.push(each(reply.flat[i] ?? null, itemsOf(reply.flat[i + 1] ?? null) ?? [], shape))
      }
      return found
    }
    return (
      itemsOf(reply)?.map(one => each(itemsOf(one)?.[0] ?? null, itemsOf(one)?.slice(1) ?? [], shape)) ??
      unexpectedReply(reply, 'series')
    )
  }
}

/** `labels, sample`. */
export const seriesSamples: Decoder = series((name, details, shape) => ({
  key: key(name, shape),
  labels: labels(details[0] ?? [], shape),
  sample: sample(details[1] ?? [], shape),
}))

/** `labels, samples`; under RESP3 with the aggregators between them. */
export const seriesRanges: Decoder = series((name, details, shape) => ({
  key: key(name, shape),
  labels: labels(details[0] ?? [], shape),
  samples: samples(details[details.length - 1] ?? [], shape),
}))

const SOURCE = '__source__'

/**
 * Under RESP3 `labels, { reducers }, { sources }, samples`. Under RESP2 reducer and sources are labels, the sources as
 * one text with commas.
 */
export const groupRanges: Decoder = series((name, details, shape) => {
  // The series' own labels come first: one of them may have the same name.
  const sources = details.slice(1).find(each => each instanceof MapReply && word(each.flat[0] ?? null) === 'sources')
  const own: Reply[] = []
  let joined: Reply = null
  const pairs = pairsOf(details[0] ?? []) ?? []
  for (let i = 0; i < pairs.length; i += 2) {
    const label = pairs[i] ?? null
    const value = pairs[i + 1] ?? null
    if (word(label) === SOURCE) joined = value
    else if (word(label) !== '__reducer__') own.push(label, value)
  }
  const keys = sources instanceof MapReply ? itemsOf(sources.flat[1] ?? null) : splitKeys(joined)
  return {
    group: text(name, shape),
    labels: labels(new MapReply(own), shape),
    sources: (keys ?? []).map(each => key(each, shape)),
    samples: samples(details[details.length - 1] ?? [], shape),
  }
})

function splitKeys(joined: Reply): readonly Reply[] {
  if (typeof joined === 'string') return joined.split(',')
  // One byte is one character of latin1.
  return Buffer.isBuffer(joined)
    ? joined
        .toString('latin1')
        .split(',')
        .map(each => Buffer.from(each, 'latin1'))
    : []
}

/** Under RESP2 a list of `[key, duration, aggregator, alignment]`, under RESP3 a map of keys to the rest. */
const rules = series((name, [duration, aggregator, alignment], shape) => ({
  key: key(name, shape),
  bucketDuration: int(duration ?? null, shape),
  aggregator: word(aggregator ?? null),
  alignment: int(alignment ?? 0, shape),
}))

const chunks = list(named({ startTimestamp: int, endTimestamp: int, samples: int, size: int, bytesPerSample: double }))

export const seriesInfo: Decoder = statistics({
  totalSamples: int,
  memoryUsage: int,
  firstTimestamp: int,
  lastTimestamp: int,
  retentionTime: int,
  chunkCount: int,
  chunkSize: int,
  chunkType: word,
  duplicatePolicy: orNull(word),
  labels: (reply, shape) => labels(reply ?? [], shape),
  sourceKey: orNull(key),
  rules: (reply, shape) => rules(reply ?? [], shape),
  ignoreMaxTimeDiff: int,
  ignoreMaxValDiff: double,
  keySelfName: key,
  chunks,
})
