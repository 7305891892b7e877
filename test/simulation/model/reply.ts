/** Replies of commands. Bulk strings, integers, null and arrays are JavaScript values; the classes below are the other forms. */

export type Reply =
  | string
  | number
  | bigint
  | null
  | readonly Reply[]
  | Status
  | Failure
  | Double
  | Bool
  | MapReply
  | SetReply
  | Verbatim
  | NullArray
  | Nothing

export class Status {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** An error reply; commands throw it or return it. */
export class Failure {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export class Double {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

export class Bool {
  readonly value: boolean
  constructor(value: boolean) {
    this.value = value
  }
}

/** A map; under RESP2 a flat array. */
export class MapReply {
  readonly entries: readonly (readonly [Reply, Reply])[]
  constructor(entries: readonly (readonly [Reply, Reply])[]) {
    this.entries = entries
  }
}

/** A set; under RESP2 an array. */
export class SetReply {
  readonly items: readonly Reply[]
  constructor(items: readonly Reply[]) {
    this.items = items
  }
}

export class Verbatim {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** `*-1` under RESP2. */
export class NullArray {
  readonly null = true
}

/** No reply yet: the command blocks, or it has already written its reply. */
export class Nothing {
  readonly nothing = true
}

export const OK: Status = new Status('OK')
export const QUEUED: Status = new Status('QUEUED')
export const NULL_ARRAY: NullArray = new NullArray()
export const NOTHING: Nothing = new Nothing()

export const WRONG_TYPE: Failure = new Failure('WRONGTYPE Operation against a key holding the wrong kind of value')
export const SYNTAX: Failure = new Failure('ERR syntax error')
export const NOT_INTEGER: Failure = new Failure('ERR value is not an integer or out of range')
export const NOT_FLOAT: Failure = new Failure('ERR value is not a valid float')
export const NO_KEY: Failure = new Failure('ERR no such key')
export const OUT_OF_RANGE: Failure = new Failure('ERR index out of range')
