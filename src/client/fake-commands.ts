import { Commands, type RedisCommands } from '../commands/commands.js'
import type { Command } from '../commands/core/command.js'
import type { Promised } from '../commands/core/context.js'
import { isObject } from '../commands/core/value-types.js'
import { DataError } from '../errors/errors.js'

/** Functions in place of commands. Their arguments have the types of the command, their results are not checked. */
export type FakeMethods = {
  readonly [K in keyof RedisCommands]?: RedisCommands[K] extends (...args: infer A) => unknown
    ? (...args: A) => unknown
    : RedisCommands[K]
}

class FakeCommands extends Commands<Promised> {
  async run<R>({ spec }: Command): Promise<R> {
    throw new DataError(`fakeCommands() was given no function for ${spec.name}: add one with the name of the method.`)
  }
}

/**
 * Returns commands for a test without a server: `fakeCommands({ set: async () => null })`. A function may return any reply of
 * its command, whatever the options of the call are. A command without a function rejects with DataError.
 */
export function fakeCommands(methods: FakeMethods): RedisCommands {
  if (!isObject(methods)) throw new DataError('fakeCommands() needs an object of functions: { get: async () => null }.')
  return Object.assign(new FakeCommands(), methods) as RedisCommands
}
