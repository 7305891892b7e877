/** Scores of sorted sets, and the ends of ranges, as arguments. */
import type { Argument, Arguments, Key } from './core/argument.js'
import type { OneOrMore } from './core/option-tokens.js'
import { refuse } from './core/option-tokens.js'
import { owned } from './core/own-properties.js'

export interface ScoredMember {
  readonly member: Argument
  /** May be `Infinity` or `-Infinity`. */
  readonly score: number
}

/**
 * An end of a range. By index: 0 is the first member, -1 the last one. By score: a number, or `'(5'` for one that does not
 * belong to the range itself; `Infinity` and `-Infinity` for no end. By name: `'[a'` with and `'(a'` without the member
 * itself, `'-'` and `'+'` for no end.
 */
export type Bound = number | Key

/** A score or an end of a range in the words of the server, which are not those of JavaScript for what is infinite. */
export function scoreOf(score: Bound): Argument {
  if (score === Number.POSITIVE_INFINITY) return '+inf'
  return score === Number.NEGATIVE_INFINITY ? '-inf' : score
}

/** Adds scores and members in turn; none at all is a refusal, and so is what is neither. */
export function pushScored(args: Arguments, members: OneOrMore<ScoredMember>): void {
  const given = Array.isArray(members) ? (members as readonly ScoredMember[]) : [members as ScoredMember]
  if (given.length === 0) refuse(args, 'At least one member is needed.')
  for (const each of owned(given)) {
    if (each?.member === undefined || each.score === undefined)
      refuse(args, 'Expected { member, score } or an array of them.')
    else args.push(scoreOf(each.score), each.member)
  }
}
