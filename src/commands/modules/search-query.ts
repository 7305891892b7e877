/** What FT.SEARCH can be told beside its query, and the parts that other queries share with it. */
import type { Argument, Arguments, Key } from '../core/argument.js'
import { flag, type OneOrMore, option, pushCounted, refuse } from '../core/option-tokens.js'
import { isBytes, isMap } from '../core/value-types.js'
import type { GeoUnit } from '../geo.js'
import type { Limit } from '../sorted-set-ranges.js'

/** What `$name` in a query stands for; a vector as the Float32Array that it is. */
export type Parameters = Readonly<Record<string, Argument | Float32Array>> | ReadonlyMap<Key, Argument | Float32Array>

/** A field (of a document in JSON: its path), and the name it is to have. */
export type NamedField = Key | { readonly field: Key; readonly as: Key }

export type SortOrder = 'ASC' | 'DESC'

export interface SearchOptions {
  /** No stemming. */
  readonly verbatim?: boolean
  /** Stop words count too. Deprecated by the server. */
  readonly nostopwords?: boolean
  /** `score`. */
  readonly withscores?: boolean
  /** `explanation`: how the score came to be. With `withscores` only. */
  readonly explainscore?: boolean
  /** `payload`. Deprecated by the server. */
  readonly withpayloads?: boolean
  /** `sortkey`. */
  readonly withsortkeys?: boolean
  /** Numbers of a field within bounds: `'(5'` is without 5, `'-inf'` and `'+inf'` without end. Deprecated by the server. */
  readonly filter?: OneOrMore<{ readonly field: Key; readonly min: Argument; readonly max: Argument }>
  /** Places of a field around one. Deprecated by the server. */
  readonly geofilter?: OneOrMore<{
    readonly field: Key
    readonly longitude: number
    readonly latitude: number
    readonly radius: number
    readonly unit: GeoUnit
  }>
  /** Only documents with these keys. */
  readonly inkeys?: readonly Key[]
  /** Words count in these fields only. */
  readonly infields?: readonly Key[]
  /** The fields that come, all unless given; none for an empty list. */
  readonly return?: readonly NamedField[]
  /** Only the parts of fields with what was found; true for all fields. */
  readonly summarize?:
    | boolean
    | {
        readonly fields?: readonly Key[]
        /** How many parts of a field. */
        readonly frags?: number
        /** How many words a part has. */
        readonly len?: number
        /** What stands between parts. */
        readonly separator?: string
      }
  /** Marks what was found; true for all fields. */
  readonly highlight?:
    | boolean
    | {
        readonly fields?: readonly Key[]
        /** What stands before and behind; `<b>` and `</b>` unless given. */
        readonly tags?: readonly [open: string, close: string]
      }
  /** How many other words may stand between those of a phrase. */
  readonly slop?: number
  /** In ms, in place of the server's own. */
  readonly timeout?: number
  /** Words in the order of the query. */
  readonly inorder?: boolean
  readonly language?: string
  readonly expander?: string
  readonly scorer?: string
  /** For scorers of one's own. Deprecated by the server. */
  readonly payload?: Key
  /** `withcount`: whether the total is exact, which costs time; what the dialect says unless given. */
  readonly sortby?: Key | { readonly by: Key; readonly order?: SortOrder; readonly withcount?: boolean }
  /** Counted from 0; the first ten unless given. */
  readonly limit?: Limit
  readonly params?: Parameters
  readonly dialect?: number
}

/** Adds them in an order in which nothing that is free text stands before INKEYS, whose keys a prefix is put before. */
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
    refuse(args, 'The option explainscore goes with withscores only.')
  }
  option(args, 'PAYLOAD', options.payload)
  pushSortby(args, options.sortby)
  if (options.limit !== undefined) args.push('LIMIT', options.limit.offset, options.limit.count)
  pushParams(args, options.params)
  option(args, 'DIALECT', options.dialect)
}

/** One item or several as a list. */
export function listOf<T>(given: OneOrMore<T> | undefined): readonly T[] {
  if (given === undefined) return []
  return Array.isArray(given) ? (given as readonly T[]) : [given as T]
}

function pushNames(args: Arguments, token: string, names: readonly Key[] | undefined, what: string): void {
  if (names === undefined) return
  args.push(token)
  pushCounted(args, names, what)
}

/** Adds fields and their names, behind the number of words that they are: `RETURN 3 field AS name`. */
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

/** Adds whether the total is exact, if that is said. */
export function pushWithcount(args: Arguments, withcount: boolean | undefined): void {
  if (withcount !== undefined) args.push(withcount ? 'WITHCOUNT' : 'WITHOUTCOUNT')
}

/** Adds parameters, behind the number of words that they are: `PARAMS 2 name value`. */
export function pushParams(args: Arguments, params: Parameters | undefined): void {
  if (params === undefined) return
  const pairs = isMap(params) ? [...params] : Object.entries(params)
  if (pairs.length === 0) refuse(args, 'At least one parameter is needed: the object or Map is empty.')
  args.push('PARAMS', pairs.length * 2)
  for (const [name, value] of pairs as [Key, Argument | Float32Array][]) args.push(name, vectorBlob(value))
}

/** A vector as its bytes; anything else as it is. */
export function vectorBlob(value: Argument | Float32Array): Argument {
  return value instanceof Float32Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value
}
