/** The errors of the pool and of leased connections. */
import type { Command } from '../../commands/core/command.js'
import {
  ChildDeadlockedError,
  ConnectionError,
  MaxConnectionsError,
  RedisError,
  TimeoutError,
} from '../../errors/errors.js'
import { cloneError } from '../call/call-errors.js'
import type { PoolOptions } from '../options/options.js'

// Requests for a connection

export function poolFailed(node: string, cause: unknown): ConnectionError {
  return new ConnectionError('The pool failed; see the cause.', { node, outcome: 'not sent', cause })
}

export function poolClosed(node: string): ConnectionError {
  return new ConnectionError('The client is closed: its pool leases no connections.', { node, outcome: 'not sent' })
}

/** `why` the caller cannot wait any longer for one of the `max` connections. */
export function poolExhausted(node: string, max: number, why: string): MaxConnectionsError {
  const message = `All ${max} connections of the pool are leased (pool.max), and ${why}.`
  return new MaxConnectionsError(message, { node, outcome: 'not sent' })
}

/** All connections are held by sessions that may wait for this request. */
export function sessionsDeadlocked(node: string, { acquireTimeout, max }: Required<PoolOptions>): ChildDeadlockedError {
  return new ChildDeadlockedError(
    `No connection was released within ${acquireTimeout} ms (pool.acquireTimeout). All ${max} of the pool (pool.max) are held by the ` +
      'sessions that started this call: if they wait for it, this is a deadlock. Use the session that is open, or raise pool.max.',
    { node, outcome: 'not sent' },
  )
}

/** The state of a pool when the timeout of a caller ended. */
export interface AcquireFacts {
  readonly node: string
  /** Of the caller, ms. */
  readonly timeout: number
  /** Connections that are leased. */
  readonly leased: number
  /** Callers that wait for one. */
  readonly waiting: number
  /** The last error of the shared link. */
  readonly lastError: RedisError | undefined
}

export function acquireTimedOut({ lastError, leased, node, timeout, waiting }: AcquireFacts): TimeoutError {
  const message = `No connection of the pool was released within ${timeout} ms (${leased} leased, ${waiting} callers waiting).`
  const details = { code: 'ETIMEDOUT', node, outcome: 'not sent', phase: 'queued' } as const
  return new TimeoutError(message, { ...details, elapsed: timeout, cause: lastError })
}

// Leased connections

/** The error of a connection on which the server still blocks although the caller gave up. */
export function blockingAborted(node: string): ConnectionError {
  return new ConnectionError('The connection was closed because its blocking command was aborted.', { node })
}

/** The error of `command`, which waited for a SELECT that ended with `error`. */
export function notSelected(command: Command, error: unknown): RedisError {
  const { name } = command.spec
  if (error instanceof RedisError) return cloneError(error, { command: name, outcome: 'not sent' })
  const message = `The SELECT before ${name} was aborted: ${name} was not sent, because it would run in another database.`
  return new RedisError(message, { command: name, outcome: 'not sent', cause: error })
}

export function selectGivenUp(node: string): ConnectionError {
  return new ConnectionError(
    'The connection was closed: a SELECT was aborted before its reply, so the database is unknown.',
    { node },
  )
}
