/** The own properties of `options`, without a prototype: a property of Object.prototype is not an option. */
export function ownProperties<T extends object>(...options: readonly (T | undefined)[]): T {
  return Object.assign(Object.create(null), ...options) as T
}

/** Whether `value` has a property of this name itself. The operator `in` would find one of Object.prototype too. */
export function hasOwn<T extends object, K extends string>(value: T, name: K): value is Extract<T, Record<K, unknown>> {
  return Object.hasOwn(value, name)
}

/** Defines a property that is not enumerable. The descriptor has no prototype, whose `get` or `set` would make it invalid. */
export function defineHidden(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, ownProperties<PropertyDescriptor>({ value, configurable: true }))
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
