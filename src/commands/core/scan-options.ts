/** What SCAN, HSCAN, SSCAN and ZSCAN share: one step of an iteration, continued by its cursor. */
import type { Arguments, Key } from './argument.js'
import type { Decoder } from './decoder.js'
import { tuple, word } from './decoders.js'
import { known, option, plainOptions } from './option-tokens.js'

export interface ScanOptions {
  /** Only names of this glob-style pattern. */
  readonly match?: Key
  /** How much the server looks at in one step, roughly; 10 unless given. */
  readonly count?: number
}

/** Their names. */
export const SCAN_OPTIONS: ReadonlySet<string> = new Set(['match', 'count'])

/** Adds the options that all SCAN commands have; `names` are those that this one knows. */
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

/** A step: the cursor, a string in every view, and under `name` what `items` decodes. */
export function scanned(name: string, items: Decoder): Decoder {
  return tuple(2, ([cursor = null, found = null], shape) => ({
    // Of some servers it is an integer.
    cursor: typeof cursor === 'number' || typeof cursor === 'bigint' ? String(cursor) : word(cursor),
    [name]: items(found, shape),
  }))
}
