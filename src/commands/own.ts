import { DataError } from '../errors/errors.js'

/** The own properties of `options`, without a prototype: what somebody put on Object.prototype is no option. */
export function own<T extends object>(...options: readonly (T | undefined)[]): T {
  return Object.assign(Object.create(null), ...options) as T
}

/** The own options of `what`, such as `close()`; throws a DataError for what is no object of options of these `names`. */
export function ownOptions<T extends object>(
  what: string,
  options: T | undefined,
  names: readonly (keyof T & string)[],
): T {
  if (options === undefined) return own<T>()
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new DataError(`The options of ${what} must be an object: known are ${names.join(', ')}.`)
  }
  for (const name of Object.keys(options)) {
    if (!(names as readonly string[]).includes(name)) {
      throw new DataError(`Unknown option ${name} of ${what}: known are ${names.join(', ')}.`)
    }
  }
  return own(options)
}
