/** A view's prefix, put before the names in a command: its keys, and the patterns and channels that are meant for them. */
import { DataError } from '../../errors/errors.js'
import type { Argument } from './argument.js'
import type { Command } from './command.js'
import { findKeys, type KeySpec } from './key-specs.js'
import { isBytes } from './value-types.js'

/**
 * Puts `prefix` before every key, pattern and channel of `command`, and makes a pattern of it where there is none. A name
 * that is not known here would slip through without one, so it is refused: a prefix may be what keeps tenants apart.
 */
export function applyPrefix(command: Command, prefix: string): DataError | undefined {
  const { args, spec } = command
  if (!spec.known) {
    return new DataError(
      `Where the keys of ${spec.name} are is not known, so no prefix can be put before them: run it on the client itself.`,
      { command: spec.name },
    )
  }
  if (spec.name === 'RANDOMKEY') {
    return new DataError(
      'RANDOMKEY knows no prefix: it would tell keys of others. A step of SCAN gives some of these.',
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
  // MIGRATE with several keys has an empty one in the place of one key; SORT's GET # means the element itself.
  put(prefix, spec.keys, spec.name === 'MIGRATE' ? '' : undefined)
  const sorts = spec.name.startsWith('SORT')
  if (put(prefix, spec.names, sorts ? '#' : undefined) > 0 && sorts && prefix.includes('*')) {
    return new DataError(
      `${spec.name} puts elements in the place of the first *, and that is in the prefix: it takes no patterns here.`,
      { command: spec.name },
    )
  }
  if (put(escaped(prefix), spec.patterns) === 0 && spec.beforePattern !== undefined) {
    prefixed.push(...spec.beforePattern, `${escaped(prefix)}*`)
  }
  command.args = prefixed
  return undefined
}

/** Text as a glob-style pattern that matches it alone. */
export function escaped(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&')
}

function withPrefix(prefix: string, name: Argument): Argument {
  if (isBytes(name)) return Buffer.concat([Buffer.from(prefix), name])
  // Anything that is no text is left for `measure` to refuse.
  return typeof name === 'string' || typeof name === 'number' || typeof name === 'bigint' ? `${prefix}${name}` : name
}
