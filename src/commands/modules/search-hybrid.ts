/** The options of FT.HYBRID: a query for words, a query for a vector, and how their results are merged. */
import type { Arguments, Key } from '../core/argument.js'
import type { AtMostOne, OneOf } from '../core/exclusive-options.js'
import { exclusive, flag, option, refuse } from '../core/option-tokens.js'
import { isBytes, isMap } from '../core/value-types.js'
import { type AggregateStep, type Loading, pushLoading, pushSteps } from './search-aggregate.js'
import { type Parameters, pushParams } from './search-query.js'

/** A query for words, optionally with its scoring. */
export type HybridQuery =
  | Key
  | {
      readonly query: Key
      readonly scorer?: string
      /** The name of its score. */
      readonly yieldScoreAs?: Key
    }

export type HybridVector = AtMostOne<{
  /** The nearest documents. Default: ten. */
  readonly knn: {
    readonly k: number
    /** The number of candidates to examine. */
    readonly efRuntime?: number
  }
  /** All documents within `radius`. */
  readonly range: {
    readonly radius: number
    /** How far beyond the radius the search extends, as a fraction. */
    readonly epsilon?: number
  }
}> & {
  /** The name of the field: `'@embedding'`. */
  readonly field: Key
  /** A vector, or the name of a parameter: `'$vector'`. */
  readonly vector: Float32Array | Uint8Array | `$${string}`
  /** A query that documents must match. */
  readonly filter?: Key
  /** The name of its score. */
  readonly yieldScoreAs?: Key
}

/** How results are merged: by ranks (the default), or by a weighted sum of both scores. */
export type HybridCombination = OneOf<{
  readonly rrf: { readonly constant?: number; readonly window?: number; readonly yieldScoreAs?: Key }
  readonly linear: {
    /** The weight of the score of words. */
    readonly alpha: number
    /** The weight of the score of the vector. */
    readonly beta: number
    readonly window?: number
    readonly yieldScoreAs?: Key
  }
}>

export interface HybridOptions {
  readonly combine?: HybridCombination
  /** Default: keys and scores. */
  readonly load?: Loading
  readonly steps?: readonly AggregateStep[]
  /** Does not sort by the score. */
  readonly nosort?: boolean
  readonly params?: Parameters
  /** Milliseconds, instead of the server's own setting. */
  readonly timeout?: number
}

// Some versions do not take the bytes of a vector here, so they are sent as a parameter of this name.
const VECTOR = 'respire_vector'

export function pushHybrid(args: Arguments, query: HybridQuery, vector: HybridVector, options: HybridOptions): void {
  pushQuery(args, query)
  pushVector(args, vector)
  pushCombination(args, options.combine)
  pushLoading(args, options.load)
  pushSteps(args, options.steps)
  flag(args, 'NOSORT', options.nosort)
  pushParams(args, withVector(options.params, vector.vector))
  option(args, 'TIMEOUT', options.timeout)
}

function withVector(params: Parameters | undefined, vector: HybridVector['vector']): Parameters | undefined {
  if (typeof vector === 'string') return params
  const all = new Map(isMap(params) ? params : Object.entries(params ?? {}))
  return all.set(VECTOR, vector)
}

function pushQuery(args: Arguments, query: HybridQuery): void {
  if (typeof query === 'string' || isBytes(query)) {
    args.push('SEARCH', query)
    return
  }
  args.push('SEARCH', query.query)
  option(args, 'SCORER', query.scorer)
  option(args, 'YIELD_SCORE_AS', query.yieldScoreAs)
}

function pushVector(args: Arguments, { field, vector, knn, range, filter, yieldScoreAs }: HybridVector): void {
  args.push('VSIM', field, typeof vector === 'string' ? vector : `$${VECTOR}`)
  exclusive(args, { knn, range }, 'knn', 'range')
  if (knn !== undefined)
    pushGroup(
      args,
      ['KNN'],
      [
        ['K', knn.k],
        ['EF_RUNTIME', knn.efRuntime],
      ],
    )
  if (range !== undefined)
    pushGroup(
      args,
      ['RANGE'],
      [
        ['RADIUS', range.radius],
        ['EPSILON', range.epsilon],
      ],
    )
  option(args, 'FILTER', filter)
  option(args, 'YIELD_SCORE_AS', yieldScoreAs)
}

function pushCombination(args: Arguments, combine: HybridCombination | undefined): void {
  if (combine === undefined) return
  const { rrf, linear } = combine
  exclusive(args, combine, 'rrf', 'linear')
  if (rrf !== undefined) {
    // It is the default, and some versions do not take it without options.
    if (Object.values(rrf).every(value => value === undefined)) return
    pushGroup(
      args,
      ['COMBINE', 'RRF'],
      [
        ['CONSTANT', rrf.constant],
        ['WINDOW', rrf.window],
        ['YIELD_SCORE_AS', rrf.yieldScoreAs],
      ],
    )
  } else if (linear !== undefined) {
    pushGroup(
      args,
      ['COMBINE', 'LINEAR'],
      [
        ['ALPHA', linear.alpha],
        ['BETA', linear.beta],
        ['WINDOW', linear.window],
        ['YIELD_SCORE_AS', linear.yieldScoreAs],
      ],
    )
  } else refuse(args, 'The option combine must have one of rrf and linear.')
}

/** Adds a method and its options, after their number of words. */
function pushGroup(
  args: Arguments,
  method: readonly string[],
  options: readonly (readonly [string, Key | number | undefined])[],
): void {
  const words: Arguments = []
  for (const [token, value] of options) option(words, token, value)
  args.push(...method, words.length, ...words)
}
