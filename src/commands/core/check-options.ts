/** Checks options that users pass, by a table of the options that a call or a constructor knows. */
import { DataError } from '../../errors/errors.js'
import { isSignal } from './abort-signals.js'
import { ownProperties } from './own-properties.js'
import { LONGEST_TIMER } from './timers.js'
import { isObject, kindOf } from './value-types.js'

/** Returns the expected kind of value of an option, or undefined if the value is valid. */
export type Check = (value: unknown) => string | undefined

export type Checks<T extends object> = { readonly [K in keyof T]-?: Check }

/** The words by which error texts name the options. */
export interface OptionWording {
  /** The call or class that takes the options, such as `with()`. */
  readonly of?: string
  /** The prefix of each name, such as `pool.`. */
  readonly prefix?: string
  /** Advice for an option name of another client. */
  readonly insteadOf?: (name: string) => string | undefined
}

/**
 * Returns the own options, without a prototype: a property of Object.prototype is not an option. An option that is undefined counts
 * as absent.
 * @throws DataError if `options` is not an object, or contains an unknown name or an invalid value. The text never contains the value.
 */
export function ownOptions<T extends object>(options: T | undefined, checks: Checks<T>, wording: OptionWording): T {
  if (options === undefined) return ownProperties<T>()
  const { insteadOf, of, prefix = '' } = wording
  const where = of === undefined ? '' : ` of ${of}`
  if (!isObject(options)) {
    throw new DataError(`The options${where} must be an object: got ${kindOf(options)}; ${known(checks, prefix)}.`)
  }
  const own = ownProperties<T>(options)
  for (const name of Object.keys(own) as (keyof T & string)[]) {
    const value = own[name]
    if (value === undefined) continue
    if (!Object.hasOwn(checks, name)) {
      const instead = insteadOf?.(name)
      const hint = instead === undefined ? '' : ` ${instead};`
      throw new DataError(`Unknown option ${prefix}${name}${where}:${hint} ${known(checks, prefix)}.`)
    }
    const expected = checks[name](value)
    if (expected === undefined) continue
    const hint = isNumeric(value, checks[name]) ? ' Convert it with Number().' : ''
    throw new DataError(`The option ${prefix}${name}${where} must be ${expected}: got ${kindOf(value)}.${hint}`)
  }
  return own
}

/** Whether `value` is a text, as environment variables are, whose number is a valid value. */
function isNumeric(value: unknown, check: Check): boolean {
  return typeof value === 'string' && value.trim() !== '' && check(Number(value)) === undefined
}

function known(checks: object, prefix: string): string {
  return knownNames(
    Object.keys(checks)
      .map(name => prefix + name)
      .sort(),
  )
}

/** The end of an error text about a name that is not one of `names`. */
export function knownNames(names: readonly string[]): string {
  return `known ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`
}

export const isAnything: Check = () => undefined
export const isText: Check = value => (typeof value === 'string' ? undefined : 'a string')
export const isFilledText: Check = value =>
  typeof value === 'string' && value !== '' ? undefined : 'a string that is not empty'
export const isBoolean: Check = value => (typeof value === 'boolean' ? undefined : 'true or false')
export const isFunction: Check = value => (typeof value === 'function' ? undefined : 'a function')
export const isAbortSignal: Check = value => (isSignal(value) ? undefined : 'an AbortSignal')
export const isCount: Check = value =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'a whole number from 0'
export const isPositive: Check = value =>
  Number.isSafeInteger(value) && (value as number) > 0 ? undefined : 'a whole number from 1'
export const isMs: Check = value => (isFrom(value, 0) ? undefined : 'a number of milliseconds, 0 or more, or Infinity')
/** Checks for milliseconds within the limit of Node's timers. */
export const isDelay: Check = value =>
  isFrom(value, 0) && value <= LONGEST_TIMER ? undefined : 'a number of milliseconds, 0 or more'
export const isLimit: Check = value => (isFrom(value, 0) ? undefined : 'a number from 0, or Infinity')

export function isFrom(value: unknown, least: number): value is number {
  return typeof value === 'number' && value >= least
}

/** Checks that a value is one of `texts`. */
export function isOneOf(...texts: readonly string[]): Check {
  const expected = `one of ${texts.join(', ')}`
  return value => (texts.includes(value as string) ? undefined : expected)
}
