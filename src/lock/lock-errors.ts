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

type Message = (lock: string) => string

const MESSAGES: Readonly<Record<LockReason, Message>> = {
  'not acquired': lock => `The lock ${lock} is held by somebody else.`,
  'not a lock': lock => `The lock ${lock} cannot be taken: its key holds something that is no lock.`,
  'not locked': lock => `The lock ${lock} is not held: acquire it first.`,
  'already locked': lock =>
    `The lock ${lock} is held already, or being acquired: release it first, or make another Lock.`,
  'not owned': lock => `The lock ${lock} was lost: another has taken its key.`,
  expired: lock => `The lock ${lock} was lost: its time ran out.`,
  'no ttl': lock => `The lock ${lock} has no ttl, so it cannot be extended.`,
  unreachable: lock => `Too few servers answered to tell who holds the lock ${lock}`,
  aborted: lock => `The client of the lock ${lock} was closed`,
}

export function lockError(reason: LockReason, lockName: string): LockError {
  return new LockError(MESSAGES[reason](quoted(lockName)), { reason, lockName })
}

/** Others had it for as long as was waited. One without a ttl may be held for ever, or be no lock at all. */
export function heldError(lockName: string, forEver: boolean): LockError {
  if (!forEver) return lockError('not acquired', lockName)
  return new LockError(
    `The lock ${quoted(lockName)} is held by somebody else and has no ttl. If its key is data, give the lock another name.`,
    { reason: 'not acquired', lockName },
  )
}

/** A key of the lock holds something that no lock has written. */
export function foreignError(lockName: string, key: string, type: string): LockError {
  return new LockError(
    `The lock ${quoted(lockName)} cannot be taken: its key ${quoted(key)} holds a ${type} that is no lock. Give the lock another name, or delete the key.`,
    { reason: 'not a lock', lockName },
  )
}

/** The lock was ours: it is the error of `release` and `extend`, and the reason of the signal. */
export function lostError(reason: 'not owned' | 'expired', lockName: string): LockNotOwnedError {
  return new LockNotOwnedError(MESSAGES[reason](quoted(lockName)), { reason, lockName })
}

/** Too few servers answered, and this is what kept the others. */
export function unreachable(errors: readonly unknown[], lockName: string): LockError {
  const reason = errors.some(isClosed) ? 'aborted' : 'unreachable'
  const cause = errors.length === 1 ? errors[0] : new AggregateError(errors)
  const why = errors[0] instanceof Error ? errors[0].message : String(errors[0])
  return new LockError(`${MESSAGES[reason](quoted(lockName))}: ${why}`, { reason, lockName, cause })
}

/** How much of a name is shown, in UTF-16 units. */
const SHOWN = 100

/** A name as a message shows it: as a JSON string, the end of a long one cut off. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > SHOWN ? `${name.slice(0, SHOWN)}…` : name)
}
