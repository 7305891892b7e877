/** A view's prefix, put before the names in a command: its keys, and the patterns and channels that are meant for them. */
import { DataError } from '../errors/errors.js'
import type { Argument } from './argument.js'
import type { Command } from './command.js'
import { findKeys } from './key-specs.js'

/**
 * Puts `prefix` before every key, pattern and channel of `command`. A name that is not known here would slip through
 * without one, so it is refused: a prefix may be what keeps tenants apart.
 */
export function applyPrefix(command: Command, prefix: string): DataError | undefined {
  const { args, spec } = command
  if (!spec.known) {
    return new DataError(
      `Where the keys of ${spec.name} are is not known, so no prefix can be put before them: run it on the client itself.`,
      { command: spec.name },
    )
  }
  const at: number[] = []
  for (const keys of spec.keys) findKeys(keys, args, at)
  for (const names of spec.names) findKeys(names, args, at)
  if (at.length === 0) return undefined
  const prefixed = [...args]
  for (const index of new Set(at)) prefixed[index] = withPrefix(prefix, args[index] as Argument)
  command.args = prefixed
  return undefined
}

function withPrefix(prefix: string, name: Argument): Argument {
  // MIGRATE with several keys has an empty one in the place of one key; SORT's GET # means the element itself.
  if (name === '' || name === '#') return name
  if (name instanceof Uint8Array) return Buffer.concat([Buffer.from(prefix), name])
  // Anything that is no text is left for `measure` to refuse.
  return typeof name === 'string' || typeof name === 'number' || typeof name === 'bigint' ? `${prefix}${name}` : name
}
