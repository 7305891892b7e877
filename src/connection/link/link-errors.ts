/** The errors of connections and calls that a link gives up. */
import type { Command } from '../../commands/core/command.js'
import { ConnectionError, type RedisError } from '../../errors/errors.js'
import { notSent } from '../call/call-errors.js'

interface Place {
  readonly node: string
  readonly lastError: RedisError | undefined
}

/** `reason`: why the link was destroyed. */
export function linkDestroyed(node: string, reason: string): ConnectionError {
  return new ConnectionError(`${reason}.`, { node })
}

/** The error of the third connection on which `command` got no reply. */
export function noReplyAlone(node: string, { spec }: Command): ConnectionError {
  const message = `The connection to ${node} was closed: ${spec.name} got no reply in time, after two connections were lost with it.`
  return new ConnectionError(message, { node })
}

export function linkClosed(command: Command, link: Place): ConnectionError {
  return notSent(command, 'The client is closed (close() or destroy() was called)', link)
}

export function noConnection(command: Command, link: Place): ConnectionError {
  return notSent(command, 'There is no connection and queue.offline is false', link)
}

/** `limit`: the name and value of the exceeded limit. */
export function queueFull(command: Command, limit: string, place: Place): ConnectionError {
  return notSent(command, `The queue is full: ${limit} would be exceeded`, place)
}
