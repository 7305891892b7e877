import type { Argument, Arguments, Key } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, type Plain, type ReplyTypes, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import { at, count, int, list, ok, orNothing, orNull, text, tuple, word } from './core/decoders.js'
import { halfAfter } from './core/key-specs.js'
import {
  flag,
  isGiven,
  known,
  type OneOrMore,
  option,
  plainOptions,
  pushAll,
  pushSeveral,
  type Several,
} from './core/option-tokens.js'
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
  /** At most so many entries of each stream. */
  readonly count?: number
  /** Waits so many milliseconds for an entry, 0 for ever, if there is none. */
  readonly block?: number
  /** What is read counts as acknowledged at once. */
  readonly noack?: boolean
}

const XREADGROUP_OPTIONS: ReadonlySet<string> = new Set(['count', 'block', 'claim', 'noack'])

export interface XclaimOptions {
  /** Sets for how many milliseconds the entries count as idle; 0 unless given. */
  readonly idle?: number
  /** Sets when the entries were delivered last, Unix time in ms. */
  readonly time?: number
  /** Sets how often they were delivered; else it grows by 1. */
  readonly retrycount?: number
  /** Makes entries pending that were not. */
  readonly force?: boolean
  /** Sets the last id that the group was given, if it is greater. */
  readonly lastid?: StreamId
}

export interface XautoclaimOptions {
  /** Looks at so many pending entries at most; 100 unless given. */
  readonly count?: number
}

/** One step of `xautoclaim`. */
export interface Autoclaimed<T = string> {
  /** Where the next step begins; `'0-0'` is the end. */
  readonly cursor: string
  readonly entries: StreamEntry<T>[]
  /** Entries that were deleted from the stream: they are no longer pending. Empty before 7.0. */
  readonly deleted: string[]
}

/** One step of `xautoclaim` with `justid`. */
export interface AutoclaimedIds {
  readonly cursor: string
  readonly ids: string[]
  readonly deleted: string[]
}

/** What is pending in a group. The ids are null if nothing is. */
export interface PendingSummary<F extends ReplyTypes = Plain> {
  readonly count: F['int']
  readonly min: string | null
  readonly max: string | null
  readonly consumers: { readonly name: F['text']; readonly count: F['int'] }[]
}

/** An entry that was delivered and not acknowledged. */
export interface PendingEntry<F extends ReplyTypes = Plain> {
  readonly id: string
  /** Empty if it was given back (XNACK). */
  readonly consumer: F['text']
  /** Milliseconds since it was delivered last. */
  readonly idle: F['int']
  readonly deliveries: F['int']
}

export interface XpendingOptions {
  /** Only what is idle for so many milliseconds. @since 6.2 */
  readonly idle?: number
  /** Only what this consumer has. */
  readonly consumer?: Argument
}

export interface XgroupCreateOptions {
  /** Makes the stream if there is none. */
  readonly mkstream?: boolean
  /** How many entries count as read, for `lag`. @since 7.0 */
  readonly entriesread?: number
}

export interface XnackOptions {
  /** Sets how often the entries count as delivered. */
  readonly retrycount?: number
  /** Makes entries pending that were not. */
  readonly force?: boolean
}

/** How an entry that is given back counts: as never delivered this time, as failed, or as one that nobody can handle. */
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
  // Behind GROUP, its name and the consumer's: they may be named STREAMS.
  keys: [halfAfter('STREAMS', 'read', 3)],
  blocks: 'after BLOCK, ms',
})

/** Groups of consumers: each entry of a stream goes to one of them, and is pending until it is acknowledged. */
export abstract class StreamGroups<C extends Context> extends Runner<C> {
  /** Acknowledges entries and tells how many were pending. @since 5.0 [XACK](https://redis.io/commands/xack) */
  xack(key: Key, group: Argument, ...ids: Several<StreamId>): Outcome<C, C['int']> {
    const args: Arguments = [key, group]
    pushSeveral(args, ids, 'id')
    return this.run(new Command(XACK, args))
  }

  /**
   * Acknowledges entries and deletes them from the stream. For each id 1 if it was deleted, -1 if there is none, 2 if it was
   * acknowledged and some group still refers to it. @since 8.2 [XACKDEL](https://redis.io/commands/xackdel)
   */
  xackdel(key: Key, group: Argument, ids: OneOrMore<StreamId>, options: References = {}): Outcome<C, C['int'][]> {
    const args: Arguments = [key, group]
    options = plainOptions(args, options)
    pushReferences(args, options)
    pushIds(args, ids)
    return this.run(new Command(XACKDEL, args))
  }

  /**
   * Gives a consumer what has been pending for `minIdle` milliseconds, from the id `start` on, whoever had it; with `justid`
   * only ids, and deliveries are not counted. @since 6.2 [XAUTOCLAIM](https://redis.io/commands/xautoclaim)
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
   * Gives a consumer these entries if they have been pending for `minIdle` milliseconds, whoever had them, and gives those it
   * got; with `justid` only their ids, and deliveries are not counted. @since 5.0 [XCLAIM](https://redis.io/commands/xclaim)
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
   * Makes a group that will be given the entries behind `id`: `'0'` for all, `'$'` for those that come from now on.
   * @since 5.0 [XGROUP CREATE](https://redis.io/commands/xgroup-create)
   */
  xgroupCreate(key: Key, group: Argument, id: StreamId, options: XgroupCreateOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [key, group, id]
    options = plainOptions(args, options)
    flag(args, 'MKSTREAM', options.mkstream)
    option(args, 'ENTRIESREAD', options.entriesread)
    return this.run(new Command(XGROUP_CREATE, args))
  }

  /**
   * Makes a consumer. 1, or 0 if there is one. @since 6.2
   * [XGROUP CREATECONSUMER](https://redis.io/commands/xgroup-createconsumer)
   */
  xgroupCreateconsumer(key: Key, group: Argument, consumer: Argument): Outcome<C, C['int']> {
    return this.run(new Command(XGROUP_CREATECONSUMER, [key, group, consumer]))
  }

  /**
   * Deletes a consumer and tells how many entries it had pending: nobody can claim them any more. @since 5.0
   * [XGROUP DELCONSUMER](https://redis.io/commands/xgroup-delconsumer)
   */
  xgroupDelconsumer(key: Key, group: Argument, consumer: Argument): Outcome<C, C['int']> {
    return this.run(new Command(XGROUP_DELCONSUMER, [key, group, consumer]))
  }

  /**
   * Deletes a group, its consumers and what is pending. 1, or 0 if there is none. @since 5.0
   * [XGROUP DESTROY](https://redis.io/commands/xgroup-destroy)
   */
  xgroupDestroy(key: Key, group: Argument): Outcome<C, C['int']> {
    return this.run(new Command(XGROUP_DESTROY, [key, group]))
  }

  /** The server's own help on XGROUP. @since 5.0 [XGROUP HELP](https://redis.io/commands/xgroup-help) */
  xgroupHelp(): Outcome<C, string[]> {
    return this.run(new Command(XGROUP_HELP, []))
  }

  /**
   * Sets behind which id a group goes on; `entriesread` (since 7.0) says how many entries count as read. @since 5.0
   * [XGROUP SETID](https://redis.io/commands/xgroup-setid)
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

  /** The consumers of a group. @since 5.0 [XINFO CONSUMERS](https://redis.io/commands/xinfo-consumers) */
  xinfoConsumers(key: Key, group: Argument): Outcome<C, ConsumerInfo<C>[]> {
    return this.run(new Command(XINFO_CONSUMERS, [key, group]))
  }

  /** The groups of a stream. @since 5.0 [XINFO GROUPS](https://redis.io/commands/xinfo-groups) */
  xinfoGroups(key: Key): Outcome<C, GroupInfo<C>[]> {
    return this.run(new Command(XINFO_GROUPS, [key]))
  }

  /**
   * Gives pending entries back to their group, for another consumer to claim at once, and tells how many. @since 8.8
   * [XNACK](https://redis.io/commands/xnack)
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
   * What is pending in a group: how much, between which ids, and at which consumers; or, from one id to another, at most
   * `count` entries one by one. @since 5.0 [XPENDING](https://redis.io/commands/xpending)
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
    // What is missing among these is refused when the arguments are checked.
    args.push(start, end as StreamId, count as number)
    if (isGiven(options, 'consumer')) args.push(options.consumer as Argument)
    return this.run(new Command(XPENDING, args, pendingEntries))
  }

  /**
   * Gives a consumer entries that its group was not given before, `{ orders: '>' }`; or, behind any other id, again those
   * that it has pending. Null if there are none, after `block` milliseconds if given. With `claim` (since 8.4) also what has
   * been pending for so many milliseconds, whoever had it. @since 5.0 [XREADGROUP](https://redis.io/commands/xreadgroup)
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
