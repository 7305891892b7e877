import { expect } from 'vitest'
import { keyIndexes } from '../../src/commands/core/command.js'
import { DataError } from '../../src/errors/errors.js'
import type { Recorded } from './recorder.js'

/** A call, the words that it would send, and its keys (by default only the first argument). */
export type Encoding = readonly [call: Recorded, words: string, keys?: string]

/** Expects the words of every call, as text separated by spaces, and its keys. */
export function expectEncodings(table: readonly Encoding[]): void {
  const expected = table.map(([call, words, keys]) => ({ words, keys: keys ?? String(call.command.args[0]) }))
  expect(table.map(([call]) => ({ words: wordsOf(call), keys: keysOf(call) }))).toEqual(expected)
}

/** The words of a call as text separated by spaces, or the message of its error. */
export function wordsOf({ argv }: Recorded): string {
  return argv instanceof DataError ? argv.message : argv.map(String).join(' ')
}

/** The keys of a call, separated by spaces. */
export function keysOf({ command }: Recorded): string {
  return keyIndexes(command)
    .map(index => String(command.args[index]))
    .join(' ')
}

/**
 * Expects every call to reject with a DataError whose message contains `part` and which has the name of the command.
 */
export function expectRefusals(part: string | RegExp, calls: readonly Recorded[]): void {
  for (const { argv, command } of calls) {
    expect(argv).toBeInstanceOf(DataError)
    expect(argv).toMatchObject({ message: expect.stringMatching(part), command: command.spec.name })
  }
}

/**
 * Makes a call with options that its types exclude, as JavaScript allows:
 * `loosely(r, 'set', 'k', 'v', { nx: true, xx: true })`.
 */
export function loosely(on: object, method: string, ...args: readonly unknown[]): Recorded {
  const call = (on as Record<string, (...args: readonly unknown[]) => Recorded>)[method]
  if (call === undefined) throw new Error(`no method ${method}`)
  return call.apply(on, [...args])
}
