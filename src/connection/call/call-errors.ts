/** The errors of a call that is rejected by the client and not by the server. */
import { type Command, State } from '../../commands/core/command.js'
import {
  ConnectionError,
  DataError,
  type ErrorDetails,
  InvalidResponse,
  type Phase,
  RedisError,
  type TimeoutDetails,
  TimeoutError,
} from '../../errors/errors.js'
import { withoutStack } from '../../errors/without-stack.js'

/** The facts that the error of a timeout reports. */
export interface TimeoutFacts {
  readonly node: string
  readonly phase: Phase
  /** Ms since the call. */
  readonly elapsed: number
  readonly queued: number
  readonly inflight: number
  /** The error of the last failed attempt or lost connection. */
  readonly lastError: RedisError | undefined
}

/**
 * The error of a call that timed out: the error reply because of which it was retried, if there was one, else a TimeoutError
 * that says how far the call came.
 */
export function timedOut(command: Command, now: TimeoutFacts): RedisError {
  const written = (command.state & State.written) !== 0
  const outcome = written ? 'unknown' : 'not sent'
  const refusal = command.details?.refusal
  // If it was written again after that error reply, it got no second one.
  if (refusal !== undefined && !written) {
    refusal.outcome = outcome
    return refusal
  }
  const { node, phase, queued, inflight, lastError } = now
  const elapsed = Math.round(now.elapsed)
  const where = phase === 'queued' ? 'waiting in the queue' : `no connection to ${node}`
  const how =
    phase === 'written'
      ? `written to ${node}, no reply`
      : `${written ? 'sent before on a lost connection' : 'never sent'}, ${where}`
  // A timeout below one second was short on purpose: do not suggest a firewall.
  const why = elapsed < 1_000 ? '' : ': a firewall, or TLS on one side only?'
  const silent = phase === 'connecting' && !written ? `; it has not answered yet${why}` : ''
  const last = lastError === undefined ? silent : `; last error: ${lastError.message}`
  const message = `${command.spec.name} timed out after ${elapsed} ms: ${how} (${queued} queued, ${inflight} in flight)${last}`
  const details: TimeoutDetails = { code: 'ETIMEDOUT', node, outcome, phase, elapsed, cause: lastError }
  return withoutStack(() => new TimeoutError(message, details))
}

/** The error of a call that is rejected before it is queued. After a lost connection it may have run. */
export function notSent(
  command: Command,
  message: string,
  { node, lastError }: { readonly node: string; readonly lastError: RedisError | undefined },
): ConnectionError {
  const written = (command.state & State.written) !== 0
  return new ConnectionError(`${message}: ${command.spec.name} was not sent${written ? ' again' : ''}.`, {
    node,
    outcome: written ? 'unknown' : 'not sent',
    cause: lastError,
  })
}

/** The error of a command that cannot be encoded. */
export function unsendable(command: Command, cause: unknown): RedisError {
  if (cause instanceof RedisError) return cause
  const { name } = command.spec
  const message = `${name} could not be encoded, so nothing of it was sent. Are its arguments too big for the available memory?`
  return new DataError(message, { command: name, outcome: 'not sent', cause })
}

/** The error of a command with text that UTF-8 cannot encode: U+FFFD would be sent in its place, and two keys could become one. */
export function malformedText(command: Command): DataError {
  const { name } = command.spec
  const message = `An argument of ${name} has half of a surrogate pair, which no bytes stand for: text was probably cut in the middle of an emoji.`
  return new DataError(message, { command: name, outcome: 'not sent' })
}

/** The error for a reply that cannot be decoded. The server has replied, so the command may have run. */
export function undecodable(command: Command, error: unknown): RedisError {
  const failure =
    error instanceof RedisError
      ? error
      : new DataError(
          `The reply to ${command.spec.name} has an unknown format; redis.call() returns it without decoding.`,
          { cause: error },
        )
  failure.outcome ??= 'unknown'
  return failure
}

/** A copy of `error` for one of many commands that are rejected for the same reason. */
export function cloneError(error: RedisError, details: ErrorDetails, message: string = error.message): RedisError {
  const Class = error.constructor as new (message: string, details: ErrorDetails) => RedisError
  // The details always have the same fields: optional ones make this five times slower.
  const { code, node, phase, elapsed } = error as RedisError & Partial<Pick<TimeoutError, 'phase' | 'elapsed'>>
  const all = { code, node, phase, elapsed, cause: error, ...details }
  return withoutStack(() => new Class(message, all))
}

/** A copy of `error` for a command without a reply. Its outcome says whether the command may have run. */
export function unansweredError(command: Command, error: RedisError, cause: unknown = error): RedisError {
  const outcome = (command.state & State.written) === 0 ? 'not sent' : 'unknown'
  return cloneError(error, { command: command.spec.name, outcome, cause })
}

/** The error of a transaction whose replies are `proof` that replies belong to other commands. */
export function repliesShifted(proof: string): InvalidResponse {
  return new InvalidResponse(`${proof}: replies belong to other commands.`, { command: 'EXEC', outcome: 'unknown' })
}

/** The error of the connection that read these replies. */
export function closedByShift(proof: string): ConnectionError {
  return new ConnectionError(`The connection was closed, because replies belong to other commands: ${proof}.`)
}

/** The error if MULTI was rejected with `error`, and commands after it were not. */
export function ranOutside(error: RedisError): RedisError {
  const message = `MULTI was rejected (${error.message}). Commands after it ran outside of MULTI, one by one, unless they were rejected too.`
  return cloneError(error, { command: 'MULTI', outcome: 'unknown' }, message)
}

/** The error of a call after `close()`; `what` was called. */
export function clientClosed(what?: string, node?: string): ConnectionError {
  const message = what === undefined ? 'The client is closed.' : `The client is closed: ${what} was not sent.`
  return new ConnectionError(message, { node, outcome: 'not sent' })
}

/** The error of an unsent call that `close()` ended. */
export function clientWasClosed(node?: string): ConnectionError {
  return new ConnectionError('The client was closed.', { node, outcome: 'not sent' })
}

export function clientDestroyed(node?: string): ConnectionError {
  return new ConnectionError('The client was destroyed.', { node })
}
