/** How the one promise of a command is made and settled. */
import { type Command, State } from '../../commands/core/command.js'
import type { Reply } from '../../commands/core/reply.js'
import { DataError, type ErrorDetails, InvalidResponse, RedisError, type TimeoutError } from '../../errors/errors.js'
import { withoutStack } from '../../errors/without-stack.js'

type Resolve = (value: unknown) => void

let captured: Resolve = () => {}

function capture(resolve: Resolve): void {
  captured = resolve
}

/**
 * Makes the promise of `command`. One function serves all promises, and `reject` is not kept: `resolve` of a rejected
 * promise does the same, and 300,000 commands in flight take a fifth less memory.
 */
export function createPromise<R>(command: Command): Promise<R> {
  const promise = new Promise<unknown>(capture) as Promise<R>
  command.resolve = captured
  return promise
}

/**
 * Resolves with the decoded reply; a reply that cannot be decoded rejects this command alone. False is a suspicion: the
 * reply, or one inside a reply of EXEC, has a form that its command cannot have, so replies may belong to other commands.
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
  // A batch lets go of the arguments when all have settled: what it sends again must not be overtaken, which its keys tell.
  if ((command.state & State.batched) === 0) command.release()
  command.details?.settled(command, value, undefined)
  resolve(value, command)
  return (command.state & State.suspected) === 0
}

/** What a reply inside a list of replies comes to: its value, or the error that it is or that reading it was. */
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

/** Rejects with `error`, which becomes this command's: its name is put in if no other is there. */
export function fail(command: Command, error: unknown): void {
  const { resolve } = command
  if (resolve === undefined) return
  command.resolve = undefined
  // A pipeline that was refused as a whole is sent again.
  if ((command.state & State.batched) === 0) command.release()
  if (error instanceof RedisError) {
    error.command ??= command.spec.name
    const attempts = command.details?.attempts ?? 0
    if (attempts > 0) error.attempts ??= attempts + 1
  }
  command.details?.settled(command, undefined, error)
  resolve(rejected(command, error), command)
}

/** What `command` is resolved with to reject it. */
export function rejected(command: Command, error: unknown): unknown {
  if ((command.state & State.batched) === 0) return new Rejection(error)
  command.state |= State.failed
  return error
}

/**
 * What a promise is resolved with to reject it. `Promise.reject(error)` does the same for more than twice the time: the
 * engine reports each rejected promise that has no handler yet to the process, and reports it again when it gets one.
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

/** An error of its own for a command that is one of many rejected for the same reason. */
export function cloneError(error: RedisError, details: ErrorDetails, message: string = error.message): RedisError {
  const Class = error.constructor as new (message: string, details: ErrorDetails) => RedisError
  // One form for all: parts that are there or not make this five times slower.
  const { code, node, phase, elapsed } = error as RedisError & Partial<Pick<TimeoutError, 'phase' | 'elapsed'>>
  const all = { code, node, phase, elapsed, cause: error, ...details }
  return withoutStack(() => new Class(message, all))
}

/** Rejects a command with text that UTF-8 cannot encode: U+FFFD would be sent in its place, and two keys could become one. */
export function rejectMalformedText(command: Command): void {
  const { name } = command.spec
  const message = `An argument of ${name} has half of a surrogate pair, which no bytes stand for: text was probably cut in the middle of an emoji.`
  fail(command, new DataError(message, { command: name, outcome: 'not sent' }))
}

/** The server has answered, so the command may have run, whatever is wrong with the reply. */
function undecodable(command: Command, error: unknown): RedisError {
  const failure =
    error instanceof RedisError
      ? error
      : new DataError(
          `The reply of ${command.spec.name} has a form that is not known here; redis.call() returns it as it came.`,
          { cause: error },
        )
  failure.outcome ??= 'unknown'
  return failure
}
