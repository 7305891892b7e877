/** The decoders of streams: entries, replies of reads from several streams, and information about a stream. */
import type { Plain, ReplyTypes } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import {
  at,
  int,
  intOrNull,
  itemsOf,
  key as keyName,
  list,
  named,
  orNull,
  pairsOf,
  text,
  textRecord,
  tuple,
  word,
} from './core/decoders.js'
import { unexpectedReply } from './core/reply-errors.js'

/** An entry as one XADD added it. A field that was given twice has its last value. */
export interface StreamEntry<T = string> {
  readonly id: string
  readonly fields: Record<string, T>
}

/**
 * An entry that was delivered to a consumer before. Its fields are null if it has been deleted from the stream since.
 */
export interface DeliveredEntry<T = string> {
  readonly id: string
  readonly fields: Record<string, T> | null
}

/**
 * An entry of a read with `claim`. An entry that was pending before also has its idle time and its number of
 * deliveries.
 */
export interface ClaimedEntry<F extends ReplyTypes = Plain> extends StreamEntry<F['text']> {
  /** Milliseconds since its last delivery. */
  readonly idle?: F['int']
  /** The number of earlier deliveries. */
  readonly deliveries?: F['int']
}

/** The entries of one of several streams. */
export interface StreamEntries<T, E> {
  readonly key: T
  readonly entries: E[]
}

/** For an entry that was deleted after its delivery, the server knows only the id. */
const fieldsOrNull = orNull(textRecord)

export const entry: Decoder = tuple(2, (items, shape) => {
  const base = { id: word(at(items, 0)), fields: fieldsOrNull(at(items, 1), shape) }
  if (items.length < 4) return base
  return { ...base, idle: int(at(items, 2), shape), deliveries: int(at(items, 3), shape) }
})

export const entries: Decoder = list(entry)

/** Entries that were claimed. Servers before 7.0 reply with null for deleted entries: they are left out. */
export const claimedEntries: Decoder = (reply, shape) => {
  const items = itemsOf(reply)
  return items === undefined
    ? unexpectedReply(reply, 'a list')
    : items.filter(each => each !== null).map(each => entry(each, shape))
}

/** The entries of several streams: a map (RESP3) or pairs (RESP2). */
export const streams: Decoder = (reply, shape) => {
  const pairs = pairsOf(reply)
  if (pairs === undefined) return unexpectedReply(reply, 'streams with their entries')
  const found: StreamEntries<unknown, unknown>[] = []
  for (let i = 0; i < pairs.length; i += 2) {
    found.push({ key: keyName(pairs[i] ?? null, shape), entries: entries(pairs[i + 1] ?? null, shape) as unknown[] })
  }
  return found
}

/** The part of XINFO STREAM that the short and the full reply share. */
interface StreamFacts<F extends ReplyTypes> {
  readonly length: F['int']
  readonly radixTreeKeys: F['int']
  readonly radixTreeNodes: F['int']
  readonly lastGeneratedId: string
  /** @since 7.0 */
  readonly maxDeletedEntryId?: string
  /** The number of entries ever added. @since 7.0 */
  readonly entriesAdded?: F['int']
  /** @since 7.0 */
  readonly recordedFirstEntryId?: string
  /** For how many seconds idempotent ids are kept. @since 8.6 */
  readonly idmpDuration?: F['int']
  /** How many idempotent ids of one producer are kept. @since 8.6 */
  readonly idmpMaxsize?: F['int']
  /** @since 8.6 */
  readonly pidsTracked?: F['int']
  /** @since 8.6 */
  readonly iidsTracked?: F['int']
  /** @since 8.6 */
  readonly iidsAdded?: F['int']
  /** @since 8.6 */
  readonly iidsDuplicates?: F['int']
}

export interface StreamInfo<F extends ReplyTypes = Plain> extends StreamFacts<F> {
  /** The number of groups. */
  readonly groups: F['int']
  readonly firstEntry: StreamEntry<F['text']> | null
  readonly lastEntry: StreamEntry<F['text']> | null
}

export interface FullStreamInfo<F extends ReplyTypes = Plain> extends StreamFacts<F> {
  readonly entries: StreamEntry<F['text']>[]
  readonly groups: FullGroupInfo<F>[]
}

export interface FullGroupInfo<F extends ReplyTypes = Plain> {
  readonly name: F['text']
  readonly lastDeliveredId: string
  /** @since 7.0 */
  readonly entriesRead?: F['int'] | null
  /** The number of entries that are not delivered yet; null if the server cannot determine it. @since 7.0 */
  readonly lag?: F['int'] | null
  /** The number of entries that are delivered and not acknowledged. */
  readonly pelCount: F['int']
  readonly pending: FullPendingEntry<F>[]
  readonly consumers: FullConsumerInfo<F>[]
}

export interface FullConsumerInfo<F extends ReplyTypes = Plain> {
  readonly name: F['text']
  /** Its last attempt to read, Unix time in ms. */
  readonly seenTime: F['int']
  /** Its last successful read, Unix time in ms; -1 for never. @since 7.2 */
  readonly activeTime?: F['int']
  readonly pelCount: F['int']
  readonly pending: Omit<FullPendingEntry<F>, 'consumer'>[]
}

export interface FullPendingEntry<F extends ReplyTypes = Plain> {
  readonly id: string
  readonly consumer: F['text']
  /** Its last delivery, Unix time in ms. */
  readonly deliveryTime: F['int']
  readonly deliveries: F['int']
}

export interface GroupInfo<F extends ReplyTypes = Plain> {
  readonly name: F['text']
  /** The number of consumers. */
  readonly consumers: F['int']
  /** The number of entries that are delivered and not acknowledged. */
  readonly pending: F['int']
  readonly lastDeliveredId: string
  /** @since 7.0 */
  readonly entriesRead?: F['int'] | null
  /** The number of entries that are not delivered yet; null if the server cannot determine it. @since 7.0 */
  readonly lag?: F['int'] | null
}

export interface ConsumerInfo<F extends ReplyTypes = Plain> {
  readonly name: F['text']
  /** The number of entries that are delivered to it and not acknowledged. */
  readonly pending: F['int']
  /** Milliseconds since its last attempt to read. */
  readonly idle: F['int']
  /** Milliseconds since its last successful read; -1 for never. @since 7.2 */
  readonly inactive?: F['int']
}

const facts = {
  length: int,
  'radix-tree-keys': int,
  'radix-tree-nodes': int,
  'last-generated-id': word,
  'max-deleted-entry-id': word,
  'entries-added': int,
  'recorded-first-entry-id': word,
  'idmp-duration': int,
  'idmp-maxsize': int,
  'pids-tracked': int,
  'iids-tracked': int,
  'iids-added': int,
  'iids-duplicates': int,
}

export const streamInfo: Decoder = named({
  ...facts,
  groups: int,
  'first-entry': orNull(entry),
  'last-entry': orNull(entry),
})

const pendingOfGroup = list(
  tuple(4, (reply, shape) => ({
    id: word(at(reply, 0)),
    consumer: text(at(reply, 1), shape),
    deliveryTime: int(at(reply, 2), shape),
    deliveries: int(at(reply, 3), shape),
  })),
)

const pendingOfConsumer = list(
  tuple(3, (reply, shape) => ({
    id: word(at(reply, 0)),
    deliveryTime: int(at(reply, 1), shape),
    deliveries: int(at(reply, 2), shape),
  })),
)

const fullConsumer = named({
  name: text,
  'seen-time': int,
  'active-time': int,
  'pel-count': int,
  pending: pendingOfConsumer,
})

const fullGroup = named({
  name: text,
  'last-delivered-id': word,
  'entries-read': intOrNull,
  lag: intOrNull,
  'pel-count': int,
  pending: pendingOfGroup,
  consumers: list(fullConsumer),
})

export const fullStreamInfo: Decoder = named({ ...facts, entries, groups: list(fullGroup) })

export const groupInfos: Decoder = list(
  named({
    name: text,
    consumers: int,
    pending: int,
    'last-delivered-id': word,
    'entries-read': intOrNull,
    lag: intOrNull,
  }),
)

export const consumerInfos: Decoder = list(named({ name: text, pending: int, idle: int, inactive: int }))
