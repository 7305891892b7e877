/**
 * How the options of a command become arguments. A check that fails adds a DataError: the call then rejects, it never
 * throws.
 */
import { DataError } from '../../errors/errors.js'
import type { Argument, Arguments, Fields, Key, OneOrMore, Several } from './argument.js'
import { knownNames } from './check-options.js'
import { owned, ownProperties } from './own-properties.js'
import { isMap, kindOf } from './value-types.js'

type Options = object

/**
 * Returns the own properties of the options: a property of Object.prototype is not an option. Adds an error if
 * `options` is not an object.
 */
export function plainOptions<O extends object | undefined>(args: Arguments, options: O): O {
  if (typeof options !== 'object' || options === null) {
    refuse(args, 'The options must be an object and the last argument, or be omitted.')
    return ownProperties() as O
  }
  for (const name in options) if (!Object.hasOwn(options, name)) return owned(ownProperties<object>(options)) as O
  return options
}

/**
 * Adds an error for every option that is not in `names`. Without it `{ EX: 10 }`, or `'EX', 10` instead of an object,
 * would be ignored silently, and the value would never expire. The message contains the name, never the value.
 */
export function known(args: Arguments, options: Options, names: ReadonlySet<string>): void {
  if (typeof options !== 'object' || options === null) {
    refuse(args, `The options must be an object and the last argument; ${knownNames([...names])}.`)
    return
  }
  for (const name of Object.keys(options)) {
    if (!names.has(name)) refuse(args, `Unknown option ${name}: ${knownNames([...names])}.`)
  }
}

/** Adds `token` and its value, if there is one: `EX 10`. */
export function option(args: Arguments, token: string, value: Argument | undefined): void {
  if (value !== undefined) args.push(token, value)
}

/** Adds `token` if `value` is true: `NX`. */
export function flag(args: Arguments, token: string, value: boolean | undefined): void {
  if (value === true) args.push(token)
}

/** Adds an error if more than one of `names` is given. */
export function exclusive(args: Arguments, options: Options, ...names: readonly string[]): void {
  let count = 0
  for (const name of names) if (isGiven(options, name)) count++
  if (count < 2) return
  const given = names.filter(name => isGiven(options, name))
  refuse(args, `The options ${given.join(' and ')} exclude each other: give only one of them.`)
}

/**
 * Adds an error if one of `names` is present but undefined, as in `{ ex: config.ttl }` without a `ttl`. Ignoring it
 * would change what is stored, for example a value that never expires.
 */
export function decided(args: Arguments, options: Options, names: readonly string[]): void {
  for (const name of names) {
    if ((options as Record<string, unknown>)[name] !== undefined || !Object.hasOwn(options, name)) continue
    refuse(args, `The option ${name} is undefined, and it decides what is stored: give it a value, or omit it.`)
  }
}

/** Adds an error if a number among the options `names` is not whole. */
export function whole(args: Arguments, options: Options, names: readonly string[]): void {
  for (const name of names) {
    const value = (options as Record<string, unknown>)[name]
    if (typeof value === 'number' && !Number.isInteger(value))
      refuse(args, `The option ${name} must be a whole number: got ${kindOf(value)}.`)
  }
}

/** Adds an error if some of `names` are given and others are not. */
export function together(args: Arguments, options: Options, ...names: readonly string[]): void {
  const given = names.filter(name => isGiven(options, name))
  if (given.length > 0 && given.length < names.length) {
    refuse(args, `The options ${names.join(' and ')} must be given together: only ${given.join(' and ')} was given.`)
  }
}

/** Makes the call reject with a DataError that has this message. */
export function refuse(args: Arguments, message: string): void {
  args.push(new DataError(message))
}

/** Whether `options` has its own property `name`, neither undefined nor false. */
export function isGiven(options: Options, name: string): boolean {
  if (!Object.hasOwn(options, name)) return false
  const value = (options as Record<string, unknown>)[name]
  return value !== undefined && value !== false
}

/** Adds alternating names and values; an empty object is an error, and so is a field without a value. */
export function pushFields(args: Arguments, fields: Fields, what = 'field'): void {
  const before = args.length
  if (isMap(fields)) {
    for (const [name, value] of fields as ReadonlyMap<Key, Argument>) {
      args.push(name, value ?? noValue(value, what, args.length - before))
    }
  } else if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) {
    for (const name of Object.keys(fields)) {
      const value = (fields as Record<string, Argument | undefined>)[name]
      args.push(name, value ?? noValue(value, what, args.length - before))
    }
  } else refuse(args, `Expected a plain object or a Map of ${what}s and values.`)
  if (args.length === before) refuse(args, `At least one ${what} is needed: the object or Map is empty.`)
}

/** The error in place of a missing value, after `pushed` names and values. */
function noValue(value: undefined | null, what: string, pushed: number): DataError {
  return new DataError(
    `The value of ${what} ${pushed / 2 + 1} is ${value}: Redis has no null value. Leave the ${what} out, or delete it.`,
  )
}

/** Adds items that were given as rest arguments or as one array; no item is an error. */
export function pushSeveral(args: Arguments, given: Several<Argument>, what = 'key'): void {
  const items = given.length === 1 && Array.isArray(given[0]) ? (given[0] as readonly Argument[]) : given
  if (items.length === 0) refuse(args, `At least one ${what} is needed.`)
  for (const item of items) args.push(item as Argument)
}

/** Adds one item, or the items of an array; no item is an error. */
export function pushAll(args: Arguments, given: OneOrMore<Argument>, what = 'member'): void {
  if (!Array.isArray(given)) {
    args.push(given as Argument)
    return
  }
  if (given.length === 0) refuse(args, `At least one ${what} is needed.`)
  for (const item of given as readonly Argument[]) args.push(item)
}

/** Adds the number of items and the items: `2 a b`. */
export function pushCounted(args: Arguments, given: readonly Argument[], what = 'key'): void {
  if (!Array.isArray(given) || given.length === 0) refuse(args, `At least one ${what} is needed, in an array.`)
  else {
    args.push(given.length)
    for (const item of given as readonly Argument[]) args.push(item)
  }
}
