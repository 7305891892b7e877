import { DataError } from '../../errors/errors.js'
import { Command } from './command.js'
import type { Context, Runner } from './context.js'
import { raw } from './decoder.js'
import { owned } from './own-properties.js'
import { keyless } from './spec.js'

type Method = (this: Runner<Context>, ...args: readonly unknown[]) => unknown

const WRONG = keyless('CALL', raw)

/**
 * `method`, but it reads own properties alone, at every depth, and what it cannot read of its arguments is a call that rejects
 * with DataError: a wrong call never throws.
 */
function guarded(name: string, method: Method): Method {
  return function (...args) {
    try {
      return Reflect.apply(method, this, owned(args))
    } catch {
      // Without the cause: its text may hold a value.
      const message = `${name}() cannot read its arguments: one is missing, or is of another kind than its type says.`
      return this.run(new Command(WRONG, [new DataError(message)]))
    }
  }
}

/**
 * Guards the methods of a group that reads nested arguments and is called seldom. The groups of the everyday commands check for
 * themselves, since a guard costs about as much as the making of a small command.
 */
export function rejectWrongCalls(group: { readonly prototype: object }): void {
  for (const name of Object.getOwnPropertyNames(group.prototype)) {
    const property = Object.getOwnPropertyDescriptor(group.prototype, name)
    if (name === 'constructor' || typeof property?.value !== 'function') continue
    Object.defineProperty(group.prototype, name, { ...property, value: guarded(name, property.value as Method) })
  }
}
