/** The prefix of a view. It is put before the keys of a command, and before its patterns and channels. */
import { DataError } from '../../errors/errors.js'
import type { Argument } from './argument.js'
import type { Command } from './command.js'
import { findKeys, type KeySpec } from './key-specs.js'
import { isBytes } from './value-types.js'

/**
 * Puts `prefix` before every key, pattern and channel of `command`; if a pattern is optional and missing, adds one.
 * Returns a DataError for a command whose key positions are unknown, because a key without the prefix could belong to
 * another tenant.
 */
export function applyPrefix(command: Command, prefix: string): DataError | undefined {
  const { args, spec } = command
  if (!spec.known) {
    return new DataError(
      `Cannot run ${spec.name} with a key prefix: its key positions are unknown. Run it on the client itself, without prefixed().`,
      { command: spec.name },
    )
  }
  if (spec.name === 'RANDOMKEY') {
    return new DataError(
      'Cannot run RANDOMKEY with a key prefix: it could return a key of another prefix. Use scan() instead.',
      {
        command: spec.name,
      },
    )
  }
  const prefixed = [...args]
  const put = (before: string, specs: readonly KeySpec[], but?: string): number => {
    const at: number[] = []
    for (const keys of specs) findKeys(keys, args, at)
    for (const index of at) {
      const name = args[index] as Argument
      if (name !== but) prefixed[index] = withPrefix(before, name)
    }
    return at.length
  }
  // MIGRATE with several keys has an empty string in the place of its one key. In SORT, GET # means the element itself.
  put(prefix, spec.keys, spec.name === 'MIGRATE' ? '' : undefined)
  const sorts = spec.name.startsWith('SORT')
  if (put(prefix, spec.names, sorts ? '#' : undefined) > 0 && sorts && prefix.includes('*')) {
    return new DataError(
      `Cannot use patterns of ${spec.name} here: it replaces the first *, which is in the key prefix. Use a prefix without *.`,
      { command: spec.name },
    )
  }
  if (put(escaped(prefix), spec.patterns) === 0 && spec.beforePattern !== undefined) {
    prefixed.push(...spec.beforePattern, `${escaped(prefix)}*`)
  }
  command.args = prefixed
  return undefined
}

/** Escapes `text` as a glob-style pattern that matches only this text. */
export function escaped(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&')
}

function withPrefix(prefix: string, name: Argument): Argument {
  if (isBytes(name)) return Buffer.concat([Buffer.from(prefix), name])
  // `measure` rejects an argument of any other type.
  return typeof name === 'string' || typeof name === 'number' || typeof name === 'bigint' ? `${prefix}${name}` : name
}
