/**
 * Options and replies that SCAN, HSCAN, SSCAN and ZSCAN share: one step of an iteration, which its cursor continues.
 */
import type { Arguments, Key } from './argument.js'
import type { Decoder } from './decoder.js'
import { tuple, word } from './decoders.js'
import { known, option, plainOptions } from './option-tokens.js'

export interface ScanOptions {
  /** Returns only names that match this glob-style pattern. */
  readonly match?: Key | undefined
  /** Approximate number of elements that the server examines in one step. Default 10. */
  readonly count?: number | undefined
}

/** The names of the options that all SCAN commands have. */
export const SCAN_OPTIONS: ReadonlySet<string> = new Set(['match', 'count'])

/** Adds the options that all SCAN commands have. `names` are the options that this command allows. */
export function pushScanOptions(
  args: Arguments,
  options: ScanOptions,
  names: ReadonlySet<string> = SCAN_OPTIONS,
): void {
  const chosen = plainOptions(args, options)
  const { match, count } = chosen
  known(args, chosen, names)
  option(args, 'MATCH', match)
  option(args, 'COUNT', count)
}

/** Decodes a step: the cursor, a string in every view, and under `name` the items, decoded by `items`. */
export function scanned(name: string, items: Decoder): Decoder {
  return tuple(2, ([cursor = null, found = null], shape) => ({
    // Some servers send an integer.
    cursor: typeof cursor === 'number' || typeof cursor === 'bigint' ? String(cursor) : word(cursor),
    [name]: items(found, shape),
  }))
}
