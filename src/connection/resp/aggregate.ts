import { MapReply, type Reply, SetReply } from '../../commands/core/reply.js'
import { RESP } from './protocol.js'

const { MAP, SET } = RESP

/**
 * Elements reserved on the word of the peer alone: 6 ns less for each element, and at most 8 KiB for each of the aggregates
 * that are open on the outer levels. Beyond, the list grows as elements arrive.
 */
const RESERVED = 1_024
const LEVELS = 16

/** A list, map, set, push or attribute whose elements are still arriving. */
export class Aggregate {
  readonly type: number
  readonly outer: Aggregate | null
  readonly depth: number
  /** Whether its bulk strings become Buffers. */
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
