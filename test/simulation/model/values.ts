/** The values of keys. */
import { isDeepStrictEqual } from 'node:util'
import type { Stream } from './stream.js'
import { compare } from './text.js'

export interface Text {
  readonly type: 'string'
  text: string
}

export interface List {
  readonly type: 'list'
  items: string[]
}

export interface Hash {
  readonly type: 'hash'
  readonly fields: Map<string, string>
}

export interface Members {
  readonly type: 'set'
  readonly members: Set<string>
}

export type Value = Text | List | Hash | Members | SortedSet | Stream
export type Type = Value['type']
export type OfType<T extends Type> = Extract<Value, { readonly type: T }>

export type Scored = readonly [member: string, score: number]

/** A sorted set: its members are ordered by score, then by their bytes. */
export class SortedSet {
  readonly type = 'zset'
  readonly #scores = new Map<string, number>()
  readonly #order: Scored[] = []
  /** The server keeps a small set as a listpack, a large one as a skip list, and never changes that back. */
  isSkipList = false

  get size(): number {
    return this.#order.length
  }

  get ordered(): readonly Scored[] {
    return this.#order
  }

  score(member: string): number | undefined {
    return this.#scores.get(member)
  }

  set(member: string, score: number): void {
    this.delete(member)
    this.#scores.set(member, score)
    if (member.length > 64 || this.#order.length >= 128) this.isSkipList = true
    this.#order.splice(this.#place(member, score), 0, [member, score])
  }

  delete(member: string): boolean {
    const score = this.#scores.get(member)
    if (score === undefined) return false
    this.#scores.delete(member)
    this.#order.splice(this.#place(member, score), 1)
    return true
  }

  rank(member: string): number | undefined {
    const score = this.#scores.get(member)
    return score === undefined ? undefined : this.#place(member, score)
  }

  #place(member: string, score: number): number {
    let low = 0
    let high = this.#order.length
    while (low < high) {
      const middle = (low + high) >> 1
      const [other, otherScore] = this.#order[middle]!
      if (otherScore < score || (otherScore === score && compare(other, member) < 0)) low = middle + 1
      else high = middle
    }
    return low
  }
}

export function isEmpty(value: Value): boolean {
  switch (value.type) {
    case 'list':
      return value.items.length === 0
    case 'hash':
      return value.fields.size === 0
    case 'set':
      return value.members.size === 0
    case 'zset':
      return value.size === 0
    default:
      return false
  }
}

export function copyOf(value: Value): Value {
  switch (value.type) {
    case 'string':
      return { ...value }
    case 'list':
      return { type: 'list', items: [...value.items] }
    case 'hash':
      return { type: 'hash', fields: new Map(value.fields) }
    case 'set':
      return { type: 'set', members: new Set(value.members) }
    case 'zset': {
      const copy = new SortedSet()
      for (const [member, score] of value.ordered) copy.set(member, score)
      copy.isSkipList = value.isSkipList
      return copy
    }
    default:
      return value.copy()
  }
}

/** Whether two values are equal. Streams never are. */
export function isSame(a: Value | undefined, b: Value | undefined): boolean {
  if (a === undefined || b === undefined || a.type !== b.type || a.type === 'stream') return a === b
  if (a.type === 'string') return a.text === (b as Text).text
  if (a.type === 'zset') return isDeepStrictEqual(a.ordered, (b as SortedSet).ordered)
  return isDeepStrictEqual(a, b)
}
