import type { Arguments, Key } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { int, textsOrNulls } from './core/decoders.js'
import type { AtMostOne } from './core/exclusive-options.js'
import { type KeySpec, keyAfter, keyAt } from './core/key-specs.js'
import { decided, exclusive, flag, type OneOrMore, option, plainOptions, refuse } from './core/option-tokens.js'
import { ownProperties } from './core/own-properties.js'
import { read, write } from './core/spec.js'

export type SortOptions = AtMostOne<{
  /** From the least on, the server's default. */
  readonly asc: boolean
  /** From the greatest on. */
  readonly desc: boolean
}> & {
  /** Sorts by the values of other keys, the `*` of the pattern being the element; `nosort` keeps the order. */
  readonly by?: Key
  /** Only `count` elements from `offset` on. */
  readonly limit?: { readonly offset: number; readonly count: number }
  /** Gives the values of other keys (or `#`, the element itself) in the element's place, one for each pattern. */
  readonly get?: OneOrMore<Key>
  /** Compares as text: elements that are no numbers are an error otherwise. */
  readonly alpha?: boolean
}

export type SortStoreOptions = SortOptions & {
  /** Writes the result to this key as a list. */
  readonly store?: Key
}

/** The patterns, so that a prefix reaches them: all GETs stand at the end, the names behind every second place. */
const patterns: readonly KeySpec[] = [
  keyAfter('BY', 'read'),
  { begin: { token: 'GET', from: 1 }, find: { last: -1, step: 2, limit: 0 }, access: 'read' },
]

const SORT = write('SORT', textsOrNulls, { keys: [keyAt(0, 'read'), keyAfter('STORE', 'write')], names: patterns })
const SORT_RO = read('SORT_RO', textsOrNulls, { names: patterns })

function sortArguments(key: Key, options: SortStoreOptions): Arguments {
  const args: Arguments = [key]
  options = plainOptions(args, options)
  decided(args, options, ['store'])
  exclusive(args, options, 'asc', 'desc')
  if (options.limit !== undefined) {
    const { offset, count } = plainOptions(args, options.limit)
    args.push('LIMIT', offset, count)
  }
  flag(args, 'ASC', options.asc)
  flag(args, 'DESC', options.desc)
  flag(args, 'ALPHA', options.alpha)
  option(args, 'STORE', options.store)
  option(args, 'BY', options.by)
  if (options.get !== undefined) {
    const gets: readonly Key[] = Array.isArray(options.get) ? options.get : [options.get as Key]
    if (gets.length === 0) refuse(args, 'At least one pattern is needed in get.')
    for (const pattern of gets) args.push('GET', pattern)
  }
  return args
}

export abstract class Sorting<C extends Context> extends Runner<C> {
  /**
   * The elements of a list, set or sorted set, sorted; with `get` other values in their place, null where there is
   * none; with `store` the length of the list that was stored. [SORT](https://redis.io/commands/sort)
   */
  sort(key: Key, options?: SortOptions & { readonly get?: never; readonly store?: never }): Outcome<C, C['text'][]>
  sort(key: Key, options: SortStoreOptions & { readonly store: Key }): Outcome<C, C['int']>
  sort(key: Key, options: SortOptions & { readonly store?: never }): Outcome<C, (C['text'] | null)[]>
  sort(key: Key, options: SortStoreOptions): Outcome<C, (C['text'] | null)[] | C['int']>
  sort(key: Key, options: SortStoreOptions = {}): Outcome<C, unknown> {
    return this.run(
      new Command(SORT, sortArguments(key, options), ownProperties(options).store === undefined ? textsOrNulls : int),
    )
  }

  /** As `sort` without `store`, also on replicas. @since 7.0 [SORT_RO](https://redis.io/commands/sort_ro) */
  sortRo(key: Key, options?: SortOptions & { readonly get?: never }): Outcome<C, C['text'][]>
  sortRo(key: Key, options: SortOptions): Outcome<C, (C['text'] | null)[]>
  sortRo(key: Key, options: SortOptions = {}): Outcome<C, unknown> {
    return this.run(new Command(SORT_RO, sortArguments(key, options)))
  }
}
