import type { Argument, Arguments, Fields, Key, Several } from '../core/argument.js'
import { Command } from '../core/command.js'
import { type Context, Namespace, type Outcome, type Plain, type ReplyTypes } from '../core/context.js'
import { bool, double, int, list, ok, pairsOf, text, texts, textsOrNulls } from '../core/decoders.js'
import { flag, plainOptions, pushFields, pushSeveral, together } from '../core/option-tokens.js'
import type { Reply } from '../core/reply.js'
import { unexpectedReply } from '../core/reply-errors.js'
import type { ReplyFormat } from '../core/reply-format.js'
import { read, write } from '../core/spec.js'
import { rejectWrongCalls } from '../core/wrong-calls.js'
import { statistics } from './module-decoders.js'

/** All of these options, or none. */
export type TopKReserveOptions =
  | {
      /** Counters per row. Default 8. */
      readonly width: number
      /** The number of rows. Default 7. */
      readonly depth: number
      /**
       * The probability, to the power of its count, that a counter decreases when another item needs it. Default 0.9.
       */
      readonly decay: number
    }
  | { readonly width?: never; readonly depth?: never; readonly decay?: never }

export interface TopKInfo<F extends ReplyTypes = Plain> {
  readonly k: F['int']
  readonly width: F['int']
  readonly depth: F['int']
  readonly decay: number
}

export interface CountedItem<F extends ReplyTypes = Plain> {
  readonly item: F['text']
  readonly count: F['int']
}

const info = statistics({ k: int, width: int, depth: int, decay: double })

function countedItems(reply: Reply, shape: ReplyFormat): unknown {
  const pairs = pairsOf(reply)
  if (pairs === undefined) return unexpectedReply(reply, 'items with counts')
  const items: object[] = []
  for (let i = 0; i < pairs.length; i += 2) {
    items.push({ item: text(pairs[i] ?? null, shape), count: int(pairs[i + 1] ?? null, shape) })
  }
  return items
}

const ADD = write('TOPK.ADD', textsOrNulls)
const COUNT = read('TOPK.COUNT', list(int))
const INCRBY = write('TOPK.INCRBY', textsOrNulls)
const INFO = read('TOPK.INFO', info)
const LIST = read('TOPK.LIST', texts)
const QUERY = read('TOPK.QUERY', list(bool))
const RESERVE = write('TOPK.RESERVE', ok)

/**
 * Commands for lists of the k most frequent items.
 *
 * It was a separate module before Redis 8. @since 8.0
 */
export class TopK<C extends Context> extends Namespace<C> {
  /**
   * Creates an empty list of at most `k` items. Returns `'OK'`. [TOPK.RESERVE](https://redis.io/commands/topk.reserve)
   */
  reserve(key: Key, k: number, options: TopKReserveOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [key, k]
    options = plainOptions(args, options)
    together(args, options, 'width', 'depth', 'decay')
    if (options.width !== undefined) args.push(options.width, options.depth, options.decay)
    return this.run(new Command(RESERVE, args))
  }

  /**
   * Counts items. Returns for each the item that it displaced from the list, or null.
   * [TOPK.ADD](https://redis.io/commands/topk.add)
   */
  add(key: Key, ...items: Several<Argument>): Outcome<C, (C['text'] | null)[]> {
    const args: Arguments = [key]
    pushSeveral(args, items, 'item')
    return this.run(new Command(ADD, args))
  }

  /**
   * Like {@link add}, with a count for each item: `{ item: 3 }`. Returns the displaced items.
   * [TOPK.INCRBY](https://redis.io/commands/topk.incrby)
   */
  incrby(key: Key, items: Fields): Outcome<C, (C['text'] | null)[]> {
    const args: Arguments = [key]
    pushFields(args, items, 'item')
    return this.run(new Command(INCRBY, args))
  }

  /** Returns for each item whether it is on the list. [TOPK.QUERY](https://redis.io/commands/topk.query) */
  query(key: Key, ...items: Several<Argument>): Outcome<C, boolean[]> {
    const args: Arguments = [key]
    pushSeveral(args, items, 'item')
    return this.run(new Command(QUERY, args))
  }

  /**
   * Returns approximately how often each item was counted. Deprecated by the server.
   * [TOPK.COUNT](https://redis.io/commands/topk.count)
   */
  count(key: Key, ...items: Several<Argument>): Outcome<C, C['int'][]> {
    const args: Arguments = [key]
    pushSeveral(args, items, 'item')
    return this.run(new Command(COUNT, args))
  }

  /** Returns the items, the most frequent first. [TOPK.LIST](https://redis.io/commands/topk.list) */
  list(key: Key, options?: { readonly withcount?: false }): Outcome<C, C['text'][]>
  list(key: Key, options: { readonly withcount: true }): Outcome<C, CountedItem<C>[]>
  list(key: Key, options: { readonly withcount?: boolean }): Outcome<C, C['text'][] | CountedItem<C>[]>
  list(key: Key, options: { readonly withcount?: boolean } = {}): Outcome<C, C['text'][] | CountedItem<C>[]> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    flag(args, 'WITHCOUNT', options.withcount)
    return this.run(new Command(LIST, args, options.withcount === true ? countedItems : texts))
  }

  /** Returns information about the list. [TOPK.INFO](https://redis.io/commands/topk.info) */
  info(key: Key): Outcome<C, TopKInfo<C>> {
    return this.run(new Command(INFO, [key]))
  }
}
rejectWrongCalls(TopK)
