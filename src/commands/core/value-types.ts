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
 * Whether an argument of a command can be sent unchanged. Text with half of a surrogate pair, as of a truncated emoji, cannot:
 * UTF-8 has no bytes for it.
 */
export function isEncodable(argument: unknown): boolean {
  return typeof argument !== 'string' || (argument as unknown as { isWellFormed(): boolean }).isWellFormed()
}

/** Whether `value` is an object, and no list of values. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What kind of value it is, for a message, which must not show the value itself. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (value === '') return 'an empty string'
  if (typeof value === 'number') return kindOfNumber(value)
  if (Array.isArray(value)) return 'an array'
  if (types.isPromise(value)) return 'a Promise'
  if (types.isDate(value)) return 'a Date'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`
}

function kindOfNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (value === 0) return '0'
  if (value < 0) return 'a negative number'
  return Number.isInteger(value) ? 'a whole number' : 'a fraction'
}
