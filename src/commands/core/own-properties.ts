import { DataError } from '../../errors/errors.js'

/** The own properties of `options`, without a prototype: a property of Object.prototype is not an option. */
export function ownProperties<T extends object>(...options: readonly (T | undefined)[]): T {
  return Object.assign(Object.create(null), ...options) as T
}

const PLAIN = {}

/**
 * Returns `value` without inherited properties. If Object.prototype has been extended, plain objects are copied without
 * a prototype, at every depth. Other values are returned as they are: bytes, a Map, an instance of a class.
 */
export function owned<T>(value: T): T {
  for (const _ in PLAIN) return copyOf(value, new Map()) as T
  return value
}

function copyOf(value: unknown, copies: Map<unknown, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value
  const isList = Array.isArray(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!isList && prototype !== Object.prototype && prototype !== null) return value
  const known = copies.get(value)
  if (known !== undefined) return known
  const copy: Record<string, unknown> = isList
    ? ([] as never)
    : ownProperties(value as object as Record<string, unknown>)
  copies.set(value, copy)
  for (const [name, each] of Object.entries(value)) copy[name] = copyOf(each, copies)
  return copy
}

/**
 * The own options of `what`, for example `close()`. Throws DataError if `options` is not an object or has a name that
 * is not in `names`.
 */
export function ownOptions<T extends object>(
  what: string,
  options: T | undefined,
  names: readonly (keyof T & string)[],
): T {
  if (options === undefined) return ownProperties<T>()
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new DataError(`The options of ${what} must be an object: known are ${names.join(', ')}.`)
  }
  for (const name of Object.keys(options)) {
    if (!(names as readonly string[]).includes(name)) {
      throw new DataError(`Unknown option ${name} of ${what}: known are ${names.join(', ')}.`)
    }
  }
  return ownProperties(options)
}
