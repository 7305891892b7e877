/** The errors of sessions and monitors. Errors of closed clients are in connection/call/call-errors.ts. */
import type { Command } from '../commands/core/command.js'
import { ConnectionError, DataError } from '../errors/errors.js'

export function sessionOver({ spec }: Command): ConnectionError {
  const message = `The session has ended: ${spec.name} was not sent. Await all calls inside the function of the session.`
  return new ConnectionError(message, { outcome: 'not sent' })
}

export function sessionWithoutFunction(): DataError {
  return new DataError('session() needs a function as its first argument.')
}

export function sessionsNested(): DataError {
  return new DataError('Sessions cannot be nested: use this session, or call session() of the client.')
}

export function monitorClosed(): ConnectionError {
  return new ConnectionError('The monitor was closed.')
}
