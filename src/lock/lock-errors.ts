/** The errors of a lock, and the meaning of a failed call to a server for the lock. */
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

/** Whether the client was closed, so that a retry is pointless. Only the message of the error says so. */
function isClosed(error: unknown): boolean {
  return error instanceof ConnectionError && /^The client (is|was) closed/.test(error.message)
}

/** Whether a retry may succeed: after a reconnect, the promotion of a replica, or the move of a slot. */
export function isTransient(error: unknown): boolean {
  if (error instanceof AuthenticationError || error instanceof AuthorizationError || isClosed(error)) return false
  return [ConnectionError, TimeoutError, InvalidResponse, ClusterError, TryAgainError, ReadOnlyError].some(
    type => error instanceof type,
  )
}

/** Whether the server certainly did not run the command. */
export function wasNotSent(error: unknown): boolean {
  return error instanceof RedisError && error.outcome === 'not sent'
}

type Message = (lock: string) => string

const MESSAGES: Readonly<Record<LockReason, Message>> = {
  'not acquired': lock => `The lock ${lock} is held by another owner.`,
  'not a lock': lock => `Cannot acquire the lock ${lock}: its key holds a value that is not a lock.`,
  'not locked': lock => `The lock ${lock} is not held: acquire it first.`,
  'already locked': lock =>
    `This Lock object holds or acquires the lock ${lock} already: release it first, or use another Lock object.`,
  'not owned': lock => `The lock ${lock} was lost: its key has another owner now.`,
  expired: lock => `The lock ${lock} was lost: its ttl has expired.`,
  'no ttl': lock => `The lock ${lock} has no ttl, so it cannot be extended.`,
  unreachable: lock => `Too few servers replied to decide who holds the lock ${lock}`,
  aborted: lock => `The client of the lock ${lock} was closed`,
}

export function lockError(reason: LockReason, lockName: string): LockError {
  return new LockError(MESSAGES[reason](quoted(lockName)), { reason, lockName })
}

/** The lock was held during all of the waiting time. Without a ttl it may be held forever, or not be a lock at all. */
export function heldError(lockName: string, noTtl: boolean): LockError {
  if (!noTtl) return lockError('not acquired', lockName)
  return new LockError(
    `The lock ${quoted(lockName)} is held by another owner and has no ttl. If its key holds data of your own, give the lock another name.`,
    { reason: 'not acquired', lockName },
  )
}

/** A key of the lock holds a value that no lock has written. */
export function foreignError(lockName: string, key: string, type: string): LockError {
  return new LockError(
    `Cannot acquire the lock ${quoted(lockName)}: its key ${quoted(key)} holds a ${type} that is not a lock. Give the lock another name, or delete the key.`,
    { reason: 'not a lock', lockName },
  )
}

/** The lock was held and lost: the error of `release` and `extend`, and the reason of the signal. */
export function lostError(reason: 'not owned' | 'expired', lockName: string): LockNotOwnedError {
  return new LockNotOwnedError(MESSAGES[reason](quoted(lockName)), { reason, lockName })
}

/** Too few servers replied; `errors` are the errors of the others. */
export function unreachable(errors: readonly unknown[], lockName: string): LockError {
  const reason = errors.some(isClosed) ? 'aborted' : 'unreachable'
  const cause = errors.length === 1 ? errors[0] : new AggregateError(errors)
  const why = errors[0] instanceof Error ? errors[0].message : String(errors[0])
  return new LockError(`${MESSAGES[reason](quoted(lockName))}: ${why}`, { reason, lockName, cause })
}

/** A server did not reply within `limit` ms. */
export function noReplyInTime(limit: number): TimeoutError {
  return new TimeoutError(`No reply within ${Math.round(limit)} ms.`, { outcome: 'unknown', elapsed: limit })
}

/** With a fixed token a late release would release the lock that the next try acquires. */
export function releasePending(): TimeoutError {
  return new TimeoutError(
    'An earlier try failed, and its release is pending: with a fixed token the next try must wait for it.',
    { outcome: 'not sent' },
  )
}

/** The longest shown part of a name, in UTF-16 units. */
const SHOWN = 100

/** Returns a name for a message: as a JSON string, with the end of a long name cut off. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > SHOWN ? `${name.slice(0, SHOWN)}…` : name)
}
