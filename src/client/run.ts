/** From the call to the link: a command is checked, gets its promise and its deadline, and is sent. */

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

/** Sends `command` with the reply format and the call options of a view. Returns its promise. */
export function run<R>(
  engine: Sender,
  command: Command,
  shape: ReplyFormat,
  callOptions: CallOptions | undefined,
): Promise<R> {
  // The promise of its first run must not change.
  if (!isNew(command)) return Promise.reject(ranBefore(command))
  const promise = createPromise<R>(command)
  const error = prepare(command, shape) ?? reservedError(command, engine)
  if (error !== undefined) {
    fail(command, error)
    return promise
  }
  if (callOptions !== undefined && !applyCallOptions(command, callOptions)) return promise
  setDeadline(command, callOptions?.timeout ?? timeoutOf(command, engine.settings.commandTimeout), engine.now())
  if (isObserved(commandChannel)) traceCommand(command, engine.where, () => engine.send(command))
  else engine.send(command)
  return promise
}

/** Gives a prepared `command` its promise and deadline, then calls `start`. Returns the promise. */
export function launch<R>(
  engine: Sender,
  command: Command,
  callOptions: CallOptions | undefined,
  start: (command: Command) => void,
): Promise<R> {
  const promise = createPromise<R>(command)
  if (callOptions !== undefined && !applyCallOptions(command, callOptions)) return promise
  setDeadline(command, callOptions?.timeout ?? engine.settings.commandTimeout, engine.now())
  start(command)
  return promise
}

/** Sets the shape, prefix and size of `command`. Returns an error if it cannot be sent. */
export function prepare(command: Command, shape: ReplyFormat): DataError | undefined {
  command.shape = command.spec.binary && !shape.bytes ? { ...shape, bytes: true } : shape
  if (shape.prefix !== '') {
    const error = applyPrefix(command, shape.prefix)
    if (error !== undefined) return error
  }
  const size = measure(command)
  if (typeof size !== 'number') return size
  command.size = size
  const { spec } = command
  if (spec.repeatable) command.state |= State.repeatable
  if (!spec.known && /\s/.test(spec.name)) {
    return new DataError('The name of a command must not contain spaces: pass each further word as an argument.')
  }
  return undefined
}

/** Returns an error if `command` is reserved: for sessions, or for the client itself. */
export function reservedError(command: Command, engine: Sender): DataError | undefined {
  const { name, reserved } = command.spec
  if (reserved === undefined || (engine.isSession && reserved.session)) return undefined
  const why = engine.isSession
    ? 'cannot be called in a session'
    : 'would change the state of the connection that all callers share'
  return new DataError(`${name} ${why}: use ${reserved.instead}.`, { command: name })
}

/** Returns the default deadline. For a blocking command its blocking time is added; one that blocks forever has no deadline. */
function timeoutOf(command: Command, commandTimeout: number): number {
  if (command.spec.blocks === undefined) return commandTimeout
  const block = blockTime(command)
  // The server rejects a value that is not a number at once.
  if (block === undefined || Number.isNaN(block)) return commandTimeout
  return block === 0 || commandTimeout === 0 ? 0 : block + commandTimeout
}

/** Returns false if the signal is aborted already: the call is then rejected. */
function applyCallOptions(command: Command, callOptions: CallOptions): boolean {
  const { idempotent, key, signal } = callOptions
  if (idempotent === true) command.state |= State.repeatable
  if (key === undefined && signal === undefined) return true
  command.details ??= new CallDetails()
  command.details.callOptions = callOptions
  return signal === undefined || attachSignal(signal, command)
}

/** Whether `command` is a Command that was never run. Other objects have a size too: a Set, a Map. */
export function isNew(command: Command | undefined): command is Command {
  return command?.size === 0 && command.spec !== undefined
}

/** Returns the error for a Command that was run before or is twice in a pipeline, or for a value that is not a Command. */
export function ranBefore(command: Command | undefined): DataError {
  if (command?.spec === undefined) return new DataError('Expected a Command: new Command(spec, args).')
  return new DataError(`This Command (${command.spec.name}) was run before: create a new Command for each call.`, {
    command: command.spec.name,
  })
}
