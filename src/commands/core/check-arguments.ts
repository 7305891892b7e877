import { DataError } from '../../errors/errors.js'
import type { Command } from './command.js'
import { isBytes, kindOf } from './value-types.js'

/**
 * Returns the approximate size of the arguments in bytes (text counts its characters, numbers count 8), or the
 * DataError of an invalid argument. The message contains the position and the type, never the value.
 */
export function measure(command: Command): number | DataError {
  const { args } = command
  let size = 16
  for (let i = 0; i < args.length; i++) {
    const argument: unknown = args[i]
    if (typeof argument === 'string') size += argument.length
    else if (typeof argument === 'number') {
      if (!Number.isFinite(argument)) return wrongArgument(command, i, `the number ${argument}`)
      size += 8
    } else if (typeof argument === 'bigint') size += 8
    else if (isBytes(argument)) size += argument.byteLength
    else if (argument instanceof DataError) {
      return named(argument, command.spec.name)
    } else return wrongArgument(command, i, kindOf(argument))
  }
  return size
}

/** The error of an option or an argument says which command it is about. */
function named(error: DataError, name: string): DataError {
  if (error.command === undefined && !error.message.includes(name)) error.message = `${name}: ${error.message}`
  error.command ??= name
  return error
}

/** Suggests how to correct an argument of this type. */
function adviceFor(kind: string): string {
  switch (kind) {
    case 'a Promise':
      return 'Await it first.'
    case 'a function':
      return 'Calls take no callback: await the promise that they return.'
    case 'undefined':
      return 'Redis has no null value: pass a value, or omit it where the command allows that.'
    case 'null':
      return 'Redis has no null value: omit it, or delete the key or field.'
    case 'a Date':
      return 'Convert it first, for instance with getTime() or toISOString().'
    default:
      return 'Convert it first, for instance with String() or JSON.stringify().'
  }
}
function wrongArgument(command: Command, index: number, found: string): DataError {
  const { name } = command.spec
  return new DataError(
    `Argument ${index + 1} of ${name} is ${found}: expected a string, a Buffer or Uint8Array, a finite number or a ` +
      `bigint. ${adviceFor(found)}`,
    { command: name },
  )
}
