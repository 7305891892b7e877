import type { Argument, Arguments, Key, OneOrMore, Several } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, type Plain, type ReplyTypes, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import { at, count, int, list, ok, orNothing, orNull, text, tuple, word } from './core/decoders.js'
import { halfAfter } from './core/key-specs.js'
import { flag, isGiven, known, option, plainOptions, pushAll, pushSeveral } from './core/option-tokens.js'
import type { Reply } from './core/reply.js'
import { keyless, read, write } from './core/spec.js'
import {
  type ClaimedEntry,
  type ConsumerInfo,
  claimedEntries,
  consumerInfos,
  type DeliveredEntry,
  type GroupInfo,
  groupInfos,
  type StreamEntries,
  type StreamEntry,
  streams,
} from './stream-replies.js'
import { pushIds, pushReferences, pushStreams, type References, type StreamId, type StreamIds } from './streams.js'

export interface XreadgroupOptions {
  /** Maximum number of entries of each stream. */
  readonly count?: number
  /** If there is no entry, waits for one up to this number of milliseconds; 0 for ever. */
  readonly block?: number
  /** Entries count as acknowledged when they are delivered. */
  readonly noack?: boolean
}

const XREADGROUP_OPTIONS: ReadonlySet<string> = new Set(['count', 'block', 'claim', 'noack'])

export interface XclaimOptions {
  /** Sets the idle time of the entries, in milliseconds. Default 0. */
  readonly idle?: number
  /** Sets the time of the last delivery, Unix time in ms. */
  readonly time?: number
  /** Sets the number of deliveries. By default it increases by 1. */
  readonly retrycount?: number
  /** Also claims entries that are not pending. */
  readonly force?: boolean
  /** Sets the last delivered id of the group, if it is greater. */
  readonly lastid?: StreamId
}

export interface XautoclaimOptions {
  /** Maximum number of pending entries to examine. Default 100. */
  readonly count?: number
}

/** One step of `xautoclaim`. */
export interface Autoclaimed<T = string> {
  /** The start of the next step; `'0-0'` means the end. */
  readonly cursor: string
  readonly entries: StreamEntry<T>[]
  /** Ids of entries that were deleted from the stream and are therefore no longer pending. Empty before 7.0. */
  readonly deleted: string[]
}

/** One step of `xautoclaim` with `justid`. */
export interface AutoclaimedIds {
  readonly cursor: string
  readonly ids: string[]
  readonly deleted: string[]
}

/** A summary of the pending entries of a group. The ids are null if there are none. */
export interface PendingSummary<F extends ReplyTypes = Plain> {
  readonly count: F['int']
  readonly min: string | null
  readonly max: string | null
  readonly consumers: { readonly name: F['text']; readonly count: F['int'] }[]
}

/** An entry that is delivered and not acknowledged. */
export interface PendingEntry<F extends ReplyTypes = Plain> {
  readonly id: string
  /** Empty if the entry was released with XNACK. */
  readonly consumer: F['text']
  /** Milliseconds since its last delivery. */
  readonly idle: F['int']
  readonly deliveries: F['int']
}

export interface XpendingOptions {
  /** Only entries that have been idle for this number of milliseconds. @since 6.2 */
  readonly idle?: number
  /** Only entries of this consumer. */
  readonly consumer?: Argument
}

export interface XgroupCreateOptions {
  /** Creates the stream if it does not exist. */
  readonly mkstream?: boolean
  /** The number of entries that count as read, for `lag`. @since 7.0 */
  readonly entriesread?: number
}

export interface XnackOptions {
  /** Sets the number of deliveries. */
  readonly retrycount?: number
  /** Also makes entries pending that are not. */
  readonly force?: boolean
}

/** How a released entry counts: as not delivered, as failed, or as one that no consumer can process. */
export type NackMode = 'silent' | 'fail' | 'fatal'

const ids = list(word)

const claimed = (name: string, items: Decoder): Decoder =>
  tuple(2, (reply, shape) => ({
    cursor: word(at(reply, 0)),
    [name]: items(at(reply, 1), shape),
    deleted: ids(reply[2] ?? [], shape),
  }))
const autoclaimedEntries = claimed('entries', claimedEntries)
const autoclaimedIds = claimed('ids', ids)

/** The server sends these counts as text. */
const countOfConsumer: Decoder = (reply, shape) => int(count(reply) as Reply, shape)

const consumersWithCounts = list(
  tuple(2, (items, shape) => ({ name: text(at(items, 0), shape), count: countOfConsumer(at(items, 1), shape) })),
)
const wordOrNull = orNull(word)

const pendingSummary: Decoder = tuple(4, (reply, shape) => ({
  count: int(at(reply, 0), shape),
  min: wordOrNull(at(reply, 1), shape),
  max: wordOrNull(at(reply, 2), shape),
  consumers: at(reply, 3) === null ? [] : consumersWithCounts(at(reply, 3), shape),
}))

const pendingEntries = list(
  tuple(4, (reply, shape) => ({
    id: word(at(reply, 0)),
    consumer: text(at(reply, 1), shape),
    idle: int(at(reply, 2), shape),
    deliveries: int(at(reply, 3), shape),
  })),
)

const XACK = write('XACK', int)
const XACKDEL = write('XACKDEL', list(int))
const XAUTOCLAIM = write('XAUTOCLAIM', autoclaimedEntries)
const XCLAIM = write('XCLAIM', claimedEntries)
const XGROUP_CREATE = write('XGROUP CREATE', ok)
const XGROUP_CREATECONSUMER = write('XGROUP CREATECONSUMER', int)
const XGROUP_DELCONSUMER = write('XGROUP DELCONSUMER', int)
const XGROUP_DESTROY = write('XGROUP DESTROY', int)
const XGROUP_HELP = keyless('XGROUP HELP', list(word))
const XGROUP_SETID = write('XGROUP SETID', ok)
const XINFO_CONSUMERS = read('XINFO CONSUMERS', consumerInfos)
const XINFO_GROUPS = read('XINFO GROUPS', groupInfos)
const XNACK = write('XNACK', int)
const XPENDING = read('XPENDING', pendingSummary)
const XREADGROUP = write('XREADGROUP', orNothing(streams), {
  // The search begins after GROUP and the two names, because a group or a consumer may be named STREAMS.
  keys: [halfAfter('STREAMS', 'read', 3)],
  blocks: 'after BLOCK, ms',
})

/**
 * Commands for consumer groups: each entry of a stream is delivered to one consumer, and is pending until acknowledged.
 */
export abstract class StreamGroups<C extends Context> extends Runner<C> {
  /** Acknowledges entries. Returns how many were pending. @since 5.0 [XACK](https://redis.io/commands/xack) */
  xack(key: Key, group: Argument, ...ids: Several<StreamId>): Outcome<C, C['int']> {
    const args: Arguments = [key, group]
    pushSeveral(args, ids, 'id')
    return this.run(new Command(XACK, args))
  }

  /**
   * Acknowledges entries and deletes them from the stream. Returns for each id 1 if it was deleted, -1 if it does not
   * exist, 2 if it was acknowledged and another group still refers to it. @since 8.2
   * [XACKDEL](https://redis.io/commands/xackdel)
   */
  xackdel(key: Key, group: Argument, ids: OneOrMore<StreamId>, options: References = {}): Outcome<C, C['int'][]> {
    const args: Arguments = [key, group]
    options = plainOptions(args, options)
    pushReferences(args, options)
    pushIds(args, ids)
    return this.run(new Command(XACKDEL, args))
  }

  /**
   * Assigns entries pending for `minIdle` ms to `consumer`, from the id `start` on. Returns one step; with `justid` only
   * ids, and deliveries are not counted. @since 6.2 [XAUTOCLAIM](https://redis.io/commands/xautoclaim)
   */
  xautoclaim(
    key: Key,
    group: Argument,
    consumer: Argument,
    minIdle: number,
    start: StreamId,
    options?: XautoclaimOptions & { readonly justid?: false },
  ): Outcome<C, Autoclaimed<C['text']>>
  xautoclaim(
    key: Key,
    group: Argument,
    consumer: Argument,
    minIdle: number,
    start: StreamId,
    options: XautoclaimOptions & { readonly justid: true },
  ): Outcome<C, AutoclaimedIds>
  xautoclaim(
    key: Key,
    group: Argument,
    consumer: Argument,
    minIdle: number,
    start: StreamId,
    options: XautoclaimOptions & { readonly justid?: boolean },
  ): Outcome<C, Autoclaimed<C['text']> | AutoclaimedIds>
  xautoclaim(
    key: Key,
    group: Argument,
    consumer: Argument,
    minIdle: number,
    start: StreamId,
    options: XautoclaimOptions & { readonly justid?: boolean } = {},
  ): Outcome<C, unknown> {
    const args: Arguments = [key, group, consumer, minIdle, start]
    options = plainOptions(args, options)
    option(args, 'COUNT', options.count)
    flag(args, 'JUSTID', options.justid)
    return this.run(new Command(XAUTOCLAIM, args, options.justid === true ? autoclaimedIds : autoclaimedEntries))
  }

  /**
   * Assigns these entries to `consumer`, if they have been pending for `minIdle` ms. Returns the claimed entries; with
   * `justid` only their ids, and deliveries are not counted. @since 5.0 [XCLAIM](https://redis.io/commands/xclaim)
   */
  xclaim(
    key: Key,
    group: Argument,
    consumer: Argument,
    minIdle: number,
    ids: OneOrMore<StreamId>,
    options?: XclaimOptions & { readonly justid?: false },
  ): Outcome<C, StreamEntry<C['text']>[]>
  xclaim(
    key: Key,
    group: Argument,
    consumer: Argument,
    minIdle: number,
    ids: OneOrMore<StreamId>,
    options: XclaimOptions & { readonly justid: true },
  ): Outcome<C, string[]>
  xclaim(
    key: Key,
    group: Argument,
    consumer: Argument,
    minIdle: number,
    ids: OneOrMore<StreamId>,
    options: XclaimOptions & { readonly justid?: boolean },
  ): Outcome<C, StreamEntry<C['text']>[] | string[]>
  xclaim(
    key: Key,
    group: Argument,
    consumer: Argument,
    minIdle: number,
    claimed: OneOrMore<StreamId>,
    options: XclaimOptions & { readonly justid?: boolean } = {},
  ): Outcome<C, unknown> {
    const args: Arguments = [key, group, consumer, minIdle]
    options = plainOptions(args, options)
    pushAll(args, claimed, 'id')
    option(args, 'IDLE', options.idle)
    option(args, 'TIME', options.time)
    option(args, 'RETRYCOUNT', options.retrycount)
    flag(args, 'FORCE', options.force)
    flag(args, 'JUSTID', options.justid)
    option(args, 'LASTID', options.lastid)
    return this.run(new Command(XCLAIM, args, options.justid === true ? ids : claimedEntries))
  }

  /**
   * Creates a group that reads the entries after `id`: `'0'` for all, `'$'` for entries added from now on. Returns
   * `'OK'`. @since 5.0 [XGROUP CREATE](https://redis.io/commands/xgroup-create)
   */
  xgroupCreate(key: Key, group: Argument, id: StreamId, options: XgroupCreateOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [key, group, id]
    options = plainOptions(args, options)
    flag(args, 'MKSTREAM', options.mkstream)
    option(args, 'ENTRIESREAD', options.entriesread)
    return this.run(new Command(XGROUP_CREATE, args))
  }

  /**
   * Creates a consumer. Returns 1, or 0 if it exists. @since 6.2
   * [XGROUP CREATECONSUMER](https://redis.io/commands/xgroup-createconsumer)
   */
  xgroupCreateconsumer(key: Key, group: Argument, consumer: Argument): Outcome<C, C['int']> {
    return this.run(new Command(XGROUP_CREATECONSUMER, [key, group, consumer]))
  }

  /**
   * Deletes a consumer. Returns the number of its pending entries; they can no longer be claimed. @since 5.0
   * [XGROUP DELCONSUMER](https://redis.io/commands/xgroup-delconsumer)
   */
  xgroupDelconsumer(key: Key, group: Argument, consumer: Argument): Outcome<C, C['int']> {
    return this.run(new Command(XGROUP_DELCONSUMER, [key, group, consumer]))
  }

  /**
   * Deletes a group with its consumers and pending entries. Returns 1, or 0 if it does not exist. @since 5.0
   * [XGROUP DESTROY](https://redis.io/commands/xgroup-destroy)
   */
  xgroupDestroy(key: Key, group: Argument): Outcome<C, C['int']> {
    return this.run(new Command(XGROUP_DESTROY, [key, group]))
  }

  /** Returns the server's own help on XGROUP. @since 5.0 [XGROUP HELP](https://redis.io/commands/xgroup-help) */
  xgroupHelp(): Outcome<C, string[]> {
    return this.run(new Command(XGROUP_HELP, []))
  }

  /**
   * Sets the id after which a group reads; `entriesread` (since 7.0) is the number of entries that count as read.
   * Returns `'OK'`. @since 5.0 [XGROUP SETID](https://redis.io/commands/xgroup-setid)
   */
  xgroupSetid(
    key: Key,
    group: Argument,
    id: StreamId,
    options: { readonly entriesread?: number } = {},
  ): Outcome<C, 'OK'> {
    const args: Arguments = [key, group, id]
    options = plainOptions(args, options)
    option(args, 'ENTRIESREAD', options.entriesread)
    return this.run(new Command(XGROUP_SETID, args))
  }

  /** Returns the consumers of a group. @since 5.0 [XINFO CONSUMERS](https://redis.io/commands/xinfo-consumers) */
  xinfoConsumers(key: Key, group: Argument): Outcome<C, ConsumerInfo<C>[]> {
    return this.run(new Command(XINFO_CONSUMERS, [key, group]))
  }

  /** Returns the groups of a stream. @since 5.0 [XINFO GROUPS](https://redis.io/commands/xinfo-groups) */
  xinfoGroups(key: Key): Outcome<C, GroupInfo<C>[]> {
    return this.run(new Command(XINFO_GROUPS, [key]))
  }

  /**
   * Releases pending entries, so that another consumer can claim them at once. Returns the number of released entries.
   * @since 8.8 [XNACK](https://redis.io/commands/xnack)
   */
  xnack(
    key: Key,
    group: Argument,
    mode: NackMode,
    ids: OneOrMore<StreamId>,
    options: XnackOptions = {},
  ): Outcome<C, C['int']> {
    const args: Arguments = [key, group, mode]
    options = plainOptions(args, options)
    pushIds(args, ids)
    option(args, 'RETRYCOUNT', options.retrycount)
    flag(args, 'FORCE', options.force)
    return this.run(new Command(XNACK, args))
  }

  /**
   * Returns a summary of the pending entries of a group: their number, ids and consumers. With a range of ids it
   * returns at most `count` single entries. @since 5.0 [XPENDING](https://redis.io/commands/xpending)
   */
  xpending(key: Key, group: Argument): Outcome<C, PendingSummary<C>>
  xpending(
    key: Key,
    group: Argument,
    start: StreamId,
    end: StreamId,
    count: number,
    options?: XpendingOptions,
  ): Outcome<C, PendingEntry<C>[]>
  xpending(
    key: Key,
    group: Argument,
    start?: StreamId,
    end?: StreamId,
    count?: number,
    options: XpendingOptions = {},
  ): Outcome<C, unknown> {
    const args: Arguments = [key, group]
    options = plainOptions(args, options)
    if (start === undefined) return this.run(new Command(XPENDING, args))
    option(args, 'IDLE', options.idle)
    // Missing arguments of the range are rejected by `measure`.
    args.push(start, end as StreamId, count as number)
    if (isGiven(options, 'consumer')) args.push(options.consumer as Argument)
    return this.run(new Command(XPENDING, args, pendingEntries))
  }

  /**
   * Returns entries for a consumer: `{ orders: '>' }` reads new entries, any other id reads the consumer's pending
   * entries after it. Returns null if there are none, after `block` milliseconds if given. With `claim` (since 8.4) it
   * also claims entries that have been pending for so many milliseconds. @since 5.0
   * [XREADGROUP](https://redis.io/commands/xreadgroup)
   */
  xreadgroup(
    group: Argument,
    consumer: Argument,
    streams: StreamIds<'>'>,
    options?: XreadgroupOptions & { readonly claim?: never },
  ): Outcome<C, StreamEntries<C['text'], StreamEntry<C['text']>>[] | null>
  xreadgroup(
    group: Argument,
    consumer: Argument,
    streams: StreamIds<'>'>,
    options: XreadgroupOptions & { readonly claim: number },
  ): Outcome<C, StreamEntries<C['text'], ClaimedEntry<C>>[] | null>
  xreadgroup(
    group: Argument,
    consumer: Argument,
    streams: StreamIds,
    options?: XreadgroupOptions & { readonly claim?: never },
  ): Outcome<C, StreamEntries<C['text'], DeliveredEntry<C['text']>>[] | null>
  xreadgroup(
    group: Argument,
    consumer: Argument,
    streams: StreamIds,
    options: XreadgroupOptions & { readonly claim?: number } = {},
  ): Outcome<C, unknown> {
    const args: Arguments = ['GROUP', group, consumer]
    known(args, options, XREADGROUP_OPTIONS)
    options = plainOptions(args, options)
    option(args, 'COUNT', options.count)
    option(args, 'BLOCK', options.block)
    option(args, 'CLAIM', options.claim)
    flag(args, 'NOACK', options.noack)
    pushStreams(args, streams)
    return this.run(new Command(XREADGROUP, args))
  }
}
