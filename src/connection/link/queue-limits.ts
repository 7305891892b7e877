import { type Command, State } from '../../commands/core/command.js'
import type { ConnectionError, RedisError } from '../../errors/errors.js'
import { notSent } from '../call/timeout-errors.js'
import type { Settings } from '../options/options.js'

/** What is known of a link when it is to take a call. */
export interface Admitting {
  readonly state: string
  /** Commands accepted and not in flight, also those that were refused for now; and their bytes. */
  readonly queued: number
  readonly queuedBytes: number
  readonly node: string
  readonly lastError: RedisError | undefined
}

/** What `command` rejects with if the link does not take it. `isLost`: it has tried to connect, and is not connected now. `probe`: see `boundFault`. */
export function admissionError(
  link: Admitting,
  command: Command,
  bounds: Settings['queue'],
  isLost: boolean,
  probe: Command | undefined,
): ConnectionError | undefined {
  if (link.state === 'closed' || (link.state === 'closing' && (command.state & State.accepted) === 0))
    return notSent(command, 'The client is closed (close() or destroy() was called)', link)
  const fault = queueLimitError(link, command, bounds, probe)
  if (fault !== undefined) return fault
  if (!bounds.offline && isLost) return notSent(command, 'There is no connection and queue.offline is false', link)
  return undefined
}

/**
 * What `command` rejects with if it would pass a bound of what waits. `probe` is in flight, and may come back to what waits: it was
 * refused before, and has its place. `why` it would have to wait.
 */
export function queueLimitError(
  link: Admitting,
  command: Command,
  { maxBytes, maxCommands }: Settings['queue'],
  probe: Command | undefined,
  why: RedisError | undefined = link.lastError,
): ConnectionError | undefined {
  if (command === probe) return undefined
  const queued = link.queued + (probe === undefined ? 0 : 1)
  const isFull = queued >= maxCommands
  if (!isFull && link.queuedBytes + command.size + (probe?.size ?? 0) <= maxBytes) return undefined
  const bound = isFull ? `queue.maxCommands (${maxCommands})` : `queue.maxBytes (${maxBytes})`
  return notSent(command, `The queue is full: ${bound} would be passed`, { node: link.node, lastError: why })
}
