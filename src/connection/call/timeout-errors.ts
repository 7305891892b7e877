import { type Command, State } from '../../commands/core/command.js'
import {
  ConnectionError,
  DataError,
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

/** The error of a call that is rejected before it is queued. */
export function notSent(
  command: Command,
  message: string,
  { node, lastError }: { readonly node: string; readonly lastError: RedisError | undefined },
): ConnectionError {
  return new ConnectionError(`${message}: ${command.spec.name} was not sent.`, {
    node,
    outcome: 'not sent',
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
