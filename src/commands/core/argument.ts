import type { DataError } from '../../errors/errors.js'

/** A key, a channel, a member: text goes as UTF-8, bytes as they are. */
export type Key = string | Uint8Array

/** What a command may be given. A number must be finite; bytes must not change until the call settles. */
export type Argument = string | Uint8Array | number | bigint

/**
 * A list of arguments while it is built. A DataError in an argument's place (options that conflict, say) is what the
 * call rejects with; nothing is sent then.
 */
export type Arguments = (Argument | DataError)[]
