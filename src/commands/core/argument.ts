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

/** One or several items: `del('a')`, `del('a', 'b')` and `del(['a', 'b'])` are the same. */
export type Several<T> = readonly T[] | readonly [readonly T[]]

/** One item or an array of them. */
export type OneOrMore<T> = T | readonly T[]

/** Fields and values: a plain object or a Map. */
export type Fields = Readonly<Record<string, Argument>> | ReadonlyMap<Key, Argument>
