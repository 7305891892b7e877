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

/** What was known when the time of a command was up. */
export interface Circumstance {
  readonly node: string
  readonly phase: Phase
  /** Ms since the call. */
  readonly elapsed: number
  readonly queued: number
  readonly inflight: number
  /** Why the last attempt failed, or the last connection was lost. */
  readonly trouble: RedisError | undefined
}

/**
 * What a call whose time is up rejects with: the refusal that it met again and again if there was one, else a
 * TimeoutError that tells how far it came.
 */
export function timedOut(command: Command, now: Circumstance): RedisError {
  const written = (command.state & State.written) !== 0
  const outcome = written ? 'unknown' : 'not sent'
  const refusal = command.details?.refusal
  // What was written again after the refusal was not refused again.
  if (refusal !== undefined && !written) {
    refusal.outcome = outcome
    return refusal
  }
  const { node, phase, queued, inflight, trouble } = now
  const elapsed = Math.round(now.elapsed)
  const where = phase === 'queued' ? 'waiting for its turn' : `no connection to ${node}`
  const how =
    phase === 'written'
      ? `written to ${node}, no reply`
      : `${written ? 'written in vain before' : 'never sent'}, ${where}`
  // Who gave it a moment need not hear of firewalls.
  const why = elapsed < 1_000 ? '' : ': a firewall, or TLS on one side only?'
  const silent = phase === 'connecting' && !written ? `; it has not answered yet${why}` : ''
  const last = trouble === undefined ? silent : `; last trouble: ${trouble.message}`
  const message = `${command.spec.name} timed out after ${elapsed} ms: ${how} (${queued} queued, ${inflight} in flight)${last}`
  const details: TimeoutDetails = { code: 'ETIMEDOUT', node, outcome, phase, elapsed, cause: trouble }
  return withoutStack(() => new TimeoutError(message, details))
}

/** What a call that is not taken at all rejects with. */
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

/** What a command rejects with that cannot be made into bytes. */
export function unsendable(command: Command, cause: unknown): RedisError {
  if (cause instanceof RedisError) return cause
  const { name } = command.spec
  const message = `${name} cannot be made into bytes, so nothing of it was sent. Are its arguments too big for the memory there is?`
  return new DataError(message, { command: name, outcome: 'not sent', cause })
}
