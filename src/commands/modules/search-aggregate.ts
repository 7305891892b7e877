/** The options of FT.AGGREGATE: the steps that rows pass through, one after the other. FT.HYBRID has them too. */
import type { Argument, Arguments, Key, OneOrMore } from '../core/argument.js'
import { flag, option, refuse } from '../core/option-tokens.js'
import { isBytes } from '../core/value-types.js'
import type { Limit } from '../sorted-set-ranges.js'
import {
  listOf,
  type NamedField,
  type Parameters,
  pushNamedFields,
  pushParams,
  pushWithcount,
  type SortOrder,
} from './search-query.js'

/** How the values of a group are combined into one value. */
export type ReducerFunction =
  | 'COUNT'
  | 'COUNT_DISTINCT'
  | 'COUNT_DISTINCTISH'
  | 'SUM'
  | 'MIN'
  | 'MAX'
  | 'AVG'
  | 'STDDEV'
  | 'QUANTILE'
  | 'TOLIST'
  | 'FIRST_VALUE'
  | 'RANDOM_SAMPLE'
  | 'COLLECT'

export interface Reducer {
  readonly function: ReducerFunction
  /** `'@price'`, `['@price', 0.5]` (QUANTILE), `['@name', 'BY', '@price', 'DESC']` (FIRST_VALUE). */
  readonly args?: OneOrMore<Argument>
  /** The name of the result. */
  readonly as?: Key
}

/** `'@price'`, or with an order. Default: ascending. */
export type SortProperty = Key | { readonly by: Key; readonly order: SortOrder }

/**
 * Groups rows by properties (`'@brand'`; an empty list for one group of all rows) and reduces each group to one row.
 */
export interface GroupStep {
  readonly groupby: OneOrMore<Key>
  readonly reduce?: OneOrMore<Reducer>
}

export interface SortStep {
  readonly sortby: OneOrMore<SortProperty>
  /** Keeps only this number of rows. */
  readonly max?: number
}

/** Adds a property: `{ apply: '@price * 2', as: 'double' }`. */
export interface ApplyStep {
  readonly apply: Key
  readonly as: Key
}

/** Keeps rows that satisfy an expression: `{ filter: '@price > 10' }`. */
export interface FilterStep {
  readonly filter: Key
}

/** `{ limit: { offset: 10, count: 20 } }`: twenty rows from row 10 on, counted from 0. */
export interface LimitStep {
  readonly limit: Limit
}

/** Loads fields that are not indexed from the documents: slow. */
export interface LoadStep {
  readonly load: Loading
}

export type AggregateStep = GroupStep | SortStep | ApplyStep | FilterStep | LimitStep | LoadStep

/** Fields of documents (`'@name'`), or all of them. */
export type Loading = '*' | readonly NamedField[]

export interface AggregateOptions {
  /** No stemming. */
  readonly verbatim?: boolean
  /** Whether the total is exact, which takes time. Default: depends on the dialect. */
  readonly withcount?: boolean
  /** Runs before all steps. */
  readonly load?: Loading
  /** Milliseconds, instead of the server's own setting. */
  readonly timeout?: number
  readonly steps?: readonly AggregateStep[]
  readonly params?: Parameters
  readonly scorer?: string
  /** Adds `@__score`. */
  readonly addscores?: boolean
  readonly dialect?: number
}

/** Rows are returned in parts. */
export interface CursorOptions {
  /** Rows per part. Default 1,000. */
  readonly count?: number
  /** The server deletes the cursor when it has not been read for this number of ms. */
  readonly maxidle?: number
}

export interface WithCursor {
  readonly withcursor: true | CursorOptions
}

export function pushAggregateOptions(args: Arguments, options: AggregateOptions & Partial<WithCursor>): void {
  const { withcursor } = options
  // Options of the query itself must precede the first step: the server does not know these words after it.
  flag(args, 'VERBATIM', options.verbatim)
  pushWithcount(args, options.withcount)
  option(args, 'SCORER', options.scorer)
  flag(args, 'ADDSCORES', options.addscores)
  pushLoading(args, options.load)
  option(args, 'TIMEOUT', options.timeout)
  pushSteps(args, options.steps)
  if (withcursor !== undefined) {
    args.push('WITHCURSOR')
    if (withcursor !== true) {
      option(args, 'COUNT', withcursor.count)
      option(args, 'MAXIDLE', withcursor.maxidle)
    }
  }
  pushParams(args, options.params)
  option(args, 'DIALECT', options.dialect)
}

export function pushLoading(args: Arguments, load: Loading | undefined): void {
  if (load === undefined) return
  if (load === '*') args.push('LOAD', '*')
  else pushNamedFields(args, 'LOAD', load)
}

export function pushSteps(args: Arguments, steps: readonly AggregateStep[] = []): void {
  for (const step of steps) {
    if ('groupby' in step) pushGroup(args, step)
    else if ('sortby' in step) pushSort(args, step)
    else if ('apply' in step) args.push('APPLY', step.apply, 'AS', step.as)
    else if ('filter' in step) args.push('FILTER', step.filter)
    else if ('limit' in step) args.push('LIMIT', step.limit.offset, step.limit.count)
    else if ('load' in step) pushLoading(args, step.load)
    else refuse(args, 'Unknown step: expected one of groupby, sortby, apply, filter, limit and load.')
  }
}

function pushGroup(args: Arguments, step: GroupStep): void {
  const properties = listOf(step.groupby)
  args.push('GROUPBY', properties.length, ...properties)
  for (const reducer of listOf(step.reduce)) {
    const given = listOf(reducer.args)
    args.push('REDUCE', reducer.function, given.length, ...given)
    option(args, 'AS', reducer.as)
  }
}

function pushSort(args: Arguments, step: SortStep): void {
  const words: Arguments = []
  for (const property of listOf(step.sortby)) {
    if (typeof property === 'string' || isBytes(property)) words.push(property)
    else words.push(property.by, property.order)
  }
  args.push('SORTBY', words.length, ...words)
  option(args, 'MAX', step.max)
}
