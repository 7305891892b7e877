/** The values that the reader builds from the bytes of a reply, before any decoder; shared by RESP2 and RESP3. */
import type { RedisError } from '../../errors/errors.js'

/**
 * Text is a string, or a Buffer if the call asked for bytes. A bigint is an integer outside the safe range or a big
 * number. An error inside a list is a value.
 */
export type Reply = string | Buffer | number | bigint | boolean | null | RedisError | Reply[] | MapReply | SetReply

/** A map as alternating keys and values, so that no entries merge and each decoder builds only what it needs. */
export class MapReply {
  readonly flat: readonly Reply[]

  constructor(flat: readonly Reply[]) {
    this.flat = flat
  }
}

/** A set as it came. */
export class SetReply {
  readonly items: readonly Reply[]

  constructor(items: readonly Reply[]) {
    this.items = items
  }
}
