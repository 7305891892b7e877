/** What FT.HYBRID can be told: a query for words, one for a vector, and how their results become one list. */
import type { Arguments, Key } from '../core/argument.js'
import type { AtMostOne, OneOf } from '../core/exclusive-options.js'
import { exclusive, flag, option, refuse } from '../core/option-tokens.js'
import { isBytes, isMap } from '../core/value-types.js'
import { type AggregateStep, type Loading, pushLoading, pushSteps } from './search-aggregate.js'
import { type Parameters, pushParams } from './search-query.js'

/** A query for words, alone or with how it is scored. */
export type HybridQuery =
  | Key
  | {
      readonly query: Key
      readonly scorer?: string
      /** The name of its score. */
      readonly yieldScoreAs?: Key
    }

export type HybridVector = AtMostOne<{
  /** The nearest ones, ten unless told otherwise. */
  readonly knn: {
    readonly k: number
    /** How many candidates are looked at. */
    readonly efRuntime?: number
  }
  /** All that are no farther than `radius`. */
  readonly range: {
    readonly radius: number
    /** How far beyond it is searched, relatively. */
    readonly epsilon?: number
  }
}> & {
  /** `'@embedding'`. */
  readonly field: Key
  /** A vector, or the name of a parameter: `'$vector'`. */
  readonly vector: Float32Array | Uint8Array | `$${string}`
  /** A query that documents must fulfil. */
  readonly filter?: Key
  /** The name of its score. */
  readonly yieldScoreAs?: Key
}

/** By ranks (what is meant unless given), or by a weighted sum of both scores. */
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
  /** Keys and scores unless given. */
  readonly load?: Loading
  readonly steps?: readonly AggregateStep[]
  /** Not sorted by the score. */
  readonly nosort?: boolean
  readonly params?: Parameters
  /** In ms, in place of the server's own. */
  readonly timeout?: number
}

// Not every version takes the bytes of a vector in its place: they go as a parameter of this name.
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
    // It is what is meant anyway, and not every version takes it without options.
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
  } else refuse(args, 'The option combine is one of rrf and linear.')
}

/** A method and its options, behind the number of words that they are. */
function pushGroup(
  args: Arguments,
  method: readonly string[],
  options: readonly (readonly [string, Key | number | undefined])[],
): void {
  const words: Arguments = []
  for (const [token, value] of options) option(words, token, value)
  args.push(...method, words.length, ...words)
}
