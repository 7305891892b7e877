import type { DataError } from '../../errors/errors.js'

/** A key, a channel, a member: text is sent as UTF-8, bytes are sent unchanged. */
export type Key = string | Uint8Array

/** An argument of a command. A number must be finite. Bytes must not change until the call settles. */
export type Argument = string | Uint8Array | number | bigint

/**
 * A list of arguments while it is built. If it contains a DataError (options that conflict, for example), nothing is
 * sent and the call rejects with that error.
 */
export type Arguments = (Argument | DataError)[]
