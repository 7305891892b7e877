import { DataError } from '../../errors/errors.js'
import { Command } from './command.js'
import type { Context, Runner } from './context.js'
import { raw } from './decoder.js'
import { owned } from './own-properties.js'
import { keyless } from './spec.js'

type Method = (this: Runner<Context>, ...args: readonly unknown[]) => unknown

const WRONG = keyless('CALL', raw)

/**
 * Wraps `method` so that it sees only own properties, at every depth, and so that a call with unreadable arguments
 * rejects with DataError instead of throwing.
 */
function guarded(name: string, method: Method): Method {
  return function (...args) {
    try {
      return Reflect.apply(method, this, owned(args))
    } catch {
      // The cause is left out, because its text may contain a value.
      const message = `${name}() cannot read its arguments: one is missing, or has the wrong type.`
      return this.run(new Command(WRONG, [new DataError(message)]))
    }
  }
}

/**
 * Guards the methods of a group that reads nested arguments and is called seldom. The groups of the everyday commands
 * check their arguments themselves, because a guard costs about as much as creating a small command.
 */
export function rejectWrongCalls(group: { readonly prototype: object }): void {
  for (const name of Object.getOwnPropertyNames(group.prototype)) {
    const property = Object.getOwnPropertyDescriptor(group.prototype, name)
    if (name === 'constructor' || typeof property?.value !== 'function') continue
    Object.defineProperty(group.prototype, name, { ...property, value: guarded(name, property.value as Method) })
  }
}
