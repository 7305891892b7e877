/**
 * The SCAN family. The cursor is the hash of the last element plus one. So a scan finds every element that exists during the
 * whole scan, whatever is added and removed meanwhile.
 */
import type { Call } from './command.js'
import { integer } from './command.js'
import { Failure, type Reply, SYNTAX } from './reply.js'
import { lower, matches } from './text.js'

export interface ScanOptions {
  readonly cursor: number
  readonly count: number
  readonly match: string | undefined
  readonly type: string | undefined
}

/** Parses the arguments from the cursor on. */
export function scanOptions(call: Call, at: number, hasType: boolean): ScanOptions {
  const { args } = call
  const cursor = cursorOf(call, at)
  let count = 10
  let match: string | undefined
  let type: string | undefined
  for (let i = at + 1; i < args.length; i += 2) {
    const word = lower(args[i]!)
    const value = args[i + 1]
    if (value === undefined) throw SYNTAX
    if (word === 'count') {
      count = integer(value)
      if (count < 1) throw SYNTAX
    } else if (word === 'match') match = value
    else if (word === 'type' && hasType) type = lower(value)
    else throw SYNTAX
  }
  return { cursor, count, match, type }
}

/** Parses the cursor. A negative cursor is after all elements. */
export function cursorOf({ server, args }: Call, at: number): number {
  const text = args[at]!
  if (text === '' && server.dialect.is72) throw new Failure('ERR invalid cursor')
  if (!/^(?:[+-]?\d+)?$/.test(text) || BigInt(text.replace(/^\+/, '')) >= 2n ** 64n)
    throw new Failure('ERR invalid cursor')
  return text.startsWith('-') ? Infinity : Number(text)
}

export const NOTHING_FOUND: Reply = ['0', []]

/** Like `matches`, but the pattern `*` also matches an empty name. */
export function fits(pattern: string, name: string): boolean {
  return pattern === '*' || matches(pattern, name)
}

/** Returns the next cursor and the elements before it. */
export function page<T>(all: readonly T[], cursor: number, count: number, nameOf: (each: T) => string): [string, T[]] {
  const ordered = all
    .map(each => ({ each, hash: hashOf(nameOf(each)) }))
    .filter(({ hash }) => hash >= cursor)
    .sort((a, b) => a.hash - b.hash)
  let end = Math.min(count, ordered.length)
  // Elements with the same hash belong on the same page, because the cursor cannot point between them.
  while (end > 0 && end < ordered.length && ordered[end]!.hash === ordered[end - 1]!.hash) end++
  const next = end < ordered.length ? String(ordered[end - 1]!.hash + 1) : '0'
  return [next, ordered.slice(0, end).map(({ each }) => each)]
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
