/**
 * Type checks that work for values of every realm: Jest with jsdom, `structuredClone` and node:vm have their own
 * classes.
 */
import { types } from 'node:util'

/** Whether `value` is bytes: a Uint8Array, and so a Buffer. */
export function isBytes(value: unknown): value is Uint8Array {
  return types.isUint8Array(value)
}

export function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return types.isMap(value)
}

export function isUrl(value: unknown): value is URL {
  return value instanceof URL || Object.prototype.toString.call(value) === '[object URL]'
}

/**
 * Whether `text` can be encoded as UTF-8. It cannot if it contains half of a surrogate pair, as in a truncated emoji.
 */
export function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed()
}
