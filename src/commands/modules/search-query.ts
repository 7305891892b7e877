/** The options of FT.SEARCH, and the options that it shares with other queries. */
import type { Argument, Arguments, Key, OneOrMore } from '../core/argument.js'
import { flag, option, pushCounted, refuse } from '../core/option-tokens.js'
import { isBytes, isMap } from '../core/value-types.js'
import type { GeoUnit } from '../geo.js'
import type { Limit } from '../sorted-set-ranges.js'

/** The values of `$name` in a query; a vector may be a Float32Array. */
export type Parameters = Readonly<Record<string, Argument | Float32Array>> | ReadonlyMap<Key, Argument | Float32Array>

/** A field (in a JSON document: its path), optionally with a new name. */
export type NamedField = Key | { readonly field: Key; readonly as: Key }

export type SortOrder = 'ASC' | 'DESC'

export interface SearchOptions {
  /** No stemming. */
  readonly verbatim?: boolean
  /** Stop words count too. Deprecated by the server. */
  readonly nostopwords?: boolean
  /** Adds `score`. */
  readonly withscores?: boolean
  /** Adds `explanation`: how the score was computed. Only with `withscores`. */
  readonly explainscore?: boolean
  /** Adds `payload`. Deprecated by the server. */
  readonly withpayloads?: boolean
  /** Adds `sortkey`. */
  readonly withsortkeys?: boolean
  /** Numbers of a field within limits: `'(5'` is an exclusive limit, `'-inf'` and `'+inf'` mean no limit. Deprecated by the server. */
  readonly filter?: OneOrMore<{ readonly field: Key; readonly min: Argument; readonly max: Argument }>
  /** Positions of a field around a point. Deprecated by the server. */
  readonly geofilter?: OneOrMore<{
    readonly field: Key
    readonly longitude: number
    readonly latitude: number
    readonly radius: number
    readonly unit: GeoUnit
  }>
  /** Only documents with these keys. */
  readonly inkeys?: readonly Key[]
  /** Only words in these fields count. */
  readonly infields?: readonly Key[]
  /** The fields to return. Default: all; an empty list for none. */
  readonly return?: readonly NamedField[]
  /** Returns only the parts of fields that match; true for all fields. */
  readonly summarize?:
    | boolean
    | {
        readonly fields?: readonly Key[]
        /** The number of parts of a field. */
        readonly frags?: number
        /** The number of words in a part. */
        readonly len?: number
        /** The text between parts. */
        readonly separator?: string
      }
  /** Marks matching words; true for all fields. */
  readonly highlight?:
    | boolean
    | {
        readonly fields?: readonly Key[]
        /** The text before and after. Default `<b>` and `</b>`. */
        readonly tags?: readonly [open: string, close: string]
      }
  /** How many other words may be between the words of a phrase. */
  readonly slop?: number
  /** Milliseconds, instead of the server's own setting. */
  readonly timeout?: number
  /** Words must be in the order of the query. */
  readonly inorder?: boolean
  readonly language?: string
  readonly expander?: string
  readonly scorer?: string
  /** For custom scorers. Deprecated by the server. */
  readonly payload?: Key
  /** `withcount`: whether the total is exact, which takes time. Default: depends on the dialect. */
  readonly sortby?: Key | { readonly by: Key; readonly order?: SortOrder; readonly withcount?: boolean }
  /** Counted from 0. Default: the first ten. */
  readonly limit?: Limit
  readonly params?: Parameters
  readonly dialect?: number
}

/** Adds the options. No free text precedes INKEYS, because a prefix is put before its keys. */
export function pushSearchOptions(args: Arguments, options: SearchOptions & { readonly nocontent?: boolean }): void {
  pushNames(args, 'INKEYS', options.inkeys, 'key')
  flag(args, 'NOCONTENT', options.nocontent)
  flag(args, 'VERBATIM', options.verbatim)
  flag(args, 'NOSTOPWORDS', options.nostopwords)
  flag(args, 'WITHSCORES', options.withscores)
  flag(args, 'WITHPAYLOADS', options.withpayloads)
  flag(args, 'WITHSORTKEYS', options.withsortkeys)
  for (const { field, min, max } of listOf(options.filter)) args.push('FILTER', field, min, max)
  for (const { field, longitude, latitude, radius, unit } of listOf(options.geofilter)) {
    args.push('GEOFILTER', field, longitude, latitude, radius, unit)
  }
  pushNames(args, 'INFIELDS', options.infields, 'field')
  if (options.return !== undefined) pushNamedFields(args, 'RETURN', options.return)
  pushSummarize(args, options.summarize)
  pushHighlight(args, options.highlight)
  option(args, 'SLOP', options.slop)
  option(args, 'TIMEOUT', options.timeout)
  flag(args, 'INORDER', options.inorder)
  option(args, 'LANGUAGE', options.language)
  option(args, 'EXPANDER', options.expander)
  option(args, 'SCORER', options.scorer)
  flag(args, 'EXPLAINSCORE', options.explainscore)
  if (options.explainscore === true && options.withscores !== true) {
    refuse(args, 'The option explainscore needs the option withscores.')
  }
  option(args, 'PAYLOAD', options.payload)
  pushSortby(args, options.sortby)
  if (options.limit !== undefined) args.push('LIMIT', options.limit.offset, options.limit.count)
  pushParams(args, options.params)
  option(args, 'DIALECT', options.dialect)
}

/** Returns one item or several items as a list. */
export function listOf<T>(given: OneOrMore<T> | undefined): readonly T[] {
  if (given === undefined) return []
  return Array.isArray(given) ? (given as readonly T[]) : [given as T]
}

function pushNames(args: Arguments, token: string, names: readonly Key[] | undefined, what: string): void {
  if (names === undefined) return
  args.push(token)
  pushCounted(args, names, what)
}

/** Adds fields and their new names, after their number of words: `RETURN 3 field AS name`. */
export function pushNamedFields(args: Arguments, token: string, fields: readonly NamedField[]): void {
  const words: Arguments = []
  for (const field of fields) {
    if (typeof field === 'string' || isBytes(field)) words.push(field)
    else words.push(field.field, 'AS', field.as)
  }
  args.push(token, words.length, ...words)
}

function pushSummarize(args: Arguments, summarize: SearchOptions['summarize']): void {
  if (summarize === undefined || summarize === false) return
  args.push('SUMMARIZE')
  if (summarize === true) return
  pushNames(args, 'FIELDS', summarize.fields, 'field')
  option(args, 'FRAGS', summarize.frags)
  option(args, 'LEN', summarize.len)
  option(args, 'SEPARATOR', summarize.separator)
}

function pushHighlight(args: Arguments, highlight: SearchOptions['highlight']): void {
  if (highlight === undefined || highlight === false) return
  args.push('HIGHLIGHT')
  if (highlight === true) return
  pushNames(args, 'FIELDS', highlight.fields, 'field')
  if (highlight.tags !== undefined) args.push('TAGS', ...highlight.tags)
}

function pushSortby(args: Arguments, sortby: SearchOptions['sortby']): void {
  if (sortby === undefined) return
  if (typeof sortby === 'string' || isBytes(sortby)) {
    args.push('SORTBY', sortby)
    return
  }
  args.push('SORTBY', sortby.by)
  if (sortby.order !== undefined) args.push(sortby.order)
  pushWithcount(args, sortby.withcount)
}

/** Adds whether the total is exact, if it is given. */
export function pushWithcount(args: Arguments, withcount: boolean | undefined): void {
  if (withcount !== undefined) args.push(withcount ? 'WITHCOUNT' : 'WITHOUTCOUNT')
}

/** Adds parameters, after their number of words: `PARAMS 2 name value`. */
export function pushParams(args: Arguments, params: Parameters | undefined): void {
  if (params === undefined) return
  const pairs = isMap(params) ? [...params] : Object.entries(params)
  if (pairs.length === 0) refuse(args, 'At least one parameter is needed: the object or Map is empty.')
  args.push('PARAMS', pairs.length * 2)
  for (const [name, value] of pairs as [Key, Argument | Float32Array][]) args.push(name, vectorBlob(value))
}

/** Returns a vector as its bytes, any other value unchanged. */
export function vectorBlob(value: Argument | Float32Array): Argument {
  return value instanceof Float32Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value
}
