import type { Arguments, Key, OneOrMore } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { int, textsOrNulls } from './core/decoders.js'
import type { AtMostOne } from './core/exclusive-options.js'
import { type KeySpec, keyAfter, keyAt } from './core/key-specs.js'
import { decided, exclusive, flag, option, plainOptions, refuse } from './core/option-tokens.js'
import { ownProperties } from './core/own-properties.js'
import { read, write } from './core/spec.js'

export type SortOptions = AtMostOne<{
  /** In ascending order. This is the default. */
  readonly asc: boolean
  /** In descending order. */
  readonly desc: boolean
}> & {
  /** Sorts by the values of other keys: `*` in the pattern is replaced by the element. `nosort` keeps the order. */
  readonly by?: Key
  /** Returns only `count` elements from `offset` on. */
  readonly limit?: { readonly offset: number; readonly count: number }
  /** Returns the values of other keys instead of the element, one for each pattern; `#` is the element itself. */
  readonly get?: OneOrMore<Key>
  /** Compares as text. Without it, elements that are not numbers are an error. */
  readonly alpha?: boolean
}

export type SortStoreOptions = SortOptions & {
  /** Stores the result at this key as a list. */
  readonly store?: Key
}

/**
 * The positions of patterns, so that a prefix is added to them. All GETs are at the end, so every second argument is a
 * pattern.
 */
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
    if (gets.length === 0) refuse(args, 'At least one pattern is needed in the option get.')
    for (const pattern of gets) args.push('GET', pattern)
  }
  return args
}

export abstract class Sorting<C extends Context> extends Runner<C> {
  /**
   * Returns the sorted elements of a list, set or sorted set; with `get` other values instead, null for a missing one;
   * with `store` the length of the stored list. [SORT](https://redis.io/commands/sort)
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

  /**
   * Like `sort` without `store`, also on replicas. Returns the sorted elements. @since 7.0
   * [SORT_RO](https://redis.io/commands/sort_ro)
   */
  sortRo(key: Key, options?: SortOptions & { readonly get?: never }): Outcome<C, C['text'][]>
  sortRo(key: Key, options: SortOptions): Outcome<C, (C['text'] | null)[]>
  sortRo(key: Key, options: SortOptions = {}): Outcome<C, unknown> {
    return this.run(new Command(SORT_RO, sortArguments(key, options)))
  }
}
