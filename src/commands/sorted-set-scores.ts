/** Converts scores of sorted sets, and the limits of ranges, to arguments. */
import type { Argument, Arguments, Key, OneOrMore } from './core/argument.js'
import { refuse } from './core/option-tokens.js'
import { owned } from './core/own-properties.js'

export interface ScoredMember {
  readonly member: Argument
  /** May be `Infinity` or `-Infinity`. */
  readonly score: number
}

/**
 * A limit of a range. By index: 0 is the first member, -1 the last one. By score: a number, or `'(5'` for an exclusive
 * limit; `Infinity` and `-Infinity` for no limit. By name: `'[a'` inclusive, `'(a'` exclusive, `'-'` and `'+'` for no
 * limit.
 */
export type Bound = number | Key

/** A score or a limit in the server's words, which differ from JavaScript for infinite numbers. */
export function scoreOf(score: Bound): Argument {
  if (score === Number.POSITIVE_INFINITY) return '+inf'
  return score === Number.NEGATIVE_INFINITY ? '-inf' : score
}

/** Adds alternating scores and members. No member, and an item of another type, is an error. */
export function pushScored(args: Arguments, members: OneOrMore<ScoredMember>): void {
  const given = Array.isArray(members) ? (members as readonly ScoredMember[]) : [members as ScoredMember]
  if (given.length === 0) refuse(args, 'At least one member is needed.')
  for (const each of owned(given)) {
    if (each?.member === undefined || each.score === undefined)
      refuse(args, 'Expected a member as { member, score }, or an array of such members.')
    else args.push(scoreOf(each.score), each.member)
  }
}
