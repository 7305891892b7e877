/** What happens to a command between the call and the link: it is checked, gets its promise and its deadline, and goes. */

import type { CallOptions } from '../commands/core/call-options.js'
import { measure } from '../commands/core/check-arguments.js'
import { blockTime, CallDetails, type Command, State } from '../commands/core/command.js'
import { applyPrefix } from '../commands/core/prefix.js'
import type { ReplyFormat } from '../commands/core/reply-format.js'
import { attachSignal } from '../connection/call/abort-signal.js'
import { createPromise, fail } from '../connection/call/completion.js'
import { setDeadline } from '../connection/call/deadlines.js'
import { commandChannel, isObserved, traceCommand } from '../connection/diagnostics.js'
import { DataError } from '../errors/errors.js'
import type { Sender } from './sender.js'

/** Runs `command` on `engine` in the way of a view: its shape, and what the caller said about its calls. */
export function run<R>(
  engine: Sender,
  command: Command,
  shape: ReplyFormat,
  callOptions: CallOptions | undefined,
): Promise<R> {
  // The promise of its first run is left alone.
  if (!isNew(command)) return Promise.reject(ranBefore(command))
  const promise = createPromise<R>(command)
  const fault = prepare(command, shape) ?? reservedFault(command, engine)
  if (fault !== undefined) {
    fail(command, fault)
    return promise
  }
  if (callOptions !== undefined && !heed(command, callOptions)) return promise
  setDeadline(command, callOptions?.timeout ?? timeoutOf(command, engine.settings.commandTimeout), engine.now())
  if (isObserved(commandChannel)) traceCommand(command, engine.where, () => engine.send(command))
  else engine.send(command)
  return promise
}

/** Gives a prepared `command` its promise and deadline, and starts it. */
export function launch<R>(
  engine: Sender,
  command: Command,
  callOptions: CallOptions | undefined,
  start: (command: Command) => void,
): Promise<R> {
  const promise = createPromise<R>(command)
  if (callOptions !== undefined && !heed(command, callOptions)) return promise
  setDeadline(command, callOptions?.timeout ?? engine.settings.commandTimeout, engine.now())
  start(command)
  return promise
}

/** Gives `command` its shape, prefix and size; or tells what is wrong with it. */
export function prepare(command: Command, shape: ReplyFormat): DataError | undefined {
  command.shape = command.spec.binary && !shape.bytes ? { ...shape, bytes: true } : shape
  if (shape.prefix !== '') {
    const fault = applyPrefix(command, shape.prefix)
    if (fault !== undefined) return fault
  }
  const size = measure(command)
  if (typeof size !== 'number') return size
  command.size = size
  const { spec } = command
  if (spec.repeatable) command.state |= State.repeatable
  if (!spec.known && /\s/.test(spec.name)) {
    return new DataError('The name of a command has no spaces in it: give each word as an argument of its own.')
  }
  return undefined
}

/** What only a session may say, or nobody. */
export function reservedFault(command: Command, engine: Sender): DataError | undefined {
  const { name, reserved } = command.spec
  if (reserved === undefined || (engine.isSession && reserved.session)) return undefined
  const why = engine.isSession ? 'is not for a session' : 'would change the connection that all callers share'
  return new DataError(`${name} ${why}: use ${reserved.instead}.`, { command: name })
}

/** The default deadline; a blocking command gets the time it may block on top, and none if that is for ever. */
function timeoutOf(command: Command, commandTimeout: number): number {
  if (command.spec.blocks === undefined) return commandTimeout
  const block = blockTime(command)
  // What is no number the server refuses at once.
  if (block === undefined || Number.isNaN(block)) return commandTimeout
  return block === 0 || commandTimeout === 0 ? 0 : block + commandTimeout
}

/** False if the call is over already: its signal had aborted. */
function heed(command: Command, callOptions: CallOptions): boolean {
  const { idempotent, key, signal } = callOptions
  if (idempotent === true) command.state |= State.repeatable
  if (key === undefined && signal === undefined) return true
  command.details ??= new CallDetails()
  command.details.callOptions = callOptions
  return signal === undefined || attachSignal(signal, command)
}

/** Whether it is a command that was never run. There are things that are none and have a size: a Set, a Map. */
export function isNew(command: Command | undefined): command is Command {
  return command?.size === 0 && command.spec !== undefined
}

/** What is wrong with a command that was run, or stands in the same pipeline already; or with what is none. */
export function ranBefore(command: Command | undefined): DataError {
  if (command?.spec === undefined) return new DataError('Expected a Command: new Command(spec, args).')
  return new DataError(`This ${command.spec.name} was run before: a Command is one call, make another.`, {
    command: command.spec.name,
  })
}
