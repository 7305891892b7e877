/** The WatchErrors of a transaction whose keys were watched on one connection. */
import { RedisError, WatchError } from '../../errors/errors.js'

/** EXEC was answered with null. */
export function watchedKeyChanged(): WatchError {
  return new WatchError('A watched key has changed: no command of the transaction ran.', { command: 'EXEC' })
}

export function watchLost(cause: RedisError | undefined): WatchError {
  return new WatchError(
    'The connection was lost or replaced while keys were watched. They may have changed, so the transaction was not sent: retry from WATCH.',
    { command: 'EXEC', outcome: 'not sent', cause },
  )
}

/** The error of a guarded transaction that the server rejected only for now, or because another node serves its keys. */
export function watchEnded(cause: RedisError): WatchError {
  const { code } = cause.cause instanceof RedisError ? cause.cause : cause
  return new WatchError(
    `The server rejected the transaction for now (${code}), which ended the watch. No command of it ran: retry from WATCH.`,
    { command: 'EXEC', outcome: 'not sent', cause },
  )
}
