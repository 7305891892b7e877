/** What went wrong when a server was asked, and what that means for a lock. */
import {
  AuthenticationError,
  AuthorizationError,
  ClusterError,
  ConnectionError,
  InvalidResponse,
  LockError,
  LockNotOwnedError,
  type LockReason,
  ReadOnlyError,
  RedisError,
  TimeoutError,
  TryAgainError,
} from '../errors/errors.js'

/** The client was closed: nothing will ever come of it. Its message is all that tells. */
function isClosed(error: unknown): boolean {
  return error instanceof ConnectionError && /^The client (is|was) closed/.test(error.message)
}

/** Whether another try may fare better: the link may come back, a replica be promoted, a slot have moved. */
export function mayPass(error: unknown): boolean {
  if (error instanceof AuthenticationError || error instanceof AuthorizationError || isClosed(error)) return false
  return [ConnectionError, TimeoutError, InvalidResponse, ClusterError, TryAgainError, ReadOnlyError].some(
    type => error instanceof type,
  )
}

/** Whether the server surely did not run it. */
export function neverRan(error: unknown): boolean {
  return error instanceof RedisError && error.outcome === 'not sent'
}

const MESSAGES: Readonly<Record<LockReason, string>> = {
  'not acquired': 'The lock is held by somebody else.',
  'not locked': 'The lock is not held: acquire it first.',
  'already locked': 'The lock is held already, or being acquired: release it first, or make another Lock.',
  'not owned': 'The lock was lost: another token is there.',
  expired: 'The lock was lost: its time ran out.',
  'no ttl': 'The lock has no ttl, so it cannot be extended.',
  unreachable: 'Too few servers answered to tell',
  aborted: 'The client of the lock was closed',
}

export function lockError(reason: LockReason, lockName: string): LockError {
  return new LockError(MESSAGES[reason], { reason, lockName })
}

/** The lock was ours: it is the error of `release` and `extend`, and the reason of the signal. */
export function lostError(reason: 'not owned' | 'expired', lockName: string): LockNotOwnedError {
  return new LockNotOwnedError(MESSAGES[reason], { reason, lockName })
}

/** Too few servers answered, and this is what kept the others. */
export function unreachable(errors: readonly unknown[], lockName: string): LockError {
  const reason = errors.some(isClosed) ? 'aborted' : 'unreachable'
  const cause = errors.length === 1 ? errors[0] : new AggregateError(errors)
  const why = errors[0] instanceof Error ? errors[0].message : String(errors[0])
  return new LockError(`${MESSAGES[reason]}: ${why}`, { reason, lockName, cause })
}
