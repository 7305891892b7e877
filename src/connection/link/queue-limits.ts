import { type Command, State } from '../../commands/core/command.js'
import type { ConnectionError, RedisError } from '../../errors/errors.js'
import type { Settings } from '../options/options.js'
import { linkClosed, noConnection, queueFull } from './link-errors.js'

/** The state of a link that decides whether it accepts a call. */
export interface Admitting {
  readonly state: string
  /** Commands accepted and not in flight, including those that wait for a retry; and their bytes. */
  readonly queued: number
  readonly queuedBytes: number
  readonly node: string
  readonly lastError: RedisError | undefined
}

/** The error if the link cannot accept `command`. `isLost`: it has tried to connect, and is not connected. `probe`: see `queueLimitError`. */
export function admissionError(
  link: Admitting,
  command: Command,
  limits: Settings['queue'],
  isLost: boolean,
  probe: Command | undefined,
): ConnectionError | undefined {
  if (link.state === 'closed' || (link.state === 'closing' && (command.state & State.accepted) === 0))
    return linkClosed(command, link)
  const error = queueLimitError(link, command, limits, probe)
  if (error !== undefined) return error
  if (!limits.offline && isLost) return noConnection(command, link)
  return undefined
}

/**
 * The error if `command` would exceed a limit of the queue. `probe` is a retried command in flight, whose place in the queue is
 * reserved, because it may be rejected again. `why` is the reason why the command would have to wait.
 */
export function queueLimitError(
  link: Admitting,
  command: Command,
  limits: Settings['queue'],
  probe: Command | undefined,
  why: RedisError | undefined = link.lastError,
): ConnectionError | undefined {
  if (command === probe) return undefined
  const queued = link.queued + (probe === undefined ? 0 : 1)
  const limit = exceededLimit(queued, link.queuedBytes + command.size + (probe?.size ?? 0), limits)
  if (limit === undefined) return undefined
  return queueFull(command, limit, { node: link.node, lastError: why })
}

/** Returns the name and value of the limit that one more command exceeds, if `queued` commands wait and all would have `bytes`. */
export function exceededLimit(
  queued: number,
  bytes: number,
  { maxBytes, maxCommands }: Settings['queue'],
): string | undefined {
  if (queued >= maxCommands) return `queue.maxCommands (${maxCommands})`
  return bytes > maxBytes ? `queue.maxBytes (${maxBytes})` : undefined
}
