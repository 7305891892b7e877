/**
 * The positions of a command's keys, in the server's own vocabulary (COMMAND's key specifications): where the search
 * begins (at an index, or after a token) and how it continues (a range of last, step and limit; or a count).
 *
 * Positions count from the first argument after the command's name and subcommand: 0 is that argument.
 */

import type { Argument } from './argument.js'
import { hasOwn } from './own-properties.js'
import { isBytes } from './value-types.js'

export type Access = 'read' | 'write'

export interface KeySpec {
  /**
   * An index; or a token that is searched from `from` on (negative: backwards from the end). The keys follow the token.
   */
  readonly begin: number | { readonly token: string; readonly from: number }
  readonly find:
    | {
        /** The last key, counted from `begin`; negative: from the end of the arguments (-1 is the last one). */
        readonly last: number
        readonly step: number
        /** With a negative `last`: 0 and 1 take all arguments, 2 the first half, 3 the first third… */
        readonly limit: number
      }
    | {
        /** The index of the number of keys, counted from `begin`. */
        readonly count: number
        readonly first: number
        readonly step: number
      }
  readonly access: Access
}

function range(begin: KeySpec['begin'], last: number, step: number, access: Access, limit = 0): KeySpec {
  return { begin, find: { last, step, limit }, access }
}

/** One key, at `index`. */
export function keyAt(index: number, access: Access): KeySpec {
  return range(index, 0, 1, access)
}

/** Every `step`-th argument from `index` up to `last` (-1: the end, -2: all but the last argument). */
export function keysFrom(index: number, access: Access, last = -1, step = 1): KeySpec {
  return range(index, last, step, access)
}

/** The number of keys at `index`, and the keys after it: `LMPOP numkeys key [key …]`. */
export function countedKeys(index: number, access: Access): KeySpec {
  return { begin: index, find: { count: 0, first: 1, step: 1 }, access }
}

/** The key after `token`: `SORT key … STORE destination`. */
export function keyAfter(token: string, access: Access, from = 1): KeySpec {
  return range({ token, from }, 0, 1, access)
}

/** The first half of the arguments after `token`: `XREAD STREAMS key [key …] id [id …]`. */
export function halfAfter(token: string, access: Access, from = 0): KeySpec {
  return range({ token, from }, -1, 1, access, 2)
}

/** All arguments after `token`: `MIGRATE … KEYS key [key …]`. */
export function allAfter(token: string, access: Access, from: number): KeySpec {
  return range({ token, from }, -1, 1, access)
}

/** Adds to `found` the indexes of the arguments that are keys according to `spec`. */
export function findKeys(spec: KeySpec, args: readonly Argument[], found: number[]): void {
  const begin = typeof spec.begin === 'number' ? spec.begin : behindToken(spec.begin.token, spec.begin.from, args)
  if (begin < 0 || begin >= args.length) return
  const { find } = spec
  if (hasOwn(find, 'count')) {
    const count = numberOf(args[begin + find.count])
    if (!Number.isSafeInteger(count) || count < 0) return
    const end = Math.min(args.length, begin + find.first + count * find.step)
    for (let i = begin + find.first; i < end; i += find.step) found.push(i)
    return
  }
  let last = find.last >= 0 ? begin + find.last : args.length + find.last
  if (find.last < 0 && find.limit > 1) last = begin + Math.floor((last - begin + 1) / find.limit) - 1
  for (let i = begin; i <= last && i < args.length; i += find.step) found.push(i)
}

function behindToken(token: string, from: number, args: readonly Argument[]): number {
  const step = from < 0 ? -1 : 1
  for (let i = from < 0 ? args.length + from : from; i >= 0 && i < args.length; i += step) {
    if (isToken(args[i], token)) return i + 1
  }
  return -1
}

/** The numeric value of `argument`: a number, or its text or bytes. */
export function numberOf(argument: Argument | undefined): number {
  return Number(isBytes(argument) ? Buffer.from(argument).toString('latin1') : argument)
}

/** Whether `argument` is `token`, in any letter case, as text or as bytes. */
export function isToken(argument: Argument | undefined, token: string): boolean {
  if (typeof argument === 'string') return argument.length === token.length && argument.toUpperCase() === token
  if (!isBytes(argument) || argument.byteLength !== token.length) return false
  return (
    Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength).toString('latin1').toUpperCase() === token
  )
}
