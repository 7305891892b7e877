import { type Command, keyIndexes } from '../../commands/core/command.js'
import { hasFlags } from '../../commands/script.js'
import {
  BusyLoadingError,
  ClusterDownError,
  ExecAbortError,
  MasterDownError,
  ReadOnlyError,
  RedisError,
  TryAgainError,
} from '../../errors/errors.js'

const OWN_WORDS =
  /^(?:LOADING \w+ is loading the dataset in memory|CLUSTERDOWN (?:The cluster is down(?: and only accepts read commands)?|Hash slot not served)|MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'\.|READONLY You can't write against a read only replica\.|TRYAGAIN Multiple keys request during rehashing of slot)$/

/** Whether the server itself rejected the command. A script can return any error text, so only the server's exact texts count. */
export function isGenuine(command: Command, refusal: RedisError): boolean {
  if (!command.spec.script) return true
  if (refusal instanceof ReadOnlyError && !hasFlags(command)) return false
  if (refusal instanceof TryAgainError && keyIndexes(command).length < 2) return false
  return OWN_WORDS.test(refusal.message)
}

/** Whether the error is temporary: the server did not run the command, and will accept it later. */
export function isRetryable(command: Command, refusal: RedisError): boolean {
  const error = refusal instanceof ExecAbortError ? refusal.cause : refusal
  if (!(error instanceof RedisError)) return false
  if (!isGenuine(command, error)) return false
  if (error instanceof BusyLoadingError || error instanceof TryAgainError) return true
  return error instanceof ClusterDownError && !(error instanceof MasterDownError)
}

/** Whether the server is a replica, and did not run the command or transaction. */
export function isReadOnly(error: RedisError): boolean {
  return (error instanceof ExecAbortError ? error.cause : error) instanceof ReadOnlyError
}
