/** Values that code of the user has thrown: handlers of events, functions in options. They may be anything. */
import { types } from 'node:util'
import { RedisError } from '../errors/errors.js'

/** The Error to emit for a value that code of the user threw. A value that is not an Error becomes the `cause` of a RedisError. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error || types.isNativeError(thrown)) return thrown
  const found = thrown === null ? 'null' : typeof thrown === 'object' ? 'an object' : `of type ${typeof thrown}`
  return new RedisError(`A handler threw a value that is not an Error (${found}); see the cause.`, { cause: thrown })
}

/** The message of a thrown value. */
export function textOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown)
  } catch {
    return 'it threw a value without a text'
  }
}
