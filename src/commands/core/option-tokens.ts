/** How the options of a command become arguments. */
import { DataError } from '../../errors/errors.js'
import type { Argument, Arguments, Key } from './argument.js'
import { owned, ownProperties } from './own-properties.js'
import { isMap } from './value-types.js'

type Options = object

/**
 * The options of a call, own properties only: what somebody put on Object.prototype is no option. What is no object adds a
 * refusal: a call rejects, and never throws.
 */
export function plainOptions<O extends object | undefined>(args: Arguments, options: O): O {
  if (typeof options !== 'object' || options === null) {
    refuse(args, 'The options must be an object, the last argument, or be left out.')
    return ownProperties() as O
  }
  for (const name in options) if (!Object.hasOwn(options, name)) return owned(ownProperties<object>(options)) as O
  return options
}

/**
 * Adds a refusal for options that are none of `names`: `{ EX: 10 }`, or `'EX', 10` in place of an object, would else be
 * passed over without a word, and the value would never expire. The message tells the name, never the value.
 */
export function known(args: Arguments, options: Options, names: ReadonlySet<string>): void {
  if (typeof options !== 'object' || options === null) {
    refuse(args, `The options must be an object, the last argument: known are ${[...names].join(', ')}.`)
    return
  }
  for (const name of Object.keys(options)) {
    if (!names.has(name)) refuse(args, `Unknown option ${name}: known are ${[...names].join(', ')}.`)
  }
}

/** Adds `token` and the value, if there is one: `EX 10`. */
export function option(args: Arguments, token: string, value: Argument | undefined): void {
  if (value !== undefined) args.push(token, value)
}

/** Adds `token` if `value` is true: `NX`. */
export function flag(args: Arguments, token: string, value: boolean | undefined): void {
  if (value === true) args.push(token)
}

/** Adds a refusal where more than one of `names` is given: the call rejects with it. */
export function exclusive(args: Arguments, options: Options, ...names: readonly string[]): void {
  let count = 0
  for (const name of names) if (isGiven(options, name)) count++
  if (count < 2) return
  const given = names.filter(name => isGiven(options, name))
  refuse(args, `The options ${given.join(' and ')} exclude each other: give one of them.`)
}

/**
 * Adds a refusal where one of `names` stands there as undefined, as in `{ ex: config.ttl }` without a `ttl`: what is stored would
 * be another thing without it, such as a value that never expires.
 */
export function decided(args: Arguments, options: Options, names: readonly string[]): void {
  for (const name of names) {
    if ((options as Record<string, unknown>)[name] !== undefined || !Object.hasOwn(options, name)) continue
    refuse(args, `The option ${name} is undefined: give it a value, or leave it out, since it decides what is stored.`)
  }
}

/** Adds a refusal where some of `names` are given and others not. */
export function together(args: Arguments, options: Options, ...names: readonly string[]): void {
  const given = names.filter(name => isGiven(options, name))
  if (given.length > 0 && given.length < names.length) {
    refuse(args, `The options ${names.join(' and ')} go together: only ${given.join(' and ')} was given.`)
  }
}

/** Makes the call reject with a DataError that says `message`. */
export function refuse(args: Arguments, message: string): void {
  args.push(new DataError(message))
}

/** Whether the options object has its own `name`, neither undefined nor false. */
export function isGiven(options: Options, name: string): boolean {
  if (!Object.hasOwn(options, name)) return false
  const value = (options as Record<string, unknown>)[name]
  return value !== undefined && value !== false
}

/** Fields and values: a plain object or a Map. */
export type Fields = Readonly<Record<string, Argument>> | ReadonlyMap<Key, Argument>

/** Adds names and values in turn; none at all is a refusal. */
export function pushFields(args: Arguments, fields: Fields, what = 'field'): void {
  const before = args.length
  if (isMap(fields)) for (const [name, value] of fields as ReadonlyMap<Key, Argument>) args.push(name, value)
  else if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) {
    for (const name of Object.keys(fields)) args.push(name, (fields as Record<string, Argument>)[name] as Argument)
  } else refuse(args, `Expected an object or a Map of ${what}s and values.`)
  if (args.length === before) refuse(args, `At least one ${what} is needed: the object or Map is empty.`)
}

/** One or several: `del('a')`, `del('a', 'b')` and `del(['a', 'b'])` are the same. */
export type Several<T> = readonly T[] | readonly [readonly T[]]

/** Adds what was given as rest arguments or as one array; none at all is a refusal. */
export function pushSeveral(args: Arguments, given: Several<Argument>, what = 'key'): void {
  const items = given.length === 1 && Array.isArray(given[0]) ? (given[0] as readonly Argument[]) : given
  if (items.length === 0) refuse(args, `At least one ${what} is needed.`)
  for (const item of items) args.push(item as Argument)
}

/** One item or an array of them. */
export type OneOrMore<T> = T | readonly T[]

/** Adds one item, or those of an array; none at all is a refusal. */
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
