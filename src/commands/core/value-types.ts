/** What a value is, of whichever realm: Jest with jsdom, `structuredClone` and node:vm have classes of their own. */
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

/** Whether UTF-8 can write `text`: it cannot where half of a pair of surrogates stands alone, as in a cut emoji. */
export function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed()
}
