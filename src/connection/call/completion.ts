/** Creates and settles the promise of a command. */
import { type Command, State } from '../../commands/core/command.js'
import type { Reply } from '../../commands/core/reply.js'
import { InvalidResponse, RedisError } from '../../errors/errors.js'
import { malformedText, undecodable } from './call-errors.js'

type Resolve = (value: unknown) => void

let captured: Resolve = () => {}

function capture(resolve: Resolve): void {
  captured = resolve
}

/**
 * Creates the promise of `command`. One executor serves all promises, and `reject` is not kept, because `resolve` can reject
 * too (see `Rejection`): 300,000 commands in flight take a fifth less memory.
 */
export function createPromise<R>(command: Command): Promise<R> {
  const promise = new Promise<unknown>(capture) as Promise<R>
  command.resolve = captured
  return promise
}

/**
 * Resolves with the decoded reply; a reply that cannot be decoded rejects this command alone. Returns false if the reply, or
 * one inside a reply to EXEC, is one that its command cannot have: replies may belong to other commands.
 */
export function succeed(command: Command, reply: Reply, node?: string): boolean {
  const { resolve } = command
  if (resolve === undefined) return true
  let value: unknown
  try {
    value = command.decode(reply, command.shape, command.args)
  } catch (error) {
    const failure = undecodable(command, error)
    if (node !== undefined) failure.node ??= node
    fail(command, failure)
    return !(failure instanceof InvalidResponse)
  }
  command.resolve = undefined
  // A batch releases the arguments when all have settled: it needs the keys to find out whether a resent command was overtaken.
  if ((command.state & State.batched) === 0) command.release()
  const { details } = command
  if (details !== undefined) {
    details.node = node
    details.settled(command, value, undefined)
  }
  resolve(value, command)
  return (command.state & State.suspected) === 0
}

/** The result of a reply inside a list of replies: its value, the error reply, or the error of decoding it. */
export function decoded(command: Command, reply: Reply): unknown {
  if (reply instanceof RedisError) {
    reply.command ??= command.spec.name
    return reply
  }
  try {
    return command.decode(reply, command.shape, command.args)
  } catch (error) {
    const failure = undecodable(command, error)
    failure.command ??= command.spec.name
    if (failure instanceof InvalidResponse) command.state |= State.suspected
    return failure
  }
}

/** Rejects with `error`, and sets its field `command` unless it is set. */
export function fail(command: Command, error: unknown): void {
  const { resolve } = command
  if (resolve === undefined) return
  command.resolve = undefined
  // A pipeline of which the server rejected all commands is resent, and needs their arguments.
  if ((command.state & State.batched) === 0) command.release()
  if (error instanceof RedisError) {
    error.command ??= command.spec.name
    const attempts = command.details?.attempts ?? 0
    if (attempts > 0) error.attempts ??= attempts + 1
  }
  command.details?.settled(command, undefined, error)
  resolve(rejected(command, error), command)
}

/** The value that rejects `command` when it is resolved with it. */
export function rejected(command: Command, error: unknown): unknown {
  if ((command.state & State.batched) === 0) return new Rejection(error)
  command.state |= State.failed
  return error
}

/**
 * A promise that is resolved with a Rejection rejects. `Promise.reject(error)` takes more than twice the time, because the
 * engine reports each rejected promise without a handler to the process, and reports it again when it gets one.
 */
export class Rejection {
  readonly #error: unknown

  constructor(error: unknown) {
    this.#error = error
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise is resolved with it
  then(_: unknown, reject: (error: unknown) => void): void {
    reject(this.#error)
  }
}

/** Rejects a command with text that UTF-8 cannot encode. */
export function rejectMalformedText(command: Command): void {
  fail(command, malformedText(command))
}
