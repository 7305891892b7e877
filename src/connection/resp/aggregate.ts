import { MapReply, type Reply, SetReply } from '../../commands/core/reply.js'
import { RESP } from './protocol.js'

const { MAP, SET } = RESP

/**
 * The most elements that are reserved for an announced count before they arrive. This saves 6 ns per element, and costs at
 * most 8 KiB for each open aggregate of the outer levels. Longer and deeper lists grow as their elements arrive.
 */
const RESERVED = 1_024
const LEVELS = 16

/** A list, map, set, push or attribute whose elements are still arriving. */
export class Aggregate {
  readonly type: number
  readonly outer: Aggregate | null
  readonly depth: number
  /** Whether its bulk strings are returned as Buffers. */
  readonly bytes: boolean
  readonly items: Reply[]
  readonly count: number
  filled = 0

  constructor(type: number, count: number, bytes: boolean, outer: Aggregate | null) {
    this.type = type
    this.outer = outer
    this.depth = outer === null ? 1 : outer.depth + 1
    this.bytes = bytes
    this.items = this.depth > LEVELS ? [] : new Array<Reply>(Math.min(count, RESERVED))
    this.count = count
  }
}

/** The value of an aggregate that has all its elements. */
export function aggregateOf(type: number, items: Reply[]): Reply {
  return type === MAP ? new MapReply(items) : type === SET ? new SetReply(items) : items
}
